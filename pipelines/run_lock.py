"""One run at a time: the file lock every run takes, whoever started it (`hub run`, a sensor, the Dagster daemon).

Beside the lock lies a small file that says who holds it and since when, so that a second run can tell. The lock is the operating
system's: it ends with its process, however that ends; what the file says counts only while the lock is held.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from schemas.errors import HomeBusy

PATIENCE_SECONDS = 1.0  # longer than `lock_holder` needs to look


@dataclass(frozen=True)
class Holder:
    """Who runs: process number, host, start (ISO 8601, UTC) and command."""

    pid: int
    host: str
    since: str
    command: str

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid} on {self.host}, since {self.since})"


@contextmanager
def run_lock(path: Path, command: str) -> Iterator[Holder]:
    """Hold the lock at `path`; taking it again in the same process is free and keeps the first holder's words.

    Raises:
        HomeBusy: another process holds it.
    """
    lock = _lock(path)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise _busy(path) from None
    try:
        holder = (_read(path) if lock.lock_counter > 1 else None) or _sign(path, command)
        yield holder
    finally:
        if lock.lock_counter == 1:
            _holder_file(path).unlink(missing_ok=True)
        lock.release()


def lock_holder(path: Path) -> Holder | None:
    """Who holds the lock now; None when it is free."""
    if not path.exists():
        return None
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return _read(path) or Holder(0, "unknown", "unknown", "a run")
    except OSError:  # no right to write here, so none to try the lock: what the file says is all there is
        return _read(path)
    held_here = lock.lock_counter > 1
    lock.release()
    return _read(path) if held_here else None


def _lock(path: Path) -> FileLock:
    # one object a path in a process: that is what makes taking it twice free. `fallback_to_soft=False`: a soft lock outlives its process
    return FileLock(path.absolute(), is_singleton=True, thread_local=False, fallback_to_soft=False)


def _busy(path: Path) -> HomeBusy:
    holder = _read(path)
    return HomeBusy(
        "another run holds this home", where=str(path.parent), why=str(holder) if holder else "it has only just begun",
        mend="Wait until it has ended, or stop that process; the lock ends with it",
    )


def _holder_file(path: Path) -> Path:
    return path.with_name(path.name + ".holder")


def _sign(path: Path, command: str) -> Holder:
    holder = Holder(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds"), command)
    fresh = _holder_file(path).with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(asdict(holder)), encoding="utf-8")
    fresh.replace(_holder_file(path))
    return holder


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(_holder_file(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
