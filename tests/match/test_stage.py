"""Blocks, shared identifiers and evaluation."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.match.score import spell_levels
from pipelines.warehouse import open_warehouse
from quality.linkage import duplicate_rates, evaluate_home
from schemas.match_model import load_match_model
from tests.match.world import mention, put, resolve

WEI = {"name": "王伟", "pinyin": "wang wei"}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return open_warehouse(":memory:")


def test_a_block_above_its_cap_is_reported_and_paired_again_once_it_shrinks(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_match_model()
    rules = tuple(r.model_copy(update={"cap": 3}) for r in model.blocking if r.rule == "name_birth")
    narrow = model.model_copy(update={"blocking": rules})
    for module in ("pipelines.match.stage", "pipelines.cluster.stage"):
        monkeypatch.setattr(f"{module}.load_match_model", lambda _: narrow)
    people = [mention(f"crm:{n}", birth_on="1990-01-01", email=f"{n}@x.cn", **WEI) for n in range(4)]
    put(con, people[:3])
    resolve(con)
    assert con.execute("SELECT count(*) FROM match.pairs").fetchone() == (3,)
    put(con, people[3:])
    resolve(con)
    assert con.execute("SELECT count(*) FROM match.pairs").fetchone() == (0,)
    facts = con.execute("SELECT facts ->> 'blocks_over_cap_name_birth' FROM meta.runs WHERE stage = 'match' ORDER BY seq").fetchall()
    assert facts == [("0",), ("1",)]
    put(con, [], gone=["crm:0"])
    resolve(con)
    assert con.execute("SELECT count(*) FROM match.pairs").fetchone() == (3,)


def test_nothing_changed_means_nothing_done(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI)])
    resolve(con)
    before = con.execute("SELECT count(*) FROM cluster.changes").fetchone()
    resolve(con)
    assert con.execute("SELECT count(*) FROM cluster.changes").fetchone() == before


def test_another_hash_of_duckdb_names_all_nodes_anew(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", phone="13800010002", **WEI)])
    resolve(con)
    nodes = con.execute("SELECT record_id, node_id FROM match.node_records ORDER BY ALL").fetchall()
    # as if another release had named them
    for table in ("nodes", "node_records", "node_identifiers"):
        con.execute(f"UPDATE match.{table} SET node_id = node_id // 2")
    con.execute("UPDATE match.models SET facts = json_merge_patch(facts, '{\"hash_probe\": \"1\"}')")
    resolve(con)
    assert con.execute("SELECT record_id, node_id FROM match.node_records ORDER BY ALL").fetchall() == nodes
    assert con.execute("SELECT count(*) FROM match.nodes").fetchone() == (2,)


def test_another_model_draws_the_line_of_shared_identifiers_anew(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", phone="13800010001", name="李娜", pinyin="li na")])
    resolve(con)
    shared = "SELECT is_shared FROM match.identifier_use WHERE kind = 'phone'"
    assert con.execute(shared).fetchall() == [(False,)]
    strict = load_match_model().model_copy(update={"shared_identifier_names": 1})
    for module in ("pipelines.match.stage", "pipelines.cluster.stage"):
        monkeypatch.setattr(f"{module}.load_match_model", lambda _: strict)
    resolve(con)
    assert con.execute(shared).fetchall() == [(True,)]


def test_another_model_scores_everything_anew(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", phone="13800010001", gender="male", **WEI)])
    resolve(con)
    assert con.execute("SELECT count(DISTINCT customer_id) FROM cluster.members").fetchone() == (1,)
    strict = load_match_model().model_copy(update={"merge_bits": 90.0})
    for module in ("pipelines.match.stage", "pipelines.cluster.stage"):
        monkeypatch.setattr(f"{module}.load_match_model", lambda _: strict)
    resolve(con)
    assert con.execute("SELECT count(DISTINCT customer_id) FROM cluster.members").fetchone() == (2,)


def test_no_value_is_spelled_out_in_the_evidence(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", email="w@x.cn", **WEI), mention("crm:2", phone="13800010001", **WEI)])
    resolve(con)
    ((levels,),) = con.execute("SELECT levels FROM match.pairs").fetchall()
    assert spell_levels(load_match_model(), levels) == "name=exact phone=sole"


def test_precision_and_recall_are_counted_over_pairs_of_mentions(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    found = "('crm:1', 'a'), ('crm:2', 'a'), ('crm:3', 'a'), ('crm:4', 'b')"
    con.execute(f"INSERT INTO cluster.members (record_id, customer_id) VALUES {found}")
    con.execute(
        f"""COPY (SELECT * FROM (VALUES ('crm:1', 'p'), ('crm:2', 'p'), ('crm:3', 'q'), ('crm:4', 'q')) AS t(record_id, party_id))
        TO '{tmp_path}/truth.parquet'"""
    )
    found = evaluate_home(con, tmp_path / "truth.parquet").pairs
    # predicted pairs 12 13 23, true pairs 12 34, both 12
    assert (found.precision, found.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))


def test_the_duplicate_rate_counts_crm_records_only(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", phone="13800010001", gender="male", **WEI),
              mention("t:1", phone="13800010001", role="requester", **WEI)])  # fmt: skip
    resolve(con)
    assert duplicate_rates(con) == {"crm_records": 2, "crm_customers": 1, "duplicate_rate": 0.5}
