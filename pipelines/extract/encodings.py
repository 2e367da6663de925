"""Bytes of a text file to UTF-8, line by line where the whole does not decode.

GB18030 and UTF-8 never hold 0x0A or 0x0D inside a character, so physical lines are found in the bytes as sent; UTF-16
lines are found in its 16-bit units. One bad line costs that line, never the file.
"""

from __future__ import annotations

import codecs

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.extract.arrow_functions import mask, pc, texts

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# A line of ASCII and UTF-8 sequences of Chinese characters and punctuation, nothing else. GB18030 text of common
# characters (lead bytes B0 to D7) never passes; a line of three rare ones, chosen at random, about once in 100,000.
_UTF8_CJK = r"^[\x00-\x7f]*(?:(?:[\xe4-\xe9][\x80-\xbf]{2}|\xe3\x80[\x80-\xbf]|\xef[\xbc\xbd][\x80-\xbf]|\xc2\xb7)[\x00-\x7f]*)+$"


def bom_of(start: bytes) -> tuple[int, str | None]:
    """Length of a byte order mark and the encoding it names."""
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return len(bom), encoding
    return 0, None


def width(encoding: str) -> int:
    """Bytes of a code unit."""
    return 2 if encoding.startswith("utf-16") else 1


def newlines(raw: bytes, encoding: str, mark: int) -> NDArray[np.int64]:
    """Offsets just behind each line end `mark` (10 or 13) in `raw`."""
    if width(encoding) == 1:
        return np.flatnonzero(np.frombuffer(raw, dtype=np.uint8) == mark).astype(np.int64) + 1
    units = np.frombuffer(raw, dtype="<u2" if encoding == "utf-16-le" else ">u2", count=len(raw) // 2)
    return (np.flatnonzero(units == mark).astype(np.int64) + 1) * 2


def to_utf8(raw: bytes, ends: NDArray[np.int64], encoding: str, line_end: str) -> tuple[bytes, NDArray[np.bool_]]:
    """Decode the lines of `raw` that end at `ends`; answer UTF-8 with as many lines and a mask of undecodable ones (emptied)."""
    bad = np.zeros(len(ends), dtype=np.bool_)
    try:
        if encoding == "utf-8":
            _check_utf8(raw)
            return raw, bad
        return raw.decode(encoding).encode(), bad
    except (UnicodeError, pa.ArrowInvalid):
        pass
    lines: list[bytes] = []
    start = 0
    for i, end in enumerate(ends.tolist()):
        line = raw[start:end]
        start = end
        try:
            lines.append(line.decode(encoding).encode())
        except UnicodeError:
            bad[i] = True
            lines.append(line_end.encode())
    return b"".join(lines), bad


def utf8_among(raw: bytes, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mask of lines that are UTF-8 Chinese text although the file is declared GB18030 (they would decode to other characters)."""
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    lines = texts(pa.binary(), offsets, raw)
    found = mask(pc.match_substring_regex(lines, _UTF8_CJK))
    for i in np.flatnonzero(found).tolist():
        try:
            raw[offsets[i] : offsets[i + 1]].decode("utf-8")
        except UnicodeError:
            found[i] = False
    return found


def guess(start: bytes) -> str | None:
    """The encoding the first bytes of a file speak for; None when none fits."""
    _, named = bom_of(start)
    if named:
        return "utf-16" if named.startswith("utf-16") else named
    if start[:200].count(0) > len(start[:200]) // 4:
        return "utf-16-le" if start[1:200:2].count(0) > start[0:200:2].count(0) else "utf-16-be"
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(start)
            return encoding
        except UnicodeError:
            continue
    return None


def _check_utf8(raw: bytes) -> None:
    texts(pa.large_binary(), np.array([0, len(raw)], dtype=np.int64), raw).cast(pa.large_string())
