"""What a run derives anew, and the one header of each order, return, shipment, ticket and interaction it concerns.

Several source rows may carry one fact (flat files repeat the header). Its header takes each column from the newest row that has it:
newest by updated_at, then by the version of the row, then by row_id.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.stage import pending
from pipelines.standardise.keys import key_sql, reference_sql
from pipelines.warehouse import count, one
from schemas.tables import raw


@dataclass(frozen=True)
class Fact:
    """A kind of fact: `std.<entity>`, its key column in `raw.<entity>`, its id column; whether rows carry updated_at and order_ref, and
    whether each row, not the fact, makes a mention (and so looks up its own order_ref)."""

    entity: str
    key: str
    id: str
    has_update_time: bool = True
    has_order_ref: bool = True
    is_named_by_row: bool = False


FACTS = (
    Fact("orders", "order_key", "order_id", has_order_ref=False),
    Fact("returns", "return_key", "return_id", has_update_time=False),
    Fact("shipments", "shipment_key", "shipment_id"),
    Fact("tickets", "ticket_key", "ticket_id", is_named_by_row=True),
    Fact("interactions", "interaction_key", "interaction_id", has_update_time=False, is_named_by_row=True),
)
PARTIES = ("customers", "members")
ENTITIES = (*PARTIES, *(fact.entity for fact in FACTS))
ORDER_REF = f"source || ':' || coalesce({key_sql('order_no')}, order_key)"


def find_changes(con: duckdb.DuckDBPyConnection) -> int:
    """Temp `pending_<entity>(key)` of the source rows that changed; answers how many."""
    return sum(pending(con, "standardise", "raw", entity, f"pending_{entity}") for entity in ENTITIES)


def gather(con: duckdb.DuckDBPyConnection, *, everything: bool) -> set[str]:
    """Make, for every entity, `rows_<entity>` (its source rows; facts with `fact_id`) and, for facts, `headers_<entity>`: all of them, or
    those that pending changes concern, with temp `affected_<entity>(fact_id)`. Also `links(order_ref, order_n, order_id)`.

    Answers the entities that have rows to derive anything from."""
    for entity in PARTIES:
        _gather_rows(con, entity, f"SELECT * FROM raw.{entity}", None if everything else f"row_id IN (SELECT key FROM pending_{entity})")
    orders, *others = FACTS
    if not everything:
        _find_affected(con, orders)
    _gather_headers(con, orders, everything=everything)
    if not everything:
        _find_moved_references(con)
    for fact in others:
        if not everything:
            _find_affected(con, fact)
        _gather_headers(con, fact, everything=everything)
    present = {entity for entity in ENTITIES if one(con, f"SELECT 1 FROM rows_{entity} LIMIT 1")}
    _link(con, [fact for fact in others if fact.entity in present], everything=everything)
    return present


def drop_gathered(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `gather` made."""
    for fact in FACTS:
        con.execute(f"DROP VIEW headers_{fact.entity}; DROP TABLE IF EXISTS merged_{fact.entity}; DROP TABLE repeated_{fact.entity}")
        con.execute(f"DROP TABLE strays_{fact.entity}")
        con.execute(f"DROP TABLE IF EXISTS affected_{fact.entity}")
    for entity in ENTITIES:
        con.execute(f"DROP VIEW rows_{entity}; DROP TABLE IF EXISTS chosen_{entity}; DROP TABLE untimed_{entity}")
    con.execute("DROP TABLE links; DROP TABLE IF EXISTS moved_references")


def drop_changes(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `find_changes` made."""
    for entity in ENTITIES:
        con.execute(f"DROP TABLE IF EXISTS pending_{entity}")


def _gather_rows(con: duckdb.DuckDBPyConnection, entity: str, select: str, only: str | None) -> None:
    """`rows_<entity>`: a view over the raw table, or over a temp table of the few rows a delta needs (one scan, then many reads)."""
    if only:
        con.execute(f"CREATE OR REPLACE TEMP TABLE chosen_{entity} AS SELECT * FROM ({select}) WHERE {only}")
        select = f"SELECT * FROM chosen_{entity}"
    con.execute(f"CREATE OR REPLACE TEMP VIEW rows_{entity} AS {select}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE untimed_{entity} AS
        SELECT row_id, version_at
        FROM raw.rows SEMI JOIN (SELECT row_id FROM rows_{entity} WHERE {_TIMES[entity]} IS NULL) USING (row_id)"""
    )


# when a source knew what a row says: an order's name and address are those of the day it was placed, whatever its status does later
_TIMES = {
    "customers": "coalesce(updated_at, created_at)",
    "members": "coalesce(updated_at, joined_at)",
    "orders": "coalesce(ordered_at, paid_at, updated_at)",
    "returns": "returned_at",
    "shipments": "coalesce(shipped_at, delivered_at, updated_at)",
    "tickets": "coalesce(created_at, updated_at)",
    "interactions": "happened_at",
}


