"""Bring the columns a model names into the forms they are compared in: temp `prepared`, one row a record."""

from __future__ import annotations

import duckdb

from pipelines.link.dates import date_cell
from pipelines.link.files import FILE
from pipelines.link.sources import check_sources, source_sql
from pipelines.link.standardised import drop_standardised, standardise_fields
from pipelines.match.address_levels import read_field
from pipelines.match.kinds import has_rarity, prepared, shown
from pipelines.sql import quoted
from pipelines.warehouse import count
from schemas.errors import HubError, UsageError
from schemas.table_model import JOINED, TableField, TableModel


def prepare(con: duckdb.DuckDBPyConnection, model: TableModel, rows: str, columns: list[str]) -> int:
    """Make temp `prepared(n, record_id, <prepared fields>, rare_<comparison>)` of the table `rows` with `columns`; answer how many rows.

    `n` numbers the records from 0 in the order of their ids, so nothing depends on the order of rows. `rare_<comparison>` is how many bits
    agreeing on this value says more than agreeing on a usual one: log2 of the usual share over its own.

    Raises:
        UsageError: the model names a column the table has not.
        HubError: the table is empty, a record has no id or comes twice, or a field has no value at all.
    """
    _check_columns(model, columns)
    record_id = f"t.{quoted(model.record_id)}::VARCHAR" if model.record_id else "(t.rowid + 1)::VARCHAR"
    made = {"record_id": record_id, **source_sql(model, columns)} | {
        name: sql
        for field_name, field in model.fields.items()
        for name, sql in prepared(field_name, field, _cells(con, rows, field), day_first=_is_day_first(con, rows, field)).items()
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    values = standardise_fields(con, model, rows)
    of_addresses = {name: _cells(con, rows, field)[0] for name, field in model.fields.items() if field.kind == "zh_address"}
    parts = " ".join(read_field(con, name, cell, rows) for name, cell in of_addresses.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE formed AS SELECT {selected} FROM {rows} t {values} {parts}")
    drop_standardised(con, model)
    rows_n = _check_rows(con, model)
    rarities = {name: of.of for name, of in model.comparisons.items() if has_rarity(of, model.fields[of.of])}
    usual = {field: _repeated(con, field) for field in dict.fromkeys(rarities.values())}
    bits = "".join(
        f", log2({usual[of]} / greatest(of_{of}.share, {model.rare_share}))::FLOAT AS rare_{name}" for name, of in rarities.items()
    )
    joins = " ".join(f"LEFT JOIN repeated_{field} of_{field} ON of_{field}.value = f.{field}" for field in usual)
    # numbered by themselves: a window over all columns would sort them all
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE prepared AS
        SELECT numbered.n, f.*{bits} FROM formed f {joins}
        JOIN (SELECT rowid AS place, (row_number() OVER (ORDER BY record_id) - 1)::INTEGER AS n FROM formed) numbered
        ON numbered.place = f.rowid"""
    )
    for table in ("formed", *(f"repeated_{field}" for field in usual)):
        con.execute(f"DROP TABLE {table}")
    if model.link_only:
        check_sources(con)
    return rows_n


def _repeated(con: duckdb.DuckDBPyConnection, field: str) -> float:
    """Temp `repeated_<field>(value, share)` of the values several rows of temp `formed` have, for only these can agree. Answers the share
    that is usual among pairs that agree by chance."""
    rows_n = count(con, f"SELECT count({field}) FROM formed")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE repeated_{field} AS
        SELECT {field} AS value, count(*) / {rows_n or 1} AS share FROM formed WHERE {field} IS NOT NULL GROUP BY ALL HAVING count(*) > 1"""
    )
    squares, shares = con.execute(f"SELECT coalesce(sum(share * share), 0), coalesce(sum(share), 0) FROM repeated_{field}").fetchall()[0]
    return float(squares + (1 - shares) / (rows_n or 1))


def _check_columns(model: TableModel, columns: list[str]) -> None:
    named = {column: f"field {name!r}" for name, field in model.fields.items() for column in field.columns}
    if model.record_id:
        named[model.record_id] = "record_id"
    for column, user in named.items():
        if column not in columns:
            has = ", ".join(of for of in columns if of != FILE)
            raise UsageError(f"{user} of the model is in column {column!r}, which the table has not", mend=f"It has {has}")


def _check_rows(con: duckdb.DuckDBPyConnection, model: TableModel) -> int:
    """Answer how many rows there are."""
    rows_n = count(con, "SELECT count(*) FROM formed")
    if not rows_n:
        raise HubError("the table has no rows")
    named = "SELECT count(*) FILTER (record_id IS NULL), count(record_id) - count(DISTINCT record_id) FROM formed"
    nameless, repeated = con.execute(named).fetchall()[0]
    if nameless or repeated:
        raise HubError(
            f"{nameless:,} of {rows_n:,} rows have no {model.record_id!r} and {repeated:,} repeat one",
            mend="Give every row an id of its own, or leave `record_id` out of the model to have rows numbered",
        )
    for name, field in model.fields.items():
        if not count(con, f"SELECT count({shown(name, field)}) FROM formed"):
            raise HubError(
                f"field {name!r} has no value in any row", why=f"column {' and '.join(field.columns)} as a {field.kind}",
                mend="Leave it out of the model, or give it another kind",
            )  # fmt: skip
    return rows_n


def _cells(con: duckdb.DuckDBPyConnection, rows: str, field: TableField) -> tuple[str, ...]:
    """SQL of the raw columns of a field in the table called `t`."""
    columns = [f"t.{quoted(column)}" for column in field.columns]
    if field.kind == "date":
        return (date_cell(con, rows, f"{columns[0]}::VARCHAR"),)
    if field.kind == "list" and not field.separator:
        return tuple(columns)
    if field.kind in JOINED and len(columns) > 1:
        return (f"concat_ws(' ', {', '.join(columns)})",)
    return tuple(f"{column}::VARCHAR" for column in columns)


def _is_day_first(con: duckdb.DuckDBPyConnection, rows: str, field: TableField) -> bool:
    """Whether dates with the year last begin with the day: more of them begin with a number above 12 than have one in the middle."""
    if field.kind != "date":
        return False
    cell = _cells(con, rows, field)[0]
    parts = [f"try_cast(regexp_extract({cell}, '^(\\d{{1,2}})[-/.](\\d{{1,2}})[-/.]\\d{{4}}$', {n}) AS INT)" for n in (1, 2)]
    return bool(count(con, f"SELECT (count(*) FILTER ({parts[0]} > 12) > count(*) FILTER ({parts[1]} > 12))::INT FROM {rows} t"))
