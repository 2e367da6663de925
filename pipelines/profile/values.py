"""`mart.customer_values`, `mart.organisation_values`: lifetime value, RFM scores and Pareto tiers; always derived for everybody, since all
are relative to all: customers to customers, organisations to organisations.

- RFM (Hughes 1994): quintiles of recency, frequency and net money; customers with the same value share a score.
- Tiers (Pareto): customers in the order of net revenue; A while those before have brought less than 80 %, B less than 95 %. Customers of
  the same revenue share a tier; who brings nothing is C.
"""

from __future__ import annotations

import duckdb

from pipelines.warehouse import count

# What documents show: a customer whose row differs only elsewhere needs no new document.
_SHOWN = (
    "order_n", "gross_cny", "refund_cny", "net_cny", "average_basket_cny", "return_n", "first_order_at", "last_order_at",
    "r_score", "f_score", "m_score", "tier",
)  # fmt: skip

# An order counts for its customer; for the organisation that its buyer's mention names, as invoice title or company, it counts besides.
_OF_CUSTOMERS = "SELECT customer_id AS party_id, * FROM mart.orders WHERE customer_id IS NOT NULL"
_OF_ORGANISATIONS = """
    SELECT m.organisation_id AS party_id, o.*
    FROM mart.orders o JOIN std.orders s USING (order_id) JOIN gold.organisation_members m ON m.record_id = s.buyer_record_id"""


def _sums(orders: str) -> str:
    """SQL: the sums of each party over its `orders`."""
    return f"""
        WITH refunds AS (
            SELECT order_id, count(*) AS return_n, sum(refund_cny) AS refund_cny
            FROM std.returns WHERE link = 'linked' AND order_id IS NOT NULL GROUP BY order_id),
        bought AS (
            SELECT o.party_id, o.ordered_at, coalesce(o.amount_cny, 0) AS amount_cny, coalesce(r.return_n, 0) AS return_n,
                   coalesce(r.refund_cny, 0) AS refund_cny, coalesce(o.order_status, 'other') NOT IN ('closed', 'refunded') AS counts
            FROM ({orders}) o LEFT JOIN refunds r USING (order_id))
        SELECT party_id, count(*) FILTER (counts) AS order_n,
               coalesce(sum(amount_cny) FILTER (counts), 0)::DECIMAL(18, 2) AS gross_cny,
               coalesce(sum(refund_cny) FILTER (counts), 0)::DECIMAL(18, 2) AS refund_cny,
               sum(return_n)::BIGINT AS return_n,
               min(ordered_at) FILTER (counts) AS first_order_at, max(ordered_at) FILTER (counts) AS last_order_at
        FROM bought GROUP BY party_id"""


_SCORED = """
    WITH netted AS (SELECT *, (gross_cny - refund_cny)::DECIMAL(18, 2) AS net_cny FROM profile_sums),
    levels AS (SELECT net_cny, sum(net_cny) AS level_cny FROM netted WHERE net_cny > 0 GROUP BY net_cny),
    pareto AS (
        SELECT net_cny, sum(level_cny) OVER (ORDER BY net_cny DESC) - level_cny AS better_cny, sum(level_cny) OVER () AS all_cny
        FROM levels),
    ranked AS (
        SELECT party_id, 1 + 5 * (rank() OVER (ORDER BY last_order_at) - 1) // count(*) OVER () AS r_score,
               1 + 5 * (rank() OVER (ORDER BY order_n) - 1) // count(*) OVER () AS f_score,
               1 + 5 * (rank() OVER (ORDER BY net_cny) - 1) // count(*) OVER () AS m_score
        FROM netted WHERE order_n > 0)
    SELECT n.party_id, n.order_n, n.gross_cny, n.refund_cny, n.net_cny,
           CASE WHEN n.order_n > 0 THEN round(n.gross_cny / n.order_n, 2) END::DECIMAL(18, 2) AS average_basket_cny,
           n.return_n, n.first_order_at, n.last_order_at,
           date_diff('day', n.last_order_at, max(n.last_order_at) OVER ()) AS recency_days,
           r.r_score, r.f_score, r.m_score, coalesce(n.net_cny / p.all_cny, 0)::DOUBLE AS revenue_share,
           CASE WHEN p.better_cny * 100 < p.all_cny * 80 THEN 'A' WHEN p.better_cny * 100 < p.all_cny * 95 THEN 'B' ELSE 'C' END AS tier
    FROM netted n LEFT JOIN ranked r USING (party_id) LEFT JOIN pareto p ON p.net_cny = n.net_cny"""


def derive_values(con: duckdb.DuckDBPyConnection) -> None:
    """Write mart.customer_values and mart.organisation_values; temp `profile_revalued(customer_id)`: customers whose shown values differ
    from before."""
    _value(con, _OF_ORGANISATIONS, "organisation_id")
    con.execute("DELETE FROM mart.organisation_values")
    con.execute("INSERT INTO mart.organisation_values BY NAME FROM profile_values")
    _value(con, _OF_CUSTOMERS, "customer_id")
    differs = " OR ".join(f"n.{column} IS DISTINCT FROM b.{column}" for column in _SHOWN)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE profile_revalued AS
        SELECT coalesce(n.customer_id, b.customer_id) AS customer_id
        FROM profile_values n FULL JOIN mart.customer_values b USING (customer_id)
        WHERE n.customer_id IS NULL OR b.customer_id IS NULL OR {differs}"""
    )
    con.execute("DELETE FROM mart.customer_values")
    con.execute("INSERT INTO mart.customer_values BY NAME FROM profile_values")
    con.execute("DROP TABLE profile_values")


def _value(con: duckdb.DuckDBPyConnection, orders: str, key: str) -> None:
    """Temp `profile_values`: the values of the parties of `orders`, their id as the column `key`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE profile_sums AS {_sums(orders)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE profile_values AS SELECT party_id AS {key}, * EXCLUDE (party_id) FROM ({_SCORED})")
    con.execute("DROP TABLE profile_sums")


def pareto_facts(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """The 20/80 share: which share of the customers with revenue makes the first 80 %, and how many are in each tier."""
    tiers = con.execute("SELECT tier, count(*) FROM mart.customer_values GROUP BY tier ORDER BY tier").fetchall()
    earning = count(con, "SELECT count(*) FROM mart.customer_values WHERE net_cny > 0")
    first = dict(tiers).get("A", 0)
    return {"tiers": dict(tiers), "share_of_customers_in_first_80_percent": round(first / earning, 4) if earning else None}
