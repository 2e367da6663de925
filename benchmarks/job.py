"""What a peer is given: the rows in the hub's forms, the same fields, and the same pairs to compare.

Each pairing rule of the model is one column, `rule_<n>`: rows with the same number in it are a block. Blocks above the rule's cap have
none, so that every engine compares the pairs the hub compares. Bringing rows into form is not in the peers' time.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import duckdb

from benchmarks.person_sets import PersonSet
from pipelines.link.files import read_table
from pipelines.link.prepare import prepare
from pipelines.sql import literal, quoted
from schemas.table_model import TableModel, load_table_model

_UK_POSTCODE = re.compile(r"[a-z]{1,2}[0-9][a-z0-9]?[0-9][a-z]{2}")


class Training(NamedTuple):
    """What Splink learns from: rules so `sure` that their pairs tell the share of true ones; the fields each session of expectation
    maximisation blocks on, and so learns nothing about; and after how many `iterations` it ends (25 as a rule)."""

    sure: list[list[str]]
    sessions: list[list[str]]
    iterations: int = 25


_TRAINING = {  # by the version of the model
    "historical-persons-1": Training([["given", "family", "born"], ["born", "postcode"]], [["given", "family"], ["born"]]),
    "febrl-1": Training([["ssn"], ["given", "family", "born"]], [["given", "family"], ["born"]]),
    "rldata-1": Training([["given", "family"], ["family", "born"], ["given", "born"]], [["given", "family"], ["born"]]),
    "fake-1000-1": Training([["given", "family"], ["email"]], [["given", "family"], ["born"]]),
    # of 159 rows more iterations end at probabilities of 0, which Splink refuses
    "truthset-1": Training([["name", "born"], ["passport"], ["licence"], ["ssn"], ["national"]], [["born"], ["postcode"]], iterations=5),
    "chinese-people-plain-1": Training([["id_number"], ["phone", "name"], ["email"]], [["phone"], ["name", "city"]]),
}


def write_job(of: PersonSet, folder: Path) -> Path:
    """Write `rows.parquet` (in form), `raw.parquet` (as they were) and `job.json` into `folder`; answer the last. A peer finds in it:
    `rows`, `raw`; `compared`, pairs of a field and its kind; `rules`, the columns of blocks; and what Training says."""
    con, model = duckdb.connect(), load_table_model(of.plain or of.model)
    prepare(con, model, "file_rows", read_table(con, of.rows, "file_rows"))
    rules = [f"rule_{number}" for number in range(len(model.pairing))]
    kinds = {comparison.of: _kind(con, model, comparison.of) for comparison in model.comparisons.values()}
    rows, raw = folder / "rows.parquet", folder / "raw.parquet"
    con.execute(f"COPY ({_rows_sql(model, kinds, rules)}) TO {literal(str(rows))}")
    columns = dict.fromkeys(quoted(column) for field in model.fields.values() for column in field.columns)
    con.execute(f"COPY (SELECT {quoted(of.record_id)}::VARCHAR AS record_id, {', '.join(columns)} FROM file_rows) TO {literal(str(raw))}")
    job = {
        "rows": str(rows), "raw": str(raw), "compared": list(kinds.items()), "rules": rules,
        **_TRAINING[model.version]._asdict(),
    }  # fmt: skip
    path = folder / "job.json"
    path.write_text(json.dumps(job), "utf-8")
    return path


def _rows_sql(model: TableModel, kinds: dict[str, str], rules: list[str]) -> str:
    fields = [f"upper(left({f}, -3) || ' ' || right({f}, 3)) AS {f}" if kind == "uk_postcode" else f for f, kind in kinds.items()]
    blocks = [f"{_block_sql(rule.agree_on, rule.cap)} AS {name}" for rule, name in zip(model.pairing, rules, strict=True)]
    return f"SELECT record_id, {', '.join([*fields, *blocks])} FROM prepared ORDER BY n"


def _block_sql(agree_on: tuple[str, ...], cap: int) -> str:
    """SQL: the least row number of the block a row is in by a rule; null without a block, or where that is above the cap."""
    present = " AND ".join(f"({part}) IS NOT NULL" for part in agree_on)
    block = f"OVER (PARTITION BY {', '.join(f'({part})' for part in agree_on)})"
    return f"CASE WHEN {present} AND count(*) {block} BETWEEN 2 AND {cap} THEN min(n) {block} END"


def _kind(con: duckdb.DuckDBPyConnection, model: TableModel, field: str) -> str:
    """The kind of a field, and `uk_postcode` for a postcode that most rows show as one: Splink knows these."""
    kind = model.fields[field].kind
    if kind != "postcode":
        return kind
    seen = con.execute(f"SELECT {field} FROM prepared WHERE {field} IS NOT NULL ORDER BY n LIMIT 100").fetchall()
    return "uk_postcode" if sum(_UK_POSTCODE.fullmatch(row[0]) is not None for row in seen) > len(seen) / 2 else kind
