"""The engines that are measured side by side: how each is started, and what it found."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from benchmarks.job import write_job
from benchmarks.person_sets import PersonSet
from benchmarks.sweep import Best, sweep_groups, sweep_pairs
from pipelines.link.files import read_table
from pipelines.link.link import Linked, link_rows
from pipelines.link.write import CLUSTERS, PAIRS
from pipelines.sql import literal, quoted
from quality.linkage import Evaluation, evaluate
from schemas.table_model import TableModel, load_table_model

PROJECT = Path(__file__).resolve().parent.parent
PEERS_PYTHON = PROJECT / ".venv-bench" / "bin" / "python"
SPLINK = "Splink"
_PEERS = {SPLINK: "splink", "GoldenMatch": "goldenmatch", "recordlinkage ECM": "recordlinkage"}


@dataclass(frozen=True)
class Engine:
    """`command` is told last where to write `clusters.parquet` (`record_id`, `entity_id`) and `pairs.parquet` (`record_a`, `record_b`,
    `probability`): into `out`. `model`: of the hub; a peer has none."""

    name: str
    command: tuple[str | Path, ...]
    out: Path
    model: Path | None = None


@dataclass(frozen=True)
class Found:
    """`own`: at the engine's own threshold; `best`: at the best ones of a sweep."""

    own: Evaluation
    best: Best


def engines(of: PersonSet, folder: Path) -> list[Engine]:
    """The hub, the peers, and the hub by plain kinds where the set has such a model; what they are given is written into `folder`."""
    job = write_job(of, folder)
    ours = [_hub("hub", of, of.model, folder / "hub")]
    if of.plain:
        ours.append(_hub("hub, plain kinds", of, of.plain, folder / "plain"))
    theirs = [
        Engine(f"{name} {_locked(package)}", (PEERS_PYTHON, _script(package), job, folder / package), folder / package)
        for name, package in _PEERS.items()
    ]
    return [ours[0], theirs[0], *ours[1:], *theirs[1:]]


def _hub(name: str, of: PersonSet, model: Path, out: Path) -> Engine:
    return Engine(name, (sys.executable, "-m", "cli", "dedupe", of.rows, "--model", model, "--out", out), out, model)


def find(of: PersonSet, engine: Engine) -> Found:
    """Measure what an engine has written; the sweep of the hub links the rows once more, in this process."""
    if engine.model:
        return find_by_hub(replace(of, model=engine.model))
    con = duckdb.connect()
    read_table(con, of.rows, "file_rows")
    _put_truth(con, of)
    con.execute(f"CREATE TEMP TABLE own AS SELECT record_id, entity_id FROM read_parquet({literal(str(engine.out / CLUSTERS))})")
    return Found(evaluate(con, "own", "truth"), sweep_pairs(con, engine.out / PAIRS, "truth"))


def find_by_hub(of: PersonSet) -> Found:
    """Link a set by its model and measure it against its truth."""
    con, _, linked = link_set(of)
    return Found(evaluate(con, "entities", "truth"), sweep_groups(con, linked, "truth"))


def link_set(of: PersonSet) -> tuple[duckdb.DuckDBPyConnection, TableModel, Linked]:
    """Link a set by its model: what `link_rows` leaves, and temp `truth(record_id, entity_id)`."""
    con, model = duckdb.connect(), load_table_model(of.model)
    linked = link_rows(con, model, "file_rows", read_table(con, of.rows, "file_rows"))
    _put_truth(con, of)
    return con, model, linked


def _put_truth(con: duckdb.DuckDBPyConnection, of: PersonSet) -> None:
    columns = f"{quoted(of.record_id)}::VARCHAR AS record_id, {quoted(of.entity_id)}::VARCHAR AS entity_id"
    con.execute(f"CREATE TEMP TABLE truth AS SELECT {columns} FROM file_rows")


def _script(package: str) -> Path:
    return PROJECT / "benchmarks" / "peers" / f"by_{package}.py"


def _locked(package: str) -> str:
    """The version of a package that is locked for the peers."""
    lines = (PROJECT / "requirements-bench.txt").read_text("utf-8").splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith(f"{package}=="))
