"""Facts: orders with their lines, returns, shipments, tickets and interactions, one a row, referring to each other by id.

A reference resolves to the one order that goes by the number; several leave it ambiguous, none makes an orphan. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from pipelines.standardise.headers import ORDER_REF
from pipelines.standardise.keys import key_sql, reference_sql
from pipelines.warehouse import count
from schemas.tables import std

_LINK = "CASE WHEN k.order_n = 1 THEN 'linked' WHEN k.order_n > 1 THEN 'ambiguous' ELSE 'orphan' END"
_REF = reference_sql("h.order_ref")
_LINKED = f"LEFT JOIN links k ON k.order_ref = {_REF}"


def _mention(alias: str, record_id: str, role: str) -> str:
    return f"LEFT JOIN (SELECT record_id FROM mentions_made WHERE role = '{role}') {alias} ON {alias}.record_id = {record_id}"


def insert_facts(con: duckdb.DuckDBPyConnection, entities: Collection[str]) -> None:
    """Insert the gathered facts of these entities; the mentions they make are in `mentions_made`."""
    inserts = {"orders": _insert_orders, "returns": _insert_returns, "shipments": _insert_shipments, "tickets": _insert_tickets,
               "interactions": _insert_interactions}  # fmt: skip
    for entity, insert in inserts.items():
        if entity in entities:
            insert(con)
            con.execute(f"INSERT INTO std.fact_rows SELECT row_id, '{entity}', fact_id FROM strays_{entity}")


def _insert_returns(con: duckdb.DuckDBPyConnection) -> None:
    _insert(con, std.RETURNS.name, std.RETURNS.column_names, _RETURNS, f"headers_returns h {_LINKED}")


def _insert_tickets(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """CREATE OR REPLACE TEMP TABLE message_counts AS
        SELECT fact_id, count(*) AS message_n
        FROM raw.ticket_messages JOIN (SELECT row_id, fact_id FROM rows_tickets) USING (row_id) GROUP BY fact_id"""
    )
    _insert(con, std.TICKETS.name, std.TICKETS.column_names, _TICKETS,
            f"headers_tickets h {_LINKED} LEFT JOIN message_counts x USING (fact_id) {_mention('m', 'h.row_id', 'requester')}")  # fmt: skip
    con.execute("DROP TABLE message_counts")


def _insert_interactions(con: duckdb.DuckDBPyConnection) -> None:
    callers = f"headers_interactions h {_mention('m', 'h.row_id', 'caller')}"
    _insert(con, std.INTERACTIONS.name, std.INTERACTIONS.column_names, _INTERACTIONS, callers)


def _insert(con: duckdb.DuckDBPyConnection, table: str, columns: list[str], sql: dict[str, str], source: str) -> None:
    """Insert one row a header `h`; a column not in `sql` is the header's of the same name."""
    con.execute(f"INSERT INTO {table} SELECT {', '.join(sql.get(name, f'h.{name}') for name in columns)} FROM {source}")


_RETURNS = {"return_id": "h.fact_id", "order_ref": _REF, "order_id": "k.order_id", "link": _LINK}
_TICKETS = {
    "ticket_id": "h.fact_id", "ticket_no": f"coalesce({key_sql('h.ticket_key')}, h.ticket_key)", "order_ref": _REF,
    "order_id": "k.order_id",
    "link": f"CASE WHEN {_REF} IS NOT NULL THEN {_LINK} END", "requester_record_id": "m.record_id", "message_n": "coalesce(x.message_n, 0)",
}  # fmt: skip
_INTERACTIONS = {"interaction_id": "h.fact_id", "caller_record_id": "m.record_id"}
_ORDERS = {
    "order_id": "h.fact_id", "order_ref": f"h.{ORDER_REF}", "order_no": f"coalesce({key_sql('h.order_no')}, h.order_key)",
    "amount_cny": "coalesce(h.amount_cny, x.amount_cny)", "buyer_record_id": "b.record_id", "recipient_record_id": "m.record_id",
    "line_n": "coalesce(x.line_n, 0)",
}  # fmt: skip
_SHIPMENTS = {
    "shipment_id": "h.fact_id", "order_ref": _REF, "order_id": "k.order_id", "link": _LINK, "recipient_record_id": "m.record_id",
    "carrier": "p.carrier", "waybills": "coalesce(p.waybills, [])", "last_event_at": "v.last_event_at", "last_event": "v.last_event",
    "is_late": "coalesce(h.is_late OR h.delivered_at > h.promised_at, h.is_late, h.delivered_at > h.promised_at)",
}  # fmt: skip


