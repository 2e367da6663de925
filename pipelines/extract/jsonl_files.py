"""JSON Lines: lines as a table, then DuckDB's JSON functions over all of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.ahead import ahead
from pipelines.extract.arrow_functions import mask, pc
from pipelines.extract.batch import SCAN_ROWS, Batch, Rejects, batch, places
from pipelines.extract.bench import arrow, lend
from pipelines.extract.lines import LineFile, Lines
from pipelines.extract.paths import json_path
from pipelines.extract.streams import spans
from schemas.mapping import ITEM, SourceMapping

TIMES = 3  # chunks of lines at a time: planning the queries costs as much as typing some thousand lines


class JsonlFile:
    """Reader of a JSON Lines file (see `batch.Reader`)."""

    def __init__(self, path: Path, mapping: SourceMapping, bench: duckdb.DuckDBPyConnection) -> None:
        self.path, self.mapping, self.bench = path, mapping, bench
        self.columns = mapping.columns()
        self.numbers: dict[str, int] = {}
        self._sql, self._params = self._query()

    def __iter__(self) -> Iterator[Batch]:
        with closing(ahead(LineFile(self.path, self.mapping.encoding, TIMES))) as chunks:
            for lines in chunks:
                yield self._chunk(lines)

    def as_sent(self, wanted: pa.Table) -> Iterator[bytes]:
        return spans(self.path, wanted)

    def _chunk(self, lines: Lines) -> Batch:
        rejects = Rejects()
        blank = _blank(lines)
        rejects.add(_place(lines, np.flatnonzero(lines.undecodable & ~lines.mixed)), "undecodable")
        rejects.add(_place(lines, np.flatnonzero(lines.mixed)), "mixed_encoding")
        index = np.flatnonzero(~blank & ~lines.undecodable & ~lines.mixed)
        texts = lines.text if len(index) == len(lines) else lines.text.take(pa.array(index))
        rows = self._parse(_place(lines, index).append_column("line", texts), rejects)
        return batch(rows, rejects, self.columns, self.numbers)

    def _parse(self, table: pa.Table, rejects: Rejects) -> pa.Table:
        """The cells of the lines that are JSON objects with lists where lists are due."""
        lend(self.bench, "lines", pa.Table.from_batches(table.to_batches(max_chunksize=SCAN_ROWS), table.schema))
        rows = arrow(self.bench, self._sql, self._params)
        if rows["unread"].null_count < rows.num_rows:
            self._reject(rows.filter(pc.is_valid(rows["unread"])), rejects)
            rows = rows.filter(pc.is_null(rows["unread"]))
        for name, part in self.mapping.parts.items():
            if part.source is None:
                continue
            wrong = pc.invert(rows[f"k_{name}"])
            rejects.add(rows.select(["line_n", "byte_at", "byte_n"]).filter(wrong), "wrong_type", None, part.source)
            rows = rows.filter(rows[f"k_{name}"]).drop_columns([f"k_{name}"])
        return rows.drop_columns(["unread", "is_json"])

    def _reject(self, rows: pa.Table, rejects: Rejects) -> None:
        broken = rows.filter(pc.invert(rows["is_json"]))
        column = np.array([_position(str(text)) for text in broken["unread"].to_pylist()], dtype=np.int64)
        rejects.add(broken.select(["line_n", "byte_at", "byte_n"]), "broken_json", column)
        rejects.add(rows.filter(rows["is_json"]).select(["line_n", "byte_at", "byte_n"]), "not_an_object")

    def _query(self) -> tuple[str, dict[str, object]]:
        """One pass over each line for its scalars and the texts of its lists, one over each list for its items.

        `unread`: the line, when it is no JSON object; `k_<part>`: what stands there is a list of objects, or nothing.
        """
        items = self.mapping.items()
        sources = [str(self.mapping.parts[name].source) for name in items]
        params: dict[str, object] = {"paths": [json_path(path) for path in (*self.columns, *sources)]}
        lists, outer = [], [f"v[{i + 1}] AS c{i}" for i in range(len(self.columns))]
        for n, (name, paths) in enumerate(items.items()):
            at = f"v[{len(self.columns) + n + 1}]"
            params[f"items{n}"] = [json_path(path) for path in paths]
            lists.append(f"CASE WHEN starts_with({at}, '[') THEN TRY(json_extract({at}, '$[*]')) END AS j{n}")
            outer.append(f"list_transform(j{n}, lambda x: json_extract_string(x, $items{n})) AS p_{name}")
            is_object = "lambda x: CAST(x AS VARCHAR)[1] IN ('{', 'n')"
            odd = "false" if paths == [ITEM] else f"list_contains(list_transform(j{n}, {is_object}), false)"
            outer.append(f"{at} IS NULL OR (j{n} IS NOT NULL AND NOT {odd}) AS k_{name}")
        cut = "SELECT line, line_n, byte_at, byte_n, TRY(json_extract_string(line, $paths)) AS v FROM lines"
        return (
            f"""SELECT line_n, byte_at, byte_n, v IS NOT NULL AS is_json,
                CASE WHEN v IS NULL OR NOT starts_with(ltrim(line), '{{') THEN line END AS unread, {", ".join(outer)}
            FROM (SELECT {", ".join(["*", *lists])} FROM ({cut}))""",
            params,
        )


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
