"""Parquet: batches of rows, every value cast to its canonical text, nested lists to lists of structs of texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ahead import ahead
from pipelines.extract.arrow_functions import pc
from pipelines.extract.batch import SCAN_ROWS, Batch, Rejects, batch
from pipelines.extract.bench import arrow, lend
from pipelines.extract.headers import number_columns
from pipelines.extract.paths import struct_path
from pipelines.extract.streams import GZIP, Stream, head
from pipelines.sql import quoted
from schemas.errors import FileIncomplete, FileUnreadable
from schemas.mapping import ITEM, SourceMapping

MAGIC = b"PAR1"
ROWS = 131_072


class ParquetFile:
    """Reader of a Parquet file (see `batch.Reader`)."""

    def __init__(self, path: Path, mapping: SourceMapping, bench: duckdb.DuckDBPyConnection) -> None:
        self.path, self.mapping, self.bench = path, mapping, bench
        self.columns = mapping.columns()
        self.numbers: dict[str, int] = {}

    def __iter__(self) -> Iterator[Batch]:
        file = self._open()
        tops = self._check(file.schema_arrow)
        sql = self._query(file.schema_arrow)
        with closing(ahead(self._tables(file, tops))) as tables:
            for first_n, table in tables:
                lend(self.bench, "parquet_rows", _numbered(table, first_n))
                yield batch(arrow(self.bench, sql), Rejects(), self.columns, self.numbers)

    def as_sent(self, wanted: pa.Table) -> Iterator[bytes]:
        """JSON lines of all columns."""
        file = self._open()
        cells = ", ".join(f"{quoted(f.name)} := {_text(quoted(f.name), f.type)}" for f in file.schema_arrow)
        lend(self.bench, "wanted_rows", wanted)
        sql = f"SELECT to_json(struct_pack({cells}))::VARCHAR AS row FROM parquet_rows SEMI JOIN wanted_rows USING (line_n) ORDER BY line_n"
        for first_n, table in self._tables(file, None):
            lend(self.bench, "parquet_rows", _numbered(table, first_n))
            for row in arrow(self.bench, sql)["row"].to_pylist():
                yield str(row).encode() + b"\n"

    def _open(self) -> pq.ParquetFile:
        start = head(self.path, 4)
        if not start:
            raise FileUnreadable("empty_file", "the file is empty", where=self.path.name, mend="Send it again")
        if start != MAGIC:
            raise FileUnreadable("not_parquet", "the file is not Parquet", where=self.path.name, mend="Correct `format` in the mapping")
        with self.path.open("rb") as raw:
            is_gzip = raw.read(2) == GZIP
        if is_gzip:
            with Stream(self.path) as stream:
                source: pa.NativeFile = pa.BufferReader(stream.read())
        else:
            source = pa.memory_map(str(self.path))
        source.seek(max(source.size() - 4, 0))
        if source.read(4) != MAGIC:
            raise FileIncomplete("the Parquet file ends too early", where=self.path.name, mend="It is left alone until it is complete")
        try:
            return pq.ParquetFile(source)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged() from error

    def _tables(self, file: pq.ParquetFile, columns: list[str] | None) -> Iterator[tuple[int, pa.Table]]:
        first_n = 1
        try:
            for found in file.iter_batches(batch_size=ROWS, columns=columns):
                yield first_n, pa.Table.from_batches([found])
                first_n += found.num_rows
        except (pa.ArrowException, OSError) as error:
            raise self._damaged() from error

    def _damaged(self) -> FileUnreadable:
        return FileUnreadable("not_parquet", "the Parquet file is damaged", where=self.path.name, mend="Send it again")

    def _check(self, schema: pa.Schema) -> list[str]:
        """Top-level columns to read; all mapped ones must be there and the parts be lists."""
        paths = [*self.columns, *(str(part.source) for part in self.mapping.parts.values() if part.source is not None)]
        leaves = list(dict.fromkeys(path for path in paths if _type_at(schema, path) is not None))
        self.numbers = number_columns(leaves, self.mapping, self.path)
        self.numbers = {name: schema.get_field_index(name.split(".")[0]) + 1 for name in self.numbers}
        for part in self.mapping.parts.values():
            if part.source is None:
                continue
            kind = _type_at(schema, part.source)
            if kind is None or not _is_list(kind):
                reason, what = ("columns_missing", "not there") if kind is None else ("column_type", "no list")
                mend = "Correct `from` in the mapping"
                raise FileUnreadable(reason, f"{part.source!r} is {what}", where=self.path.name, mend=mend)
        return list(dict.fromkeys(path.split(".")[0] for path in leaves))

    def _query(self, schema: pa.Schema) -> str:
        cells = [f"{self._cell(schema, name)} AS c{i}" for i, name in enumerate(self.columns)]
        for name, paths in self.mapping.items().items():
            source = str(self.mapping.parts[name].source)
            cells.append(f"{self._items(source, _type_at(schema, source), paths)} AS p_{name}")
        return f"SELECT line_n, 0::BIGINT AS byte_at, 0::BIGINT AS byte_n, {', '.join(cells)} FROM parquet_rows"

    def _cell(self, schema: pa.Schema, name: str) -> str:
        kind = _type_at(schema, name)
        return "NULL::VARCHAR" if kind is None else _text(_column(name), kind)

    def _items(self, source: str, kind: pa.DataType | None, paths: list[str]) -> str:
        item = kind.value_type if isinstance(kind, pa.ListType | pa.LargeListType) else pa.null()
        cells = []
        for path in paths:
            inner = item if path == ITEM else _type_at(item, path)
            if inner is None:
                raise FileUnreadable(
                    "columns_missing", f"the items of {source!r} lack {path!r}", where=self.path.name, mend="Correct the mapping",
                )  # fmt: skip
            cells.append(_text(struct_path("x", path), inner))
        return f"list_transform({_column(source)}, lambda x: [{', '.join(cells)}])"


def _numbered(table: pa.Table, first_n: int) -> pa.Table:
    """The rows with their numbers, cut for parallel scans; texts kept as bytes or dictionaries become texts."""
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, pc.cast(table[field.name], field.type.value_type))
    table = table.append_column("line_n", pa.array(np.arange(first_n, first_n + table.num_rows, dtype=np.int64)))
    return pa.Table.from_batches(table.combine_chunks().to_batches(max_chunksize=SCAN_ROWS), table.schema)


def _column(path: str) -> str:
    first, *rest = path.split(".")
    return struct_path(quoted(first), ".".join(rest)) if rest else quoted(first)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _type_at(schema: pa.Schema | pa.DataType, path: str) -> pa.DataType | None:
    """Type of the value at a dotted path; None when there is none."""
    node: pa.Schema | pa.DataType = schema
    for step in path.split("."):
        index = node.get_field_index(step) if isinstance(node, pa.Schema | pa.StructType) else -1
        if not isinstance(node, pa.Schema | pa.StructType) or index < 0:
            return None
        node = node.field(index).type
    return node if isinstance(node, pa.DataType) else None


def _text(sql: str, kind: pa.DataType) -> str:
    """SQL: the canonical text of a value; whole numbers kept as floats lose their `.0`, NaN is no value."""
    if pa.types.is_floating(kind):
        return (
            f"CASE WHEN isnan({sql}::DOUBLE) THEN NULL WHEN {sql} = trunc({sql}) AND abs({sql}) < 1e15 "
            f"THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR) ELSE upper(CAST({sql} AS VARCHAR)) END"
        )
    if pa.types.is_timestamp(kind) and kind.tz:
        return f"strftime(timezone('UTC', {sql}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    if pa.types.is_nested(kind):
        return f"CAST(to_json({sql}) AS VARCHAR)"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return f"coalesce(TRY(decode({sql})), CAST({sql} AS VARCHAR))"  # bytes that are no text show as \\xNN
    return f"CAST({sql} AS VARCHAR)"
