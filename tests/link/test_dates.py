"""Dates as people and spreadsheets write them are read alike."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.link.dates import date_cell
from pipelines.link.prepare import prepare
from tests.link.world import PEOPLE, model, people, table


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("3/25/89", "1989-03-25"),
        ("3/31/1954", "1954-03-31"),
        ("17-May-90", "1990-05-17"),
        ("17 May 1990", "1990-05-17"),
        ("May 17, 1990", "1990-05-17"),
        ("12.11.29", "2029-12-11"),
        ("1.2.30", "1930-01-02"),
        ("1990-05-17", "1990-05-17"),
        ("19900517", "1990-05-17"),
        ("17-Floreal-90", None),
        ("89", None),
    ],
)
def test_a_date_is_read(written: str, read: str | None) -> None:
    rows = [{**people(1)[0], "id": f"x{n}", "born": value} for n, value in enumerate([written, "2/14/71", "1970-01-01"])]
    con = duckdb.connect()
    columns = table(con, rows)
    prepare(con, model(fields=PEOPLE["fields"]), "file_rows", columns)
    assert con.execute("SELECT born FROM prepared WHERE record_id = 'x0'").fetchall() == [(read,)]


def test_the_day_comes_first_where_it_must() -> None:
    rows = [{**people(1)[0], "id": f"x{n}", "born": value} for n, value in enumerate(["25/3/89", "1/2/71"])]
    con = duckdb.connect()
    prepare(con, model(), "file_rows", table(con, rows))
    assert con.execute("SELECT born FROM prepared ORDER BY record_id").fetchall() == [("1989-03-25",), ("1971-02-01",)]


def test_a_column_of_usual_dates_is_left_as_it_is() -> None:
    con = duckdb.connect()
    table(con, people(3))
    assert date_cell(con, "file_rows", "born") == "born"
