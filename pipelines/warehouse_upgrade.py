"""From the warehouse of an earlier release to this one's, in one transaction.

The contracts (`schemas/tables`) say which tables and columns there are, so new ones are found by comparing them with the file. A step says
what they cannot: what the rows that are there already hold in them. Whatever is derived is derived anew by the next run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import duckdb

from pipelines.sql import quoted
from pipelines.stage import mark_all
from pipelines.warehouse import SCHEMA_VERSION, count, differing_tables, make_tables, refuse_newer, schema_version, transaction
from schemas.contract import Table
from schemas.errors import HomeDamaged
from schemas.tables.raw import ROWS

STAGE = "upgrade"
_DERIVED = ("std", "match", "cluster", "gold", "mart")


@dataclass(frozen=True)
class Step:
    """What leads to schema `to` besides the shape of the tables: statements over tables that have their new shape."""

    to: int
    statements: tuple[str, ...]


STEPS = (
    # Members did not know since when: they belonged at the end of the last run that decided, whatever was before it. Events had one cause.
    Step(4, (
        "UPDATE cluster.members SET since_at = (SELECT max(ended_at) FROM meta.runs WHERE stage = 'cluster') WHERE since_at IS NULL",
        "UPDATE cluster.events SET cause = 'records' WHERE cause IS NULL",
    )),
    # Only judgements held mentions together.
    Step(5, ("UPDATE match.judged_records SET judged_group_id = group_id",)),
)  # fmt: skip
OLDEST = STEPS[0].to - 1


@dataclass(frozen=True)
class WarehouseUpgrade:
    """What was done: schema `before` and `after`, tables that are new or changed, and whether the next run derives everything anew."""

    before: int
    after: int
    tables: tuple[str, ...]
    derives_anew: bool


def upgrade_warehouse(con: duckdb.DuckDBPyConnection, path: str) -> WarehouseUpgrade | None:
    """Bring the database behind `con` (`connect_warehouse`) to this release's schema; None when it has it.

    Raises:
        HomeDamaged: a later release wrote it, one too early to upgrade from, or nobody laid it out; nothing was changed.
    """
    with transaction(con):
        found = schema_version(con)
        if found is None or found < OLDEST:
            raise HomeDamaged(
                f"a warehouse of schema {found} cannot be upgraded, the oldest is {OLDEST}", where=path,
                mend="Move it away and run `hub run --full`, which reads landing/ again; customer ids begin anew",
            )
        refuse_newer(found, path)
        changed = differing_tables(con)
        if found == SCHEMA_VERSION and not changed:
            return None
        for table in changed:
            _reshape(con, table)
        for step in STEPS:
            if step.to > found:
                for statement in step.statements:
                    con.execute(statement)
        con.execute("UPDATE meta.schema_version SET version = ?", [SCHEMA_VERSION])
        done = WarehouseUpgrade(
            found, SCHEMA_VERSION, tuple(table.name for table in changed), any(table.layer in _DERIVED for table in changed)
        )
        _record(con, done)
    return done


def _reshape(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Give the table the columns of its contract in their order; what it holds in columns of the same name stays. A derived one that lacks
    a column which may not be null begins empty: nothing else could stand in it."""
    before = _columns(con, table)
    fills = table.layer not in _DERIVED or before.issuperset(column.name for column in table.columns if not column.nullable)
    aside = f"before_{table.noun}"
    if before:
        con.execute(f"ALTER TABLE {table.name} RENAME TO {quoted(aside)}")
    make_tables(con)
    if before and fills:
        kept = ", ".join(quoted(name) for name in table.column_names if name in before)
        con.execute(f"INSERT INTO {table.name} ({kept}) SELECT {kept} FROM {table.layer}.{quoted(aside)}")
    if before:
        con.execute(f"DROP TABLE {table.layer}.{quoted(aside)}")


def _columns(con: duckdb.DuckDBPyConnection, table: Table) -> set[str]:
    rows = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?", [table.layer, table.noun]
    ).fetchall()
    return {name for (name,) in rows}


def _record(con: duckdb.DuckDBPyConnection, done: WarehouseUpgrade) -> None:
    """Enter the upgrade as a stage of its own, and mark all source rows as changed where something derived has to be derived anew."""
    seq = count(con, "SELECT coalesce(max(seq), 0) + 1 FROM meta.runs")
    if done.derives_anew:
        mark_all(con, "raw", ROWS.noun, seq)
    facts = {"before": done.before, "after": done.after, "tables": done.tables}
    con.execute("INSERT INTO meta.runs VALUES (?, ?, ?, now()::TIMESTAMP, now()::TIMESTAMP, ?)", [seq, STAGE, STAGE, json.dumps(facts)])
