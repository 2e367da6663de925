"""JSON Lines: lines as a table, then DuckDB's JSON functions over all of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.extract.arrow_functions import mask, pc
from pipelines.extract.batch import SCAN_ROWS, Batch, Rejects, batch, places
from pipelines.extract.bench import arrow, lend
from pipelines.extract.lines import LineFile, Lines
from pipelines.extract.paths import ItemSchema, json_path
from pipelines.extract.streams import spans
from schemas.mapping import SourceMapping


class JsonlFile:
    """Reader of a JSON Lines file (see `batch.Reader`)."""

    def __init__(self, path: Path, mapping: SourceMapping, bench: duckdb.DuckDBPyConnection) -> None:
        self.path, self.mapping, self.bench = path, mapping, bench
        self.columns = mapping.columns()
        self.numbers: dict[str, int] = {}
        self._sql, self._params = self._query()

    def __iter__(self) -> Iterator[Batch]:
        for lines in LineFile(self.path, self.mapping.encoding):
            rejects = Rejects()
            blank = _blank(lines)
            rejects.add(_place(lines, np.flatnonzero(lines.undecodable & ~lines.mixed)), "undecodable")
            rejects.add(_place(lines, np.flatnonzero(lines.mixed)), "mixed_encoding")
            index = np.flatnonzero(~blank & ~lines.undecodable & ~lines.mixed)
            texts = lines.text if len(index) == len(lines) else lines.text.take(pa.array(index))
            table = _place(lines, index).append_column("line", texts)
            rows = self._parse(self._objects(table, rejects), rejects)
            yield batch(rows, rejects, self.columns, self.numbers)

    def as_sent(self, wanted: pa.Table) -> Iterator[bytes]:
        return spans(self.path, wanted)

    def _objects(self, table: pa.Table, rejects: Rejects) -> pa.Table:
        """The lines that are valid JSON objects."""
        scan = pa.Table.from_batches(table.to_batches(max_chunksize=SCAN_ROWS), table.schema)
        lend(self.bench, "lines", scan)
        bad = arrow(
            self.bench,
            """SELECT line_n, json_valid(line) AS valid FROM lines
            WHERE NOT (json_valid(line) AND starts_with(ltrim(line), '{')) ORDER BY line_n""",
        )
        if not bad.num_rows:
            return scan
        for reason, found in (("broken_json", pc.invert(bad["valid"])), ("not_an_object", bad["valid"])):
            rows = table.filter(pc.is_in(table["line_n"], bad["line_n"].filter(found)))
            positions = [_position(str(text)) for text in rows["line"].to_pylist()] if reason == "broken_json" else None
            column = None if positions is None else np.array(positions, dtype=np.int64)
            rejects.add(rows.drop_columns(["line"]), reason, column)
        good = table.filter(pc.invert(pc.is_in(table["line_n"], bad["line_n"])))
        return pa.Table.from_batches(good.to_batches(max_chunksize=SCAN_ROWS), good.schema)

    def _parse(self, table: pa.Table, rejects: Rejects) -> pa.Table:
        lend(self.bench, "lines", table)
        rows = arrow(self.bench, self._sql, self._params)
        for name, part in self.mapping.parts.items():
            if part.source is None:
                continue
            wrong = pc.equal(rows[f"k_{name}"], False)
            rejects.add(rows.select(["line_n", "byte_at", "byte_n"]).filter(wrong), "wrong_type", None, part.source)
            rows = rows.filter(pc.fill_null(pc.invert(wrong), True)).drop_columns([f"k_{name}"])
        return rows

    def _query(self) -> tuple[str, dict[str, object]]:
        """All scalars of a line in one pass, all nested lists in another; `k_<part>`: the list is a list of objects (or null)."""
        params: dict[str, object] = {"paths": [json_path(name) for name in self.columns] or ["$"]}
        outer = [f"v[{i + 1}] AS c{i}" for i in range(len(self.columns))]
        inner = ["line", "line_n", "byte_at", "byte_n", "json_extract_string(line, $paths) AS v"]
        for n, (name, paths) in enumerate(self.mapping.items().items()):
            source = str(self.mapping.parts[name].source)
            schema = ItemSchema(paths)
            params |= {f"schema{n}": schema.within(source), f"path{n}": json_path(source), f"items{n}": json_path(source) + "[*]"}
            inner.append(f"json_transform(line, $schema{n}) AS t{n}")
            outer.append(f"{schema.fields(f't{n}', source)} AS p_{name}")
            is_empty = " AND ".join(f"x.f{i} IS NULL" for i in range(len(paths)))
            outer.append(
                f"""CASE WHEN p_{name} IS NULL THEN coalesce(json_type(line, $path{n}) = 'NULL', true)
                WHEN list_contains(list_transform(p_{name}, lambda x: x IS NULL OR ({is_empty})), true)
                THEN NOT list_contains(list_transform(json_extract(line, $items{n}),
                    lambda j: json_type(j) NOT IN ('OBJECT', 'NULL')), true)
                ELSE true END AS k_{name}"""
            )
        return f"SELECT line_n, byte_at, byte_n, {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM lines)", params


def _blank(lines: Lines) -> NDArray[np.bool_]:
    """Lines of nothing but white space; only short ones are looked into."""
    blank = mask(pc.equal(pc.binary_length(lines.text), 0))
    short = np.flatnonzero(~blank & mask(pc.less(pc.binary_length(lines.text), 64)))
    if len(short):
        blank[short] = mask(pc.equal(pc.binary_length(pc.utf8_trim_whitespace(lines.text.take(pa.array(short)))), 0))
    return blank


def _position(text: str) -> int:
    """1-based character at which the line stops being JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos + 1
    except RecursionError:
        pass
    return 1


def _place(lines: Lines, index: NDArray[np.int64]) -> pa.Table:
    return places(lines.numbers(index), lines.starts[index], lines.starts[index + 1] - lines.starts[index])
