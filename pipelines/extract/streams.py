"""The bytes of a landing file, plain or gzip (told by the bytes, not the name)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from schemas.errors import FileIncomplete, FileUnreadable

GZIP = b"\x1f\x8b"


class Stream:
    """Reads and seeks in the bytes as sent, decompressed.

    Raises (from `read` and `seek`):
        FileIncomplete: a gzip file that ends too early.
        FileUnreadable: a damaged gzip file, or the system refuses.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _faults(path):
            raw = path.open("rb")
            self.is_gzip = raw.read(2) == GZIP
            raw.seek(0)
            self._file: IO[bytes] = gzip.GzipFile(fileobj=raw, mode="rb") if self.is_gzip else raw  # type: ignore[assignment]
            self._raw = raw

    def read(self, size: int = -1) -> bytes:
        """`size` bytes, fewer only at the end."""
        with _faults(self.path):
            return self._file.read(size)

    def seek(self, at: int) -> None:
        with _faults(self.path):
            self._file.seek(at)

    def close(self) -> None:
        self._file.close()
        self._raw.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise FileIncomplete("the gzip file ends too early", where=path.name, mend="It is left alone until it is complete") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileUnreadable("damaged_gzip", "the gzip file is damaged", where=path.name, mend="Send it again") from error
    except OSError as error:
        raise FileUnreadable(
            "unreadable", "the file cannot be read", where=path.name, why=error.strerror, mend="Correct its rights",
        ) from error  # fmt: skip


def head(path: Path, size: int) -> bytes:
    """The first `size` bytes, decompressed."""
    with Stream(path) as stream:
        return stream.read(size)


def spans(path: Path, wanted: pa.Table) -> Iterator[bytes]:
    """The bytes of each `byte_at, byte_n`, ascending, exactly as sent."""
    places: Any = zip(wanted["byte_at"].to_pylist(), wanted["byte_n"].to_pylist(), strict=True)
    with Stream(path) as stream:
        for byte_at, byte_n in places:
            stream.seek(byte_at)
            yield stream.read(byte_n)
