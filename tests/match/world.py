"""A tiny world of mentions written straight into std.*, as the standardise stage would leave them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb

from pipelines.cluster.stage import cluster
from pipelines.match.stage import match
from pipelines.stage import Run, carry_out, mark
from schemas.tables import std

BASE = datetime(2026, 1, 1)


@dataclass(frozen=True)
class Mention:
    record_id: str
    name: str | None = None
    pinyin: str | None = None
    phone: str | None = None
    email: str | None = None
    id_number: str | None = None
    account: str | None = None
    birth_on: str | None = None
    gender: str | None = None
    district: str | None = None
    role: str = "crm_customer"
    order_id: str | None = None


def mention(record_id: str, **values: str) -> Mention:
    return replace(Mention(record_id), **values)


def put(con: duckdb.DuckDBPyConnection, mentions: Iterable[Mention], gone: Iterable[str] = ()) -> None:
    """Insert or replace mentions, remove those in `gone`, and mark all of them as changed, as one standardise stage."""
    rows, removed = list(mentions), list(gone)

    def stage(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
        keys = [m.record_id for m in rows] + removed
        for table in ("mentions", "identifiers"):
            con.execute(f"DELETE FROM std.{table} WHERE record_id IN (SELECT unnest(?::VARCHAR[]))", [keys])
        for m in rows:
            _insert(con, m)
        con.execute("DELETE FROM std.orders")  # an order's recipient is the least recipient mention that names it
        con.execute(
            """INSERT INTO std.orders (order_id, recipient_record_id)
            SELECT order_id, min(record_id) FROM std.mentions WHERE role = 'recipient' AND order_id IS NOT NULL GROUP BY order_id"""
        )
        con.execute("CREATE OR REPLACE TEMP TABLE keys_in AS SELECT unnest(?::VARCHAR[]) AS k", [keys])
        mark(con, "std", "mentions", "SELECT k FROM keys_in", seq)
        return {}

    carry_out(con, Run("test"), "standardise", stage)


def judge(con: duckdb.DuckDBPyConnection, *judgements: tuple[str, str, str]) -> None:
    """Make (record, record, verdict) the judgements in force, oldest first, as a run finds them."""
    con.execute("DELETE FROM raw.judgements")
    for number, (one, two, verdict) in enumerate(judgements, 1):
        con.execute("INSERT INTO raw.judgements VALUES (?, ?, ?, ?)", [*sorted((one, two)), verdict, number])


def merged(con: duckdb.DuckDBPyConnection, *merges: tuple[str, str]) -> None:
    """Make (surviving, merged) what the sources say they merged, oldest first, as the extract stage leaves it."""
    con.execute("DELETE FROM raw.merges")
    for number, (surviving, gone) in enumerate(merges, 1):
        con.execute(
            """INSERT INTO raw.merges (row_id, source, file_id, line_n, surviving_ref, merged_ref, merged_at)
            VALUES (?, 'crm_merges', 'f', ?, ?, ?, ?)""",
            [f"m:{number}", number, surviving, gone, BASE + timedelta(days=number)],
        )


def findings(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(row, finding) of match.merge_findings."""
    return set(con.execute("SELECT row_id, finding FROM match.merge_findings").fetchall())


def resolve(con: duckdb.DuckDBPyConnection, *, full: bool = False, day: int = 0) -> None:
    run = Run("test", full=full, now=BASE + timedelta(days=day))
    carry_out(con, run, "match", match)
    carry_out(con, run, "cluster", cluster)


def partition(con: duckdb.DuckDBPyConnection) -> set[frozenset[str]]:
    """The clustering without its ids."""
    groups: dict[str, set[str]] = {}
    for record, customer in con.execute("SELECT record_id, customer_id FROM cluster.members").fetchall():
        groups.setdefault(customer, set()).add(record)
    return {frozenset(group) for group in groups.values()}


def customer_of(con: duckdb.DuckDBPyConnection, record_id: str) -> str:
    row = con.execute("SELECT customer_id FROM cluster.members WHERE record_id = ?", [record_id]).fetchone()
    assert row is not None, f"{record_id} is of no customer"
    return str(row[0])


def together(con: duckdb.DuckDBPyConnection, *record_ids: str) -> bool:
    return len({customer_of(con, record_id) for record_id in record_ids}) == 1


def _insert(con: duckdb.DuckDBPyConnection, m: Mention) -> None:
    masked_name, masked_phone = "*" in (m.name or ""), "*" in (m.phone or "")
    values = dict.fromkeys(std.MENTIONS.column_names) | {
        "record_id": m.record_id, "source": m.record_id.split(":")[0], "row_id": m.record_id, "role": m.role, "party_kind": "person",
        "event_at": BASE, "name": m.name, "name_norm": m.name, "name_pinyin": None if masked_name else m.pinyin or m.name,
        "surname": (m.name or "")[:1] or None, "name_is_masked": masked_name if m.name else None, "gender": m.gender,
        "birth_on": m.birth_on,
        "phone_norm": m.phone, "phone_kind": ("masked" if masked_phone else "mobile") if m.phone else None, "email_norm": m.email,
        "account": m.account, "order_id": m.order_id, "province": "浙江" if m.district else None, "city": "杭州" if m.district else None,
        "district": m.district, "address_is_place": False,
    }  # fmt: skip
    con.execute(f"INSERT INTO std.mentions ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", list(values.values()))
    held = {"phone": m.phone, "email": m.email, "id_number": m.id_number, "account": m.account}
    for kind, value in held.items():
        if value:
            con.execute(
                "INSERT INTO std.identifiers VALUES (?, ?, ?, true, ?, ?)", [m.record_id, kind, value, "*" in value, "*" not in value]
            )
