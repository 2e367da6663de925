"""CSV lines with quotes: the regular ones at once, the others one by one through Python's csv module."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.extract.arrow_functions import Texts, mask, pc
from pipelines.extract.lines import Lines

REACH = 50  # lines a quoted cell may run on


@dataclass(frozen=True)
class AllQuoted:
    """Lines in which every cell is quoted and none holds a quote; `lines` are cut by 0x1F."""

    index: NDArray[np.int64]
    lines: Texts


def split_all_quoted(text: Texts, index: NDArray[np.int64], width: int, delimiter: str) -> AllQuoted:
    """Find the lines of `index` in which all of `width` cells are quoted and none holds a quote.

    Such a line has two quotes a cell, `width - 1` times quote-delimiter-quote, and its other two quotes at its ends.
    """
    lines = text.take(pa.array(index))
    seam = f'"{delimiter}"'
    fits = pc.and_(pc.equal(pc.count_substring(lines, '"'), 2 * width), pc.equal(pc.count_substring(lines, seam), width - 1))
    fits = pc.and_(fits, pc.and_(pc.starts_with(lines, '"'), pc.ends_with(lines, '"')))
    for sign in ("\x1f", "\r"):
        fits = pc.and_(fits, pc.invert(pc.match_substring(lines, sign)))
    found = lines.filter(fits)
    cut = pc.utf8_trim(pc.replace_substring(found, seam, "\x1f"), characters='"')
    return AllQuoted(index[mask(fits)], cut)


class QuotedRecords:
    """Records of a chunk that hold quotes.

    After `read`: `index`, `span` (lines taken) and `cells` of the good ones; `rejected` and `odd_width` by reason;
    `used`: lines that belong to a good record; `end`: first line that must wait for the next chunk.
    """

    def __init__(self, lines: Lines, delimiter: str, width: int) -> None:
        self.lines, self.delimiter, self.width = lines, delimiter, width
        self.index: list[int] = []
        self.span: list[int] = []
        self.cells: list[list[str]] = []
        self.rejected: dict[str, list[int]] = {}
        self.odd_width: dict[str, tuple[list[int], list[int]]] = {}
        self.used = np.zeros(len(lines), dtype=np.bool_)
        self.end = len(lines)

    def read(self, index: NDArray[np.int64], barriers: NDArray[np.bool_]) -> None:
        """Parse the lines at `index`; a record never runs over a line of `barriers`."""
        texts = self.lines.text.take(pa.array(index)).to_pylist()
        for i, text in zip(index.tolist(), texts, strict=True):
            if self.used[i]:
                continue
            try:
                cells = next(csv.reader((text,), delimiter=self.delimiter, strict=True))
            except csv.Error as error:
                if not str(error).startswith("unexpected end"):
                    self._reject("bare_cr" if "new-line" in str(error) else "stray_quote", i)
                elif not self._run_on(i, barriers):
                    return
                continue
            self._take(i, 1, cells)

    def _run_on(self, i: int, barriers: NDArray[np.bool_]) -> bool:
        """Try line `i` and those after it as one record; False when it must wait for the next chunk."""
        last = min(len(self.lines), i + 1 + REACH)
        stop = np.flatnonzero(barriers[i + 1 : last])
        if len(stop):
            last = i + 1 + int(stop[0])
        reader = csv.reader(self.lines.full[i:last].to_pylist(), delimiter=self.delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            if str(error).startswith("unexpected end") and last == len(self.lines) < i + 1 + REACH and not self.lines.is_last and i > 0:
                self.end = i
                return False
            self._reject("unbalanced_quote", i)
            return True
        if len(cells) == self.width:
            self._take(i, reader.line_num, cells)
        else:
            self._reject("unbalanced_quote", i)
        return True

    def _take(self, i: int, span: int, cells: list[str]) -> None:
        if len(cells) != self.width:
            reason = "too_few_columns" if len(cells) < self.width else "too_many_columns"
            index, column = self.odd_width.setdefault(reason, ([], []))
            index.append(i)
            column.append(min(len(cells), self.width) + 1)
            return
        self.index.append(i)
        self.span.append(span)
        self.cells.append(cells)
        self.used[i : i + span] = True

    def _reject(self, reason: str, i: int) -> None:
        self.rejected.setdefault(reason, []).append(i)
