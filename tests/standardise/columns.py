"""Runs one module's set-based code over a list of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import duckdb

Standardise = Callable[[duckdb.DuckDBPyConnection, str, str], Any]


@cache
def connection() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:", config={"preserve_insertion_order": False, "threads": 1})
    con.execute("SET TimeZone = 'UTC'")
    return con


def standardised(standardise: Standardise, values: Iterable[str | tuple[str | None, ...]], *columns: str) -> list[dict[str, Any]]:
    """Rows of the table that `standardise` makes of the distinct values."""
    con = connection()
    rows = sorted({value if isinstance(value, tuple) else (value,) for value in values}, key=repr)
    names = columns or ("raw",)
    con.execute(f"CREATE OR REPLACE TEMP TABLE given ({', '.join(f'{name} VARCHAR' for name in names)})")
    if rows:
        marks = ", ".join("(" + ", ".join("?" for _ in names) + ")" for _ in rows)
        con.execute(f"INSERT INTO given VALUES {marks}", [value for row in rows for value in row])
    standardise(con, "given", "answer")
    found = con.execute("SELECT * FROM answer").fetchall()
    return [dict(zip((c[0] for c in con.description or []), row, strict=True)) for row in found]
