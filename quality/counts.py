"""Breaches of checks as counts, by one scan a table or of what changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import duckdb

from pipelines.publish.manifest import read_manifest
from pipelines.publish.serving_index import ServingIndex
from pipelines.warehouse import count
from quality.suites.changed import MARKED
from quality.suites.contracts import CONTRACT, Check
from schemas.tables import BY_NAME

FEW = 10  # a tenth of the rows; above it looking for the changed ones costs more than looking at all
UNKNOWN = -1  # the table is not what its contract says, so its rows were not looked at


def count_breaches(con: duckdb.DuckDBPyConnection, checks: Sequence[Check], *, everything: bool = True) -> dict[Check, int]:
    """Breaches of each check; `UNKNOWN` where the columns are not as declared. Without `everything` rows that are not marked as changed
    are not looked at again, where few are marked."""
    found: dict[Check, int] = {}
    for table, group in groupby(checks, key=lambda check: check.table):
        of_table = list(group)
        wrong = column_breaches(con, table)
        if wrong:
            found |= {check: wrong if check.name == CONTRACT else UNKNOWN for check in of_table}
        else:
            changed, parameters = ("TRUE", []) if everything else _changed(con, table)
            found |= _measure(con, table, [check for check in of_table if check.of_rows], changed, parameters)
            found |= _measure(con, table, [check for check in of_table if not check.of_rows])
    return found


def column_breaches(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Columns that are missing, not declared, or of another type or nullability."""
    layer, noun = table.split(".")
    rows = con.execute(
        "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?", [layer, noun]
    ).fetchall()
    declared = {(c.name, c.type, c.nullable) for c in BY_NAME[table].columns}
    return len(declared.symmetric_difference(rows))


def _changed(con: duckdb.DuckDBPyConnection, table: str) -> tuple[str, list[object]]:
    """A condition for the rows that may have changed, with its parameters; true of all when many did or nobody marks them."""
    marked = MARKED.get(table)
    if marked is None:
        return "TRUE", []
    named, all_n = marked.markers(con)
    few = not all_n and named * FEW < count(con, f"SELECT count(*) FROM {table}")
    return (marked.condition(table), marked.parameters) if few else ("TRUE", [])


def _measure(
    con: duckdb.DuckDBPyConnection, table: str, checks: Sequence[Check], rows: str = "TRUE", parameters: Sequence[object] = ()
) -> dict[Check, int]:
    """Breaches of checks of one table among the `rows` for which that holds."""
    if not checks:
        return {}
    bound = list(parameters)
    values = con.execute(f"SELECT {', '.join(check.breaches for check in checks)} FROM {table} WHERE {rows}", bound).fetchone() or ()
    found = dict(zip(checks, map(int, values), strict=True))
    for check, breaches in found.items():
        if breaches and check.exact:
            found[check] = count(con, f"SELECT {check.exact} FROM {table} WHERE {rows}", bound)
    return found


def published_breaches(con: duckdb.DuckDBPyConnection, version: Path) -> int:
    """Tables of a published version that have not as many rows as the warehouse."""
    tables = read_manifest(version)["tables"]
    return sum(entry["rows"] != count(con, f"SELECT count(*) FROM {name}") for name, entry in tables.items())


def serving_breaches(con: duckdb.DuckDBPyConnection, serving: Path, version: str) -> int:
    """Difference between the profiles that are served and those of the warehouse; at least 1 when another version is served."""
    index = ServingIndex.open(serving)
    meta = index.meta
    index.close()
    difference = abs(int(meta["counts"]["profiles"]) - count(con, "SELECT count(*) FROM mart.profiles"))
    return difference or int(meta["version"] != version)
