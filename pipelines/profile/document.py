"""`mart.profiles`: the sections of each customer put together as one JSON document."""

from __future__ import annotations

import duckdb

from pipelines.profile import sections
from pipelines.profile.facts import IS_OPEN
from pipelines.profile.masking import install_masks
from pipelines.profile.ranges import id_ranges
from pipelines.stage import Run

# Documents put together at a time; keeps a full run well below the memory limit.
PART_CUSTOMERS = 200_000
_PART = "JOIN profile_part USING (customer_id)"

# What sections of the part read in common: facts with the customers who see them, and personal values that must not stand in keys.
_PART_TABLES: dict[str, str] = {
    # Lower-case forms in which a person's own number or address may stand in a record key; shorter ones would hide keys by chance.
    "profile_secrets": f"""
        SELECT customer_n, list(DISTINCT secret) AS secrets
        FROM (
            SELECT customer_n, unnest([lower(bare), regexp_replace(bare, '[^0-9]', '', 'g')]) AS secret
            FROM (SELECT customer_n, CASE kind WHEN 'id_number' THEN value[1 + instr(value, ':') :] ELSE value END AS bare
                  FROM gold.contacts {_PART} WHERE kind IN ('phone', 'email', 'id_number') AND NOT contains(value, '*')))
        WHERE length(secret) >= 7 GROUP BY customer_n""",
    "profile_part_orders": f"""
        SELECT customer_n, 'buyer' AS role, o.* FROM mart.orders o {_PART}
        UNION ALL
        SELECT p.customer_n, 'recipient', o.* FROM mart.orders o JOIN profile_part p ON p.customer_id = o.recipient_customer_id
        WHERE o.recipient_customer_id <> o.customer_id""",
    "profile_part_shipments": f"""
        WITH shown AS (
            SELECT customer_n, 'recipient' AS role, s.* FROM mart.shipments s {_PART}
            UNION ALL
            SELECT o.customer_n, 'buyer', s.*
            FROM mart.shipments s JOIN profile_part_orders o ON o.order_id = s.order_id AND o.role = 'buyer'
            WHERE o.customer_id IS DISTINCT FROM s.customer_id)
        SELECT s.*, o.order_no, {IS_OPEN} AS is_open FROM shown s LEFT JOIN mart.orders o USING (order_id)""",
    "profile_part_tickets": f"""
        SELECT t.*, o.order_no, coalesce(t.ticket_status, 'open') <> 'closed' AS is_open,
               mask_text(CASE WHEN length(g.name) > 1 AND g.party_kind = 'person' THEN replace(s.subject, g.name, mask_name(g.name))
                              ELSE s.subject END) AS subject
        FROM (FROM mart.tickets {_PART}) t
        JOIN std.tickets s USING (ticket_id)
        LEFT JOIN mart.orders o ON o.order_id = t.order_id
        LEFT JOIN gold.customers g ON g.customer_id = t.customer_id""",
    "profile_part_interactions": f"""
        SELECT i.*, m.customer_n FROM std.interactions i JOIN (FROM cluster.members {_PART}) m ON m.record_id = i.caller_record_id""",
}

