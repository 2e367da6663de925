"""Distinct odd values through Python: what a SQL expression over the common form leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

Field = tuple[str, pa.DataType]
Reader = Callable[..., Sequence[tuple[Any, ...]]]


def read_odd(con: duckdb.DuckDBPyConnection, odd_sql: str, into: str, reader: Reader, fields: Sequence[Field]) -> int:
    """Make the temp table `into` of the rows `reader(*row)` answers for every row of `odd_sql`; answer how many rows were read.

    `odd_sql` must answer distinct rows; `reader` answers any number of tuples shaped like `fields` and must never raise on a value.
    """
    rows = con.execute(odd_sql).fetchall()
    found = [answer for row in rows for answer in reader(*row)]
    columns = list(zip(*found, strict=True)) or [() for _ in fields]
    arrays = {name: pa.array(column, type=kind) for column, (name, kind) in zip(columns, fields, strict=True)}
    con.register("odd_values", pa.table(arrays))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM odd_values")
    con.unregister("odd_values")
    return len(rows)


def text(name: str) -> Field:
    return name, pa.string()


def flag(name: str) -> Field:
    return name, pa.bool_()
