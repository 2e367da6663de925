"""Tables that are derived whole each time, and written only where they differ: a small change then costs no rewriting."""

from __future__ import annotations

import duckdb

from pipelines.warehouse import count
from schemas.contract import Table


def write_differing(con: duckdb.DuckDBPyConnection, table: Table, now: str) -> int:
    """Make `table` hold what the temp table `now` holds (its columns by name; keys unique); answers how many rows went or came.

    Temp `<now>_differing` has the rows that went and those that came.
    """
    columns = ", ".join(table.column_names)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {now}_differing AS
        SELECT true AS went, * FROM (SELECT {columns} FROM {table.name} EXCEPT SELECT {columns} FROM {now})
        UNION ALL
        SELECT false, * FROM (SELECT {columns} FROM {now} EXCEPT SELECT {columns} FROM {table.name})"""
    )
    differing = count(con, f"SELECT count(*) FROM {now}_differing")
    if differing:
        key = ", ".join(table.key)
        con.execute(f"DELETE FROM {table.name} WHERE ({key}) IN (SELECT ({key}) FROM {now}_differing WHERE went)")
        con.execute(f"INSERT INTO {table.name} BY NAME SELECT {columns} FROM {now}_differing WHERE NOT went")
    return differing
