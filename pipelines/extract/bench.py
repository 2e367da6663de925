"""The work bench: a private in-memory DuckDB beside the warehouse, where rows are cut, typed and weighed.

Temporary tables made inside the run's one transaction would stay in memory until it commits; here they go at once.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa


def open_bench(temp: Path | None = None, memory: str = "2GB", threads: int = 0) -> duckdb.DuckDBPyConnection:
    """An empty in-memory database; it spills to `temp` beyond `memory`."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads:
        config["threads"] = threads
    if temp is not None:
        config["temp_directory"] = str(temp)
    con = duckdb.connect(":memory:", config=config)
    con.execute("SET TimeZone = 'UTC'")
    return con


def lend(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Let queries of `con` read `table` under `name` (a half-read result would hold the connection)."""
    con.complete()
    con.register(name, table)


def arrow(con: duckdb.DuckDBPyConnection, sql: str, params: dict[str, object] | None = None) -> pa.Table:
    """All rows a query answers."""
    con.complete()
    found: pa.Table = con.sql(sql, params=params or {}).to_arrow_table()
    return found
