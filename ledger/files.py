"""The manifest of landing files and the index of quarantined rows, as others read them while a run goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ledger.store import Ledger
from ledger.tables import FILES, QUARANTINE

Row = Mapping[str, Any]
Item = TypeVar("Item")
BATCH_ROWS = 5_000


def put_files(ledger: Ledger, rows: Sequence[Row]) -> None:
    """Insert or replace manifest rows (columns of `raw.files`) by `file_id`."""
    with ledger.write() as connection:
        _put(connection, FILES, rows)


def put_quarantine(ledger: Ledger, rows: Sequence[Row]) -> None:
    """Insert or replace rows of the quarantine index (columns of `raw.quarantine`) by file and line."""
    with ledger.write() as connection:
        _put(connection, QUARANTINE, rows)


def replace_quarantine(ledger: Ledger, file_ids: Sequence[str], rows: Sequence[Row]) -> None:
    """Make `rows` all that the index holds of these files: one that is read again may quarantine fewer rows."""
    with ledger.write() as connection:
        for ids in _batches(file_ids):
            connection.execute(QUARANTINE.delete().where(QUARANTINE.c.file_id.in_(ids)))
        _put(connection, QUARANTINE, rows)


def recent_files(ledger: Ledger, *, limit: int = 100, outcome: str | None = None) -> list[Row]:
    """Manifest rows, newest first."""
    query = sa.select(FILES).order_by(FILES.c.loaded_at.desc(), FILES.c.file_id).limit(limit)
    return _rows(ledger, query if outcome is None else query.where(FILES.c.outcome == outcome))


def file_of(ledger: Ledger, file_id: str) -> Row | None:
    """The manifest row of one file."""
    found = _rows(ledger, sa.select(FILES).where(FILES.c.file_id == file_id))
    return found[0] if found else None


def quarantined_rows(ledger: Ledger, file_id: str, *, after_line: int = 0, limit: int = 1_000) -> list[Row]:
    """Quarantined rows of a file in the order of its lines; `after_line` continues a list that was cut at `limit`."""
    return _rows(
        ledger,
        sa.select(QUARANTINE)
        .where(QUARANTINE.c.file_id == file_id, QUARANTINE.c.line_n > after_line)
        .order_by(QUARANTINE.c.line_n)
        .limit(limit),
    )


def quarantine_counts(ledger: Ledger) -> list[Row]:
    """Quarantined rows per source and reason (`source`, `reason`, `row_n`), most frequent first."""
    row_n = sa.func.count().label("row_n")
    return _rows(
        ledger,
        sa.select(QUARANTINE.c.source, QUARANTINE.c.reason, row_n)
        .group_by(QUARANTINE.c.source, QUARANTINE.c.reason)
        .order_by(row_n.desc(), QUARANTINE.c.source, QUARANTINE.c.reason),
    )


def _put(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    # both dialects write ON CONFLICT, and SQLAlchemy has one construct for each
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    key = [column.name for column in table.primary_key]
    statement = insert(table)
    replaced = {c.name: statement.excluded[c.name] for c in table.c if c.name not in key}
    statement = statement.on_conflict_do_update(index_elements=key, set_=replaced)
    empty = dict.fromkeys(table.c.keys())
    for batch in _batches(rows):
        # executemany binds the columns of the first row: every row must therefore name all of them
        connection.execute(statement, [empty | dict(row) for row in batch])


def _batches(rows: Sequence[Item]) -> Iterator[list[Item]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH_ROWS)):
        yield batch


def _rows(ledger: Ledger, query: sa.Select[Any]) -> list[Row]:
    with ledger.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
