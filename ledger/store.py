"""Open the ledger; read and write it in short transactions."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, NoSuchModuleError, OperationalError

from ledger.migrate import HEAD, revision_of, upgrade
from schemas.errors import HomeDamaged, LedgerUnavailable, UsageError

BUSY_SECONDS = 15


class Ledger:
    """The ledger's database. Safe to share between threads; open one a process."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # SQLite refuses to turn a reading transaction into a writing one when somebody else wrote in between:
        # a writer therefore says so at its start, and waits there
        self._writer = engine.execution_options(hub_writes=True)

    @property
    def where(self) -> str:
        """The ledger's URL without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection to read with; sees one state of the ledger."""
        with self._translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A writing transaction: committed on success, rolled back on any error."""
        with self._translated(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            raise LedgerUnavailable(
                "the ledger cannot be used", where=self.where, why=_reason(error),
                mend="Check the disk's space and rights, or that the database server answers; then try again",
            ) from error


def open_ledger(url: str) -> Ledger:
    """Open the ledger at a SQLAlchemy URL (SQLite file or PostgreSQL); create it or bring its schema up to date.

    Raises:
        UsageError: the URL is not one, or its driver is not installed.
        LedgerUnavailable: it does not answer, or may not be written.
        HomeDamaged: it is not a database, or has a newer schema than this release.
    """
    ledger = Ledger(_engine(url))
    try:
        with ledger.read() as connection:
            found = revision_of(connection)
        if found != HEAD:
            with ledger.write() as connection:
                upgrade(connection)
    except DatabaseError as error:
        ledger.close()
        raise HomeDamaged("the ledger is not a database this release can read", where=ledger.where, why=_reason(error),
                          mend="Restore it from a backup") from error
    except BaseException:
        ledger.close()
        raise
    return ledger


def schema_found(url: str) -> str | None:
    """The schema revision of the ledger at a SQLAlchemy URL as it is, None where there is none yet.

    Raises:
        LedgerUnavailable: it does not answer.
    """
    with closing(Ledger(_engine(url))) as ledger, ledger.read() as connection:
        return revision_of(connection)


def set_aside_damaged(url: str) -> Path | None:
    """Give a ledger file that is no database another name and answer it; None when it is one, or there is no file."""
    path = Path(sa.make_url(url).database or "")
    if sa.make_url(url).get_backend_name() != "sqlite" or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(path)) as con:
            con.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        for end in ("-wal", "-shm", ""):
            if Path(f"{path}{end}").exists():
                Path(f"{path}{end}").rename(f"{aside}{end}")
        return aside
    return None


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        engine = sa.create_engine(
            parsed,
            # an error text with the parameters of a statement would carry values into a log
            hide_parameters=True,
            json_serializer=partial(json.dumps, default=str, ensure_ascii=False),
            pool_pre_ping=not sqlite,
            connect_args={"timeout": BUSY_SECONDS} if sqlite else {},
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            "the ledger's URL cannot be used", where="HUB_LEDGER_URL", why=type(error).__name__,
            mend="Write it like sqlite:////path/ledger.db, or postgresql://user@host/name with psycopg installed",
        ) from error
    if sqlite:
        _prepare_sqlite(engine)
    return engine


def _prepare_sqlite(engine: sa.Engine) -> None:
    """WAL, foreign keys, and transactions begun by us (the driver's own would leave DDL and first reads outside)."""
    database = engine.url.database
    if not database or database == ":memory:":
        raise UsageError("the ledger must be a file or a server", where="HUB_LEDGER_URL", mend="Name a file: sqlite:////path/ledger.db")
    _create_private(Path(database))

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        _use_wal(connection)
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("hub_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Two that turn a new file to WAL at the same moment bar each other, and SQLite then fails at once instead of waiting: ask again."""
    give_up_at = monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > give_up_at:
                raise
            sleep(0.01)


def _create_private(path: Path) -> None:
    """Create the file with rights for its owner only; the folder must be there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LedgerUnavailable("the ledger cannot be opened", where=str(path), why=error.strerror,
                                mend="Run `hub init`, or check the rights of the folder") from error


def _reason(error: BaseException) -> str:
    """The driver's own first line; without the statement and its parameters."""
    cause = getattr(error, "orig", None) or error
    return str(cause).split("\n")[0]
