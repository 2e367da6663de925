"""The reader for a mapping's format."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.extract.batch import Reader
from schemas.mapping import SourceMapping


def open_reader(path: Path, mapping: SourceMapping, bench: duckdb.DuckDBPyConnection) -> Reader:
    """The reader of `path`; only the library of its format is imported."""
    if mapping.format == "csv":
        from pipelines.extract.csv_files import CsvFile

        return CsvFile(path, mapping)
    if mapping.format == "jsonl":
        from pipelines.extract.jsonl_files import JsonlFile

        return JsonlFile(path, mapping, bench)
    if mapping.format == "parquet":
        from pipelines.extract.parquet_files import ParquetFile

        return ParquetFile(path, mapping, bench)
    from pipelines.extract.xlsx_files import XlsxFile

    return XlsxFile(path, mapping)
