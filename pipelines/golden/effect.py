"""What another survivorship policy would do to the golden values there are, before it is adopted."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.golden.scope import PART_CUSTOMERS, find_affected
from pipelines.golden.stage import decide_customers
from pipelines.golden.why import SHOWN
from pipelines.profile.masking import install_masks
from pipelines.warehouse import count
from schemas.survivorship import Survivorship

SAMPLES = 3


@dataclass(frozen=True)
class Effect:
    """What would become of one field: of how many customers it would change, and the first of them as (customer, before, after), masked."""

    field: str
    changed_n: int
    samples: tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True)
class Effects:
    """Over all fields; `customers_changed`: how many of `customers` would differ in any."""

    customers: int
    customers_changed: int
    fields: tuple[Effect, ...]


def preview_effect(con: duckdb.DuckDBPyConnection, policy: Survivorship, *, samples: int = SAMPLES) -> Effects:
    """Decide every customer by `policy`, compare, and take everything back. Call it between two runs."""
    install_masks(con)
    con.execute("BEGIN")
    try:
        con.execute("CREATE OR REPLACE TEMP TABLE stood AS FROM gold.customers")
        customers = find_affected(con, everything=True)
        decide_customers(con, policy, True, max(1, -(-customers // PART_CUSTOMERS)))
        differs = {field: f"s.{column} IS DISTINCT FROM g.{column}" for field, (column, _) in SHOWN.items()}
        counts = ", ".join(f"count(*) FILTER ({differ})" for differ in differs.values())
        both = "stood s JOIN gold.customers g USING (customer_id)"
        found = con.execute(f"SELECT {counts} FROM {both}").fetchall()[0]
        effects = [
            Effect(field, changed, _samples(con, both, field, differs[field], samples))
            for field, changed in zip(differs, found, strict=True)
            if changed
        ]
        changed = count(con, f"SELECT count(*) FROM {both} WHERE {' OR '.join(f'({differ})' for differ in differs.values())}")
        return Effects(count(con, "SELECT count(*) FROM gold.customers"), changed, tuple(effects))
    finally:
        con.execute("ROLLBACK")


def _samples(
    con: duckdb.DuckDBPyConnection, both: str, field: str, differs: str, limit: int
) -> tuple[tuple[str, str | None, str | None], ...]:
    column, mask = SHOWN[field]
    sides = []
    for side in "sg":
        value = f"{side}.{column}::VARCHAR"
        if field == "address":
            value = f"concat_ws(' ', {side}.province, {side}.city, {side}.district)"
        sides.append(mask.format(f"({value})"))
    rows = con.execute(f"SELECT customer_id, {sides[0]}, {sides[1]} FROM {both} WHERE {differs} ORDER BY customer_id LIMIT ?", [limit])
    return tuple((row[0], row[1], row[2]) for row in rows.fetchall())
