"""Linking a table: right on people with errors, the same in whatever order, bounded, and clear about what it cannot link."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.link.link import Linked, link_rows
from pipelines.link.write import CLUSTERS, PAIRS, REPORT, write_results
from quality.linkage import evaluate
from schemas.errors import HubError, UsageError
from schemas.table_model import TableModel, load_table_model
from tests.link.world import PEOPLE, model, people, table

Rows = list[dict[str, str | None]]


def _link(rows: Rows, of: TableModel | None = None) -> tuple[duckdb.DuckDBPyConnection, Linked]:
    con = duckdb.connect()
    return con, link_rows(con, of or model(), "file_rows", table(con, rows))


def _entities(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT * FROM entities ORDER BY ALL").fetchall()


def test_people_with_errors_are_found_without_labels() -> None:
    con, linked = _link(people())
    found = evaluate(con, "entities", "SELECT id AS record_id, person AS entity_id FROM file_rows")
    assert found.pairs.precision >= 0.99
    assert found.pairs.recall >= 0.93
    assert linked.entities == found.entities
    assert linked.rows == found.records


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    rows = people(60)
    shuffled = [dict(reversed(row.items())) for row in random.Random(5).sample(rows, len(rows))]
    assert _entities(_link(rows)[0]) == _entities(_link(shuffled)[0])


def test_the_seed_decides_what_is_drawn() -> None:
    rows = people(60)
    one, same, other = (_link(rows, model(seed=seed, random_pairs=1_000))[1].learned.u for seed in (1, 1, 2))
    assert [of.tolist() for of in one] == [of.tolist() for of in same]
    assert [of.tolist() for of in one] != [of.tolist() for of in other]


def test_rare_values_weigh_more() -> None:
    """Two rows of a rare name against two of a common one, all else alike."""
    rows = people(100)
    for n, name in enumerate(["zeno", "zeno", *["anna"] * 60]):
        rows.append({"id": f"x{n:03}", "person": None, "first": name, "last": "abel", "born": None, "town": "Ulm", "phone": None})
    con, _ = _link(rows)
    sql = """SELECT max(bits) FROM scored JOIN prepared l ON l.n = a JOIN prepared r ON r.n = b
        WHERE l.given = ? AND r.given = ? AND l.record_id LIKE 'x%' AND r.record_id LIKE 'x%'"""
    rare, common = (con.execute(sql, [name, name]).fetchall()[0][0] for name in ("zeno", "anna"))
    assert rare > common + 3


def test_weights_in_the_model_are_used_as_they_are() -> None:
    weights = {"exact": {"m": 0.9, "u": 0.01}, "slip": {"m": 0.05, "u": 0.01}, "different": {"m": 0.05, "u": 0.98}}
    of = model(comparisons={**PEOPLE["comparisons"], "phone": {"of": "phone", "weights": weights}})
    _, linked = _link(people(50), of)
    assert linked.learned.m[-1].tolist() == [0.9, 0.05, 0.05]
    with pytest.raises(UsageError, match=r"'phone' are of exact.*exact, slip, different"):
        _link(people(50), model(comparisons={"phone": {"of": "phone", "weights": {"exact": {"m": 0.9, "u": 0.1}}}}))


def test_a_block_above_its_cap_is_reported_and_other_rules_reach_its_rows() -> None:
    rows = people(80)
    of = model(pairing=[{"agree_on": ["town"], "cap": 20}, *PEOPLE["pairing"]])
    con, linked = _link(rows, of)
    first = linked.pairs_by_rule[0]
    assert first.blocks_over_cap == 5
    assert first.rows_over_cap == sum(row["town"] in ("Ulm", "Bonn", "Kiel", "Jena", "Hof") for row in rows)
    assert _entities(con) == _entities(_link(rows)[0])


def test_a_neighbourhood_of_equal_pairs_is_not_squared() -> None:
    """1,200 rows in a chain of pairs that weigh the same: 1,199 pairs and not 719,400 are looked at, and all stay together."""
    weights = {"exact": {"m": 0.99, "u": 1e-9}, "similar": {"m": 0.005, "u": 1e-9}, "alike": {"m": 0.004, "u": 0.1}}
    of = model(
        fields={"place": {"column": "place", "kind": "number"}, "family": PEOPLE["fields"]["family"]},
        comparisons={"family": {"of": "family", "rarity": False, "weights": weights | {"different": {"m": 0.001, "u": 0.9}}}},
        pairing=[{"agree_on": ["floor(place / 2)"]}, {"agree_on": ["floor((place + 1) / 2)"]}],
    )
    con, linked = _link([{"id": f"r{n:04}", "place": str(n), "last": "abel"} for n in range(1_200)], of)
    assert (linked.pairs_proposed, linked.pairs_scored, linked.entities) == (1_199, 1_199, 1)
    assert con.execute("SELECT count(*) FROM within").fetchall() == [(1_199,)]


def test_a_value_that_does_not_suit_a_rule_is_not_quoted() -> None:
    with pytest.raises(UsageError, match="a value does not suit it") as caught:
        _link([{**row, "last": "Zhang"} for row in people(3)], model(pairing=[{"agree_on": ["family::INT"]}]))
    assert "zhang" not in str(caught.value).lower()


def test_pairs_say_why(tmp_path: Path) -> None:
    con, linked = _link(people(50))
    write_results(con, model(), linked, tmp_path / "out")
    clusters, pairs = (duckdb.read_parquet(str(tmp_path / "out" / name)) for name in (CLUSTERS, PAIRS))
    assert clusters.columns == ["record_id", "entity_id", "confidence"]
    assert pairs.columns[:6] == ["record_a", "record_b", "bits", "probability", "given", "given_bits"]
    evidence = " + ".join(f"{name}_bits" for name in PEOPLE["comparisons"])
    worst = duckdb.sql(f"SELECT max(abs(bits - ({evidence}) - {linked.learned.prior_bits})) FROM pairs").fetchall()[0][0]
    assert worst < 0.01
    assert not list((tmp_path / "out").glob(".building*"))


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    con, linked = _link(people(20))
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(HubError, match="cannot be written"):
        write_results(con, model(), linked, tmp_path / "taken")
    write_results(con, model(), linked, tmp_path / "out")
    before = (tmp_path / "out" / CLUSTERS).read_bytes()
    con.execute("DROP TABLE scored")
    with pytest.raises(duckdb.Error):
        write_results(con, model(), linked, tmp_path / "out")
    assert (tmp_path / "out" / CLUSTERS).read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [CLUSTERS, PAIRS, REPORT]


def test_one_row_is_one_entity() -> None:
    con, linked = _link([people(1)[0]])
    assert (linked.rows, linked.entities) == (1, 1)
    assert [row[2] for row in _entities(con)] == [1.0]


@pytest.mark.parametrize(
    ("rows", "changed", "complaint"),
    [
        ([], {}, "no rows"),
        (people(3) + people(1)[:1], {}, r"0 of \d+ rows have no 'id' and 1 repeat one"),
        (people(3), {"record_id": "key"}, "record_id of the model is in column 'key', which the table has not. It has id, person"),
        (people(3), {"fields": {**PEOPLE["fields"], "town": {"column": "city", "kind": "text"}}}, "field 'town' .* column 'city'"),
        ([{**row, "town": None} for row in people(3)], {}, "field 'town' has no value in any row"),
        (people(3), {"pairing": [{"agree_on": ["left(family, 'x')"]}]}, "pairing rule 1"),
        (people(3), {"pairing": [{"agree_on": ["surname"]}]}, "pairing rule 1 .surname. cannot be worked out"),
        (people(80), {"pairs_at_most": 20}, r"would make [\d,]+ pairs, more than 20: the rule on .* alone makes"),
    ],
)
def test_what_cannot_be_linked_is_said(rows: Rows, changed: dict[str, Any], complaint: str) -> None:
    con = duckdb.connect()
    columns = table(con, rows or people(1))
    if not rows:
        con.execute("DELETE FROM file_rows")
    with pytest.raises(HubError, match=complaint):
        link_rows(con, model(**changed), "file_rows", columns)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("version: [", "not YAML"),
        ("version: x", "fields"),
        ("version: x\nfields: {c: {column: b, kind: name}}\ncomparisons: {c: {of: c}}\npairing: [{agree_on: [c]}]", "fields.c.kind"),
        ("version: x\nfields: {c: {column: b, kind: text}}\ncomparisons: {c: {of: d}}\npairing: [{agree_on: [c]}]", "is of 'd'"),
        ("version: x\nfields: {A: {column: b, kind: text}}\ncomparisons: {a: {of: A}}\npairing: [{agree_on: [a]}]", "'A' is not a name"),
        ("version: x\nfields: {n: {column: b, kind: text}}\ncomparisons: {c: {of: n}}\npairing: [{agree_on: [n]}]", "cannot be named 'n'"),
        ("version: x\nfields: {c: {column: b, kind: lat_lon}}\ncomparisons: {c: {of: c}}\npairing: [{agree_on: [c]}]", "two columns"),
    ],
)
def test_a_broken_model_names_file_and_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=complaint) as caught:
        load_table_model(path)
    assert str(path) in str(caught.value)
