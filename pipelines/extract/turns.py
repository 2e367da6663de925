"""Sources that are read side by side store their rows in one transaction: one at a time, each in its turn."""

from __future__ import annotations

from threading import RLock
from types import TracebackType

import duckdb


class Turns:
    """`with turns:` around all use of the warehouse. Whoever fails in a turn ends it for all: the transaction will be rolled back.

    A statement may be whole for one thread and still open for another, so a turn ends with none open.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con, self._lock, self._is_over = con, RLock(), False

    def __enter__(self) -> None:
        """Raises TurnsOver once `stop` was called."""
        self._lock.acquire()
        if self._is_over:
            self._lock.release()
            raise TurnsOver

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._con.complete()
        self._lock.release()

    def stop(self) -> None:
        """Nobody gets another turn: those who still read give up when they have something to store."""
        self._is_over = True


class TurnsOver(Exception):
    """Another source has failed; what this one stored is taken back with the rest."""
