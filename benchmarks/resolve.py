"""How long one new record takes to be resolved against a published home, in the process and without the warehouse.

`python -m benchmarks.resolve HOME KEYS` prints milliseconds; `benchmarks.pipeline` measures the homes it makes. The records are what CRM
rows say: each is as hard as a new one of the same person, and known to be right when it leads to that row's customer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from pipelines.publish.keyring import load_keyring
from pipelines.publish.serving_index import ServingIndex
from pipelines.resolve.resolve import Resolver
from pipelines.warehouse import open_warehouse
from schemas.new_record import NewRecord

_FIELDS = ("name", "phone", "phone_alt", "email", "gender", "birth_on", "id_type", "id_number", "province", "city", "district", "address")
_WARM_UP = 50


class Resolved(NamedTuple):
    """Milliseconds at the median and at the 99th percentile, and the share of records led to their customer."""

    p50_ms: float
    p99_ms: float
    right: float


def resolve_rows(home: Path, keys: Path, records: int = 1000) -> Resolved:
    """Resolve what some CRM rows say."""
    with open_warehouse(home / "warehouse.duckdb") as con:
        rows = con.execute(
            f"""SELECT {", ".join(_FIELDS)}, customer_id
            FROM raw.customers JOIN cluster.members ON record_id = row_id
            USING SAMPLE reservoir({records + _WARM_UP} ROWS) REPEATABLE (1)"""
        ).fetchall()
    resolver, index = Resolver(load_keyring(keys, stores=[home / "serving"])), ServingIndex.open(home / "serving")
    times, right = [], 0
    for *said, customer in rows:
        values = dict(zip(_FIELDS, said, strict=True))
        record = NewRecord(**values | {"gender": values["gender"] if values["gender"] in ("male", "female") else None})
        began = perf_counter()
        found = index.read(lambda snapshot, record=record: resolver.resolve(snapshot, record))
        times.append(perf_counter() - began)
        right += any(candidate.joins and candidate.customer_id == customer for candidate in found.candidates)
    times = sorted(times[_WARM_UP:])
    return Resolved(1e3 * times[len(times) // 2], 1e3 * times[len(times) * 99 // 100], right / len(rows))


if __name__ == "__main__":
    found = resolve_rows(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms, {100 * found.right:.1f} % led to their customer")
