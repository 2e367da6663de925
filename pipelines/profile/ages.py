"""How old things are: `mart.section_ages`, and whose age band changed since the documents were last looked at."""

from __future__ import annotations

import duckdb

from pipelines.profile.masking import install_masks
from pipelines.stage import Run
from pipelines.warehouse import one

_NEWEST: dict[str, str] = {
    "customers": "SELECT max(event_at) FROM std.mentions WHERE role = 'crm_customer'",
    "members": "SELECT max(event_at) FROM std.mentions WHERE role = 'member'",
    "orders": "SELECT greatest((SELECT max(ordered_at) FROM std.orders), (SELECT max(returned_at) FROM std.returns))",
    "shipments": "SELECT greatest(max(shipped_at), max(delivered_at), max(last_event_at)) FROM std.shipments",
    "tickets": "SELECT greatest(max(created_at), max(resolved_at)) FROM std.tickets",
    "interactions": "SELECT max(happened_at) FROM std.interactions",
}


def derive_section_ages(con: duckdb.DuckDBPyConnection) -> None:
    """Write mart.section_ages: newest event, newest file read. Returns count with the orders."""
    con.execute("DELETE FROM mart.section_ages")
    for section, newest in _NEWEST.items():
        con.execute(
            f"""INSERT INTO mart.section_ages BY NAME
            SELECT $section AS section, ({newest}) AS as_of,
                   (SELECT max(loaded_at) FROM raw.files
                    WHERE outcome = 'loaded' AND (entity = $section OR $section = 'orders' AND entity = 'returns')) AS loaded_at""",
            {"section": section},
        )


def add_birthdays(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Add to temp `profile_affected` whose age band at `run.now` is not that at the last run (unknown: all with a birth date)."""
    install_masks(con)
    last = one(con, "SELECT max_by(facts ->> 'today', seq) FROM meta.runs WHERE stage = 'profile'")
    con.execute(
        """INSERT INTO profile_affected
        SELECT customer_id FROM gold.customers
        WHERE birth_on IS NOT NULL
          AND ($last IS NULL OR age_band(birth_on, $last::DATE) IS DISTINCT FROM age_band(birth_on, $today::DATE))""",
        {"last": last, "today": run.now.date()},
    )
