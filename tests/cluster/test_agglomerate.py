"""The pure core of clustering."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from pipelines.cluster.agglomerate import Contradiction, agglomerate

NAMES_DIFFER = Contradiction({"name": -14.0})
DOCUMENTS_DIFFER = Contradiction({}, forbidden=True)


def group(
    edges: list[tuple[int, int, float]], signature: dict[int, int], contradictions: dict[tuple[int, int], Contradiction]
) -> dict[int, int]:
    """`edges` are (node, node, bits) with the pair's own contradiction included, as pairs are scored."""
    costs = []
    for a, b, bits in edges:
        own = contradictions.get((min(signature[a], signature[b]), max(signature[a], signature[b])), Contradiction({}))
        if not own.forbidden:
            costs.append((-(bits - sum(own.bits.values())), a, b))
    return agglomerate(costs, signature, contradictions, 6.0)


def test_a_chain_through_a_nameless_record_stops_where_names_contradict() -> None:
    # 1 (王伟) - 2 (no name) - 3 (李娜): both links are strong, the ends are two people
    groups = group([(1, 2, 9.0), (2, 3, 8.0)], {1: 1, 2: 2, 3: 3}, {(1, 3): NAMES_DIFFER})
    assert groups == {1: 1, 2: 1, 3: 3}


def test_one_misspelt_record_among_many_does_not_break_the_customer() -> None:
    edges = [(1, 2, 20.0), (1, 3, 20.0), (1, 4, 20.0), (4, 5, 10.0)]
    signature = {1: 1, 2: 1, 3: 1, 4: 1, 5: 2}
    contradictions = {(1, 2): Contradiction({"birth": -2.0})}
    assert set(group(edges, signature, contradictions).values()) == {1}


def test_a_forbidden_pair_is_never_joined_however_strong_the_links() -> None:
    groups = group([(1, 2, 60.0), (2, 3, 60.0)], {1: 1, 2: 2, 3: 3}, {(1, 3): DOCUMENTS_DIFFER})
    assert groups[1] != groups[3]


def test_whoever_joins_what_a_steward_holds_together_agrees_with_one_part_of_it() -> None:
    signature = {1: 1, 2: 2, 3: 1, 4: 2, 5: 1}
    edges = [(-9.0, 1, 3), (-9.0, 3, 5), (-9.0, 2, 4)]
    assert set(agglomerate(edges, signature, {(1, 2): NAMES_DIFFER}, 6.0, [(1, 2)]).values()) == {1}
    assert set(agglomerate(edges, signature, {(1, 2): DOCUMENTS_DIFFER}, 6.0, [(1, 2)]).values()) == {1}
    kept_apart = {(1, 2): NAMES_DIFFER, (1, 3): Contradiction({}, judged=True)}
    assert agglomerate([*edges, (-9.0, 1, 6)], signature | {6: 3}, kept_apart, 6.0, [(1, 2)]) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 6}


@given(
    st.integers(2, 9).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(6, 20)), max_size=20),
            st.lists(st.integers(0, 3), min_size=n, max_size=n),
            st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.sampled_from([NAMES_DIFFER, DOCUMENTS_DIFFER]), max_size=4),
        )
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_nodes_and_pairs_never_shows(world: tuple[int, list, list, dict], chance: random.Random) -> None:  # type: ignore[type-arg]
    n, raw, signatures, contradictions = world
    edges = [
        (a, b, float(bits))
        for a, b, bits in {(min(a, b), max(a, b)): (min(a, b), max(a, b), bits) for a, b, bits in raw if a != b}.values()
    ]
    ordered = {(one, two): value for (one, two), value in contradictions.items() if one < two}
    signature = dict(enumerate(signatures))
    first = group(edges, signature, ordered)
    again = group(chance.sample(edges, len(edges)), dict(chance.sample(list(signature.items()), n)), ordered)
    assert first == again
    for node, label in first.items():
        for other, same in first.items():
            if label == same:
                pair = (min(signature[node], signature[other]), max(signature[node], signature[other]))
                assert not ordered.get(pair, Contradiction({})).forbidden
