"""What linking leaves: `clusters.parquet`, `pairs.parquet` and `report.html`, all or none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from pipelines.link.link import Linked
from pipelines.link.report import render
from pipelines.link.score import level_bits, level_names, reached
from pipelines.match.kinds import has_rarity
from pipelines.match.learn import Learned
from pipelines.sql import literal
from schemas.errors import HubError
from schemas.table_model import TableModel

CLUSTERS = "clusters.parquet"
PAIRS = "pairs.parquet"
REPORT = "report.html"
TOLD_FROM = 0.01  # probability of a pair; less is nobody's question


def write_results(con: duckdb.DuckDBPyConnection, model: TableModel, linked: Linked, folder: Path) -> None:
    """Write the results of `link_rows` into `folder`, in place of those that lie there.

    Raises:
        HubError: the folder cannot be written; what lay there still does.
    """
    building = folder / f".building-{os.getpid()}"
    try:
        building.mkdir(parents=True)
        _copy(con, "FROM entities ORDER BY entity_id, record_id", building / CLUSTERS)
        _copy(con, _pairs_sql(model, linked.learned), building / PAIRS)
        (building / REPORT).write_text(render(con, model, linked), "utf-8")
        for name in (CLUSTERS, PAIRS, REPORT):
            (building / name).replace(folder / name)
    except (OSError, duckdb.IOException) as error:
        why = error.strerror if isinstance(error, OSError) else str(error).split("\n")[0]
        raise HubError("the results cannot be written", where=str(folder), why=why, mend="Make room, or give another folder") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _copy(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    con.execute(f"COPY ({sql}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)").fetchall()


def _pairs_sql(model: TableModel, learned: Learned) -> str:
    """SELECT of the pairs worth telling: their bits and probability, and of each comparison the level and what it weighs."""
    weights, evidence = level_bits(model, learned), []
    for number, (name, levels) in enumerate(level_names(model).items()):
        level = reached(number)
        named = " ".join(f"WHEN {n} THEN {literal(of)}" for n, of in enumerate(levels, 1))
        weighed = " ".join(f"WHEN {n} THEN {bits}" for n, bits in enumerate(weights[name], 1))
        comparison = model.comparisons[name]
        rare = f" + CASE WHEN {level} = 1 THEN l.rare_{name} ELSE 0 END" if has_rarity(comparison, model.fields[comparison.of]) else ""
        evidence += [f"CASE {level} {named} END AS {name}", f"round(CASE {level} {weighed} ELSE 0 END{rare}, 3) AS {name}_bits"]
    return f"""
        SELECT l.record_id AS record_a, r.record_id AS record_b, round(bits, 3) AS bits, round(probability, 6) AS probability,
               {", ".join(evidence)}
        FROM scored JOIN prepared l ON l.n = a JOIN prepared r ON r.n = b
        WHERE probability >= {TOLD_FROM} ORDER BY bits DESC, record_a, record_b"""
