"""What a source merged before holds its records together, unless something stronger speaks against it, and that is told."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.match.explain import explain_pair
from pipelines.match.judgements import settle, take_in_judgements
from pipelines.match.merges import Merge, apply_merges
from pipelines.match.must_links import Groups
from pipelines.warehouse import open_warehouse
from schemas.match_model import load_match_model
from tests.match.world import customer_of, findings, judge, mention, merged, put, resolve, together

RECORDS = st.sampled_from("abcdef")
PAIRS = st.lists(st.tuples(RECORDS, RECORDS).filter(lambda p: p[0] != p[1]), max_size=8)
JUDGED = st.lists(st.tuples(RECORDS, RECORDS, st.sampled_from(["same", "different"])).filter(lambda j: j[0] != j[1]), max_size=6)
PAPERS = st.dictionaries(RECORDS, st.sampled_from(["resident:1", "resident:2", "passport:1"]).map(lambda p: frozenset([p])))
STRANGERS = (
    mention("crm:1", name="王伟", phone="13800010001"), mention("crm:2", name="李娜", phone="13900020002"),
    mention("crm:3", name="张三", phone="13700030003"), mention("crm:4", name="赵六", phone="13600040004"),
)  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = open_warehouse(":memory:", memory="1GB", threads=1)
    put(con, STRANGERS)
    resolve(con)
    yield con
    con.close()


def causes(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(con.execute("SELECT kind, cause FROM cluster.events WHERE kind <> 'created'").fetchall())


def test_merged_records_are_one_customer_and_part_again_when_the_merge_is_withdrawn(con: duckdb.DuckDBPyConnection) -> None:
    before = customer_of(con, "crm:1"), customer_of(con, "crm:2")
    merged(con, ("crm:1", "crm:2"))
    resolve(con, day=1)
    assert together(con, "crm:1", "crm:2") and not together(con, "crm:1", "crm:3")
    assert causes(con) == {("merged", "merges")} and not findings(con)
    assert explain_pair(con, load_match_model(), "crm:1", "crm:2").verdict.startswith("The source merged them")
    merged(con)
    resolve(con, day=2)
    assert (customer_of(con, "crm:1"), customer_of(con, "crm:2")) == before


def test_a_steward_who_says_different_wins_over_a_merge(con: duckdb.DuckDBPyConnection) -> None:
    merged(con, ("crm:1", "crm:2"))
    judge(con, ("crm:1", "crm:2", "different"))
    resolve(con)
    assert not together(con, "crm:1", "crm:2")
    assert findings(con) == {("m:1", "judged_apart")}


def test_a_merge_of_two_valid_id_numbers_is_not_applied_but_told(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", name="王伟", id_number="resident:11010119900307003X"),
              mention("crm:2", name="王伟", id_number="resident:110101199003070048")])  # fmt: skip
    merged(con, ("crm:1", "crm:2"), ("crm:3", "crm:4"))
    resolve(con)
    assert not together(con, "crm:1", "crm:2") and together(con, "crm:3", "crm:4")
    assert findings(con) == {("m:1", "different_documents")}


def test_numbers_that_meet_by_way_of_others_count_too_and_the_oldest_merges_hold(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", name="王伟", id_number="resident:11010119900307003X"),
              mention("crm:3", name="张三", id_number="resident:110101199003070048")])  # fmt: skip
    merged(con, ("crm:2", "crm:1"), ("crm:2", "crm:3"))
    resolve(con)
    assert together(con, "crm:1", "crm:2") and not together(con, "crm:2", "crm:3")
    assert findings(con) == {("m:2", "different_documents")}


def test_a_corrected_number_lets_the_merge_hold(con: duckdb.DuckDBPyConnection) -> None:
    numbers = ("resident:11010119900307003X", "resident:110101199003070048")
    put(con, [mention(f"crm:{n}", name="王伟", id_number=number) for n, number in enumerate(numbers, 1)])
    merged(con, ("crm:1", "crm:2"))
    resolve(con)
    assert not together(con, "crm:1", "crm:2")
    put(con, [mention("crm:2", name="王伟", phone="13900020002", id_number=numbers[0])])
    resolve(con)
    assert together(con, "crm:1", "crm:2") and not findings(con)


def test_passport_and_identity_card_do_not_contradict(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", name="王伟", id_number="resident:11010119900307003X"), mention("crm:2", id_number="passport:E12345678")])
    merged(con, ("crm:1", "crm:2"))
    resolve(con)
    assert together(con, "crm:1", "crm:2")


def test_chains_hold_also_over_a_record_that_is_gone(con: duckdb.DuckDBPyConnection) -> None:
    merged(con, ("crm:1", "crm:gone"), ("crm:gone", "crm:2"))
    resolve(con)
    assert together(con, "crm:1", "crm:2")
    assert findings(con) == {("m:1", "unknown_record"), ("m:2", "unknown_record"), ("m:2", "chain")}


def test_a_circle_is_told_and_its_records_are_one(con: duckdb.DuckDBPyConnection) -> None:
    merged(con, ("crm:1", "crm:2"), ("crm:2", "crm:3"), ("crm:3", "crm:1"), ("crm:1", "crm:4"))
    resolve(con)
    assert together(con, "crm:1", "crm:2", "crm:3", "crm:4")
    assert findings(con) == {("m:1", "cycle"), ("m:2", "cycle"), ("m:3", "cycle"), ("m:4", "chain")}


def test_half_a_merge_is_told(con: duckdb.DuckDBPyConnection) -> None:
    merged(con, ("crm:1", "crm:1"))
    con.execute("INSERT INTO raw.merges (row_id, source, file_id, line_n, surviving_ref) VALUES ('m:9', 'crm_merges', 'f', 9, 'crm:1')")
    resolve(con)
    assert findings(con) == {("m:1", "incomplete"), ("m:9", "incomplete")}


def several(group_of: dict[str, str]) -> dict[str, str]:
    """Without records that are a group alone."""
    return {record: group for record, group in group_of.items() if list(group_of.values()).count(group) > 1}


@settings(max_examples=25, deadline=None)
@given(PAIRS, JUDGED, PAPERS)
def test_set_by_set_it_is_what_merge_by_merge_would_give(
    pairs: list[tuple[str, str]], judged: list[tuple[str, str, str]], papers: dict[str, frozenset[str]]
) -> None:
    con = open_warehouse(":memory:", memory="1GB", threads=1)
    merged(con, *pairs)
    judged = list({tuple(sorted(j[:2])): j for j in judged}.values())
    judge(con, *judged)
    for record, own in papers.items():
        con.execute("INSERT INTO std.identifiers VALUES (?, 'id_number', ?, true, false, true)", [record, *own])
    take_in_judgements(con)
    groups = Groups()
    settle([(n, *judgement) for n, judgement in enumerate(judged, 1)], groups)
    refused = apply_merges(groups, [Merge(f"m:{n}", *pair) for n, pair in enumerate(pairs, 1)], papers)
    held = dict(con.execute("SELECT record_id, group_id FROM match.judged_records").fetchall())
    assert several(held) == several(groups.names())
    assert {of for of in findings(con) if of[1] in ("different_documents", "judged_apart")} == set(refused)
    con.close()


@given(PAIRS, JUDGED, PAPERS)
def test_judgements_hold_as_if_there_were_no_merges_and_documents_never_meet(
    pairs: list[tuple[str, str]], judged: list[tuple[str, str, str]], papers: dict[str, frozenset[str]]
) -> None:
    numbered = [(n, *judgement) for n, judgement in enumerate(judged, 1)]
    alone, groups = settle(numbered), Groups()
    settle(numbered, groups)
    merges = [Merge(f"m:{n}", *pair) for n, pair in enumerate(pairs)]
    refused = dict(apply_merges(groups, merges, papers))
    for record, group in alone.group_of.items():
        assert groups.group(record) == groups.group(group)
    assert all(groups.are_apart(a, b) and groups.group(a) != groups.group(b) for a, b in alone.apart)
    for merge in merges:
        held = groups.group(merge.surviving) == groups.group(merge.merged)
        assert held or merge.row_id in refused
    if not judged:
        for one, two in ((a, b) for a in papers for b in papers if groups.group(a) == groups.group(b)):
            assert papers[one] == papers[two] or next(iter(papers[one])).split(":")[0] != next(iter(papers[two])).split(":")[0]
        assert set(refused.values()) <= {"different_documents"}
