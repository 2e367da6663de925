"""Values of Chinese people and organisations as the standardise stage reads them: each distinct value once, then joined to its rows."""

from __future__ import annotations

import duckdb

from pipelines.match.kinds import CHINESE
from pipelines.sql import quoted
from pipelines.standardise.mentions import standardise_kind
from schemas.table_model import Kind, TableModel

_KIND_OF_VALUE: dict[Kind, str] = {
    "zh_name": "names", "phone": "phones", "id_number": "documents", "organisation": "organisations", "credit_code": "codes",
}  # fmt: skip


def standardise_fields(con: duckdb.DuckDBPyConnection, model: TableModel, rows: str) -> str:
    """Make temp `value_of_<field>` of each field of a Chinese kind; answer the SQL that joins them all to the table `rows` called `t`."""
    joins = []
    for name, field in model.fields.items():
        if field.kind in CHINESE:
            cell = f"t.{quoted(field.columns[0])}::VARCHAR"
            kind = _KIND_OF_VALUE[field.kind]
            also = "NULL::VARCHAR AS id_type_raw, " if kind == "documents" else ""
            distinct = f"SELECT DISTINCT {also}{cell} AS raw FROM {rows} t WHERE {cell} IS NOT NULL"
            con.execute(f"CREATE OR REPLACE TEMP TABLE raw_values AS {distinct}")
            standardise_kind(con, kind, "raw_values", f"value_of_{name}")
            first = f" AND value_of_{name}.n = 0" if kind == "phones" else ""
            joins.append(f"LEFT JOIN value_of_{name} ON value_of_{name}.raw = {cell}{first}")
    con.execute("DROP TABLE IF EXISTS raw_values")
    return " ".join(joins)


def drop_standardised(con: duckdb.DuckDBPyConnection, model: TableModel) -> None:
    """Drop what `standardise_fields` made."""
    for name, field in model.fields.items():
        if field.kind in CHINESE:
            con.execute(f"DROP TABLE value_of_{name}")
