"""The ledger's copy of the manifest follows the warehouse, also when copying was broken off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from ledger.files import put_quarantine, quarantined_rows, recent_files
from ledger.store import Ledger, open_ledger
from pipelines.warehouse import open_warehouse
from quality.mirror import mirror_manifest


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = open_warehouse(":memory:")
    yield con
    con.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield ledger
    ledger.close()


def add(con: duckdb.DuckDBPyConnection, file_id: str, loaded_at: datetime, rejects: int) -> None:
    con.execute("DELETE FROM raw.files WHERE file_id = ?", [file_id])
    con.execute("DELETE FROM raw.quarantine WHERE file_id = ?", [file_id])
    con.execute(
        "INSERT INTO raw.files (file_id, file_name, outcome, loaded_at, rows_quarantined_n) VALUES (?, 'a.csv', 'loaded', ?, ?)",
        [file_id, loaded_at, rejects],
    )
    con.execute("INSERT INTO raw.quarantine (file_id, line_n, reason) SELECT ?, i + 1, 'bad_date' FROM range(?) t(i)", [file_id, rejects])


def test_new_files_are_copied_once(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    add(con, "f1", datetime(2026, 1, 1), 3)
    add(con, "f2", datetime(2026, 1, 1), 0)
    assert mirror_manifest(con, ledger) == 2
    assert {row["file_id"] for row in recent_files(ledger)} == {"f1", "f2"}
    assert [row["line_n"] for row in quarantined_rows(ledger, "f1")] == [1, 2, 3]
    assert mirror_manifest(con, ledger) == 0


def test_a_file_read_again_is_copied_again(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    add(con, "f1", datetime(2026, 1, 1), 3)
    mirror_manifest(con, ledger)
    add(con, "f1", datetime(2026, 1, 2), 1)
    assert mirror_manifest(con, ledger) == 1
    assert recent_files(ledger)[0]["rows_quarantined_n"] == 1
    assert [row["line_n"] for row in quarantined_rows(ledger, "f1")] == [1]


def test_a_copy_that_was_broken_off_is_completed(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    add(con, "f1", datetime(2026, 1, 1), 2)
    put_quarantine(ledger, [{"file_id": "f1", "line_n": 1, "reason": "bad_date"}])  # killed here: its file is not entered yet
    assert mirror_manifest(con, ledger) == 1
    assert [row["line_n"] for row in quarantined_rows(ledger, "f1")] == [1, 2]
