"""Physical lines of a text file in chunks of about 32 MB (or a multiple), each line with its number and its place in the bytes as sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.extract.arrow_functions import Texts, pc, texts
from pipelines.extract.encodings import bom_of, guess, newlines, to_utf8, utf8_among, width
from pipelines.extract.streams import Stream
from schemas.errors import FileUnreadable

CHUNK = 32 * 2**20
LINE_LIMIT = 64 * 2**20


@dataclass(frozen=True)
class Lines:
    """Consecutive lines. `starts` has one offset more than there are lines; `text` is without line ends, `full` with them."""

    first_n: int
    starts: NDArray[np.int64]
    full: Texts
    text: Texts
    undecodable: NDArray[np.bool_]
    mixed: NDArray[np.bool_]
    is_last: bool

    def __len__(self) -> int:
        return len(self.text)

    def numbers(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Line numbers of the lines at `index`."""
        return index + self.first_n


class LineFile:
    """Iterate over the `Lines` of a file; `hold(i)` hands the lines from `i` on back, to come again with the next chunk.

    Raises (while iterating):
        FileUnreadable: empty_file, line_too_long, or wrong_encoding when most of the first lines do not decode.
        FileIncomplete: see `Stream`.
    """

    def __init__(self, path: Path, encoding: str, times: int = 1) -> None:
        self.path, self.encoding, self.chunk = path, encoding, times * CHUNK
        self._held: int | None = None  # set by `hold` while a chunk is out
        self.line_end = "\n"

    def hold(self, index: int) -> None:
        self._held = index

    def __iter__(self) -> Iterator[Lines]:
        with Stream(self.path) as stream:
            raw, is_last = _fill(stream, b"", self.chunk)
            skipped, offset = self._begin(raw), 0
            raw, offset, line_n = raw[skipped:], skipped, 1
            while True:
                lines, end = self._cut(raw, is_last, offset, line_n)
                if lines is None and len(raw) > LINE_LIMIT:
                    raise FileUnreadable("line_too_long", "a line is longer than 64 MiB", where=f"{self.path.name}, line {line_n}")
                if lines is not None:
                    yield lines
                    held, self._held = self._held, None
                    used = len(lines) if held is None else held
                    end = int(lines.starts[used]) - offset
                    line_n += used
                if is_last and end == len(raw):
                    return
                rest = raw[end:]
                offset += end
                raw, is_last = _fill(stream, rest, self.chunk)

    def _begin(self, raw: bytes) -> int:
        """Settle byte order, mark and line end from the first bytes; answer how many bytes the mark takes."""
        if not raw:
            raise FileUnreadable("empty_file", "the file is empty", where=self.path.name, mend="Send it again")
        length, named = bom_of(raw)
        if self.encoding == "utf-16":
            self.encoding = named if named and width(named) == 2 else "utf-16-le"
        if named and named != self.encoding:
            raise wrong_encoding(self.path, self.encoding, raw)
        if not len(newlines(raw, self.encoding, 10)) and len(newlines(raw, self.encoding, 13)):
            self.line_end = "\r"
        return length

    def _cut(self, raw: bytes, is_last: bool, offset: int, line_n: int) -> tuple[Lines | None, int]:
        """The whole lines of `raw` and how many bytes they take; None when no line ends in it."""
        ends = newlines(raw, self.encoding, ord(self.line_end))
        if is_last and len(raw) and (not len(ends) or ends[-1] < len(raw)):
            ends = np.append(ends, len(raw))
        if not len(ends):
            return None, 0
        end = int(ends[-1])
        sent = raw[:end]
        utf8, bad = to_utf8(sent, ends, self.encoding, self.line_end)
        if line_n == 1 and bad.sum() * 2 > len(bad):
            raise wrong_encoding(self.path, self.encoding, raw)
        mixed = utf8_among(sent, ends) if self.encoding == "gb18030" else np.zeros(len(ends), dtype=np.bool_)
        full = _as_lines(utf8, ends if utf8 is sent else None, self.line_end)
        if len(full) != len(ends):
            raise wrong_encoding(self.path, self.encoding, raw)
        starts = np.concatenate(([0], ends)) + offset
        text = pc.utf8_rtrim(full, characters="\r\n")
        return Lines(line_n, starts, full, text, bad, mixed, is_last), end


def wrong_encoding(path: Path, declared: str, start: bytes) -> FileUnreadable:
    """The error of a file in another encoding than declared, with a guess of the right one."""
    found = guess(start[: 2**20])
    is_other = found is not None and found != declared
    mend = f"It looks like {found}: set `encoding: {found}` in the mapping" if is_other else "Correct `encoding` in the mapping"
    return FileUnreadable("wrong_encoding", f"the file is not {declared} as declared", where=path.name, mend=mend)


def _fill(stream: Stream, rest: bytes, size: int) -> tuple[bytes, bool]:
    """`rest` and the next chunk, and whether the stream has ended."""
    more = stream.read(size)
    return rest + more, len(more) < size


def _as_lines(utf8: bytes, ends: NDArray[np.int64] | None, line_end: str) -> Texts:
    """An Arrow array over the bytes, without copying them."""
    if ends is None:
        ends = newlines(utf8, "utf-8", ord(line_end))
        if len(utf8) and (not len(ends) or ends[-1] < len(utf8)):
            ends = np.append(ends, len(utf8))
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    return texts(pa.string(), offsets, utf8)
