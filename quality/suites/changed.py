"""Which rows a run can have written: found by the change markers of their layer, so that a small delta need not have all rows checked.

Only tables whose markers name every row that is written anew stand here, and only by a column of their key: two rows of one key are then
both marked or both not. Markers are kept until a run has ended well, so what a failed run left is checked again by the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.stage import EVERY_KEY
from schemas.tables import BY_NAME
from schemas.tables.raw import ENTITIES


@dataclass(frozen=True)
class Marked:
    """`column` of a table holds what `<layer>.changes` calls `key`, for the markers of `entity` (None: of any)."""

    layer: str
    entity: str | None
    column: str

    def condition(self, table: str) -> str:
        """SQL that holds for the rows of `table` that are marked; binds `parameters`."""
        kind = BY_NAME[table].column(self.column).type
        return f'"{self.column}" IN (SELECT CAST(key AS {kind}) FROM {self.layer}.changes WHERE {self.of_entity})'

    def markers(self, con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        """How many markers name a key, and how many all keys."""
        sql = f"SELECT count(*) FILTER (key <> ?), count(*) FILTER (key = ?) FROM {self.layer}.changes WHERE {self.of_entity}"
        named, unnamed = con.execute(sql, [EVERY_KEY, EVERY_KEY, *self.parameters]).fetchall()[0]
        return int(named), int(unnamed)

    @property
    def of_entity(self) -> str:
        return "entity = ?" if self.entity else "TRUE"

    @property
    def parameters(self) -> list[object]:
        return [self.entity] if self.entity else []


def _raw() -> dict[str, Marked]:
    of_entity = {t.name: Marked("raw", entity, "row_id") for entity, (header, parts) in ENTITIES.items() for t in (header, *parts.values())}
    return {**of_entity, "raw.rows": Marked("raw", None, "row_id")}


def _of(layer: str, entity: str, column: str, *nouns: str) -> dict[str, Marked]:
    return {f"{layer}.{noun}": Marked(layer, entity, column) for noun in nouns}


MARKED: dict[str, Marked] = {
    **_raw(),
    "std.fact_rows": Marked("raw", None, "row_id"),
    **_of("std", "mentions", "record_id", "mentions", "identifiers"),
    **_of("std", "orders", "order_id", "orders", "order_lines"),
    **_of("std", "returns", "return_id", "returns"),
    **_of("std", "shipments", "shipment_id", "shipments"),
    **_of("std", "tickets", "ticket_id", "tickets"),
    **_of("std", "interactions", "interaction_id", "interactions"),
    **_of("match", "nodes", "node_id", "nodes", "node_identifiers"),
    **_of("gold", "customers", "customer_id", "customers", "contacts", "addresses", "provenance", "candidates", "attributes"),
    **_of("gold", "customers", "customer_id", "preferences"),
    **_of("mart", "customers", "customer_id", "profiles", "lookups"),
}
