"""A small derived warehouse, changes to it, and ways to look at what was published of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb
import lmdb

from pipelines.publish.keyring import Key, Keyring
from pipelines.publish.pointer import read_pointer
from pipelines.publish.serving_index import DATABASES
from pipelines.publish.stage import publish
from pipelines.publish.version import Edition
from pipelines.stage import Run, mark
from pipelines.warehouse import count, open_warehouse, transaction
from schemas.contract import TEXTS, Column, Table
from schemas.publishing import PUBLISHED, form_of

KEYS = Keyring(Key("k1", b"t" * 32), Key("k1", b"f" * 32), Key("k1", b"a" * 32))
OTHER_KEYS = Keyring(Key("k1", b"T" * 32), Key("k1", b"f" * 32), Key("k1", b"a" * 32))
MADE_AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def customer(n: int) -> str:
    return f"c{n:015d}"


def edition(version: str = "v1") -> Edition:
    return Edition(version, "run-1", MADE_AT)


@dataclass(frozen=True)
class Gone:
    """A customer without a profile any more; `into`: whom they were merged into."""

    into: int | None = None


def new_world(people: int, path: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A warehouse with `people` customers, all marked as changed."""
    con = open_warehouse(path, memory="1GB", threads=2)
    con.execute("INSERT INTO mart.section_ages VALUES ('orders', '2026-11-20 23:10:00', '2026-11-21 01:30:00')")
    change(con, dict.fromkeys(range(people), 0))
    return con


def change(con: duckdb.DuckDBPyConnection, states: dict[int, int | Gone]) -> None:
    """Bring customers to a state, as of one stage transaction: an edit number (everything about them depends on it), or gone."""
    with transaction(con):
        seq = count(con, "SELECT coalesce(max(seq), 0) + 1 FROM meta.runs")
        con.execute("INSERT INTO meta.runs (seq, run_id, stage) VALUES (?, 'r', 'profile')", [seq])
        con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT unnest(?::VARCHAR[]) AS key", [[customer(n) for n in states]])
        for table in ("mart.profiles", "mart.lookups", "cluster.customers", "gold.customers", "gold.contacts", "mart.shipments"):
            con.execute(f"DELETE FROM {table} WHERE customer_id IN (SELECT key FROM touched)")
        _put(con, {n: state for n, state in states.items() if isinstance(state, int)})
        for n, state in states.items():
            if isinstance(state, Gone):
                _retire(con, n, state)
        for layer in ("cluster", "gold", "mart"):
            mark(con, layer, "customers", "SELECT key FROM touched", seq)


def change_at_random(con: duckdb.DuckDBPyConnection, rng: Random, people: int, changes: int) -> None:
    """Customers new, edited, gone, merged or brought back."""
    states: dict[int, int | Gone] = {}
    for _ in range(changes):
        n = rng.randrange(people)
        states[n] = rng.choice([rng.randrange(1, 1000), rng.randrange(1, 1000), Gone(), Gone(rng.randrange(people))])
    change(con, states)


def _put(con: duckdb.DuckDBPyConnection, edits: dict[int, int]) -> None:
    documents, lookups, customers, contacts, shipments = [], [], [], [], []
    for n, edit in edits.items():
        me, phone = customer(n), f"138{edit:04d}{n:04d}"
        document = {"customer_id": me, "name": "张**", "edit": edit, "note": "说明" * (n % 7) * 200}
        documents.append((me, json.dumps(document, ensure_ascii=False), edit))
        # one phone of their own, one shared by many, and as many orders as the edit says
        lookups += [("phone", phone, me), ("phone", f"shared-{n % 3}", me), *(("order", f"{n}-{k}", me) for k in range(edit % 4))]
        customers.append((me, f"人{n}", phone, f"{1930 + n % 80}-05-06", "杭州"))
        contacts.append((me, "phone", phone, 1))
        shipments.append((f"s{n}", me, [f"SF{n}", f"YT{edit}"]))
    _insert(con, "mart.profiles (customer_id, document, document_hash)", documents)
    _insert(con, "mart.lookups (kind, value, customer_id)", lookups)
    _insert(con, "cluster.customers (customer_id, status)", [(customer(n), "active") for n in edits])
    _insert(con, "gold.customers (customer_id, name, phone, birth_on, city)", customers)
    _insert(con, "gold.contacts (customer_id, kind, value, rank)", contacts)
    _insert(con, "mart.shipments (shipment_id, customer_id, waybills)", shipments)


def _insert(con: duckdb.DuckDBPyConnection, target: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f"INSERT INTO {target} SELECT {', '.join('unnest(?)' for _ in columns)}", columns)


def _retire(con: duckdb.DuckDBPyConnection, n: int, gone: Gone) -> None:
    status, target = ("gone", None) if gone.into is None else ("merged", customer(gone.into))
    con.execute("INSERT INTO cluster.customers (customer_id, status, merged_into) VALUES (?, ?, ?)", [customer(n), status, target])


def publish_into(
    home: Path, con: duckdb.DuckDBPyConnection, *, full: bool = False, keep: int = 3, keys: Keyring = KEYS
) -> dict[str, object]:
    return publish(
        con, Run("run-0001", full=full), published=home / "published", serving=home / "serving", keyring=keys, keep_versions=keep
    )


def changed_table(con: duckdb.DuckDBPyConnection, ids: list[str]) -> str:
    con.execute("CREATE OR REPLACE TEMP TABLE changed AS SELECT unnest(?::VARCHAR[]) AS key", [ids])
    return "changed"


def dump(folder: Path) -> dict[str, list[tuple[bytes, bytes]]]:
    """Every entry of an environment, `meta` left out (it holds the version)."""
    env = lmdb.open(str(folder), readonly=True, max_dbs=len(DATABASES), map_size=1 << 32)
    try:
        dbs = {name: env.open_db(name.encode(), create=False) for name in DATABASES}
        with env.begin() as txn:
            return {name: list(txn.cursor(db)) for name, db in dbs.items() if name != "meta"}
    finally:
        env.close()


def serving_folder(home: Path) -> Path:
    pointer = read_pointer(home / "serving")
    assert pointer is not None
    return home / "serving" / str(pointer["folder"])


def read_parquet(folder: Path, table: Table) -> list[tuple[object, ...]]:
    """All rows of a published file, sorted."""
    rows = duckdb.execute("SELECT * FROM read_parquet($path) ORDER BY ALL", {"path": str(folder / f"{table.name}.parquet")}).fetchall()
    return list(rows)


def plant_canaries(con: duckdb.DuckDBPyConnection) -> list[str]:
    """One row in every published table with an own secret value in every personal text column; answers the secrets."""
    secrets: list[str] = []
    for table in PUBLISHED:
        values = [_planted(table, column, secrets) for column in table.columns]
        con.execute(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(values))})", values)
    return secrets


def _planted(table: Table, column: Column, secrets: list[str]) -> object:
    if column.type not in ("VARCHAR", TEXTS):
        return {"DATE": "1987-06-05", "TIMESTAMP": "2026-01-02 03:04:05", "BOOLEAN": True}.get(column.type, 1)
    if form_of(table, column) == "as is":
        return ["public"] if column.type == TEXTS else "public"
    secrets.append(f"canary-{table.name}-{column.name}")
    return [secrets[-1]] if column.type == TEXTS else secrets[-1]
