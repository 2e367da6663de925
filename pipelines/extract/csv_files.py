"""CSV: lines without quotes go through a vector parser, only lines with quotes through Python's csv module.

A line that opens a quoted cell and does not close it begins a record over several lines, at most `REACH` more. If the
record does not close within them, or closes to another number of columns, only the opening line is rejected and reading
goes on at the next physical line: a stray quote costs one row, not the rest of the file.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from pipelines.extract.arrow_functions import Texts, mask, mask_of, pc
from pipelines.extract.batch import Batch, Rejects, batch, places
from pipelines.extract.encodings import guess
from pipelines.extract.headers import number_columns
from pipelines.extract.lines import LineFile, Lines, wrong_encoding
from pipelines.extract.quoted import QuotedRecords, split_all_quoted
from pipelines.extract.streams import head, spans
from schemas.errors import FileUnreadable
from schemas.mapping import SourceMapping

csv.field_size_limit(sys.maxsize)  # the limit on cells is ours (`batch.MAX_CELL`), with its own reason


class CsvFile:
    """Reader of a CSV file (see `batch.Reader`)."""

    def __init__(self, path: Path, mapping: SourceMapping) -> None:
        self.path, self.mapping = path, mapping
        self.delimiter = mapping.delimiter
        self.columns = mapping.columns()
        self.numbers: dict[str, int] = {}
        self.width = 0

    def __iter__(self) -> Iterator[Batch]:
        lines_of = LineFile(self.path, self.mapping.encoding)
        begin = None
        for lines in lines_of:
            if begin is None:
                begin = self._read_header(lines)
            found, end = self._chunk(lines, begin)
            begin = 0
            if end < len(lines):
                lines_of.hold(end)
            yield found
        if begin is None:
            raise FileUnreadable("empty_file", "the file is empty", where=self.path.name, mend="Send it again")

    def as_sent(self, wanted: pa.Table) -> Iterator[bytes]:
        return spans(self.path, wanted)

    def _read_header(self, lines: Lines) -> int:
        """Learn the columns from the header row; answer the index of the line after it."""
        first = self.mapping.header_row - 1
        if first >= len(lines) or lines.undecodable[first]:
            raise self._not_a_header()
        try:
            reader = csv.reader(lines.full[first : first + 50].to_pylist(), delimiter=self.delimiter, strict=True)
            cells = next(reader)
        except (csv.Error, StopIteration) as error:
            raise self._not_a_header() from error
        try:
            self.numbers = number_columns(cells, self.mapping, self.path, self._hint(cells))
        except FileUnreadable as error:
            start = head(self.path, 2**20)
            found = guess(start)
            is_other = found not in (None, self.mapping.encoding) and not all(cell.isascii() for cell in cells)
            if error.reason == "columns_missing" and is_other:
                raise wrong_encoding(self.path, self.mapping.encoding, start) from error
            raise
        self.width = len(cells)
        return first + reader.line_num

    def _not_a_header(self) -> FileUnreadable:
        start = head(self.path, 2**20)
        if guess(start) not in (None, self.mapping.encoding):
            return wrong_encoding(self.path, self.mapping.encoding, start)
        where = f"{self.path.name}, line {self.mapping.header_row}"
        return FileUnreadable("no_header", "the header cannot be read", where=where, mend="Correct `header_row` in the mapping or the file")

    def _hint(self, cells: list[str]) -> str | None:
        if len(cells) == 1:
            other = max(",;\t|", key=cells[0].count)
            if cells[0].count(other):
                return f"the delimiter looks like {other!r}"
        return None

    def _chunk(self, lines: Lines, begin: int) -> tuple[Batch, int]:
        """Rows of the lines from `begin` on, and the index of the first line not used."""
        rejects = Rejects()
        state = _LineStates(lines, begin)
        quick = split_all_quoted(lines.text, state.index(state.quoted), self.width, self.delimiter)
        records = QuotedRecords(lines, self.delimiter, self.width)
        is_quick = mask_of(len(lines), quick.index)
        records.read(state.index(state.quoted & ~is_quick), barriers=state.broken | is_quick)
        end = records.end
        unread = {"undecodable": lines.undecodable & ~lines.mixed, "mixed_encoding": lines.mixed, "nul_byte": state.nul}
        for reason, found in unread.items():
            rejects.add(_place(lines, _upto(state.index(found), end)), reason)
        for reason, index in records.rejected.items():
            rejects.add(_place(lines, np.array(index, dtype=np.int64)), reason)
        for reason, (index, column) in records.odd_width.items():
            rejects.add(_place(lines, np.array(index, dtype=np.int64)), reason, np.array(column, dtype=np.int64))
        plain = state.plain & ~records.used
        rejects.add(_place(lines, _upto(state.index(plain & state.bare_cr), end)), "bare_cr")
        tables = [
            self._plain(lines, _upto(state.index(plain & ~state.bare_cr), end), rejects),
            self._parse(_place(lines, _upto(quick.index, end)), quick.lines.slice(0, len(_upto(quick.index, end))), "\x1f"),
            self._listed(lines, records),
        ]
        return batch(pa.concat_tables(tables), rejects, self.columns, self.numbers), end

    def _plain(self, lines: Lines, index: NDArray[np.int64], rejects: Rejects) -> pa.Table:
        """Lines without quotes: the number of delimiters must fit, then all cells are cut at once."""
        texts = lines.text.take(pa.array(index))
        cells: NDArray[np.int64] = pc.count_substring(texts, self.delimiter).to_numpy().astype(np.int64) + 1
        place = _place(lines, index)
        few, many = cells < self.width, cells > self.width
        rejects.add(place.filter(pa.array(few)), "too_few_columns", cells[few] + 1)
        rejects.add(place.filter(pa.array(many)), "too_many_columns", np.full(int(many.sum()), self.width + 1, dtype=np.int64))
        fits = pa.array(~few & ~many)
        return self._parse(place.filter(fits), texts.filter(fits), self.delimiter)

    def _parse(self, place: pa.Table, texts: Texts, delimiter: str) -> pa.Table:
        """Cut lines of exactly `self.width` cells."""
        if not len(texts):
            return self._table(place, {})
        longest = pc.max(pc.binary_length(texts)).as_py()
        block = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), "\n")[0].as_buffer()
        names = [f"n{i + 1}" for i in range(self.width)]
        wanted = [f"n{number}" for number in self.numbers.values()]
        if self.width == 1:  # the vector parser would take an empty line of one column for no line
            return self._table(place, {"n1": texts})
        cells = pacsv.read_csv(
            cast(Any, pa.BufferReader(block)),
            read_options=pacsv.ReadOptions(column_names=names, block_size=max(2**20, 2 * longest, len(block) // 4)),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False, escape_char=False),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in wanted},
                include_columns=wanted,
                null_values=[],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return self._table(place, {name: cells[name] for name in wanted})

    def _listed(self, lines: Lines, records: QuotedRecords) -> pa.Table:
        index, span = np.array(records.index, dtype=np.int64), np.array(records.span, dtype=np.int64)
        place = places(lines.numbers(index), lines.starts[index], lines.starts[index + span] - lines.starts[index])
        columns = list(zip(*records.cells, strict=True)) if records.cells else []
        return self._table(place, {f"n{n}": pa.array(columns[n - 1], pa.string()) for n in self.numbers.values() if columns})

    def _table(self, place: pa.Table, cells: dict[str, Texts]) -> pa.Table:
        """`place` with one text column a mapped column; null where the file has no such column."""
        for i, name in enumerate(self.columns):
            found = cells.get(f"n{self.numbers[name]}") if name in self.numbers else None
            place = place.append_column(f"c{i}", pa.nulls(place.num_rows, pa.string()) if found is None else _tabs_off(found))
        return place


class _LineStates:
    """Masks over the lines of a chunk."""

    def __init__(self, lines: Lines, begin: int) -> None:
        n = len(lines)
        live = np.arange(n) >= begin
        has_nul = not np.frombuffer(lines.full.buffers()[2], dtype=np.uint8).all()
        self.nul = mask(pc.match_substring(lines.text, "\0")) & live & ~lines.mixed if has_nul else np.zeros(n, dtype=np.bool_)
        unread = lines.undecodable | lines.mixed | self.nul
        self.broken = unread
        blank = mask(pc.equal(pc.binary_length(lines.text), 0)) & ~lines.undecodable
        has_quote = mask(pc.match_substring(lines.text, '"'))
        self.quoted = live & has_quote & ~unread
        self.plain = live & ~has_quote & ~unread & ~blank
        self.bare_cr = mask(pc.match_substring(lines.text, "\r")) & self.plain
        self.live = live

    def index(self, found: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.flatnonzero(found & self.live).astype(np.int64)


def _upto(index: NDArray[np.int64], end: int) -> NDArray[np.int64]:
    return index[index < end]


def _place(lines: Lines, index: NDArray[np.int64]) -> pa.Table:
    return places(lines.numbers(index), lines.starts[index], lines.starts[index + 1] - lines.starts[index])


def _tabs_off(cells: Texts) -> Texts:
    """Tabs around a cell keep spreadsheets from reading it as a number; they are no part of the value."""
    return pc.utf8_trim(cells, characters="\t") if pc.any(pc.match_substring(cells, "\t")).as_py() else cells
