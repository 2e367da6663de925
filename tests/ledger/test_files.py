"""The manifest mirror: same columns as the warehouse, idempotent by key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ledger.files import file_of, put_files, put_quarantine, quarantine_counts, quarantined_rows, recent_files
from ledger.store import Ledger
from ledger.tables import FILES, QUARANTINE
from schemas import contract
from schemas.tables import raw

LEDGER_TYPES: dict[str, type[object]] = {
    contract.TEXT: sa.Text, contract.INT: sa.BigInteger, contract.TIME: sa.DateTime, contract.FLOAT: sa.Double,
}


def _file(file_id: str, **values: object) -> dict[str, object]:
    return {"file_id": file_id, "source": "crm", "file_name": f"{file_id}.csv", "outcome": "loaded",
            "loaded_at": datetime(2026, 11, 1, 8), "rows_read_n": 10} | values


def test_the_mirror_has_the_columns_of_the_warehouse() -> None:
    for mirror, original in ((FILES, raw.FILES), (QUARANTINE, raw.QUARANTINE)):
        assert mirror.c.keys() == original.column_names
        assert tuple(column.name for column in mirror.primary_key) == original.key
        for column in original.columns:
            assert type(mirror.c[column.name].type) is LEDGER_TYPES[column.type], column.name


def test_the_same_rows_twice_change_nothing(ledger: Ledger) -> None:
    rows = [_file("a"), _file("b", loaded_at=datetime(2026, 11, 2))]
    put_files(ledger, rows)
    put_files(ledger, rows)
    assert [row["file_id"] for row in recent_files(ledger)] == ["b", "a"]


def test_a_later_row_replaces_the_whole_earlier_one(ledger: Ledger) -> None:
    put_files(ledger, [_file("a", reason="truncated", outcome="set_aside")])
    put_files(ledger, [_file("a", size_bytes=2**40)])
    row = file_of(ledger, "a")
    assert row is not None
    assert (row["outcome"], row["reason"], row["size_bytes"]) == ("loaded", None, 2**40)
    assert recent_files(ledger, outcome="set_aside") == []


def test_quarantine_is_read_by_file_in_line_order_and_by_pages(ledger: Ledger) -> None:
    put_quarantine(ledger, [{"file_id": "a", "line_n": n, "source": "crm", "reason": "bad_date"} for n in (30, 10, 20)])
    put_quarantine(ledger, [{"file_id": "b", "line_n": 1, "source": "oms", "reason": "bad_money"}])
    assert [row["line_n"] for row in quarantined_rows(ledger, "a", limit=2)] == [10, 20]
    assert [row["line_n"] for row in quarantined_rows(ledger, "a", after_line=20)] == [30]
    assert quarantine_counts(ledger) == [
        {"source": "crm", "reason": "bad_date", "row_n": 3}, {"source": "oms", "reason": "bad_money", "row_n": 1},
    ]


def test_more_rows_than_one_batch_arrive(ledger: Ledger) -> None:
    put_quarantine(ledger, [{"file_id": "a", "line_n": n, "source": "crm", "reason": "r"} for n in range(12_001)])
    assert quarantine_counts(ledger)[0]["row_n"] == 12_001


def test_an_unknown_file_is_none(ledger: Ledger) -> None:
    assert file_of(ledger, "nothing") is None
    put_files(ledger, [])
