"""What write-back looks at: the rows that take change orders, and what is said of their customers."""

from __future__ import annotations

import duckdb

from pipelines.stage import pending
from pipelines.warehouse import count
from schemas.writeback import Writeback

CONSUMER = "writeback"
LAYERS = ("gold", "match")
TEMPORARY = ("writeback_customers", "writeback_rows", "writeback_said", "writeback_names")
# What a row is the more complete by.
_FILLED = (
    "name", "gender", "birth_on", "phone", "phone_alt", "email", "wechat_id", "wechat_openid", "wechat_unionid", "id_number", "address",
    "company", "uscc", "customer_ref",
)  # fmt: skip
_ROWS = "(FROM raw.customers UNION ALL BY NAME SELECT * RENAME (joined_at AS created_at) FROM raw.members)"


def find_affected(con: duckdb.DuckDBPyConnection, *, everything: bool) -> int:
    """Temp `writeback_customers(customer_id)`: customers, gone ones too, of whom something changed or somebody decided; answers how many.

    The confidence of a merge also hangs on pairs within a customer, so changed nodes count as well.
    """
    if everything:
        con.execute(
            """CREATE OR REPLACE TEMP TABLE writeback_customers AS
            SELECT customer_id FROM gold.customers UNION SELECT customer_id FROM writeback.change_orders"""
        )
    else:
        pending(con, CONSUMER, "gold", "customers", "writeback_gold")
        pending(con, CONSUMER, "match", "nodes", "writeback_nodes")
        con.execute(
            """CREATE OR REPLACE TEMP TABLE writeback_customers AS
            WITH nodes AS (SELECT key::UBIGINT AS node_id FROM writeback_nodes),
            records AS (
                SELECT record_id FROM match.node_records SEMI JOIN nodes USING (node_id)
                UNION SELECT unnest([record_id, other_record_id]) FROM writeback.standing WHERE state NOT IN ('done', 'void'))
            SELECT key AS customer_id FROM writeback_gold
            UNION SELECT customer_id FROM cluster.members SEMI JOIN records USING (record_id)"""
        )
        con.execute("DROP TABLE writeback_gold; DROP TABLE writeback_nodes")
    return count(con, "SELECT count(*) FROM writeback_customers")


def taking_sources(con: duckdb.DuckDBPyConnection, policy: Writeback) -> list[str]:
    """The sources with customers or members that take change orders."""
    found = con.execute("SELECT source FROM raw.customers UNION SELECT source FROM raw.members").fetchall()
    return policy.takes(source for (source,) in found)


def gather(con: duckdb.DuckDBPyConnection, policy: Writeback) -> None:
    """What is known of `writeback_customers`: temp `writeback_rows`, their rows in the sources that take change orders, those merged into
    others left out; `writeback_said(customer_id, kind, value, is_valid, is_usable, statement_n)`, their phones, e-mails and documents;
    `writeback_names(customer_id, name_norm, name, statement_n)`, their whole names."""
    filled = " + ".join(f"({column} IS NOT NULL)::INT" for column in _FILLED)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_rows AS
        SELECT r.row_id AS record_id, m.customer_id, r.source, r.status, r.created_at, {filled} AS filled_n,
               r.name, r.gender, r.birth_on, r.phone, r.phone_alt, r.email, r.id_number
        FROM {_ROWS} r JOIN cluster.members m ON m.record_id = r.row_id SEMI JOIN writeback_customers USING (customer_id)
        WHERE list_contains(?, r.source) AND NOT list_contains(?, coalesce(r.status, ''))""",
        [taking_sources(con, policy), list(policy.merged)],
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_said AS
        SELECT customer_id, kind, value, is_valid, is_valid AND is_personal AND NOT is_masked AS is_usable,
               {_STATEMENTS} AS statement_n
        FROM std.identifiers JOIN cluster.members USING (record_id) JOIN std.mentions USING (record_id)
        SEMI JOIN (SELECT DISTINCT customer_id FROM writeback_rows) USING (customer_id)
        WHERE kind IN ('phone', 'email', 'id_number') AND NOT is_masked GROUP BY ALL"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_names AS
        SELECT customer_id, name_norm, min(name) AS name, {_STATEMENTS} AS statement_n
        FROM std.mentions JOIN cluster.members USING (record_id)
        SEMI JOIN (SELECT DISTINCT customer_id FROM writeback_rows) USING (customer_id)
        WHERE name_norm IS NOT NULL AND NOT name_is_masked AND party_kind = 'person' GROUP BY customer_id, name_norm"""
    )


# What an order, its shipment and its ticket say was said once: the later ones copied the first.
_STATEMENTS = "count(DISTINCT coalesce(order_id, record_id))"
