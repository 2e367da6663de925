"""The profile stage: golden records and facts in, order statistics, documents and lookups out."""

from __future__ import annotations

import duckdb

from pipelines.profile.ages import add_birthdays, derive_section_ages
from pipelines.profile.document import PART_CUSTOMERS, derive_documents
from pipelines.profile.facts import derive_all, derive_changed, gather_references
from pipelines.profile.lookups import derive_lookups
from pipelines.profile.tags import derive_tags
from pipelines.profile.values import derive_values, pareto_facts
from pipelines.stage import Run, all_pending, mark, pending, take_in
from pipelines.warehouse import count
from schemas.preferences import load_preferences

_TEMPORARY = ("affected", "revalued", "retagged", "documents_changed", "lookups_changed", "returned", "as_of", "regrouped", "moved")
_CHANGING = ("orders", "shipments", "tickets", "returns", "interactions")


def profile(con: duckdb.DuckDBPyConnection, run: Run, seq: int, *, part_customers: int = PART_CUSTOMERS) -> dict[str, object]:
    """Bring mart.* up to date with gold.* and the facts of std.*, and mark the customers whose document or lookups changed.

    Values, tiers and section ages are derived for everybody each time, documents only for whom they would differ. The fact `today` is the
    day age bands were judged at; the next run reads it from meta.runs.
    """
    all_changed = all_pending(con, "profile", "std") or all_pending(con, "profile", "match")
    everything = run.full or all_changed or count(con, "SELECT count(*) FROM mart.profiles") == 0
    facts: dict[str, object] = {"today": run.now.date().isoformat()}
    con.execute("CREATE OR REPLACE TEMP TABLE profile_affected (customer_id VARCHAR)")
    gather_references(con, run.now)
    if everything:
        derive_all(con)
        con.execute("INSERT INTO profile_affected SELECT customer_id FROM gold.customers UNION SELECT customer_id FROM mart.profiles")
    else:
        facts |= _gather_changes(con)
        derive_changed(con)
        _add_concerned(con)
        add_birthdays(con, run)
    derive_values(con)
    con.execute("INSERT INTO profile_affected SELECT customer_id FROM profile_revalued")
    derive_tags(con, run, load_preferences())
    con.execute("INSERT INTO profile_affected SELECT customer_id FROM profile_retagged")
    derive_lookups(con, everything=everything)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_affected AS
        SELECT DISTINCT customer_id FROM profile_affected WHERE customer_id IS NOT NULL"""
    )
    facts["customers_affected"] = count(con, "SELECT count(*) FROM profile_affected")
    derive_documents(con, run, everything=everything, part_customers=part_customers)
    changed = "SELECT customer_id FROM profile_documents_changed UNION SELECT customer_id FROM profile_lookups_changed"
    facts["customers_changed"] = count(con, f"SELECT count(*) FROM ({changed})")
    mark(con, "mart", "customers", changed, seq)
    derive_section_ages(con)
    for table in _TEMPORARY:
        con.execute(f"DROP TABLE IF EXISTS profile_{table}")
    for noun in _CHANGING:
        con.execute(f"DROP TABLE IF EXISTS profile_changed_{noun}")
    for layer in ("gold", "match", "std", "raw"):
        take_in(con, "profile", layer)
    facts["profiles"] = count(con, "SELECT count(*) FROM mart.profiles")
    facts["lookups"] = count(con, "SELECT count(*) FROM mart.lookups")
    return facts | pareto_facts(con)


def _gather_changes(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Temp `profile_regrouped(customer_id)` and its mentions `profile_moved(record_id)`, and `profile_changed_<noun>(key)`; adds the
    regrouped to temp `profile_affected(customer_id)`. Answers how many changes there were."""
    found: dict[str, object] = {"golden_changed": pending(con, "profile", "gold", "customers", "profile_pending")}
    con.execute("CREATE OR REPLACE TEMP TABLE profile_regrouped AS SELECT key AS customer_id FROM profile_pending")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_moved AS
        SELECT record_id FROM cluster.members WHERE customer_id IN (SELECT customer_id FROM profile_regrouped)"""
    )
    con.execute("INSERT INTO profile_affected SELECT customer_id FROM profile_regrouped")
    con.execute("DROP TABLE profile_pending")
    for noun in _CHANGING:
        found[f"{noun}_changed"] = pending(con, "profile", "std", noun, f"profile_changed_{noun}")
    return found


def _add_concerned(con: duckdb.DuckDBPyConnection) -> None:
    """Add to temp `profile_affected` whom changed facts concern beyond the owners of rows in mart: returns and interactions, and orders
    quoted in shipments and tickets. A return that left an order shows in its customer's number of returns; an interaction that went took
    its caller's mention with it."""
    con.execute(
        """INSERT INTO profile_affected
        SELECT o.customer_id FROM mart.orders o JOIN std.returns r USING (order_id)
        WHERE r.return_id IN (SELECT key FROM profile_changed_returns)
        UNION
        SELECT m.customer_id FROM cluster.members m JOIN std.interactions i ON i.caller_record_id = m.record_id
        WHERE i.interaction_id IN (SELECT key FROM profile_changed_interactions)
        UNION SELECT customer_id FROM mart.shipments WHERE order_id IN (SELECT key FROM profile_changed_orders)
        UNION SELECT customer_id FROM mart.tickets WHERE order_id IN (SELECT key FROM profile_changed_orders)"""
    )
