"""What a stage is: one transaction that takes in the changes of the layer before and marks its own.

A stage function has the shape `stage(con, run) -> dict[str, object]` (its facts), runs inside the transaction that
`carry_out` opens, reads `pending(...)` keys and calls `mark(...)` for what it changed. A killed run loses nothing: the
markers of a layer are consumed in the same transaction that writes the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import duckdb

from pipelines.warehouse import count, transaction
from schemas.match_model import PERSON_MODEL
from schemas.survivorship import SURVIVORSHIP


@dataclass(frozen=True)
class Run:
    """One pass over all stages. `full`: derive everything anew from the raw layer (ids persist); `model`: file of the match model,
    `survivorship`: of the survivorship policy."""

    run_id: str
    full: bool = False
    model: Path = PERSON_MODEL
    survivorship: Path = SURVIVORSHIP
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))


@dataclass(frozen=True)
class StageReport:
    stage: str
    seq: int
    seconds: float
    facts: dict[str, object]


EVERY_KEY = "*"  # of a marker; keys of rows hold a colon or are numbers
_TAKEN = "coalesce((SELECT seq FROM meta.watermarks WHERE consumer = ? AND layer = ?), 0)"
Stage = Callable[[duckdb.DuckDBPyConnection, Run, int], dict[str, object]]


def carry_out(con: duckdb.DuckDBPyConnection, run: Run, name: str, stage: Stage) -> StageReport:
    """Run `stage(con, run, seq)` in one transaction and record it in `meta.runs`."""
    began, started = perf_counter(), datetime.now(UTC).replace(tzinfo=None)
    with transaction(con):
        seq = count(con, "SELECT coalesce(max(seq), 0) + 1 FROM meta.runs")
        facts = stage(con, run, seq)
        con.execute(
            "INSERT INTO meta.runs VALUES (?, ?, ?, ?, ?, ?)",
            [seq, run.run_id, name, started, datetime.now(UTC).replace(tzinfo=None), json.dumps(facts, default=str)],
        )
    return StageReport(name, seq, perf_counter() - began, facts)


def pending(con: duckdb.DuckDBPyConnection, consumer: str, layer: str, entity: str, into: str) -> int:
    """Make the temp table `into(key)` of the keys of `layer.entity` that `consumer` has not taken in; answer how many. Where `all_pending`,
    more may have changed than it holds."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT DISTINCT key FROM {layer}.changes WHERE key <> ? AND entity = ? AND seq > {_TAKEN}""",
        [EVERY_KEY, entity, consumer, layer],
    )
    return count(con, f"SELECT count(*) FROM {into}")


def mark(con: duckdb.DuckDBPyConnection, layer: str, entity: str, keys_sql: str, seq: int) -> None:
    """Mark the keys that `keys_sql` (one column) answers as changed in `layer.entity`; a key may come more than once."""
    con.execute(f"INSERT INTO {layer}.changes SELECT ?, k, ? FROM ({keys_sql}) AS t(k)", [entity, seq])


def mark_all(con: duckdb.DuckDBPyConnection, layer: str, entity: str, seq: int) -> None:
    """Mark every key there is or was in `layer.entity` as changed, by one marker: naming millions costs seconds."""
    con.execute(f"INSERT INTO {layer}.changes VALUES (?, ?, ?)", [entity, EVERY_KEY, seq])


def all_pending(con: duckdb.DuckDBPyConnection, consumer: str, layer: str) -> bool:
    """Everything of some entity of `layer` was marked, and `consumer` has not taken it in: it must look at everything."""
    return bool(count(con, f"SELECT count(*) FROM {layer}.changes WHERE key = ? AND seq > {_TAKEN}", [EVERY_KEY, consumer, layer]))


def take_in(con: duckdb.DuckDBPyConnection, consumer: str, layer: str) -> None:
    """`consumer` has taken in all changes of `layer` made so far."""
    con.execute("DELETE FROM meta.watermarks WHERE consumer = ? AND layer = ?", [consumer, layer])
    con.execute(
        f"INSERT INTO meta.watermarks SELECT ?, ?, coalesce(max(seq), 0) FROM {layer}.changes", [consumer, layer]
    )


def forget_taken(con: duckdb.DuckDBPyConnection, layer: str, consumers: tuple[str, ...]) -> None:
    """Drop markers of `layer` that every one of `consumers` has taken in."""
    taken = "SELECT coalesce(max(seq), 0) FROM meta.watermarks WHERE consumer = ? AND layer = ?"
    marks = [count(con, taken, [consumer, layer]) for consumer in consumers]
    con.execute(f"DELETE FROM {layer}.changes WHERE seq <= ?", [min(marks)])
