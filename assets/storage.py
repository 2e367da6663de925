"""Dagster's SQLite storage with its event databases kept open.

Dagster's own opens a new SQLAlchemy engine for each of the thousand or so statements of a run, so none is ever compiled twice; that cost
more than the stages of a small run. The files are the same: either storage reads what the other wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

KEPT_OPEN = 8  # a run writes to its own database and to the index; the web server reads those of many runs


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """One engine and one connection a database, the least recently used closed. Statements take turns, as they do in Dagster's own."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._initialized_dbs:
            with super()._connect(shard):  # Dagster's own makes the tables
                pass
        with self._db_lock, self._engine(shard).connect() as con, con.begin():
            yield con

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            options = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
            engine = create_engine(self.conn_string_for_shard(shard), poolclass=StaticPool, connect_args=options)
        self._engines[shard] = engine  # the last is the most recently used
        if len(self._engines) > KEPT_OPEN:
            self._close(next(iter(self._engines)))
        return engine

    def delete_events(self, run_id: str) -> None:
        """Remove the events of a run from the index, and its own database as a file: Dagster's own would leave that behind empty."""
        with self.index_connection() as con:
            self.delete_events_for_run(con, run_id)
        with self._db_lock:
            self._close(run_id)
            for file in ("", "-wal", "-shm"):
                Path(self.path_for_shard(run_id) + file).unlink(missing_ok=True)
            self._initialized_dbs.discard(run_id)

    def wipe(self) -> None:
        with self._db_lock:
            self._close(*list(self._engines))
        super().wipe()

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            self._close(*list(self._engines))

    def _close(self, *shards: str) -> None:
        for shard in shards:
            if engine := self._engines.pop(shard, None):
                engine.dispose()


class PooledSqliteStorage(DagsterSqliteStorage):
    """Dagster's local storage below `base_dir`, with the event log above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        assert isinstance(self._event_log_storage, SqliteEventLogStorage)
        self._event_log_storage = PooledSqliteEventLogStorage(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> PooledSqliteStorage:
        return cls.from_local(inst_data=inst_data, **config_value)
