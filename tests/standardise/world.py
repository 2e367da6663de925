"""A warehouse in memory whose raw layer tests fill row by row, as the extract stage would."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

from pipelines.stage import EVERY_KEY, Run, carry_out, mark
from pipelines.standardise.headers import FACTS
from pipelines.standardise.stage import standardise
from pipelines.warehouse import open_warehouse
from schemas.tables import std
from schemas.tables.raw import ENTITIES

LATER = datetime(2026, 1, 2, 3, 4, 5)
KEYS = {
    "customers": "customer_key",
    "members": "member_no",
    "orders": "order_key",
    "returns": "return_key",
    "shipments": "shipment_key",
    "tickets": "ticket_key",
    "interactions": "interaction_key",
}
SOURCES = {
    "customers": "crm",
    "members": "club",
    "orders": "tmall",
    "returns": "back",
    "shipments": "wms",
    "tickets": "desk",
    "interactions": "calls",
}


class World:
    """`put` and `drop` rows of an entity, `run` the stage, look at a std table with `rows` or `one`."""

    def __init__(self) -> None:
        self.con: duckdb.DuckDBPyConnection = open_warehouse(":memory:", memory="1GB", threads=1)
        self.seq = 0

    def put(self, entity: str, key: str, *, row_key: str | None = None, version: datetime = LATER, **values: Any) -> str:
        """One source row; a list of dicts under a part's name (lines, parcels, events, messages) becomes its nested rows."""
        header, parts = ENTITIES[entity]
        source = SOURCES[entity]
        row_id = f"{source}:{row_key or key}"
        self._erase(entity, row_id)
        own = {KEYS[entity]: key, "order_no": key} if entity == "orders" else {KEYS[entity]: key}
        for name, items in {part: values.pop(part, []) for part in parts}.items():
            for n, item in enumerate(items):
                self._insert(parts[name].name, {"row_id": row_id, "source": source, "item_n": n, KEYS[entity]: key, **item})
        self._insert(header.name, {"row_id": row_id, "source": source, **own, **values})
        self._insert("raw.rows", {"row_id": row_id, "source": source, "entity": entity, "version_at": version})
        self._mark(entity, row_id)
        return row_id

    def drop(self, entity: str, row_key: str) -> None:
        """The source no longer holds the row."""
        row_id = f"{SOURCES[entity]}:{row_key}"
        self._erase(entity, row_id)
        self._mark(entity, row_id)

    def run(self, *, full: bool = False) -> dict[str, object]:
        self.seq += 1
        return carry_out(self.con, Run("test", full=full), "standardise", standardise).facts

    def rows(self, noun: str, where: str = "true") -> list[dict[str, Any]]:
        table = next(t for t in std.TABLES if t.noun == noun)
        found = self.con.execute(f"SELECT * FROM {table.name} WHERE {where} ORDER BY ALL").fetchall()
        return [dict(zip(table.column_names, row, strict=True)) for row in found]

    def one(self, noun: str, where: str = "true") -> dict[str, Any]:
        (row,) = self.rows(noun, where)
        return row

    def mention(self, record_id: str) -> dict[str, Any]:
        return self.one("mentions", f"record_id = '{record_id}'")

    def identifiers(self, record_id: str, kind: str) -> dict[str, tuple[bool, bool, bool]]:
        """value -> (is_valid, is_masked, is_personal)."""
        rows = self.rows("identifiers", f"record_id = '{record_id}' AND kind = '{kind}'")
        return {row["value"]: (row["is_valid"], row["is_masked"], row["is_personal"]) for row in rows}

    def marked(self, entity: str) -> set[str]:
        """Keys marked by the last run; all there are, where it marked everything."""
        rows = self.con.execute(
            "SELECT key FROM std.changes WHERE entity = ? AND seq = (SELECT max(seq) FROM meta.runs WHERE stage = 'standardise')", [entity]
        ).fetchall()
        if (EVERY_KEY,) in rows:
            key_of = {"mentions": "record_id", **{fact.entity: fact.id for fact in FACTS}}[entity]
            return {row[key_of] for row in self.rows(entity)}
        return {key for (key,) in rows}

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return {table.noun: self.rows(table.noun) for table in std.TABLES}

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        filled = {"file_id": "f", "line_n": 1, "row_hash": "h"} if table == "raw.rows" else {"file_id": "f", "line_n": 1}
        filled |= values
        self.con.execute(f"INSERT INTO {table} ({', '.join(filled)}) VALUES ({', '.join('?' for _ in filled)})", list(filled.values()))

    def _erase(self, entity: str, row_id: str) -> None:
        header, parts = ENTITIES[entity]
        for table in (header, *parts.values()):
            self.con.execute(f"DELETE FROM {table.name} WHERE row_id = ?", [row_id])
        self.con.execute("DELETE FROM raw.rows WHERE row_id = ?", [row_id])

    def _mark(self, entity: str, row_id: str) -> None:
        self.seq += 1
        seq = self.con.execute("SELECT coalesce(max(seq), 0) + 1 FROM meta.runs").fetchone()
        assert seq
        self.con.execute("INSERT INTO meta.runs VALUES (?, 'test', 'extract', NULL, NULL, NULL)", [seq[0]])
        mark(self.con, "raw", entity, f"SELECT '{row_id}'", seq[0])