def _insert_orders(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """CREATE OR REPLACE TEMP VIEW lines AS
        SELECT r.fact_id, l.* FROM raw.order_lines l JOIN (SELECT row_id, fact_id FROM rows_orders) r USING (row_id)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE line_sums AS
        SELECT fact_id, count(*) AS line_n, sum(amount_cny)::DECIMAL(18,2) AS amount_cny FROM lines GROUP BY fact_id"""
    )
    mentions = f"""{_mention("b", "h.fact_id || '#buyer'", "buyer")} {_mention("m", "h.fact_id || '#recipient'", "recipient")}"""
    _insert(con, std.ORDERS.name, std.ORDERS.column_names, _ORDERS, f"headers_orders h LEFT JOIN line_sums x USING (fact_id) {mentions}")
    _insert_lines(con)
    con.execute("DROP VIEW lines; DROP TABLE line_sums")


def _insert_lines(con: duckdb.DuckDBPyConnection) -> None:
    """A line without a key gets its ordinal (`#<n>` beside lines with keys), a key that comes again in the order `#<n>` behind it; counted
    in the order of the rows and of the items in them."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE unkeyed AS
        SELECT DISTINCT fact_id FROM (SELECT fact_id FROM lines GROUP BY fact_id, line_key HAVING line_key IS NULL OR count(*) > 1)"""
    )
    columns = ", ".join(name for name in std.ORDER_LINES.column_names if name not in ("order_id", "line_key"))
    con.execute(
        f"""INSERT INTO std.order_lines
        SELECT fact_id, line_key, {columns} FROM lines ANTI JOIN unkeyed USING (fact_id)
        UNION ALL
        SELECT fact_id, coalesce(line_key || CASE WHEN occurrence > 1 THEN '#' || occurrence ELSE '' END, sign || place), {columns}
        FROM (SELECT *, CASE WHEN count(line_key) OVER (PARTITION BY fact_id) > 0 THEN '#' ELSE '' END AS sign,
                  row_number() OVER (PARTITION BY fact_id ORDER BY row_id, item_n) AS place,
                  row_number() OVER (PARTITION BY fact_id, line_key ORDER BY row_id, item_n) AS occurrence
              FROM lines SEMI JOIN unkeyed USING (fact_id))"""
    )
    con.execute("DROP TABLE unkeyed")


def _insert_shipments(con: duckdb.DuckDBPyConnection) -> None:
    """Parcels and events of all rows of a shipment; the first parcel's carrier, the latest event."""
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW parcels AS
        SELECT r.fact_id, p.row_id, p.item_n, p.carrier, {key_sql('p.waybill')} AS waybill
        FROM raw.parcels p JOIN (SELECT row_id, fact_id FROM rows_shipments) r USING (row_id)"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE several AS SELECT fact_id FROM parcels GROUP BY fact_id HAVING count(*) > 1")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE parcel_lists AS
        SELECT fact_id, carrier, CASE WHEN waybill IS NOT NULL THEN [waybill] END AS waybills FROM parcels ANTI JOIN several USING (fact_id)
        UNION ALL
        SELECT fact_id, first(carrier ORDER BY row_id, item_n) FILTER (WHERE carrier IS NOT NULL),
            list(DISTINCT waybill ORDER BY waybill) FILTER (WHERE waybill IS NOT NULL)
        FROM parcels SEMI JOIN several USING (fact_id) GROUP BY fact_id"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE last_events AS
        SELECT fact_id, max(event_at) AS last_event_at, arg_max(status, (event_at, row_id, item_n)) AS last_event
        FROM raw.shipment_events e JOIN (SELECT row_id, fact_id FROM rows_shipments) r USING (row_id) WHERE event_at IS NOT NULL
        GROUP BY fact_id"""
    )
    lists = "LEFT JOIN parcel_lists p USING (fact_id) LEFT JOIN last_events v USING (fact_id)"
    joins = f"""{_LINKED} {lists} {_mention("m", "h.fact_id || '#recipient'", "shipment_recipient")}"""
    _insert(con, std.SHIPMENTS.name, std.SHIPMENTS.column_names, _SHIPMENTS, f"headers_shipments h {joins}")
    con.execute("DROP VIEW parcels; DROP TABLE several; DROP TABLE parcel_lists; DROP TABLE last_events")


def count_links(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many references of each kind are linked, ambiguous, orphan."""
    return {
        f"{entity}_{link}": count(con, f"SELECT count(*) FROM std.{entity} WHERE link = ?", [link])
        for entity in ("returns", "shipments", "tickets")
        for link in ("linked", "ambiguous", "orphan")
    }
