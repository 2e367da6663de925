"""`mart.lookups`: by which values a customer is found, in the form people quote them (no namespace, no document type)."""

from __future__ import annotations

import duckdb

from pipelines.stage import pending
from pipelines.standardise.keys import trim_sql

# The value after its namespace; `wechat_id` has none.
_BARE = "CASE WHEN kind = 'wechat_id' OR NOT contains(value, ':') THEN value ELSE value[1 + instr(value, ':') :] END"

_CONTACTS = """
    SELECT CASE WHEN kind IN ('wechat_id', 'openid', 'unionid') THEN 'wechat' ELSE kind END AS kind, {bare} AS value, customer_id
    FROM gold.contacts {of}
    WHERE is_valid AND NOT contains(value, '*')
      AND (kind IN ('email', 'member', 'id_number', 'wechat_id', 'openid', 'unionid') OR kind = 'phone' AND is_personal)
      AND (kind, value) NOT IN (SELECT (kind, value) FROM match.identifier_use WHERE is_shared AND kind IN ('phone', 'email'))"""

# An order is found for its buyer and its recipient, a shipment for its recipient and the buyer of its order.
_FACTS = """
    SELECT 'order', order_no, customer_id FROM mart.orders {of} WHERE order_no IS NOT NULL
    UNION ALL SELECT 'order', order_no, customer_id
    FROM (SELECT order_no, recipient_customer_id AS customer_id FROM mart.orders
          WHERE order_no IS NOT NULL AND recipient_customer_id IS DISTINCT FROM customer_id) {of}
    UNION ALL SELECT 'waybill', unnest(waybills), customer_id FROM mart.shipments {of}
    UNION ALL SELECT 'waybill', unnest(waybills), customer_id
    FROM (SELECT s.waybills, o.customer_id FROM mart.shipments s JOIN mart.orders o USING (order_id)
          WHERE o.customer_id IS DISTINCT FROM s.customer_id) {of}
    UNION ALL SELECT 'ticket', ticket_no, customer_id FROM mart.tickets {of} WHERE ticket_no IS NOT NULL"""

# A former id leads to whoever holds the records now that it stood for.
_FORMER_IDS = f"""
    SELECT 'customer' AS kind, {trim_sql("golden_id")} AS value, customer_id
    FROM raw.golden_ids JOIN cluster.members ON record_id = record_ref"""


def _select(of: str) -> str:
    return f"""SELECT DISTINCT kind, value, customer_id
        FROM ({_CONTACTS.format(bare=_BARE, of=of)} UNION ALL {_FACTS.format(of=of)} UNION ALL FROM ({_FORMER_IDS}) {of})
            AS found(kind, value, customer_id)
        WHERE value <> '' AND customer_id IS NOT NULL"""


def derive_lookups(con: duckdb.DuckDBPyConnection, *, everything: bool) -> None:
    """Write the lookups of temp `profile_affected(customer_id)`, or of all; temp `profile_lookups_changed(customer_id)`: whose differ from
    before (with `everything` whoever lost all)."""
    if everything:
        con.execute("CREATE OR REPLACE TEMP TABLE profile_lookups_changed AS SELECT DISTINCT customer_id FROM mart.lookups")
        con.execute("DELETE FROM mart.lookups")
        con.execute(f"INSERT INTO mart.lookups {_select('')}")
        return
    _add_crossed(con)
    _add_renamed(con)
    of = "SEMI JOIN profile_affected USING (customer_id)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE profile_lookups_before AS FROM mart.lookups {of}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE profile_lookups_after AS {_select(of)}")
    con.execute("DELETE FROM mart.lookups WHERE customer_id IN (SELECT customer_id FROM profile_affected)")
    con.execute("INSERT INTO mart.lookups BY NAME FROM profile_lookups_after")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE profile_lookups_changed AS
        SELECT customer_id FROM (FROM profile_lookups_before EXCEPT FROM profile_lookups_after)
        UNION SELECT customer_id FROM (FROM profile_lookups_after EXCEPT FROM profile_lookups_before)"""
    )
    con.execute("DROP TABLE profile_lookups_before; DROP TABLE profile_lookups_after")


def _add_crossed(con: duckdb.DuckDBPyConnection) -> None:
    """An identifier that came to be shared by too many, or ceased to be, concerns customers whose records did not change."""
    if pending(con, "profile", "match", "identifiers", "profile_turned"):
        con.execute(
            """INSERT INTO profile_affected SELECT customer_id FROM gold.contacts
            WHERE kind IN ('phone', 'email') AND hash(kind, value) IN (SELECT key::UBIGINT FROM profile_turned)"""
        )
    con.execute("DROP TABLE profile_turned")


def _add_renamed(con: duckdb.DuckDBPyConnection) -> None:
    """Former ids come and go with rows of their own, of whomever they are about."""
    if pending(con, "profile", "raw", "golden_ids", "profile_renamed"):
        before = "SELECT kind, value, customer_id FROM mart.lookups WHERE kind = 'customer'"
        after = f"SELECT DISTINCT kind, value, customer_id FROM ({_FORMER_IDS}) WHERE value <> ''"
        con.execute(
            f"""INSERT INTO profile_affected
            SELECT customer_id FROM (({before}) EXCEPT ({after})) UNION SELECT customer_id FROM (({after}) EXCEPT ({before}))"""
        )
    con.execute("DROP TABLE profile_renamed")
