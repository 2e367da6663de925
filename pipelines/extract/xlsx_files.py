"""XLSX by python-calamine: one sheet, cells as the text a person would expect, dates in ISO form."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from pipelines.extract.batch import Batch, Rejects, batch, places
from pipelines.extract.headers import number_columns
from pipelines.extract.streams import Stream
from schemas.errors import FileIncomplete, FileUnreadable
from schemas.mapping import SourceMapping

ROWS = 50_000
EXACT = 10.0**15  # spreadsheets keep 15 digits; of a longer number the rest is lost


class XlsxFile:
    """Reader of a workbook (see `batch.Reader`); line numbers are row numbers of the sheet."""

    def __init__(self, path: Path, mapping: SourceMapping) -> None:
        self.path, self.mapping = path, mapping
        self.columns = mapping.columns()
        self.numbers: dict[str, int] = {}

    def __iter__(self) -> Iterator[Batch]:
        offset, header, rows = self._sheet()
        found = number_columns(header, self.mapping, self.path)
        self.numbers = {name: number + offset for name, number in found.items()}
        while chunk := list(islice(rows, ROWS)):
            full = [(n, cells) for n, cells in chunk if any(cells) or any(cell != "" for cell in cells)]  # 0 and false are values
            line_n = np.array([n for n, _ in full], dtype=np.int64)
            zero = np.zeros(len(full), dtype=np.int64)
            table = places(line_n, zero, zero)
            sheet = list(zip(*(cells for _, cells in full), strict=True))
            for i, name in enumerate(self.columns):
                at = found.get(name)
                texts = [None] * len(full) if at is None or not full else _column_texts(sheet[at - 1])
                table = table.append_column(f"c{i}", pa.array(texts, pa.string()))
            yield batch(table, Rejects(), self.columns, self.numbers)

    def as_sent(self, wanted: pa.Table) -> Iterator[bytes]:
        """JSON lines: the cell texts of the whole row."""
        numbers = set(wanted["line_n"].to_pylist())
        for n, cells in self._sheet()[2]:
            if n in numbers:
                yield json.dumps([cell_text(cell) for cell in cells], ensure_ascii=False).encode() + b"\n"

    def _sheet(self) -> tuple[int, list[str], Iterator[tuple[int, Sequence[object]]]]:
        """Columns left of the first, the header, and the numbered rows after it."""
        sheet = self._choose(self._open())
        offset = sheet.start[1] if sheet.start else 0
        numbered: Iterator[tuple[int, Sequence[object]]] = enumerate(sheet.iter_rows(), start=1)
        header = next((cells for n, cells in numbered if n == self.mapping.header_row), None)
        if header is None:
            where = f"{self.path.name}, row {self.mapping.header_row}"
            raise FileUnreadable("no_header", "the sheet has no such row", where=where, mend="Correct `header_row` in the mapping")
        return offset, [cell_text(cell) or "" for cell in header], numbered

    def _open(self) -> CalamineWorkbook:
        with Stream(self.path) as stream:
            start = stream.read(4)
            content = start + stream.read() if stream.is_gzip else b""
        if not start:
            raise FileUnreadable("empty_file", "the file is empty", where=self.path.name, mend="Send it again")
        if start.startswith(b"PK") and not zipfile.is_zipfile(io.BytesIO(content) if content else self.path):
            raise FileIncomplete("the workbook ends too early", where=self.path.name, mend="It is left alone until it is complete")
        try:
            return CalamineWorkbook.from_filelike(io.BytesIO(content)) if content else CalamineWorkbook.from_path(str(self.path))
        except (CalamineError, OSError, ValueError) as error:
            raise FileUnreadable(
                "not_xlsx", "the file is not a workbook or is damaged", where=self.path.name, mend="Save it as .xlsx",
            ) from error  # fmt: skip

    def _choose(self, book: CalamineWorkbook) -> CalamineSheet:
        names = book.sheet_names
        if self.mapping.sheet is None and len(names) > 1:
            raise FileUnreadable(
                "several_sheets", f"the workbook has {len(names)} sheets", where=self.path.name, why=", ".join(names),
                mend="Name the sheet in the mapping under `sheet`",
            )  # fmt: skip
        if self.mapping.sheet is not None and self.mapping.sheet not in names:
            raise FileUnreadable(
                "sheet_missing", f"the workbook has no sheet {self.mapping.sheet!r}", where=self.path.name,
                why=f"it has {', '.join(names)}", mend="Correct `sheet` in the mapping",
            )  # fmt: skip
        try:
            return book.get_sheet_by_name(self.mapping.sheet or names[0])
        except CalamineError as error:
            raise FileUnreadable("not_xlsx", "the sheet is damaged", where=self.path.name, mend="Save the workbook again") from error


def _column_texts(cells: tuple[object, ...]) -> list[str | None]:
    """`cell_text` of each; nearly all are texts, which need no call."""
    return [cell.strip() if type(cell) is str else cell_text(cell) for cell in cells]


def cell_text(cell: object) -> str | None:
    """Text of a cell; whole numbers without `.0`, numbers beyond 15 digits in scientific form (so that the loss is seen)."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else f"{cell:.14E}" if abs(cell) >= EXACT else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    return None if cell is None else str(cell)
