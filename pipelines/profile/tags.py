"""`mart.customer_tags`: tags and service needs that follow from a customer's data (`schemas/preferences.yaml`)."""

from __future__ import annotations

import duckdb

from pipelines.differing import write_differing
from pipelines.sql import literal
from pipelines.stage import Run
from schemas.preferences import Computed, Condition, Preferences
from schemas.tables import mart

_YEARS = "date_diff('year', birth_on, today) - ((month(today), day(today)) < (month(birth_on), day(birth_on)))::INT"
# Condition -> SQL over a customer's row; numbers of the declaration, never texts, stand in `{0}`.
_ASKS = {
    "age_from": f"{_YEARS} >= {{0}}",
    "age_below": f"{_YEARS} < {{0}}",
    "order_n_from": "order_n >= {0}",
    "order_n_below": "order_n < {0}",
    "net_cny_from": "net_cny >= {0}",
    "return_share_from": "return_n >= {0} * order_n AND order_n > 0",
    "idle_days_from": "recency_days >= {0}",
    "idle_days_below": "recency_days < {0}",
}


def derive_tags(con: duckdb.DuckDBPyConnection, run: Run, preferences: Preferences) -> None:
    """Bring mart.customer_tags up to date; temp `profile_retagged(customer_id)`: whose tags differ from before. They hold as of the
    day of the run."""
    selects = [_holders(computed) for computed in preferences.computed] or [f"SELECT {_COLUMNS} FROM mart.customer_tags LIMIT 0"]
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE profile_tags AS
        WITH people AS (
            SELECT g.customer_id, g.birth_on, v.* EXCLUDE (customer_id), $today::DATE AS today
            FROM gold.customers g LEFT JOIN mart.customer_values v USING (customer_id)),
        tagged AS ({" UNION ALL ".join(selects)})
        FROM tagged""",
        {"today": run.now.date()},
    )
    write_differing(con, mart.CUSTOMER_TAGS, "profile_tags")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_retagged AS
        SELECT DISTINCT customer_id FROM profile_tags_differing"""
    )
    con.execute("DROP TABLE profile_tags; DROP TABLE profile_tags_differing")


_COLUMNS = "customer_id, kind, value, purpose"


def _holders(computed: Computed) -> str:
    kind, value, purpose = (literal(text) for text in (computed.kind, computed.value, computed.purpose))
    return f"SELECT customer_id, {kind} AS kind, {value} AS value, {purpose} AS purpose FROM people WHERE {_where(computed.when)}"


def _where(when: Condition) -> str:
    asked = when.model_dump(exclude_none=True)
    tiers = asked.pop("tier", None)
    parts = [f"({_ASKS[name].format(repr(float(limit)))})" for name, limit in asked.items()]
    if tiers:
        parts.append(f"tier IN ({', '.join(literal(tier) for tier in tiers)})")
    return " AND ".join(parts)
