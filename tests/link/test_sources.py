"""`link_only`: rows of one source are never paired nor one, however alike they are, and weights are learned from pairs across."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cluster.average import average_linkage
from pipelines.link.link import Linked, link_rows
from quality.linkage import evaluate
from schemas.errors import HubError, UsageError
from tests.link.world import model, people, table

Rows = list[dict[str, str | None]]


def _two_sources(persons: int = 150) -> Rows:
    """At most one row a person in each of the shops `a` and `b`."""
    seen: dict[str | None, int] = {}
    rows = []
    for row in people(persons):
        seen[row["person"]] = seen.get(row["person"], 0) + 1
        if seen[row["person"]] <= 2:
            rows.append({**row, "shop": "ab"[seen[row["person"]] - 1]})
    return rows


def _link(rows: Rows, **changed: Any) -> tuple[duckdb.DuckDBPyConnection, Linked]:
    con = duckdb.connect()
    return con, link_rows(con, model(**{"link_only": "shop"} | changed), "file_rows", table(con, rows))


def _most_of_a_source(con: duckdb.DuckDBPyConnection) -> Any:
    sql = "SELECT max(n) FROM (SELECT count(*) AS n FROM entities JOIN file_rows ON record_id = id GROUP BY entity_id, shop)"
    return con.execute(sql).fetchall()[0][0]


def test_people_are_found_across_sources() -> None:
    con, _ = _link(_two_sources())
    found = evaluate(con, "entities", "SELECT id AS record_id, person AS entity_id FROM file_rows")
    assert found.pairs.precision >= 0.99
    assert found.pairs.recall >= 0.93
    assert _most_of_a_source(con) == 1


def test_the_same_row_twice_in_one_source_is_never_one() -> None:
    rows = _two_sources(60)
    twins = [{**row, "id": f"twin-{row['id']}"} for row in rows]
    con, _ = _link([*rows, *twins])
    assert _most_of_a_source(con) == 1
    assert _link([*rows, *twins], link_only=False)[1].entities < len(rows)


def test_no_pair_of_one_source_is_made_or_counted() -> None:
    con, linked = _link(_two_sources(80))
    sql = """SELECT count(*) FROM scored JOIN prepared l ON l.n = a JOIN prepared r ON r.n = b
        JOIN file_rows x ON x.id = l.record_id JOIN file_rows y ON y.id = r.record_id WHERE x.shop = y.shop"""
    assert con.execute(sql).fetchall() == [(0,)]
    names = "SELECT count(*) FROM prepared l JOIN prepared r ON l.n < r.n AND l.given = r.given AND l.family = r.family"
    assert con.execute(f"{names} WHERE l.source_n <> r.source_n").fetchall() == [(linked.pairs_by_rule[0].pairs,)]


@pytest.mark.parametrize(
    ("changed", "error", "complaint"),
    [
        ({"link_only": True}, UsageError, "only one file"),
        ({"link_only": "store"}, UsageError, "'store', which the table has not. It has id, person"),
        ({"link_only": "first"}, HubError, "all rows are of one source"),
    ],
)
def test_what_has_no_sources_is_said(changed: dict[str, Any], error: type[HubError], complaint: str) -> None:
    rows = [{**row, "first": "anna"} for row in _two_sources(5)]
    with pytest.raises(error, match=complaint):
        _link(rows, **changed)


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(0, 1)), min_size=1, max_size=60),
    st.lists(st.integers(0, 3), min_size=12, max_size=12),
)
def test_no_entity_has_two_rows_of_a_source(pairs: list[tuple[int, int, float]], sources: list[int]) -> None:
    chances = {(min(x, y), max(x, y)): p for x, y, p in pairs if x != y}
    a, b = (np.array([pair[side] for pair in sorted(chances)], dtype=np.int64) for side in (0, 1))
    p = np.array([chances[pair] for pair in sorted(chances)], dtype=np.float64)
    entity, _ = average_linkage(12, a, b, p, np.ones(len(p)), np.zeros(12, dtype=np.int64), 0.5, np.array(sources))
    together = list(zip(entity.tolist(), sources, strict=True))
    grouped = [of for of in together if entity.tolist().count(of[0]) > 1]
    assert len(set(grouped)) == len(grouped)


def test_what_is_too_large_for_means_is_joined_strongest_first() -> None:
    """2,000 rows in a chain, alternating between two sources: pairs of them, and no row of a source meets its like."""
    n = np.arange(1_999)
    labels, sources = np.zeros(2_000, dtype=np.int64), np.arange(2_000) % 2
    entity, confidence = average_linkage(2_000, n, n + 1, np.where(n % 2 == 0, 0.9, 0.8), np.ones(1_999), labels, 0.5, sources)
    assert entity.tolist() == [row - row % 2 for row in range(2_000)]
    assert set(confidence.tolist()) == {0.9}