_DOCUMENTS = f"""
    SELECT customer_id,
           concat('{{"customer_id":', to_json(customer_id)::VARCHAR, ',"identity":', i.identity, ',"contacts":' || c.contacts,
                  ',"addresses":' || a.addresses, ',"identifiers":' || d.identifiers, ',"consents":', i.consents,
                  ',"preferences":' || r.preferences, ',"attributes":' || b.attributes, ',"relations":' || l.relations,
                  ',"value":' || v.value, ',"orders":' || o.orders,
                  ',"shipments":' || s.shipments, ',"tickets":' || t.tickets, ',"interactions":' || n.interactions,
                  ',"last_agent":' || coalesce(g.served, '{{"agent":' || to_json(i.crm_agent)::VARCHAR || ',"via":"crm"}}'),
                  ',"timeline":' || e.timeline, ',"provenance":', coalesce(p.provenance, '[]'), ',"lost":' || w.lost, '}}') AS document
    FROM ({sections.IDENTITY}) i
    LEFT JOIN ({sections.PREFERENCE_LIST}) r USING (customer_n)
    LEFT JOIN ({sections.ATTRIBUTE_LIST}) b USING (customer_n)
    LEFT JOIN ({sections.RELATION_LIST}) l USING (customer_n)
    LEFT JOIN ({sections.CONTACT_LISTS}) c USING (customer_n)
    LEFT JOIN ({sections.ADDRESS_LIST}) a USING (customer_n)
    LEFT JOIN ({sections.IDENTIFIER_LIST}) d USING (customer_n)
    LEFT JOIN ({sections.VALUE}) v USING (customer_n)
    LEFT JOIN ({sections.ORDER_LIST}) o USING (customer_n)
    LEFT JOIN ({sections.SHIPMENT_LISTS}) s USING (customer_n)
    LEFT JOIN ({sections.TICKET_LISTS}) t USING (customer_n)
    LEFT JOIN ({sections.INTERACTION_LIST}) n USING (customer_n)
    LEFT JOIN ({sections.AGENT}) g USING (customer_n)
    LEFT JOIN ({sections.TIMELINE_LIST}) e USING (customer_n)
    LEFT JOIN ({sections.PROVENANCE_LIST}) p USING (customer_n)
    LEFT JOIN ({sections.LOST_LIST}) w USING (customer_n)"""


def derive_documents(con: duckdb.DuckDBPyConnection, run: Run, *, everything: bool, part_customers: int = PART_CUSTOMERS) -> None:
    """Write the documents of temp `profile_affected(customer_id)`; temp `profile_documents_changed(customer_id)`: those that differ from
    before, came or went (with `everything` all of them: comparing would cost more than serving them again)."""
    install_masks(con)
    con.execute("CREATE OR REPLACE TEMP MACRO iso(t) AS strftime(t, '%Y-%m-%dT%H:%M:%SZ')")
    if everything:
        con.execute("DELETE FROM mart.profiles")
        _write_documents(con, run, part_customers, into="mart.profiles")
        con.execute("CREATE OR REPLACE TEMP TABLE profile_documents_changed AS FROM profile_affected")
    else:
        con.execute("CREATE OR REPLACE TEMP TABLE profile_documents AS FROM mart.profiles LIMIT 0")
        _write_documents(con, run, part_customers, into="profile_documents")
        _replace_differing(con)
        con.execute("DROP TABLE profile_documents")


def _replace_differing(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_documents_changed AS
        SELECT customer_id
        FROM (SELECT customer_id, document_hash FROM mart.profiles SEMI JOIN profile_affected USING (customer_id)) b
        FULL JOIN profile_documents n USING (customer_id)
        WHERE n.document_hash IS DISTINCT FROM b.document_hash"""
    )
    con.execute("DELETE FROM mart.profiles WHERE customer_id IN (SELECT customer_id FROM profile_documents_changed)")
    con.execute("INSERT INTO mart.profiles BY NAME FROM profile_documents SEMI JOIN profile_documents_changed USING (customer_id)")


def _write_documents(con: duckdb.DuckDBPyConnection, run: Run, part_customers: int, *, into: str) -> None:
    for first, end in id_ranges(con, "profile_affected", part_customers):
        con.execute(
            """CREATE OR REPLACE TEMP TABLE profile_part AS
            SELECT customer_id, row_number() OVER ()::INTEGER AS customer_n FROM profile_affected
            WHERE customer_id >= $first AND ($end IS NULL OR customer_id < $end)""",
            {"first": first, "end": end},
        )
        for name, select in _PART_TABLES.items():
            con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
        con.execute(
            f"""INSERT INTO {into} BY NAME
            SELECT customer_id, document::JSON AS document, hash(document) AS document_hash FROM ({_DOCUMENTS})""",
            {"today": run.now.date()},
        )
    for table in ("profile_part", *_PART_TABLES):
        con.execute(f"DROP TABLE IF EXISTS {table}")
