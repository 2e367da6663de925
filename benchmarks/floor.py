"""The floor under any pipeline: DuckDB reads the landing files and writes them as Parquet, nothing else.

What DuckDB cannot read is first made readable: CSV in other encodings is transcoded, XLSX goes through the same reader as the hub.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import duckdb
from python_calamine import CalamineWorkbook


def floor(landing: Path, out: Path) -> float:
    """Seconds to read every file below `landing` and write it to `out` as Parquet."""
    out.mkdir(parents=True)
    con = duckdb.connect(config={"memory_limit": "4GB", "preserve_insertion_order": False})
    began = time.perf_counter()
    for path in sorted(p for p in landing.rglob("*") if p.is_file()):
        target = str(out / f"{path.name}.parquet")
        source = _relation(path, out)
        if source:
            con.execute(f"COPY (SELECT * FROM {source[0]}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)", [source[1]])
    return time.perf_counter() - began


def _relation(path: Path, out: Path) -> tuple[str, str] | None:
    if path.suffix == ".parquet":
        return "read_parquet(?)", str(path)
    if path.name.endswith((".jsonl.gz", ".jsonl")):
        return "read_json(?, format = 'newline_delimited', ignore_errors = true)", str(path)
    if path.suffix == ".xlsx":
        copy = out / (path.name + ".csv")
        with copy.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python())
        return "read_csv(?, all_varchar = true)", str(copy)
    if path.suffix == ".csv":
        copy = out / path.name
        head = path.read_bytes()[:2]
        encoding = "utf-16" if head in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig" if head == b"\xef\xbb" else "gb18030"
        with (
            path.open("r", encoding=encoding, errors="replace", newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as file,
        ):
            while block := source.read(1 << 22):
                file.write(block)
        return "read_csv(?, all_varchar = true, ignore_errors = true)", str(copy)
    return None
