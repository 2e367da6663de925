"""The ledger as one file that either database can be filled from: a SQLite ledger at rest, without a log beside it.

A ledger is filled in one transaction: whoever reads or writes it meanwhile sees the one before or the one after. What people did since the
file was written survives (`ledger.surviving`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ledger.store import Ledger, open_ledger
from ledger.surviving import ACTS, Held
from ledger.tables import METADATA

_A_BATCH = 5_000


def write_portable(ledger: Ledger, path: Path) -> None:
    """Write what the ledger holds at this moment to the new file `path`, whichever database it lies in and whoever writes meanwhile."""
    if ledger.engine.dialect.name == "sqlite":
        _copy_sqlite(Path(str(ledger.engine.url.database)), path)
    else:
        with closing(open_ledger(f"sqlite:///{path.absolute()}")) as target, ledger.read() as source, target.write() as into:
            if ledger.engine.dialect.name == "postgresql":
                source.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))  # all tables of one moment
            _copy_tables(source, into)
    _put_at_rest(path)


def refill(ledger: Ledger, path: Path, *, others: Iterable[Ledger] = ()) -> dict[str, int]:
    """Make the ledger what the file at `path` holds, and keep the acts that it, or one of `others`, holds and the file does not; answer how
    many of each kind were kept. A file of an older schema is brought up to date first, in place.

    Raises:
        HomeDamaged: the file is not a ledger, or has a newer schema than this release.
    """
    with closing(open_ledger(f"sqlite:///{path.absolute()}")) as portable:
        elsewhere = [_acts_of(other) for other in others]
        with portable.read() as source, ledger.write() as into:
            held = [act.held(into) for act in ACTS]
            for table in reversed(METADATA.sorted_tables):
                into.execute(table.delete())
            _copy_tables(source, into)
            kept = {
                act.what: act.bring(into, (*own, *(row for acts in elsewhere for row in acts[act.what])))
                for act, own in zip(ACTS, held, strict=True)
            }
            _number_on(into)
    return kept


def _acts_of(ledger: Ledger) -> dict[str, Held]:
    with ledger.read() as connection:
        return {act.what: act.held(connection) for act in ACTS}


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup, all pages in one step: writers wait for it a moment and are neither lost nor half there."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)


def _put_at_rest(path: Path) -> None:
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA journal_mode = DELETE")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _copy_tables(source: sa.Connection, into: sa.Connection) -> None:
    for table in METADATA.sorted_tables:
        rows = source.execution_options(yield_per=_A_BATCH).execute(sa.select(table)).mappings()
        for batch in rows.partitions():
            _insert(into, table, batch)


def _insert(into: sa.Connection, table: sa.Table, rows: Sequence[Mapping[Any, Any]]) -> None:
    into.execute(table.insert(), [dict(row) for row in rows])


def _number_on(connection: sa.Connection) -> None:
    """PostgreSQL numbers on from a sequence, which knows nothing of rows that brought their numbers; SQLite looks at the rows."""
    if connection.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(sa.select(sa.func.setval(sequence, highest, False)))
