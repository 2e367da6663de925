"""What every reader yields: rows as text cells, and the rows it had to reject, each with its place in the file as sent.

    rows     line_n | byte_at | byte_n | c0 | c1 | … | p_lines
    rejects  line_n | byte_at | byte_n | reason | column_n | column_name

`c<i>` is the text of `mapping.columns()[i]`; `p_<part>` is a list of items, each the list of its texts for `mapping.items()[part]`.
`byte_at` and `byte_n` say where the row lies in the bytes as sent (decompressed); both are 0 in Parquet and XLSX, where a
line is a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.extract.arrow_functions import pc

MAX_CELL = 262_144  # bytes; longer cells are documents or pictures, not values
SCAN_ROWS = 16_384  # rows of an Arrow batch handed to DuckDB, so that all threads get some
_TYPES: dict[str, pa.DataType] = {"line_n": pa.int64(), "byte_at": pa.int64(), "byte_n": pa.int64()}
REJECTS = pa.schema({**_TYPES, "reason": pa.string(), "column_n": pa.int64(), "column_name": pa.string()})


@dataclass(frozen=True)
class Batch:
    rows: pa.Table
    rejects: pa.Table


class Reader(Protocol):
    """A landing file opened by its mapping. `numbers`: source column -> number in the file, where columns have one.

    Raises (on opening or while iterating):
        FileUnreadable: the file as a whole; FileIncomplete: it is cut off.
    """

    numbers: dict[str, int]

    def __iter__(self) -> Iterator[Batch]: ...

    def as_sent(self, wanted: pa.Table) -> Iterator[bytes]:
        """The rows of `wanted(line_n, byte_at, byte_n)`, ascending by line, as they were sent."""
        ...


@dataclass
class Rejects:
    """Rows a reader rejects, gathered over a chunk."""

    tables: list[pa.Table] = field(default_factory=list)

    def add(self, place: pa.Table, reason: str, column_n: NDArray[np.int64] | None = None, column_name: str | None = None) -> None:
        """`place(line_n, byte_at, byte_n)`: the rows; `column_n`: column at fault of each."""
        n = place.num_rows
        if not n:
            return
        columns = [place["line_n"], place["byte_at"], place["byte_n"], pa.array([reason] * n, pa.string())]
        columns += [pa.array(column_n, pa.int64()) if column_n is not None else pa.nulls(n, pa.int64())]
        self.tables.append(pa.table([*columns, pa.array([column_name] * n, pa.string())], schema=REJECTS))

    def table(self) -> pa.Table:
        return pa.concat_tables(self.tables) if self.tables else REJECTS.empty_table()


def places(line_n: NDArray[np.int64], at: NDArray[np.int64], size: NDArray[np.int64]) -> pa.Table:
    return pa.table({"line_n": line_n, "byte_at": at, "byte_n": size})


def batch(rows: pa.Table, rejects: Rejects, columns: list[str], numbers: dict[str, int]) -> Batch:
    """Take rows with too long a cell out of `rows` and cut the rest for parallel scans."""
    for i, name in enumerate(columns):
        length = pc.binary_length(rows[f"c{i}"])
        if (pc.max(length).as_py() or 0) <= MAX_CELL:
            continue
        long = pc.greater(pc.fill_null(length, 0), MAX_CELL)
        place = rows.select(["line_n", "byte_at", "byte_n"]).filter(long)
        number = np.full(place.num_rows, numbers[name], dtype=np.int64) if name in numbers else None
        rejects.add(place, "cell_too_long", number, name)
        rows = rows.filter(pc.invert(long))
    cut = pa.Table.from_batches(rows.combine_chunks().to_batches(max_chunksize=SCAN_ROWS), rows.schema)
    return Batch(cut, rejects.table())
