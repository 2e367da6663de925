"""What a source once sent in clear stays known when the same row comes back masked (platforms mask orders once they are closed).

Only a mask that agrees with what was known is undone: a masked value that names somebody else replaces the old one.
"""

from __future__ import annotations

import duckdb

from pipelines.match.nodes import mask_agrees
from schemas.contract import Table

_CLASSES = ("name", "phone", "address")


def remember_clear(con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> None:
    """Temp `clear_before`: names, phones and addresses that `table` holds of the rows in `rows(row_id)`, before these are replaced."""
    columns = "".join(f", {name}" for name in _maskable(table))
    con.execute(f"CREATE OR REPLACE TEMP TABLE clear_before AS SELECT row_id{columns} FROM {table.name} SEMI JOIN {rows} USING (row_id)")


def restore_clear(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Put the clear values of `clear_before` back where `table` now holds a mask of them."""
    masked = {name: _is_mask_of(f"n.{name}", f"o.{name}", is_address=name.endswith("address")) for name in _maskable(table)}
    if masked:
        values = ", ".join(f"{name} = CASE WHEN {test} THEN o.{name} ELSE n.{name} END" for name, test in masked.items())
        some = " OR ".join(f"coalesce({test}, false)" for test in masked.values())
        con.execute(f"UPDATE {table.name} AS n SET {values} FROM clear_before AS o WHERE n.row_id = o.row_id AND ({some})")
    con.execute("DROP TABLE clear_before")


def _maskable(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.field_class in _CLASSES]


def _is_mask_of(new: str, old: str, *, is_address: bool) -> str:
    """An address is cut off where its mask begins; names and phones keep their length or their first character."""
    agrees = f"starts_with({old}, split_part({new}, '*', 1))" if is_address else f"({mask_agrees(new, old)})"
    return f"({new} LIKE '%*%' AND {old} NOT LIKE '%*%' AND {agrees})"
