"""One published table = one Parquet file: written anew, or linked from the version before when its content is the same."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish.deidentify import needs_key, published_select
from pipelines.publish.keyring import Keyring
from pipelines.publish.tokens import token_parameters
from schemas.contract import Table
from schemas.errors import HubError
from schemas.publishing import published_columns

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
    con: duckdb.DuckDBPyConnection, table: Table, folder: Path, *, keyring: Keyring, parent: Path | None, before: dict[str, Any] | None
) -> dict[str, Any]:
    """Put the file of `table` into `folder` and answer its manifest entry, with `linked` = not written anew.

    `before` is the table's entry in the manifest of `parent`, None when that one was made otherwise (other key).
    """
    rows, content = content_of(con, table)
    columns = describe_columns(table)
    path = folder / file_name(table)
    if parent and before and (before["content"], before["columns"]) == (content, columns) and _link(parent, before, path):
        return {**before, "linked": True}
    _write(con, table, path, keyring)
    _verify(con, table, path, rows)
    return {
        "file": path.name, "rows": rows, "bytes": path.stat().st_size, "sha256": _sha256(path), "content": content,
        "columns": columns, "linked": False,
    }


def _write(con: duckdb.DuckDBPyConnection, table: Table, path: Path, keyring: Keyring) -> None:
    parameters = token_parameters(keyring.token) if needs_key(table) else {}
    sql = f"COPY ({published_select(table)}) TO $path (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {_LEVEL})"
    con.execute(sql, {**parameters, "path": str(path)}).fetchall()
    path.chmod(0o444)  # never changed in place, and versions may share it


def _verify(con: duckdb.DuckDBPyConnection, table: Table, path: Path, rows: int) -> None:
    found = con.execute("SELECT num_rows FROM parquet_file_metadata($path)", {"path": str(path)}).fetchall()
    names = [row[0] for row in con.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": str(path)}).fetchall()]
    if found != [(rows,)] or names != [c.name for c in published_columns(table)]:
        raise HubError("a published file does not hold what it should", where=path.name, why=f"{rows} rows wanted, found {found}")


def _link(parent: Path, entry: dict[str, Any], target: Path) -> bool:
    """Share the file of the version before; a copy where the file system has no hard links; False when it is not as it was."""
    source = parent / entry["file"]
    if not source.is_file() or source.stat().st_size != entry["bytes"]:
        return False
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
