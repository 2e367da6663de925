"""`catalog.duckdb`: views over the files of a version, with the meaning of every table and column as comments.

The views name the files without a folder, so a version can be moved. DuckDB looks for such names in the caller's folder; one line
makes it look in the version: `SET file_search_path = '<folder of the version>'`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.publish.parquet import file_name
from pipelines.sql import literal
from pipelines.warehouse import transaction
from schemas.contract import Table
from schemas.publishing import PUBLISHED, published_columns

FILE = "catalog.duckdb"


def write_catalog(folder: Path) -> None:
    """Make `folder/catalog.duckdb`; the Parquet files must be there already."""
    con = duckdb.connect(str(folder / FILE), config={"threads": 1})
    try:
        con.execute("SET file_search_path = $folder", {"folder": str(folder.absolute())}).fetchall()
        with transaction(con):
            for layer in sorted({table.layer for table in PUBLISHED}):
                con.execute(f"CREATE SCHEMA {layer}").fetchall()
            for table in PUBLISHED:
                con.execute(f"CREATE VIEW {table.name} AS SELECT * FROM read_parquet('{file_name(table)}')").fetchall()
                _comment(con, table)
    finally:
        con.close()


def _comment(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    con.execute(f"COMMENT ON VIEW {table.name} IS {literal(table.doc)}").fetchall()
    for column in published_columns(table):
        text = column.source.doc if column.form == "as is" else f"{column.source.doc} Published as {column.form}."
        con.execute(f'COMMENT ON COLUMN {table.name}."{column.name}" IS {literal(text)}').fetchall()
