"""Names and texts of this program as SQL. Values of a source are bound, never spliced."""

from __future__ import annotations


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL text: word lists, patterns, contract texts and names of columns, where DuckDB takes no bound parameter."""
    return "'" + text.replace("'", "''") + "'"
