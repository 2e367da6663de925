"""Measures of a clustering, held against their definitions written out pair by pair."""

from __future__ import annotations

from itertools import combinations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.linkage import Difference, Evaluation, SizeClass, compare, evaluate

Clustering = dict[str, str]
clusterings = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), min_size=1, max_size=14)


def _measure(of: Clustering, truth: Clustering) -> Evaluation:
    return evaluate(_tables(of, truth), "one", "two")


def _difference(a: Clustering, b: Clustering) -> Difference:
    return compare(_tables(a, b), "one", "two")


def _tables(one: Clustering, two: Clustering) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for name, clustering in (("one", one), ("two", two)):
        con.register(name, pa.table({"record_id": list(clustering), "entity_id": list(clustering.values())}))
    return con


def _together(clustering: Clustering) -> set[tuple[str, str]]:
    return {pair for pair in combinations(sorted(clustering), 2) if clustering[pair[0]] == clustering[pair[1]]}


def _cluster(clustering: Clustering, record: str) -> set[str]:
    return {other for other, entity in clustering.items() if entity == clustering[record]}


@settings(max_examples=60, deadline=None)
@given(clusterings)
def test_pairs_and_b_cubed_are_what_their_definitions_say(drawn: list[tuple[str, str]]) -> None:
    found = {f"r{n:02}": entity for n, (entity, _) in enumerate(drawn)}
    truth = {f"r{n:02}": entity for n, (_, entity) in enumerate(drawn)}
    result = _measure(found, truth)
    both = len(_together(found) & _together(truth))
    assert result.pairs.precision == pytest.approx(both / len(_together(found)) if _together(found) else 1)
    assert result.pairs.recall == pytest.approx(both / len(_together(truth)) if _together(truth) else 1)
    overlap = {record: len(_cluster(found, record) & _cluster(truth, record)) for record in found}
    assert result.b_cubed.precision == pytest.approx(sum(n / len(_cluster(found, r)) for r, n in overlap.items()) / len(found))
    assert result.b_cubed.recall == pytest.approx(sum(n / len(_cluster(truth, r)) for r, n in overlap.items()) / len(found))
    assert sum(row.entities for row in result.by_size) == result.true_entities == len(set(truth.values()))
    assert all(row.exact + row.split + row.merged + row.mixed == row.entities for row in result.by_size)


@settings(max_examples=60, deadline=None)
@given(clusterings)
def test_a_difference_counts_every_cluster_once_and_mirrors(drawn: list[tuple[str, str]]) -> None:
    a = {f"r{n:02}": entity for n, (entity, _) in enumerate(drawn)}
    b = {f"r{n:02}": entity for n, (_, entity) in enumerate(drawn)}
    there, back = _difference(a, b), _difference(b, a)
    assert there.unchanged + there.merged + there.split + there.overlapping == there.clusters_a == back.clusters_b
    assert there.unchanged == back.unchanged
    assert there.talburt_wang == pytest.approx(back.talburt_wang)
    assert (there.talburt_wang == pytest.approx(1)) == (_together(a) == _together(b))
    assert there.pairs_both == len(_together(a) & _together(b))


def test_what_became_of_entities_by_size() -> None:
    truth = {"1": "one", "2": "two", "3": "two", "4": "three", "5": "three", "6": "three", "7": "alone"}
    found = {"1": "A", "2": "A", "3": "A", "4": "B", "5": "B", "6": "C", "7": "D"}
    assert _measure(found, truth).by_size == (
        SizeClass("1", 2, exact=1, split=0, merged=1, mixed=0, recall=None),
        SizeClass("2", 1, exact=0, split=0, merged=1, mixed=0, recall=1.0),
        SizeClass("3", 1, exact=0, split=1, merged=0, mixed=0, recall=pytest.approx(1 / 3)),
    )


def test_each_way_a_cluster_may_change_is_told() -> None:
    a = {"1": "same", "2": "same", "3": "in", "4": "cut", "5": "cut", "6": "torn", "7": "torn", "8": "rest"}
    b = {"1": "S", "2": "S", "3": "R", "4": "P", "5": "Q", "6": "R", "7": "T", "8": "R", "9": "new"}
    found = _difference(a, b)
    assert (found.unchanged, found.merged, found.split, found.overlapping) == (1, 2, 1, 1)
    assert (found.records, found.only_in_a, found.only_in_b) == (8, 0, 1)
    assert found.talburt_wang == pytest.approx((5 * 5) ** 0.5 / 7)
