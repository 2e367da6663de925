"""Copy the manifest and the quarantine index to the ledger, where they can be read while a run holds the warehouse; and what stewards
judged from the ledger to the warehouse."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from ledger.files import put_files, recent_files, replace_quarantine
from ledger.judgements import judgements_in_force, last_judgement_id
from ledger.store import Ledger
from ledger.tables import FILES, QUARANTINE
from pipelines.warehouse import execute_with, transaction
from schemas.tables import BY_NAME
from schemas.tables.raw import JUDGEMENTS

ALL = 10_000_000


def mirror_manifest(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> int:
    """Bring the ledger up to date with raw.files and raw.quarantine; answers how many files were copied.

    A file's quarantined rows are written before the file itself: one whose copying was broken off is copied again.
    """
    known = {(row["file_id"], row["loaded_at"]) for row in recent_files(ledger, limit=ALL)}
    fresh = [row for row in _rows(con, FILES, "raw.files") if (row["file_id"], row["loaded_at"]) not in known]
    if fresh:
        ids = [row["file_id"] for row in fresh]
        replace_quarantine(ledger, ids, _rows(con, QUARANTINE, "raw.quarantine", "list_contains(?, file_id)", [ids]))
        put_files(ledger, fresh)
    return len(fresh)


def mirror_judgements(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> int:
    """Make raw.judgements what is in force in the ledger; answers the number of the newest judgement there is."""
    newest = last_judgement_id(ledger)  # first: one that is made meanwhile is taken in again by the next run
    held = judgements_in_force(ledger)
    columns = [[of.record_a for of in held], [of.record_b for of in held], [str(of.verdict) for of in held],
               [of.judgement_id for of in held]]  # fmt: skip
    with transaction(con):
        con.execute(f"DELETE FROM {JUDGEMENTS.name}")
        execute_with(con, f"INSERT INTO {JUDGEMENTS.name} FROM rows", [], pa.table(columns, schema=JUDGEMENTS.arrow))
    return newest


def _rows(
    con: duckdb.DuckDBPyConnection, into: sa.Table, table: str, only: str = "TRUE", parameters: list[object] | None = None
) -> list[dict[str, Any]]:
    names = [column.name for column in into.columns if column.name in BY_NAME[table].column_names]
    rows = con.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {only}", parameters or []).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]
