"""Dates with two figures of the year, or with the month in letters, brought to a form that kinds of values read.

Two figures are a year of 1930 to 2029, as spreadsheets take them. Only columns that hold such dates pay for it.
"""

from __future__ import annotations

import duckdb

from pipelines.warehouse import count

_SHORT = r"^(\d{1,2}[-/. ](?:\d{1,2}|\p{L}{3,9})[-/. ])"
_FORMS = "['%d-%b-%Y', '%d %b %Y', '%d %B %Y', '%d/%b/%Y', '%b %d, %Y', '%B %d, %Y']"
_UNUSUAL = r"^\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2}$|^\d{1,2}[-/ ]\p{L}{3,9}[-/ ]\d{2,4}$|^\p{L}{3,9} \d{1,2}, \d{4}$"


def usual_date(cell: str) -> str:
    """SQL: the date in `cell` with four figures of the year, and numbers for months; what is neither stays as it is."""
    text = f"trim({cell})"
    for figures, century in (("[3-9]\\d", 19), ("[0-2]\\d", 20)):
        text = f"regexp_replace({text}, '{_SHORT}({figures})$', '\\1{century}\\2')"
    return f"coalesce(strftime(try_strptime({text}, {_FORMS}), '%Y-%m-%d'), {text})"


def date_cell(con: duckdb.DuckDBPyConnection, rows: str, cell: str) -> str:
    """SQL of `cell` of the table `rows` (called `t`), with unusual dates made usual where it has any."""
    unusual = count(con, f"SELECT count(*) FROM {rows} t WHERE regexp_matches(trim({cell}), '{_UNUSUAL}')")
    return usual_date(cell) if unusual else cell
