"""The standardise stage: raw rows in; mentions, identifiers and facts out. A delta rebuilds only what changed rows concern."""

from __future__ import annotations

import duckdb

from pipelines.stage import Run, mark, take_in
from pipelines.standardise.facts import count_links, insert_facts
from pipelines.standardise.headers import FACTS, drop_changes, drop_gathered, find_changes, gather
from pipelines.standardise.identifiers import insert_identifiers
from pipelines.standardise.mentions import drop_values, insert_mentions, standardise_values
from pipelines.standardise.roles import ROLES
from pipelines.warehouse import count
from schemas.tables import std


def standardise(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
    """Bring `std.*` up to date with `raw.*` and mark what changed: mentions (record_id) and each kind of fact (its id).

    With `run.full`, or where nothing is standardised yet, everything is derived anew. The tables come out the same either way, in
    whatever order and batches the rows came. Facts: rows changed, counts, and per kind the distinct values that were not of the common
    form.
    """
    changed_n = find_changes(con)
    everything = run.full or _is_empty(con)
    facts: dict[str, object] = {"rows_changed": changed_n}
    if everything or changed_n:
        entities = gather(con, everything=everything)
        roles = [role for role in ROLES if role.entity in entities]
        _remember(con, everything=everything)
        _remove(con, everything=everything)
        facts["odd_values"] = odd = standardise_values(con, roles)
        insert_mentions(con, roles, odd)
        insert_identifiers(con, roles, odd, everything=everything)
        insert_facts(con, entities)
        drop_values(con)
        facts["mentions_changed"] = _mark(con, seq, everything=everything)
        drop_gathered(con)
    drop_changes(con)
    take_in(con, "standardise", "raw")
    for table in (std.MENTIONS, std.IDENTIFIERS, std.ORDERS, std.SHIPMENTS, std.TICKETS):
        facts[table.noun] = count(con, f"SELECT count(*) FROM {table.name}")
    return facts | count_links(con)


def _is_empty(con: duckdb.DuckDBPyConnection) -> bool:
    return not any(count(con, f"SELECT count(*) FROM {table.name}") for table in std.TABLES)


# every column of a mention with all its identifiers as one number, so that a mention that came out as before is not marked
_DIGESTS = """SELECT record_id, any_value(digest) + sum(coalesce(identifier, 0)::HUGEINT) AS digest FROM (
        SELECT record_id, hash({columns})::HUGEINT AS digest FROM std.mentions SEMI JOIN touched USING (record_id)) m
    LEFT JOIN (SELECT record_id, hash(kind, value, is_valid, is_masked, is_personal) AS identifier
        FROM std.identifiers SEMI JOIN touched USING (record_id)) i USING (record_id)
    GROUP BY record_id""".format(columns=", ".join(std.MENTIONS.column_names))


def _remember(con: duckdb.DuckDBPyConnection, *, everything: bool) -> None:
    """Temp `touched(record_id)`, the mentions that may change, and what they and the facts were before."""
    if everything:
        con.execute("CREATE OR REPLACE TEMP TABLE before AS SELECT record_id FROM std.mentions")
        for fact in FACTS:
            con.execute(f"CREATE OR REPLACE TEMP TABLE affected_{fact.entity} AS SELECT {fact.id} AS fact_id FROM std.{fact.entity}")
        return
    con.execute(
        """CREATE OR REPLACE TEMP TABLE touched AS
        SELECT key AS record_id FROM pending_customers UNION SELECT key FROM pending_members
        UNION SELECT key FROM pending_tickets UNION SELECT row_id FROM rows_tickets
        UNION SELECT key FROM pending_interactions UNION SELECT row_id FROM rows_interactions
        UNION SELECT fact_id || '#buyer' FROM affected_orders UNION SELECT fact_id || '#recipient' FROM affected_orders
        UNION SELECT fact_id || '#recipient' FROM affected_shipments"""
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE before AS {_DIGESTS}")


def _remove(con: duckdb.DuckDBPyConnection, *, everything: bool) -> None:
    """Take out what is to be derived anew."""
    if everything:
        for table in std.TABLES:
            con.execute(f"TRUNCATE {table.name}")
        return
    for table in (std.MENTIONS, std.IDENTIFIERS):
        con.execute(f"DELETE FROM {table.name} WHERE record_id IN (SELECT record_id FROM touched)")
    for fact in FACTS:
        con.execute(f"DELETE FROM std.{fact.entity} WHERE {fact.id} IN (SELECT fact_id FROM affected_{fact.entity})")
        con.execute(
            f"""DELETE FROM std.fact_rows WHERE entity = '{fact.entity}'
            AND (fact_id IN (SELECT fact_id FROM affected_{fact.entity}) OR row_id IN (SELECT key FROM pending_{fact.entity}))"""
        )
    con.execute("DELETE FROM std.order_lines WHERE order_id IN (SELECT fact_id FROM affected_orders)")


def _mark(con: duckdb.DuckDBPyConnection, seq: int, *, everything: bool) -> int:
    """Mark changed mentions and facts; answers how many mentions."""
    changed = "SELECT record_id FROM std.mentions UNION ALL SELECT record_id FROM before ANTI JOIN std.mentions USING (record_id)"
    if not everything:
        con.execute(f"CREATE OR REPLACE TEMP TABLE after AS {_DIGESTS}")
        changed = "SELECT record_id FROM before b FULL JOIN after a USING (record_id) WHERE a.digest IS DISTINCT FROM b.digest"
    mark(con, "std", "mentions", changed, seq)
    for fact in FACTS:
        now = f"UNION ALL SELECT {fact.id} FROM std.{fact.entity}" if everything else ""
        mark(con, "std", fact.entity, f"SELECT fact_id FROM affected_{fact.entity} {now}", seq)
    con.execute("DROP TABLE before; DROP TABLE IF EXISTS after; DROP TABLE IF EXISTS touched")
    return count(con, "SELECT count(*) FROM std.changes WHERE entity = 'mentions' AND seq = ?", [seq])
