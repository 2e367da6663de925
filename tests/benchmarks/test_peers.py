"""Engines side by side: all are given the pairs the hub compares, are measured by one sweep, and may not run for ever."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.engines import Engine, find
from benchmarks.identity import HEAD, Turns, measure_set
from benchmarks.job import write_job
from benchmarks.measure import OverLimit, measure
from benchmarks.person_sets import PersonSet, febrl
from benchmarks.sweep import LINES, sweep_pairs
from pipelines.link.files import read_table
from pipelines.link.pair import pair
from pipelines.link.prepare import prepare
from schemas.table_model import load_table_model


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> PersonSet:
    return febrl(1, tmp_path_factory.mktemp("febrl"))


def test_a_peer_is_given_the_pairs_and_fields_the_hub_compares(tmp_path: Path, known: PersonSet) -> None:
    job = json.loads(write_job(known, tmp_path).read_text("utf-8"))
    con, model = duckdb.connect(), load_table_model(known.model)
    prepare(con, model, "file_rows", read_table(con, known.rows, "file_rows"))
    pair(con, model)
    ours = set(
        con.execute("SELECT x.record_id, y.record_id FROM candidates JOIN prepared x ON x.n = a JOIN prepared y ON y.n = b").fetchall()
    )
    together = " OR ".join(f"x.{rule} = y.{rule}" for rule in job["rules"])
    theirs = duckdb.sql(
        f"SELECT x.record_id, y.record_id FROM '{job['rows']}' x JOIN '{job['rows']}' y ON x.record_id < y.record_id AND ({together})"
    ).fetchall()
    assert set(theirs) == ours
    assert [field for field, _ in job["compared"]] == [of.of for of in model.comparisons.values()]


def test_the_truth_is_not_among_what_a_peer_is_given(tmp_path: Path, known: PersonSet) -> None:
    job = json.loads(write_job(known, tmp_path).read_text("utf-8"))
    for given in (job["rows"], job["raw"]):
        assert known.entity_id not in duckdb.read_parquet(given).columns


def test_the_sweep_finds_the_line_that_parts_true_from_false_pairs(tmp_path: Path) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE truth AS FROM (VALUES ('a', '1'), ('b', '1'), ('c', '2'), ('d', '2')) AS t(record_id, entity_id)")
    pairs = "FROM (VALUES ('a', 'b', 0.9), ('c', 'd', 0.8), ('b', 'c', 0.7)) AS t(record_a, record_b, probability)"
    con.execute(f"COPY ({pairs}) TO '{tmp_path}/pairs.parquet'")
    assert any(0.7 < line <= 0.8 for line in LINES)
    assert sweep_pairs(con, tmp_path / "pairs.parquet", "truth").pairs == 1.0


def test_what_a_peer_wrote_is_measured_against_the_truth(tmp_path: Path, known: PersonSet) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE rows AS FROM read_csv(?, all_varchar = true)", [str(known.rows)])
    con.execute(f"COPY (SELECT rec_id AS record_id, person AS entity_id FROM rows) TO '{tmp_path}/clusters.parquet'")
    empty = "SELECT rec_id AS record_a, rec_id AS record_b, 0.9 AS probability FROM rows WHERE false"
    con.execute(f"COPY ({empty}) TO '{tmp_path}/pairs.parquet'")
    found = find(known, Engine("all right", (), tmp_path))
    assert (found.own.pairs.f1, found.own.b_cubed.f1) == (1.0, 1.0)
    assert found.best.pairs == 0.0


@pytest.mark.parametrize(("limit", "what"), [({"minutes": 0.005}, "min"), ({"gigabytes": 1e-6}, "GB")])
def test_a_command_that_takes_too_much_is_ended(limit: dict[str, float], what: str) -> None:
    with pytest.raises(OverLimit, match=what):
        measure([sys.executable, "-c", "import time; time.sleep(60)"], os.environ, Path.cwd(), **limit)


def test_an_engine_that_fails_has_no_result_and_runs_no_more(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = f"import pathlib, sys; pathlib.Path({str(told)!r}).open('a').write('.'); sys.exit(3)"
    turns = Turns(Engine("broken", (sys.executable, "-c", code), tmp_path / "out"))
    turns.take()
    turns.take()
    assert turns.missing == "no result: it failed with 3"
    assert told.read_text() == "."


def test_a_set_has_a_row_for_each_engine(tmp_path: Path, known: PersonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peers are not installed here: each fails, and the hub is measured all the same."""
    monkeypatch.setattr("benchmarks.engines.PEERS_PYTHON", Path("/bin/false"))
    monkeypatch.setattr("benchmarks.identity.ROUNDS", 1)
    monkeypatch.setattr("benchmarks.sweep.LINES", (0.5,))
    rows = measure_set(known, tmp_path)
    assert [row.split(" | ")[1].split()[0] for row in rows] == ["hub", "Splink", "GoldenMatch", "recordlinkage"]
    assert {row.count("|") for row in rows} == {HEAD[0].count("|")}
    assert "| 1,000 | 1.0000 |" in rows[0]
    assert all("no result: it failed with 1" in row for row in rows[1:])
