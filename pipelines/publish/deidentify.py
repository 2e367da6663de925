"""SQL that reads a warehouse table in its published form (`schemas/publishing.py` says which form)."""

from __future__ import annotations

from pipelines.publish.tokens import PUBLISHED_PREFIX, token_hex_sql
from schemas.contract import TEXTS, Table
from schemas.publishing import FIRST_BAND, YEAR_BAND, PublishedColumn, published_columns


def published_select(table: Table) -> str:
    """`SELECT` of the published columns of `table`; run it with `token_parameters` when `needs_key(table)`."""
    columns = ",\n  ".join(f'{_expression(c)} AS "{c.name}"' for c in published_columns(table))
    return f"SELECT\n  {columns}\nFROM {table.name}"


def needs_key(table: Table) -> bool:
    """Some column of `table` is published as a token."""
    return any(column.form == "token" for column in published_columns(table))


def _expression(column: PublishedColumn) -> str:
    source = f'"{column.source.name}"'
    if column.form == "token":
        return _token(column, source)
    if column.form == "year band":
        return _year_band(source)
    return source


def _token(column: PublishedColumn, source: str) -> str:
    kind = f"'{PUBLISHED_PREFIX}' || kind" if column.kind_column else f"'{PUBLISHED_PREFIX}{column.token_kind}'"
    if column.type == TEXTS:
        return f"list_transform({source}, lambda item: {token_hex_sql(kind, 'item')})"
    return token_hex_sql(kind, f"CAST({source} AS VARCHAR)")


def _year_band(source: str) -> str:
    first = f"(year({source}) // {YEAR_BAND} * {YEAR_BAND})"
    return f"CASE WHEN year({source}) < {FIRST_BAND} THEN 'before {FIRST_BAND}' ELSE {first} || '-' || ({first} + {YEAR_BAND - 1}) END"