def event_at(entity: str) -> str:
    """SQL over a row of `rows_` or `headers_<entity>` joined to `untimed_<entity>` as `u`."""
    return f"coalesce({_TIMES[entity]}, u.version_at)"


def _find_affected(con: duckdb.DuckDBPyConnection, fact: Fact) -> None:
    """Temp `affected_<entity>(fact_id)`: the facts that changed rows belong to now, belonged to before, or are named like; and those
    that name an order number whose order came or went."""
    changed = f"SELECT key FROM pending_{fact.entity}"
    by_reference = ""
    if fact.is_named_by_row:
        by_reference = f"""UNION SELECT source || ':' || {fact.key} FROM raw.{fact.entity}
            WHERE order_ref IS NOT NULL AND {reference_sql('order_ref')} IN (SELECT order_ref FROM moved_references)"""
    elif fact.has_order_ref:
        by_reference = f"UNION SELECT {fact.id} FROM std.{fact.entity} WHERE order_ref IN (SELECT order_ref FROM moved_references)"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE affected_{fact.entity} AS
        SELECT source || ':' || {fact.key} AS fact_id FROM raw.{fact.entity} WHERE row_id IN ({changed})
        UNION SELECT fact_id FROM std.fact_rows WHERE entity = '{fact.entity}' AND row_id IN ({changed})
        UNION SELECT {fact.id} FROM std.{fact.entity} WHERE {fact.id} IN ({changed})
        {by_reference}"""
    )


def _gather_headers(con: duckdb.DuckDBPyConnection, fact: Fact, *, everything: bool) -> None:
    """`rows_<entity>`, `strays_<entity>(row_id, fact_id)` (rows not named like their fact), `headers_<entity>(fact_id, <raw columns>)`."""
    entity = fact.entity
    select = f"SELECT source || ':' || {fact.key} AS fact_id, * FROM raw.{entity}"
    _gather_rows(con, entity, select, None if everything else f"fact_id IN (SELECT fact_id FROM affected_{entity})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE strays_{entity} AS SELECT row_id, fact_id FROM rows_{entity} WHERE row_id <> fact_id")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE repeated_{entity} AS
        SELECT fact_id FROM rows_{entity} SEMI JOIN strays_{entity} USING (fact_id) GROUP BY fact_id HAVING count(*) > 1"""
    )
    if not count(con, f"SELECT count(*) FROM repeated_{entity}"):
        con.execute(f"CREATE OR REPLACE TEMP VIEW headers_{entity} AS SELECT * FROM rows_{entity}")
        return
    newest = ", ".join(f'arg_max("{name}", age) AS "{name}"' for name in raw.ENTITIES[entity][0].column_names)
    updated = "updated_at NULLS FIRST, " if fact.has_update_time else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE merged_{entity} AS
        SELECT fact_id, {newest} FROM (
            SELECT r.*, row_number() OVER (PARTITION BY fact_id ORDER BY {updated}v.version_at NULLS FIRST, r.row_id) AS age
            FROM rows_{entity} r SEMI JOIN repeated_{entity} USING (fact_id) LEFT JOIN raw.rows v USING (row_id))
        GROUP BY fact_id"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW headers_{entity} AS
        SELECT * FROM rows_{entity} ANTI JOIN repeated_{entity} USING (fact_id) UNION ALL SELECT * FROM merged_{entity}"""
    )


def _find_moved_references(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `moved_references(order_ref)`: order numbers that an order came to or went from."""
    before = "SELECT order_id, order_ref FROM std.orders WHERE order_id IN (SELECT fact_id FROM affected_orders)"
    after = f"SELECT fact_id, {ORDER_REF} FROM headers_orders"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE moved_references AS
        SELECT DISTINCT order_ref FROM (
            (({before}) EXCEPT ({after})) UNION ALL (({after}) EXCEPT ({before})))"""
    )


def _link(con: duckdb.DuckDBPyConnection, referring: list[Fact], *, everything: bool) -> None:
    """Temp `links`: how many orders go by a number that is referred to, and the one if it is one."""
    orders = f"SELECT fact_id AS order_id, {ORDER_REF} AS order_ref FROM headers_orders"
    if not everything:
        orders += " UNION ALL SELECT order_id, order_ref FROM std.orders WHERE order_id NOT IN (SELECT fact_id FROM affected_orders)"
    wanted = " UNION ALL ".join(
        f"SELECT {reference_sql('order_ref')} AS order_ref FROM rows_{fact.entity} WHERE order_ref IS NOT NULL" for fact in referring
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE links AS
        SELECT order_ref, count(*) AS order_n, CASE WHEN count(*) = 1 THEN min(order_id) END AS order_id
        FROM ({orders}) SEMI JOIN ({wanted or "SELECT NULL AS order_ref"}) USING (order_ref) GROUP BY order_ref"""
    )
