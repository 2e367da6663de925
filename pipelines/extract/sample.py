"""The head of an extract whose mapping is not known yet: format, encoding, columns and a sample of cells."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from pipelines.extract.encodings import bom_of, guess
from pipelines.extract.streams import Stream, head
from pipelines.extract.xlsx_files import cell_text
from schemas.errors import UsageError

csv.field_size_limit(sys.maxsize)
HEAD_BYTES = 4 * 2**20
ROWS = 1000


@dataclass
class Sample:
    """Cells of the first rows by column (a dotted path in JSON Lines and Parquet).

    `lists`: path of each nested list -> its items' cells; `notes`: what a person should know about the file.
    """

    format: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int = 1
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)


def read_sample(path: Path) -> Sample:
    """Read the head of `path`.

    Raises:
        UsageError: no such file, empty, of no known format, or without a header.
    """
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path))
    start = head(path, HEAD_BYTES)
    if not start.strip():
        raise UsageError("the file is empty", where=path.name, mend="Take an extract with some rows")
    if start.startswith(b"PAR1"):
        return _parquet(path)
    if start.startswith(b"PK\x03\x04"):
        return _xlsx(path)
    encoding = guess(start)
    if encoding is None:
        raise UsageError("the encoding is none of utf-8, gb18030, utf-16", where=path.name, mend="Save the file as UTF-8")
    text = start[bom_of(start)[0] :].decode(bom_of(start)[1] or encoding, "ignore")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    whole = lines[:-1] if len(start) == HEAD_BYTES else lines
    if text.lstrip().startswith("{"):
        return _jsonl([line for line in whole[:ROWS] if line.strip()], encoding)
    return _csv(path, "\n".join(whole), encoding)


def _csv(path: Path, text: str, encoding: str) -> Sample:
    delimiter = max(",\t;|", key=lambda sign: _columns(text, sign))
    rows = [row for _, row in zip(range(ROWS + 20), csv.reader(io.StringIO(text), delimiter=delimiter), strict=False)]
    sample = Sample("csv", encoding=encoding, delimiter=delimiter)
    _fill(sample, path, rows)
    return sample


def _columns(text: str, delimiter: str) -> int:
    """How many columns most lines have under a delimiter."""
    widths = [len(row) for _, row in zip(range(50), csv.reader(io.StringIO(text), delimiter=delimiter), strict=False)]
    return max(set(widths), key=widths.count) if widths else 0


def _fill(sample: Sample, path: Path, rows: list[list[str]]) -> None:
    """Find the header (the first row as wide as the table, so that titles above it are passed over) and take the cells below."""
    width = max((len([cell for cell in row if cell]) for row in rows[:50]), default=0)
    at = next((n for n, row in enumerate(rows[:20]) if len([cell for cell in row if cell.strip()]) * 2 > width), 0)
    header = [cell.replace("\ufeff", "").strip() for cell in rows[at]] if rows else []
    if any(cell.isdigit() or "@" in cell for cell in header):
        raise UsageError("the first row looks like data, not like a header", where=path.name, mend="Add a header row")
    sample.header_row = at + 1
    if at:
        sample.notes.append(f"the header seems to be row {at + 1}")
    for n, name in enumerate(header):
        if name in sample.columns:
            sample.notes.append(f"the header has {name!r} more than once: only columns that stand once can be mapped")
        elif name:
            sample.columns[name] = [row[n].strip() for row in rows[at + 1 :][:ROWS] if len(row) == len(header)]


def _xlsx(path: Path) -> Sample:
    with Stream(path) as stream:
        content = stream.read()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
    except CalamineError as error:
        raise UsageError("the file is not an XLSX workbook or is damaged", where=path.name) from error
    name = max(sheets, key=lambda sheet: sheets[sheet].height)
    sample = Sample("xlsx", sheet=name if len(sheets) > 1 else None)
    if len(sheets) > 1:
        sample.notes.append(f"the workbook has the sheets {', '.join(sheets)}; the largest is taken")
    rows = [[cell_text(cell) or "" for cell in row] for _, row in zip(range(ROWS + 20), sheets[name].iter_rows(), strict=False)]
    _fill(sample, path, rows)
    return sample


def _jsonl(lines: list[str], encoding: str) -> Sample:
    sample = Sample("jsonl", encoding=encoding)
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict):
            _flatten(sample, row)
    return sample


def _parquet(path: Path) -> Sample:
    sample = Sample("parquet")
    try:
        rows = next(pq.ParquetFile(path).iter_batches(batch_size=ROWS), None)
    except (pa.ArrowException, OSError) as error:
        raise UsageError("the file is not Parquet or is cut off", where=path.name) from error
    for row in rows.to_pylist() if rows is not None else []:
        _flatten(sample, row)
    return sample


def _flatten(sample: Sample, row: dict[str, object]) -> None:
    """Scalars by dotted path, lists of objects apart, lists of scalars as JSON."""
    for path, value in _leaves(row, ""):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            cells = sample.lists.setdefault(path, {})
            for item in value:
                for name, cell in _leaves(item, "") if isinstance(item, dict) else ():
                    cells.setdefault(name, []).append(_text(cell))
        elif not isinstance(value, list) or path not in sample.lists:
            sample.columns.setdefault(path, []).append(_text(value))


def _leaves(node: dict[str, object], above: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in node.items():
        path = f"{above}.{name}" if above else str(name)
        found += _leaves(value, path) if isinstance(value, dict) else [(path, value)]
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
