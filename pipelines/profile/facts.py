"""`mart.orders`, `mart.shipments`, `mart.tickets`: the facts with the customer they belong to, and whom a change of them concerns."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

IS_OPEN = "s.delivered_at IS NULL AND coalesce(s.ship_status, 'other') NOT IN ('delivered', 'returned', 'lost')"

_UNTIL = f"CASE WHEN {IS_OPEN} THEN a.as_of ELSE s.delivered_at END"


@dataclass(frozen=True)
class Fact:
    """One table of facts: how it is derived for the keys in temp `profile_due(key)`, which rows a change of members concerns, and whose
    documents show a row. `unstable` columns change daily and are not in documents."""

    noun: str
    key: str
    select: str
    due: str
    owners: str
    unstable: tuple[str, ...] = ()


# `profile_regrouped(customer_id)` are the customers whose members or values changed, `profile_moved(record_id)` their mentions.
ORDERS = Fact(
    "orders",
    "order_id",
    """SELECT o.order_id, coalesce(b.customer_id, r.customer_id) AS customer_id, r.customer_id AS recipient_customer_id, o.order_no,
              o.platform, o.shop, o.order_status, o.ordered_at, o.amount_cny, o.line_n,
              o.order_id IN (SELECT order_id FROM profile_returned) AS returned
       FROM {due} o
       LEFT JOIN cluster.members b ON b.record_id = o.buyer_record_id
       LEFT JOIN cluster.members r ON r.record_id = o.recipient_record_id""",
    """SELECT order_id FROM mart.orders
       WHERE customer_id IN (SELECT customer_id FROM profile_regrouped)
          OR recipient_customer_id IN (SELECT customer_id FROM profile_regrouped)
          OR returned <> (order_id IN (SELECT order_id FROM profile_returned))
       UNION
       SELECT order_id FROM std.orders
       WHERE buyer_record_id IN (SELECT record_id FROM profile_moved) OR recipient_record_id IN (SELECT record_id FROM profile_moved)""",
    "SELECT customer_id FROM {rows} UNION SELECT recipient_customer_id FROM {rows}",
)
SHIPMENTS = Fact(
    "shipments",
    "shipment_id",
    f"""SELECT s.shipment_id, coalesce(r.customer_id, o.customer_id) AS customer_id, s.order_id, s.link, s.carrier, s.waybills,
               s.ship_status, s.shipped_at, s.promised_at, s.delivered_at,
               coalesce(s.is_late, false) OR coalesce({_UNTIL} > s.promised_at, false) AS is_late,
               CASE WHEN {_UNTIL} > s.promised_at THEN round(epoch({_UNTIL} - s.promised_at) / 86400, 2)
                    WHEN {_UNTIL} <= s.promised_at THEN 0 END AS delay_days
        FROM {{due}} s CROSS JOIN profile_as_of a
        LEFT JOIN cluster.members r ON r.record_id = s.recipient_record_id
        LEFT JOIN mart.orders o ON o.order_id = s.order_id""",
    f"""SELECT shipment_id FROM mart.shipments
        WHERE customer_id IN (SELECT customer_id FROM profile_regrouped) OR order_id IN (SELECT key FROM profile_due_orders)
           OR (is_late AND delivered_at IS NULL)
        UNION
        SELECT shipment_id FROM std.shipments s CROSS JOIN profile_as_of a
        WHERE recipient_record_id IN (SELECT record_id FROM profile_moved) OR order_id IN (SELECT key FROM profile_due_orders)
           OR ({IS_OPEN} AND s.promised_at < a.as_of)""",
    "SELECT customer_id FROM {rows} UNION SELECT o.customer_id FROM {rows} JOIN mart.orders o USING (order_id)",
    ("delay_days",),
)
TICKETS = Fact(
    "tickets",
    "ticket_id",
    """SELECT t.ticket_id, coalesce(m.customer_id, o.customer_id) AS customer_id, t.ticket_no, t.order_id, t.channel, t.category,
              t.priority, t.ticket_status, t.agent, t.created_at, t.resolved_at, t.satisfaction
       FROM {due} t
       LEFT JOIN cluster.members m ON m.record_id = t.requester_record_id
       LEFT JOIN mart.orders o ON o.order_id = t.order_id""",
    """SELECT ticket_id FROM mart.tickets
       WHERE customer_id IN (SELECT customer_id FROM profile_regrouped) OR order_id IN (SELECT key FROM profile_due_orders)
       UNION
       SELECT ticket_id FROM std.tickets
       WHERE requester_record_id IN (SELECT record_id FROM profile_moved) OR order_id IN (SELECT key FROM profile_due_orders)""",
    "SELECT customer_id FROM {rows}",
)
FACTS = (ORDERS, SHIPMENTS, TICKETS)


def gather_references(con: duckdb.DuckDBPyConnection, now: object) -> None:
    """Temp `profile_returned(order_id)`: orders with a linked return. Temp `profile_as_of(as_of)`: the newest shipment event there is (not
    beyond `now`), up to which open shipments are judged late."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_returned AS
        SELECT DISTINCT order_id FROM std.returns WHERE link = 'linked' AND order_id IS NOT NULL"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_as_of AS
        SELECT least(greatest(max(last_event_at), max(shipped_at), max(delivered_at)), ?::TIMESTAMP) AS as_of FROM std.shipments""",
        [now],
    )


def derive_all(con: duckdb.DuckDBPyConnection) -> None:
    """Write the three tables anew."""
    for fact in FACTS:
        con.execute(f"DELETE FROM mart.{fact.noun}")
        con.execute(f"INSERT INTO mart.{fact.noun} BY NAME {fact.select.format(due=f'std.{fact.noun}')}")


def derive_changed(con: duckdb.DuckDBPyConnection) -> None:
    """Bring the tables up to date for temp `profile_changed_<noun>(key)` and for what hangs on regrouped customers; adds to temp
    `profile_affected(customer_id)` whose documents show a row that changed, before or after."""
    for fact in FACTS:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE profile_due_{fact.noun} AS SELECT key FROM profile_changed_{fact.noun} UNION {fact.due}"
        )
        _replace(con, fact)
    con.execute("DROP TABLE profile_due_orders; DROP TABLE profile_due_shipments; DROP TABLE profile_due_tickets")


def _replace(con: duckdb.DuckDBPyConnection, fact: Fact) -> None:
    is_due = f"{fact.key} IN (SELECT key FROM profile_due_{fact.noun})"
    due = f"(SELECT * FROM std.{fact.noun} WHERE {is_due})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE profile_before AS SELECT * FROM mart.{fact.noun} WHERE {is_due}")
    con.execute(f"DELETE FROM mart.{fact.noun} WHERE {is_due}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE profile_after AS {fact.select.format(due=due)}")
    con.execute(f"INSERT INTO mart.{fact.noun} BY NAME FROM profile_after")
    stable = f"* EXCLUDE ({', '.join(fact.unstable)})" if fact.unstable else "*"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE profile_touched AS
        WITH before AS (SELECT {stable} FROM profile_before), after AS (SELECT {stable} FROM profile_after),
        differing AS (
            SELECT {fact.key} AS key FROM (FROM before EXCEPT FROM after)
            UNION SELECT {fact.key} FROM (FROM after EXCEPT FROM before)
            UNION SELECT key FROM profile_changed_{fact.noun})
        SELECT * FROM (FROM before UNION ALL FROM after) WHERE {fact.key} IN (SELECT key FROM differing)"""
    )
    con.execute(f"INSERT INTO profile_affected {fact.owners.format(rows='profile_touched')}")
    con.execute("DROP TABLE profile_before; DROP TABLE profile_after; DROP TABLE profile_touched")
