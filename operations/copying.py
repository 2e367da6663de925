"""Copy files and take their SHA-256 in one pass, two at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from schemas.errors import HubError

AT_ONCE = 2
_CHUNK = 4 << 20
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def copy_hashed(source: Path, target: Path) -> tuple[int, str]:
    """Copy `source` to the new file `target`, durably, with its times and rights; answer size in bytes and SHA-256 of what was copied."""
    digest, size, chunk = hashlib.sha256(), 0, memoryview(bytearray(_CHUNK))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb", buffering=0) as reading, target.open("xb", buffering=0) as writing:
        while n := reading.readinto(chunk):
            digest.update(chunk[:n])
            writing.write(chunk[:n])
            size += n
        shutil.copystat(source, target)
        os.fsync(writing.fileno())
    return size, digest.hexdigest()


def two_at_a_time(work: Callable[[_Item], _Answer], items: Iterable[_Item]) -> list[_Answer]:
    """`work` of each item in their order, on two threads; the first error stops what has not begun."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="copy") as pool:
        try:
            return list(pool.map(work, items))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def failures_named(what: str, where: Path) -> Iterator[None]:
    """A disk that is full, gone or read-only becomes a sentence."""
    try:
        yield
    except OSError as error:
        place = str(error.filename or where)
        raise HubError(what, where=place, why=error.strerror, mend="Make room or mend the disk, then try again") from error
