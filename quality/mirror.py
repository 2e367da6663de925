"""Copy the manifest and the quarantine index to the ledger, where they can be read while a run holds the warehouse; and what stewards
judged and entered from the ledger to the warehouse."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from ledger.files import put_files, recent_files, replace_quarantine
from ledger.judgements import judgements_in_force
from ledger.overrides import overrides_in_force
from ledger.store import Ledger
from ledger.tables import FILES, QUARANTINE
from ledger.vault import Vault
from pipelines.stage import mark
from pipelines.warehouse import count, execute_with, transaction
from quality.backlog import acts_in
from schemas.tables import BY_NAME
from schemas.tables.raw import JUDGEMENTS, OVERRIDES

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


def mirror_acts(con: duckdb.DuckDBPyConnection, ledger: Ledger, vault: Vault) -> dict[str, int]:
    """Make raw.judgements and raw.overrides what is in force in the ledger; answers the newest number of each kind of act there is."""
    newest = acts_in(ledger)  # first: what is done meanwhile is taken in again by the next run
    _mirror_judgements(con, ledger)
    _mirror_overrides(con, ledger, vault)
    return newest


def _mirror_judgements(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    held = judgements_in_force(ledger)
    columns = [[of.record_a for of in held], [of.record_b for of in held], [str(of.verdict) for of in held],
               [of.judgement_id for of in held]]  # fmt: skip
    with transaction(con):
        con.execute(f"DELETE FROM {JUDGEMENTS.name}")
        execute_with(con, f"INSERT INTO {JUDGEMENTS.name} FROM rows", [], pa.table(columns, schema=JUDGEMENTS.arrow))


def _mirror_overrides(con: duckdb.DuckDBPyConnection, ledger: Ledger, vault: Vault) -> None:
    """Marks the records whose overrides changed."""
    held = overrides_in_force(ledger, vault)
    columns = [[of.override_id for of in held], [of.record_id for of in held], [of.field for of in held], [of.value for of in held],
               [of.entered_at for of in held]]  # fmt: skip
    with transaction(con):
        execute_with(con, "CREATE OR REPLACE TEMP TABLE overrides_now AS FROM rows", [], pa.table(columns, schema=OVERRIDES.arrow))
        seq = count(con, "SELECT coalesce(max(seq), 0) + 1 FROM meta.runs")
        differ = f"(FROM overrides_now EXCEPT FROM {OVERRIDES.name}) UNION ALL (FROM {OVERRIDES.name} EXCEPT FROM overrides_now)"
        mark(con, "raw", "overrides", f"SELECT DISTINCT record_id FROM ({differ})", seq)
        con.execute(f"DELETE FROM {OVERRIDES.name}")
        con.execute(f"INSERT INTO {OVERRIDES.name} FROM overrides_now")
        con.execute("DROP TABLE overrides_now")


def _rows(
    con: duckdb.DuckDBPyConnection, into: sa.Table, table: str, only: str = "TRUE", parameters: list[object] | None = None
) -> list[dict[str, Any]]:
    names = [column.name for column in into.columns if column.name in BY_NAME[table].column_names]
    rows = con.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {only}", parameters or []).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]
