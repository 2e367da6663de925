"""A small company in memory: state declared in Python, brought into the std, raw and cluster tables as the stages before golden would.

`sync` writes what changed since the last time and marks it, so the same world can be run step by step or all at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import duckdb

from pipelines.golden.stage import golden
from pipelines.profile.stage import profile
from pipelines.stage import Run, carry_out, mark
from pipelines.warehouse import open_warehouse
from schemas.survivorship import Survivorship

NOW = datetime(2026, 11, 1, 12)
DERIVED = (
    "gold.customers", "gold.contacts", "gold.addresses", "gold.provenance", "gold.candidates", "gold.attributes", "gold.preferences",
    "gold.crosswalk", "gold.organisations", "gold.organisation_values", "gold.organisation_members", "gold.relations", "gold.places",
    "mart.customer_values", "mart.customer_tags", "mart.organisation_values", "mart.orders", "mart.shipments", "mart.tickets",
    "mart.profiles", "mart.lookups", "mart.section_ages",
)  # fmt: skip
_KEYS = {
    "raw.customers": ("row_id",), "raw.members": ("row_id",), "raw.overrides": ("override_id",), "std.mentions": ("record_id",),
    "std.identifiers": ("record_id", "kind", "value"),
    "std.orders": ("order_id",), "std.returns": ("return_id",), "std.shipments": ("shipment_id",), "std.tickets": ("ticket_id",),
    "std.interactions": ("interaction_id",), "cluster.members": ("record_id",), "cluster.customers": ("customer_id",),
    "match.identifier_use": ("kind", "value"), "raw.golden_ids": ("row_id",),
}  # fmt: skip
_OWN_KINDS = {"phone_norm": "phone", "email_norm": "email", "account": "account", "openid": "openid", "unionid": "unionid", "uscc": "uscc"}
Row = dict[str, Any]


def day(n: float) -> datetime:
    """`n` days after the first of January 2026."""
    return datetime(2026, 1, 1) + timedelta(days=n)


class World:
    """What the sources say now (`tables`) and a warehouse that is brought up to date with it."""

    def __init__(self) -> None:
        self.con = open_warehouse(":memory:", memory="1GB", threads=1)
        self.tables: dict[str, dict[tuple[Any, ...], Row]] = {name: {} for name in _KEYS}
        self._written: dict[str, dict[tuple[Any, ...], Row]] = {name: {} for name in _KEYS}

    def put(self, table: str, **row: Any) -> None:
        self.tables[table][tuple(row[key] for key in _KEYS[table])] = row

    def drop(self, table: str, *key: Any) -> None:
        for found in [k for k in self.tables[table] if k[: len(key)] == key]:
            del self.tables[table][found]

    def mention(
        self, record_id: str, customer_id: str | None, *, role: str = "crm_customer", at: datetime | None = None, raw: Row | None = None,
        others: Iterable[tuple[str, str]] = (), **values: Any,
    ) -> None:  # fmt: skip
        """A record of `customer_id` with its identifiers; `raw`: what only the CRM or loyalty row says; `others`: further identifiers."""
        self.forget(record_id)
        source = record_id.split(":")[0]
        masked = "*" in (values.get("name") or "")
        base: Row = {"file_id": "f", "line_n": 1, "name_norm": values.get("name"), "name_is_masked": masked, "party_kind": "person"}
        row_id = record_id.split("#")[0]
        self.put("std.mentions", record_id=record_id, source=source, row_id=row_id, role=role, event_at=at, **{**base, **values})
        own = [(kind, values[column]) for column, kind in _OWN_KINDS.items() if values.get(column)]
        if values.get("id_number_norm"):
            own.append(("id_number", f"{values.get('id_type', 'resident')}:{values['id_number_norm']}"))
        for kind, value in [*own, *others]:
            masked = "*" in value
            personal = not masked and not (kind == "phone" and value[0] not in "1+0")
            self.put("std.identifiers", record_id=record_id, kind=kind, value=value, is_valid=True, is_masked=masked, is_personal=personal)
        if customer_id:
            self.put("cluster.members", record_id=record_id, customer_id=customer_id)
            self.put("cluster.customers", customer_id=customer_id, status="active", confidence=0.99)
        if role in ("crm_customer", "member"):
            table = "raw.customers" if role == "crm_customer" else "raw.members"
            self.put(table, row_id=row_id, source=source, file_id="f", line_n=1, **{"updated_at": at, **(raw or {})})

    def override(self, number: int, record_id: str, field: str, value: str, at: datetime = NOW) -> None:
        """What a steward entered."""
        self.put("raw.overrides", override_id=number, record_id=record_id, field=field, value=value, entered_at=at)

    def forget(self, record_id: str) -> None:
        for table in ("std.mentions", "std.identifiers", "cluster.members", "raw.customers", "raw.members"):
            self.drop(table, record_id)

    def former_id(self, row_id: str, golden_id: str, record_id: str) -> None:
        """Another system gave the record that id."""
        self.put("raw.golden_ids", row_id=row_id, source="mdm", file_id="f", line_n=1, golden_id=golden_id, record_ref=record_id)

    def order(
        self, order_id: str, buyer: str | None, recipient: str | None, at: datetime, amount: str,
        said: dict[str, Row] | None = None, **values: Any,
    ) -> None:  # fmt: skip
        """An order with the mentions `<order_id>#buyer` and `#recipient` of the customers named; `said`: their values by role."""
        for role, customer_id in (("buyer", buyer), ("recipient", recipient)):
            if customer_id:
                self.mention(f"{order_id}#{role}", customer_id, role=role, at=at, order_id=order_id, **(said or {}).get(role, {}))
        number = order_id.split(":")[1]
        known = {"order_no": number, "platform": "tmall", "shop": "旗舰店", "order_status": "completed", "line_n": 1, **values}
        self.put(
            "std.orders", order_id=order_id, source=order_id.split(":")[0], order_ref=order_id, ordered_at=at, amount_cny=amount,
            buyer_record_id=f"{order_id}#buyer", recipient_record_id=f"{order_id}#recipient", **known,
        )  # fmt: skip

    def sync(self, run: Run, shuffle: random.Random | None = None) -> None:
        """Write and mark what changed, as the stages up to cluster would."""
        carry_out(self.con, run, "cluster", lambda con, _run, seq: self._write(con, seq, shuffle))

    def _write(self, con: duckdb.DuckDBPyConnection, seq: int, shuffle: random.Random | None) -> dict[str, object]:
        for table, rows in self.tables.items():
            before = self._written[table]
            gone = [key for key in before if rows.get(key) != before[key]]
            come = [key for key in rows if rows[key] != before.get(key)]
            if shuffle:
                shuffle.shuffle(come)
            condition = " AND ".join(f"{key} = ?" for key in _KEYS[table])
            for key in gone:
                con.execute(f"DELETE FROM {table} WHERE {condition}", list(key))
            for key in come:
                row = rows[key]
                con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
            self._mark(con, table, [*gone, *come], before, seq)
            self._written[table] = {key: dict(row) for key, row in rows.items()}
        return {}

    def _mark(
        self, con: duckdb.DuckDBPyConnection, table: str, keys: list[tuple[Any, ...]], before: dict[tuple[Any, ...], Row], seq: int
    ) -> None:  # fmt: skip
        layer, noun = table.split(".")
        changed = {key[0] for key in keys}
        if table == "raw.overrides":
            changed = {side[key]["record_id"] for key in keys for side in (before, self.tables[table]) if key in side}
        if table == "cluster.members":
            changed = {side[key]["customer_id"] for key in keys for side in (before, self.tables[table]) if key in side}
        entity = {"identifiers": "mentions", "members": "customers"}.get(noun, noun) if layer in ("std", "cluster") else noun
        if not changed:
            return
        if table == "match.identifier_use":
            rows, values = ", ".join("(?, ?)" for _ in keys), [value for key in keys for value in key]
            con.execute(f"CREATE OR REPLACE TEMP TABLE world_keys AS FROM (VALUES {rows}) AS t(kind, value)", values)
            mark(con, layer, "identifiers", "SELECT hash(kind, value)::VARCHAR FROM world_keys", seq)
            return
        con.execute("CREATE OR REPLACE TEMP TABLE world_keys AS SELECT unnest(?::VARCHAR[]) AS key", [sorted(changed)])
        mark(con, layer, entity, "SELECT key FROM world_keys", seq)

    def run(self, *, full: bool = False, now: datetime = NOW, shuffle: random.Random | None = None, part_customers: int = 1000) -> Row:
        """Sync, golden, profile; answers the facts of profile."""
        self.run_golden(full=full, now=now, shuffle=shuffle, part_customers=part_customers)
        stage = partial(profile, part_customers=part_customers)
        return carry_out(self.con, Run("r", full=full, now=now), "profile", stage).facts

    def run_golden(
        self, *, full: bool = False, now: datetime = NOW, shuffle: random.Random | None = None, part_customers: int = 1000,
        policy: Survivorship | None = None,
    ) -> Row:  # fmt: skip
        """Sync, golden; answers the facts of golden."""
        run = Run("r", full=full, now=now)
        self.sync(run, shuffle)
        return carry_out(self.con, run, "golden", partial(golden, part_customers=part_customers, policy=policy)).facts

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()

    def row(self, table: str, **where: Any) -> Row:
        """The one row of `table` with these values."""
        cursor = self.con.execute(f"SELECT * FROM {table} WHERE {' AND '.join(f'{k} = ?' for k in where)}", list(where.values()))
        names = [column[0] for column in cursor.description or ()]
        (found,) = cursor.fetchall()
        return dict(zip(names, found, strict=True))

    def why(self, customer_id: str, field: str) -> tuple[str, str, int]:
        """Record, rule and number of values of a field."""
        row = self.row("gold.provenance", customer_id=customer_id, field=field)
        return row["record_id"], row["rule"], row["candidate_n"]

    def derived(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything golden and profile made, in a fixed order."""
        return {table: self.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in DERIVED}

    def changed(self, layer: str) -> set[str]:
        """Customers marked by the last run."""
        return {key for (key,) in self.rows(f"SELECT key FROM {layer}.changes WHERE seq = (SELECT max(seq) FROM {layer}.changes)")}

