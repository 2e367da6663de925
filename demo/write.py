"""How the extracts are written: in chunks, the same bytes for the same content, under a temporary name until complete."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from demo.draws import Bools

CHUNK = 100_000
GZIP_LEVEL = 3  # a third of the time of 6, a tenth more bytes


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path that takes the place of `path` on success and is gone on failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(path)


class CsvFile:
    """Delimited text in an encoding. `broken` lines go in as bytes, between the rows."""

    def __init__(self, out: BinaryIO, encoding: str, delimiter: str = ",") -> None:
        self.out, self.encoding, self.delimiter = out, encoding, delimiter
        self.header_written = False
        if encoding.startswith("utf"):
            out.write("\ufeff".encode(encoding))

    def rows(self, frame: pl.DataFrame) -> None:
        text = io.BytesIO()
        frame.write_csv(text, include_header=not self.header_written, separator=self.delimiter, line_terminator="\r\n")
        self.header_written = True
        self.out.write(self.encode(text.getvalue().decode("utf-8")))

    def encode(self, text: str) -> bytes:
        return text.encode(self.encoding)

    def raw(self, line: bytes) -> None:
        self.out.write(line)

    def line(self, frame: pl.DataFrame) -> str:
        """One row as text, with its line end."""
        text = io.BytesIO()
        frame.write_csv(text, include_header=False, separator=self.delimiter, line_terminator="\r\n")
        return text.getvalue().decode("utf-8")


@contextmanager
def csv_file(path: Path, encoding: str, delimiter: str = ",") -> Iterator[CsvFile]:
    with replacing(path) as part, part.open("wb") as out:
        yield CsvFile(out, encoding, delimiter)


class JsonLines:
    """One object a line, gzip without name and time."""

    def __init__(self, out: BinaryIO) -> None:
        self.packed = gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=out, mtime=0)

    def rows(self, frame: pl.DataFrame) -> None:
        text = io.BytesIO()
        frame.write_ndjson(text)
        self.packed.write(text.getbuffer())

    def raw(self, line: bytes) -> None:
        self.packed.write(line)

    def line(self, frame: pl.DataFrame) -> str:
        text = io.BytesIO()
        frame.write_ndjson(text)
        return text.getvalue().decode("utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.packed.close()


@contextmanager
def jsonl_file(path: Path) -> Iterator[JsonLines]:
    with replacing(path) as part, part.open("wb") as out, JsonLines(out) as lines:
        yield lines


@contextmanager
def parquet_file(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    with replacing(path) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        yield writer


def workbook(path: Path, sheet: str, frame: pl.DataFrame, numeric: Bools, phone: str, time: str) -> None:
    """An Excel file with one sheet: column `phone` as number where `numeric`, column `time` as date."""
    with replacing(path) as part:
        book = xlsxwriter.Workbook(str(part), {"constant_memory": True, "strings_to_numbers": False})
        book.set_properties({"created": datetime(2026, 1, 1)})
        page = book.add_worksheet(sheet)
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for column, name in enumerate(frame.columns):
            page.write_string(0, column, name)
        phone_column, time_column = frame.columns.index(phone), frame.columns.index(time)
        for number, (values, is_number) in enumerate(zip(frame.iter_rows(), numeric.tolist(), strict=True), start=1):
            for column, value in enumerate(values):
                if value is None:
                    continue
                if column == time_column and isinstance(value, float):
                    page.write_number(number, column, value, moment)
                elif isinstance(value, str) and not (column == phone_column and is_number):
                    page.write_string(number, column, value)
                else:
                    page.write_number(number, column, float(value))
        book.close()


def interleave(out: CsvFile | JsonLines, frame: pl.DataFrame, lines: list[bytes]) -> None:
    """The frame's rows with the lines strewn among them."""
    step = len(frame) // (len(lines) + 1)
    for nth, line in enumerate(lines):
        out.rows(frame[nth * step : (nth + 1) * step])
        out.raw(line)
    out.rows(frame[len(lines) * step :])


def chunks(n: int, size: int = CHUNK) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Row numbers 0..n-1 in pieces."""
    for start in range(0, n, size):
        yield np.arange(start, min(start + size, n))
