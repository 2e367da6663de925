"""A small change of the big tables: they share the files of the version before, and the customers that changed stand in files of their own.

Beside `<table>.parquet` lies `<table>.changes.parquet` with the rows of all customers changed since that file was written;
`gold.changed.parquet` names these customers. The table is the first without the rows of those customers, and the second; the views of the
catalogue say so. When too many have changed, all is written anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish.deidentify import needs_key, published_select
from pipelines.publish.keyring import Keyring
from pipelines.publish.parquet import describe_columns, describe_file, link, write_rows
from pipelines.publish.tokens import token_parameters
from pipelines.warehouse import count
from schemas.contract import Table
from schemas.publishing import MARKED_BY_CUSTOMER

CHANGED = "gold.changed.parquet"
AT_MOST = 0.1  # of all customers; beyond it readers would pay more than a writing costs
_SINCE = "publish_since"

Entries = dict[str, dict[str, Any]]


def changes_file(table: Table) -> str:
    return f"{table.name}.changes.parquet"


def put_changes(
    con: duckdb.DuckDBPyConnection, folder: Path, *, parent: Path, before: dict[str, Any], changed: str, keyring: Keyring
) -> tuple[Entries, dict[str, Any] | None] | None:
    """Put the tables that the golden stage marks into `folder`, with changes for the customers in temp table `changed(key)`.

    `before` is the manifest of `parent`, which must be what this warehouse published last. Answers the manifest entries of the tables and
    of the file that names the customers (None when nobody changed); None when the tables must be written anew, by whoever asked.
    """
    entries: Entries = {table.name: before["tables"][table.name] for table in MARKED_BY_CUSTOMER if table.name in before["tables"]}
    if any(entries.get(table.name, {}).get("columns") != describe_columns(table) for table in MARKED_BY_CUSTOMER):
        return None
    earlier = before.get("changed")
    known = "UNION SELECT customer_id FROM read_parquet($earlier)" if earlier else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SINCE} AS SELECT key AS customer_id FROM {changed} {known}",
        {"earlier": str(parent / earlier["file"])} if earlier else {},
    ).fetchall()
    try:
        since = count(con, f"SELECT count(*) FROM {_SINCE}")
        if since > AT_MOST * count(con, "SELECT count(*) FROM gold.customers"):
            return None
        if not all(link(parent, entry, folder / entry["file"]) for entry in entries.values()):
            return None
        if not since:
            return {name: {**entry, "linked": True} for name, entry in entries.items()}, None
        put = {table.name: _put(con, table, folder, entries[table.name], keyring) for table in MARKED_BY_CUSTOMER}
        if not all(_adds_up(con, table, folder, put[table.name]) for table in MARKED_BY_CUSTOMER):
            return None
        write_rows(con, f"SELECT customer_id FROM {_SINCE}", {}, folder / CHANGED)
        return put, {**describe_file(folder / CHANGED), "rows": since}
    finally:
        con.execute(f"DROP TABLE {_SINCE}").fetchall()


def clear_changes(folder: Path) -> None:
    """Take out of an unfinished `folder` what `put_changes` left when it gave up."""
    for table in MARKED_BY_CUSTOMER:
        (folder / f"{table.name}.parquet").unlink(missing_ok=True)
        (folder / changes_file(table)).unlink(missing_ok=True)


def _put(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, entry: dict[str, Any], keyring: Keyring) -> dict[str, Any]:
    path = folder / changes_file(table)
    sql = f"{published_select(table)} WHERE customer_id IN (SELECT customer_id FROM {_SINCE})"
    rows = write_rows(con, sql, token_parameters(keyring.token) if needs_key(table) else {}, path)
    total = count(con, f"SELECT count(*) FROM {table.name}")
    return {**entry, "rows": total, "linked": True, "changes": {**describe_file(path), "rows": rows}}


def _adds_up(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, entry: dict[str, Any]) -> bool:
    """The rows that stay of the shared file and those of the changes are as many as the table has."""
    path = str(folder / entry["file"])
    stay = count(con, f"SELECT count(*) FROM read_parquet(?) WHERE customer_id NOT IN (SELECT customer_id FROM {_SINCE})", [path])
    return bool(stay + entry["changes"]["rows"] == entry["rows"])
