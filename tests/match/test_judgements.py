"""Settling judgements: every constraint that is left can be kept, and the newest word counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.match.judgements import settle

RECORDS = st.sampled_from("abcdef")
JUDGED = st.lists(
    st.tuples(RECORDS, RECORDS, st.sampled_from(["same", "different"])).filter(lambda j: j[0] != j[1]), max_size=12
).map(lambda made: [(number, *judgement) for number, judgement in enumerate(made, 1)])


def test_groups_are_named_by_their_least_record_and_kept_apart_both_ways() -> None:
    found = settle([(1, "b", "c", "same"), (2, "c", "d", "different")])
    assert found.group_of == {"b": "b", "c": "b", "d": "d"}
    assert found.apart == {("b", "d"), ("d", "b")} and found.set_aside == ()


def test_an_older_judgement_that_newer_ones_contradict_by_way_of_others_is_set_aside() -> None:
    assert settle([(1, "a", "c", "different"), (2, "a", "b", "same"), (3, "b", "c", "same")]).set_aside == (1,)
    assert settle([(1, "a", "b", "same"), (2, "b", "c", "same"), (3, "a", "c", "different")]).set_aside == (1,)


@given(JUDGED)
def test_what_is_kept_holds_and_the_newest_is_never_set_aside(judgements: list[tuple[int, str, str, str]]) -> None:
    found = settle(judgements)
    for judgement_id, one, two, verdict in judgements:
        a, b = found.group_of[one], found.group_of[two]
        if judgement_id not in found.set_aside:
            assert a == b if verdict == "same" else (a, b) in found.apart and a != b
    assert all((b, a) in found.apart and a != b for a, b in found.apart)
    assert len(judgements) not in found.set_aside
    for judgement_id in found.set_aside:  # newer ones alone already contradict it
        _, one, two, verdict = judgements[judgement_id - 1]
        newer = settle(j for j in judgements if j[0] > judgement_id)
        a, b = newer.group_of[one], newer.group_of[two]
        assert (a, b) in newer.apart if verdict == "same" else a == b
