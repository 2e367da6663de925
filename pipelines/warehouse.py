"""The one way to open the warehouse: one DuckDB file, one configuration, all contract tables present."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.contract import Table
from schemas.errors import HomeDamaged
from schemas.tables import LAYERS, TABLES

SCHEMA_VERSION = 5
# Of the log: DuckDB's 16 MB would have each stage of a day's delta write again what the next one touches.
CHECKPOINT_AT = "1GB"
# Of the rows in the file: above it closing takes them out. Doing so for a few each time has whole row groups written again, documents
# foremost: 6 of 7 seconds of a day's delta at 100,000 people.
DEAD_AT_MOST = 0.2


def open_warehouse(path: Path | str, *, memory: str = "4GB", threads: int = 0, temp: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open (and on first use lay out) the warehouse at `path` (or `:memory:`).

    Raises:
        HomeDamaged: the file is not a DuckDB database this release can read, or of another schema.
    """
    con = connect_warehouse(path, memory=memory, threads=threads, temp=temp)
    try:
        _lay_out(con, str(path))
    except BaseException:
        con.close()
        raise
    return con


def connect_warehouse(path: Path | str, *, memory: str = "4GB", threads: int = 0, temp: Path | None = None) -> duckdb.DuckDBPyConnection:
    """The database at `path` in the warehouse's configuration, whatever its schema.

    Raises:
        HomeDamaged: the file is not a DuckDB database this release can read.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "preserve_insertion_order": False,
        "checkpoint_threshold": CHECKPOINT_AT,
        "max_vacuum_tasks": 0,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads:
        config["threads"] = threads
    if temp is not None:
        config["temp_directory"] = str(temp)
    try:
        con = duckdb.connect(str(path), config=config)
        con.execute("SET TimeZone = 'UTC'")
    except duckdb.IOException as error:
        raise HomeDamaged(
            "the warehouse cannot be opened", where=str(path), why=str(error).split("\n")[0],
            mend="If no other process uses it, restore it from a backup, or move it away and run `hub run --full`",
        ) from error
    return con


def _lay_out(con: duckdb.DuckDBPyConnection, path: str) -> None:
    with transaction(con):
        found = schema_version(con)
        if found is None:
            make_tables(con)
            con.execute("INSERT INTO meta.schema_version VALUES (?)", [SCHEMA_VERSION])
            return
        refuse_newer(found, path)
        if found < SCHEMA_VERSION or differing_tables(con):
            raise HomeDamaged(
                f"the warehouse has an older form (schema {found}) than this release works with ({SCHEMA_VERSION})", where=path,
                mend="Run `hub backup`, then `hub upgrade`",
            )


def schema_version(con: duckdb.DuckDBPyConnection) -> int | None:
    """The schema the warehouse was made or upgraded to; None in an empty database."""
    known = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'meta' AND table_name = 'schema_version'"
    return count(con, "SELECT version FROM meta.schema_version") if count(con, known) else None


def refuse_newer(found: int, path: str) -> None:
    """Raise HomeDamaged when a later release wrote the warehouse."""
    if found > SCHEMA_VERSION:
        raise HomeDamaged(
            f"the warehouse has schema {found}, this release reads {SCHEMA_VERSION}", where=path,
            mend="Use the release that wrote it, or move it away and run `hub run --full`",
        )


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Every layer and contract table that is not there."""
    for layer in LAYERS:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {layer}")
    con.execute("CREATE TABLE IF NOT EXISTS meta.schema_version (version INTEGER NOT NULL)")
    for table in TABLES:
        con.execute(table.ddl)


def differing_tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Contract tables that the file lacks or holds with other columns (name, type, place)."""
    rows = con.execute(
        """SELECT schema_name || '.' || table_name, list((column_name, data_type) ORDER BY column_index)
        FROM duckdb_columns() WHERE database_name = current_database() GROUP BY ALL"""
    ).fetchall()
    found = {name: [tuple(column) for column in columns] for name, columns in rows}
    return [table for table in TABLES if found.get(table.name) != [(column.name, column.type) for column in table.columns]]


def close_warehouse(con: duckdb.DuckDBPyConnection) -> None:
    """Close, with everything in the file itself; the room of deleted rows is given back when there are many."""
    if dead_share(con) > DEAD_AT_MOST:
        con.execute("RESET GLOBAL max_vacuum_tasks").fetchall()
    con.close()


def dead_share(con: duckdb.DuckDBPyConnection) -> float:
    """The share of deleted rows among those the tables hold room for."""
    held = con.execute(
        "SELECT schema_name || '.' || table_name, estimated_size FROM duckdb_tables() WHERE NOT temporary AND estimated_size > 0"
    ).fetchall()
    rows = sum(size for _, size in held)
    return 1 - sum(count(con, f"SELECT count(*) FROM {name}") for name, _ in held) / rows if rows else 0.0


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Commit on success, roll back on any error."""
    con.execute("BEGIN")
    try:
        yield con
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def execute_with(con: duckdb.DuckDBPyConnection, sql: str, params: list[object], rows: pa.Table) -> None:
    """Run a statement that reads the Arrow table as `rows`. DuckDB finds the argument by its name; a registered table would stay in
    memory until the transaction ends, however early it is unregistered."""
    con.complete()
    con.execute(sql, params).fetchall()


def one(con: duckdb.DuckDBPyConnection, sql: str, parameters: list[object] | dict[str, object] | None = None) -> object:
    """The single value a query answers."""
    rows = con.execute(sql, parameters or []).fetchall()  # to the end: an open result keeps the connection busy
    return rows[0][0] if rows else None


def count(con: duckdb.DuckDBPyConnection, sql: str, parameters: list[object] | None = None) -> int:
    """The single whole number a query answers; 0 when it answers null."""
    value = one(con, sql, parameters)
    return int(value) if isinstance(value, (int, float)) else 0
