"""Puts what was derived in the place of what was there, and marks what differs.

All anew: the tables are emptied and filled. A delta derives the mentions it touches beside the table and replaces only those that came
out otherwise, so an order's new status neither rewrites its people nor sends them through matching again.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from pipelines.stage import mark, mark_all
from pipelines.standardise.facts import insert_facts
from pipelines.standardise.headers import FACTS
from pipelines.standardise.identifiers import insert_identifiers
from pipelines.standardise.mentions import insert_mentions
from pipelines.standardise.roles import Role
from pipelines.warehouse import count
from schemas.tables import std

_COLUMNS = ", ".join(std.MENTIONS.column_names)


def replace_all(con: duckdb.DuckDBPyConnection, roles: list[Role], kinds: Collection[str], entities: Collection[str], seq: int) -> int:
    """Derive every mention and fact anew; mark all that there are and were. Answers how many mentions."""
    for table in std.TABLES:
        con.execute(f"TRUNCATE {table.name}")
    con.execute("CREATE OR REPLACE TEMP VIEW mentions_made AS SELECT record_id, role FROM std.mentions")
    insert_mentions(con, roles, kinds, "std.mentions")
    insert_identifiers(con, roles, kinds, "std.mentions", "std.identifiers")
    insert_facts(con, entities)
    for entity in ("mentions", *(fact.entity for fact in FACTS)):
        mark_all(con, "std", entity, seq)
    con.execute("DROP VIEW mentions_made")
    return count(con, "SELECT count(*) FROM std.mentions")


def replace_touched(con: duckdb.DuckDBPyConnection, roles: list[Role], kinds: Collection[str], entities: Collection[str], seq: int) -> int:
    """Derive the mentions and facts anew that the gathered changes concern. Answers how many mentions came out otherwise."""
    con.execute("CREATE OR REPLACE TEMP TABLE fresh_mentions AS SELECT * FROM std.mentions LIMIT 0")
    con.execute("CREATE OR REPLACE TEMP TABLE fresh_identifiers AS SELECT * FROM std.identifiers LIMIT 0")
    con.execute("CREATE OR REPLACE TEMP VIEW mentions_made AS SELECT record_id, role FROM fresh_mentions")
    insert_mentions(con, roles, kinds, "fresh_mentions")
    insert_identifiers(con, roles, kinds, "fresh_mentions", "fresh_identifiers")
    _compare(con)
    for noun in ("mentions", "identifiers"):
        con.execute(f"DELETE FROM std.{noun} WHERE record_id IN (SELECT record_id FROM differing)")
        con.execute(f"INSERT INTO std.{noun} SELECT * FROM fresh_{noun} SEMI JOIN differing USING (record_id)")
    mark(con, "std", "mentions", "SELECT record_id FROM differing", seq)
    changed_n = count(con, "SELECT count(*) FROM differing")
    _remove_facts(con)
    insert_facts(con, entities)
    for fact in FACTS:
        mark(con, "std", fact.entity, f"SELECT fact_id FROM affected_{fact.entity}", seq)
    con.execute("DROP VIEW mentions_made; DROP TABLE fresh_mentions; DROP TABLE fresh_identifiers")
    con.execute("DROP TABLE differing; DROP TABLE touched")
    return changed_n


def _compare(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `touched(record_id)`: the mentions that may have changed; `differing(record_id)`: those that came, went or differ."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE touched AS
        SELECT key AS record_id FROM pending_customers UNION SELECT key FROM pending_members
        UNION SELECT key FROM pending_tickets UNION SELECT key FROM pending_interactions
        UNION SELECT fact_id || '#buyer' FROM affected_orders UNION SELECT fact_id || '#recipient' FROM affected_orders
        UNION SELECT fact_id || '#recipient' FROM affected_shipments
        UNION SELECT row_id FROM rows_tickets UNION SELECT row_id FROM rows_interactions"""
    )
    _digest(con, "std.mentions", "std.identifiers", "digests_before")
    _digest(con, "fresh_mentions", "fresh_identifiers", "digests_after")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE differing AS
        SELECT record_id FROM digests_before b FULL JOIN digests_after a USING (record_id) WHERE a.digest IS DISTINCT FROM b.digest"""
    )
    con.execute("DROP TABLE digests_before; DROP TABLE digests_after")


def _digest(con: duckdb.DuckDBPyConnection, mentions: str, identifiers: str, into: str) -> None:
    """Temp `into(record_id, digest)`: every column of a touched mention with all its identifiers as one number.

    The few identifiers are taken out first: in one query DuckDB would join the two big tables before it looks for what is touched.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE identifier_sums AS
        SELECT record_id, sum(identifier) AS identifiers FROM (
            SELECT record_id, hash(kind, value, is_valid, is_masked, is_personal)::HUGEINT AS identifier
            FROM {identifiers} SEMI JOIN touched USING (record_id))
        GROUP BY record_id"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT record_id, digest + coalesce(identifiers, 0) AS digest
        FROM (SELECT record_id, hash({_COLUMNS})::HUGEINT AS digest FROM {mentions} SEMI JOIN touched USING (record_id))
        LEFT JOIN identifier_sums USING (record_id)"""
    )
    con.execute("DROP TABLE identifier_sums")


def _remove_facts(con: duckdb.DuckDBPyConnection) -> None:
    for fact in FACTS:
        con.execute(f"DELETE FROM std.{fact.entity} WHERE {fact.id} IN (SELECT fact_id FROM affected_{fact.entity})")
        con.execute(
            f"""DELETE FROM std.fact_rows WHERE entity = '{fact.entity}'
            AND (fact_id IN (SELECT fact_id FROM affected_{fact.entity}) OR row_id IN (SELECT key FROM pending_{fact.entity}))"""
        )
    con.execute("DELETE FROM std.order_lines WHERE order_id IN (SELECT fact_id FROM affected_orders)")
