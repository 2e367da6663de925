"""The file of the warehouse: room of deleted rows is given back when there are many, not each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.warehouse import close_warehouse, count, dead_share, open_warehouse

ROWS = 300_000


def _delete_of_many(path: Path, share: float) -> float:
    """Deletes that share of the rows and closes; answers the share of deleted rows found when it is opened again."""
    con = open_warehouse(path)
    con.execute("CREATE TABLE IF NOT EXISTS meta.many AS SELECT range AS n FROM range(?)", [ROWS])
    close_warehouse(con)
    con = open_warehouse(path)
    con.execute("DELETE FROM meta.many WHERE hash(n) % 100 < ?", [round(100 * share)])
    close_warehouse(con)
    con = open_warehouse(path)
    try:
        assert 0 < count(con, "SELECT count(*) FROM meta.many") < ROWS
        return dead_share(con)
    finally:
        con.close()


def test_an_empty_warehouse_has_no_dead_rows(tmp_path: Path) -> None:
    con = open_warehouse(tmp_path / "warehouse.duckdb")
    assert dead_share(con) == pytest.approx(0)
    close_warehouse(con)


def test_a_few_deleted_rows_are_left_where_they_are(tmp_path: Path) -> None:
    assert _delete_of_many(tmp_path / "warehouse.duckdb", 0.05) == pytest.approx(0.05, abs=0.01)


def test_many_deleted_rows_are_taken_out(tmp_path: Path) -> None:
    assert _delete_of_many(tmp_path / "warehouse.duckdb", 0.7) < 0.05
