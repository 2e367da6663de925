"""The data dictionary says what the contracts say, about every table and column."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from schemas.contract import Table
from schemas.dictionary import DICTIONARY, dictionary, write_dictionary
from schemas.publishing import PUBLISHED, published_columns
from schemas.tables import TABLES


def test_the_dictionary_is_what_would_be_generated() -> None:
    assert DICTIONARY.read_text(encoding="utf-8") == _text(), "run `python -m schemas.dictionary`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_and_column_is_in_it(table: Table) -> None:
    section = _section(table.name)
    for column in table.columns:
        assert f"| `{column.name}` | {column.type} |" in section


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda table: table.name)
def test_every_published_column_is_in_it(table: Table) -> None:
    section = _section(table.name)
    for column in published_columns(table):
        assert f"| {column.form} |" in section if column.form == "as is" else f"| `{column.name}` ({column.form}) |" in section


def test_rows_have_as_many_cells_as_their_head() -> None:
    width = 0
    for line in _text().splitlines():
        cells = line.replace("\\|", "").count("|")
        if line.startswith("| "):
            width = width or cells
            assert cells == width, line
        else:
            width = 0


def test_it_is_written_whole(tmp_path: Path) -> None:
    write_dictionary(tmp_path / "dictionary.md")
    assert [p.name for p in tmp_path.iterdir()] == ["dictionary.md"]
    assert (tmp_path / "dictionary.md").read_text(encoding="utf-8") == _text()


@cache
def _text() -> str:
    return dictionary()


def _section(name: str) -> str:
    after = _text().split(f"### {name}\n", 1)[1]
    return after.split("\n### ", 1)[0]
