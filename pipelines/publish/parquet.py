"""One published table = one Parquet file: written anew, or linked from the version before when its content is the same.

Tokens are the dear part of a file. In a delta those of customers who did not change are copied from the file of the version before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import hash_file, share
from pipelines.publish.deidentify import needs_key, published_select
from pipelines.publish.keyring import Keyring
from pipelines.publish.tokens import token_parameters
from schemas.contract import Table
from schemas.errors import HubError
from schemas.publishing import published_columns
from schemas.tables import gold

KEPT_BY_CUSTOMER = (gold.CUSTOMERS, gold.CONTACTS, gold.ADDRESSES)  # golden marks every customer whose rows it writes
_LEVEL = 1  # of zstd: a fifth less time than the default 3, and the files are no larger


def file_name(table: Table) -> str:
    return f"{table.name}.parquet"


def content_of(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, str]:
    """Rows of `table` and a hash of them that does not depend on their order.

    Two 64-bit sums over row hashes: a change goes unseen with a chance of about 2^-64 or less; nobody gains by forging one.
    """
    sql = f"SELECT count(*), coalesce(bit_xor(hash(t)), 0), coalesce(sum(hash(t)), 0) FROM {table.name} AS t"
    rows, mixed, total = con.execute(sql).fetchall()[0]
    return int(rows), f"{int(rows):x}-{int(mixed):x}-{int(total):x}"


def describe_columns(table: Table) -> list[dict[str, str]]:
    """The columns as the manifest lists them."""
    return [{"name": c.name, "type": c.type, "form": c.form, "source": c.source.name} for c in published_columns(table)]


def is_unchanged(con: duckdb.DuckDBPyConnection, table: Table, before: dict[str, Any] | None) -> bool:
    """A file of `table` written now would hold what the one of manifest entry `before` holds."""
    return before is not None and (before["content"], before["columns"]) == (content_of(con, table)[1], describe_columns(table))


def put_table(
    con: duckdb.DuckDBPyConnection, table: Table, folder: Path, *, keyring: Keyring, parent: Path | None, before: dict[str, Any] | None,
    changed: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Put the file of `table` into `folder` and answer its manifest entry, with `linked` = not written anew.

    `before` is the table's entry in the manifest of `parent`, None when that one was made otherwise (other key). `changed`: a table
    `changed(key)` of the customers who changed since `parent`, where that is known.
    """
    rows, content = content_of(con, table)
    columns = describe_columns(table)
    path = folder / file_name(table)
    known = before if parent and before and before["columns"] == columns and _is_sound(parent, before) else None
    if parent and known and known["content"] == content:
        share(parent / known["file"], path)
        return {**known, "linked": True}
    kept = parent / known["file"] if parent and known and changed and table in KEPT_BY_CUSTOMER else None
    if kept is None or not _write_changed(con, table, path, keyring, kept, str(changed)):
        _write(con, table, path, keyring, published_select(table))
    _verify(con, table, path, rows)
    return {
        "file": path.name, "rows": rows, "bytes": path.stat().st_size, "sha256": hash_file(path), "content": content,
        "columns": columns, "linked": False,
    }


def _write(con: duckdb.DuckDBPyConnection, table: Table, path: Path, keyring: Keyring, select: str, kept: Path | None = None) -> None:
    parameters: dict[str, object] = token_parameters(keyring.token) if needs_key(table) else {}
    if kept:
        parameters["kept"] = str(kept)
    sql = f"COPY ({select}) TO $path (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {_LEVEL})"
    con.execute(sql, {**parameters, "path": str(path)}).fetchall()
    path.chmod(0o444)  # never changed in place, and versions may share it


def _write_changed(con: duckdb.DuckDBPyConnection, table: Table, path: Path, keyring: Keyring, kept: Path, changed: str) -> bool:
    """Write the rows of the customers in `changed`, and those of all others as the file `kept` has them. False, and no file, when what
    can be compared without a token is not what the table holds: some change was not marked."""
    rows = f"FROM read_parquet($kept) ANTI JOIN {changed} ON key = customer_id"
    anew = f"{published_select(table)} WHERE customer_id IN (SELECT key FROM {changed})"
    _write(con, table, path, keyring, f"{rows} UNION ALL BY NAME {anew}", kept)
    open_columns = ", ".join(f'"{c.name}"' for c in published_columns(table) if c.form == "as is")
    digest = f"SELECT count(*), bit_xor(hash({open_columns})), sum(hash({open_columns})) FROM"
    written = con.execute(f"{digest} read_parquet($path)", {"path": str(path)}).fetchall()
    if written == con.execute(f"{digest} {table.name}").fetchall():
        return True
    path.unlink()
    return False


def _verify(con: duckdb.DuckDBPyConnection, table: Table, path: Path, rows: int) -> None:
    found = con.execute("SELECT num_rows FROM parquet_file_metadata($path)", {"path": str(path)}).fetchall()
    names = [row[0] for row in con.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": str(path)}).fetchall()]
    if found != [(rows,)] or names != [c.name for c in published_columns(table)]:
        raise HubError("a published file does not hold what it should", where=path.name, why=f"{rows} rows wanted, found {found}")


def _is_sound(parent: Path, entry: dict[str, Any]) -> bool:
    """The file of the version before is there as it was written."""
    source = parent / entry["file"]
    return source.is_file() and bool(source.stat().st_size == entry["bytes"])
