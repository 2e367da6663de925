"""A hub of one stage: a landing folder, mappings written in the test, a warehouse in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from pipelines.extract.duplicates import settle
from pipelines.extract.stage import extract
from pipelines.stage import Run, carry_out
from pipelines.warehouse import open_warehouse
from schemas.mapping import SourceMapping, load_mappings

CRM = """
    source: crm
    entity: customers
    files: "crm*.csv"
    format: csv
    update: {mode: append}
    key: [编号]
    fields: {name: 姓名, phone: 手机, birth_on: 生日}
"""


class Hub:
    """Extract and nothing else, in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.landing, self.quarantine, self.sources = root / "landing", root / "quarantine", root / "sources"
        for folder in (self.landing, self.sources):
            folder.mkdir(parents=True)
        self.con: duckdb.DuckDBPyConnection = open_warehouse(":memory:", memory="1GB", threads=2)
        self.runs = 0

    def map(self, text: str = CRM, **replaced: str) -> SourceMapping:
        """Write a mapping; `replaced`: `encoding="encoding: gb18030"` puts or replaces the line of that key."""
        rest = dict(replaced)
        lines = [rest.pop(line.split(":")[0], line) for line in dedent(text).strip().split("\n")]
        name = lines[0].split(": ")[1]
        (self.sources / f"{name}.yaml").write_text("\n".join([*lines, *rest.values()]) + "\n", "utf-8")
        return next(m for m in load_mappings(self.sources) if m.source == name)

    def land(self, name: str, content: bytes | str, encoding: str = "utf-8", *, age: float = 100) -> Path:
        """Put a file into landing, as old as `age` seconds."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        os.utime(path, (1_767_225_600 - age, 1_767_225_600 - age))
        return path

    def run(self, **options: Any) -> dict[str, Any]:
        """One run of the stage; answers its facts."""
        self.runs += 1
        arguments = {"timezone": "Asia/Shanghai", "settle_seconds": 2.0, **options}

        def stage(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
            mappings = load_mappings(self.sources)
            return extract(con, run, seq, landing=self.landing, quarantine=self.quarantine, mappings=mappings, **arguments)

        facts = carry_out(self.con, Run(f"r{self.runs}"), "extract", stage).facts
        settle(self.con)
        return facts

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()

    def column(self, sql: str) -> list[Any]:
        return [value for (value,) in self.ask(sql)]

    def rejected(self) -> list[tuple[int, str, str | None, int | None]]:
        """line, reason, column, column number of all quarantined rows."""
        return self.ask("SELECT line_n, reason, column_name, column_n FROM raw.quarantine ORDER BY file_name, line_n")

    def kept(self, source: str = "crm") -> bytes:
        """The quarantined rows of the only file of a source that has some."""
        (path,) = (self.quarantine / source).glob("*/rows.*")
        return path.read_bytes()

    def file(self, name: str) -> dict[str, Any]:
        """The manifest entry of a file."""
        result = self.con.execute("SELECT * FROM raw.files WHERE file_name = ?", [name])
        names = [column[0] for column in result.description or ()]
        (row,) = result.fetchall()
        return dict(zip(names, row, strict=True))

    def changed(self, entity: str = "customers") -> list[str]:
        """Row ids marked by the last run."""
        return self.column(f"SELECT key FROM raw.changes WHERE entity = '{entity}' AND seq = (SELECT max(seq) FROM meta.runs) ORDER BY key")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    found = Hub(tmp_path)
    yield found
    assert not found.ask(
        """SELECT file_name FROM raw.files WHERE outcome = 'loaded' AND rows_read_n <>
        rows_loaded_n + rows_unchanged_n + rows_superseded_n + rows_suppressed_n + rows_quarantined_n"""
    )
    assert found.ask("SELECT count(*) FROM raw.quarantine") == found.ask(
        "SELECT coalesce(sum(rows_quarantined_n), 0)::BIGINT FROM raw.files"
    )
    found.con.close()
