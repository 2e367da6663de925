"""Who may use a home now, besides the run (`pipelines/run_lock.py`): servers share it, a restore wants it alone.

Both locks are the operating system's and end with their process, however that ends. While a restore is switching, a file says so: a home
that is half the one before and half the restored one is used by nobody until the restore has been finished.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import HomeBusy, HomeDamaged

LOCK = "serve.lock"
SWITCHING = "restore.json"


@contextmanager
def serving_from(home: Path) -> Iterator[None]:
    """Hold the home as one of those who serve from it.

    Raises:
        HomeBusy: it is being restored.
        HomeDamaged: a restore of it was cut off.
    """
    with _locked(home, fcntl.LOCK_SH, HomeBusy("this home is being restored", where=str(home), mend="Wait until that has ended")):
        refuse_half_restored(home)
        yield


@contextmanager
def served_by_nobody(home: Path) -> Iterator[None]:
    """Hold the home so that nobody begins to serve from it.

    Raises:
        HomeBusy: somebody does.
    """
    served = HomeBusy("this home is being served", where=str(home), mend="Stop `hub serve` and `hub worker` first")
    with _locked(home, fcntl.LOCK_EX, served):
        yield


def refuse_half_restored(home: Path) -> None:
    """Raise HomeDamaged when a restore was cut off while it switched."""
    if (home / SWITCHING).exists():
        raise HomeDamaged("a restore of this home was cut off", where=str(home), mend="Run the same `hub restore` again: it goes on there")


@contextmanager
def _locked(home: Path, how: int, refusal: HomeBusy) -> Iterator[None]:
    lock = os.open(home / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal from None
        yield
    finally:
        os.close(lock)
