"""`gold.attributes`: what a mapping carries along beyond the contract (`attributes: [...]`) survives by the same rules, without code.

Attributes of records that are parties (CRM customers, members) are the customer's; those of orders, shipments and tickets stay with these.
"""

from __future__ import annotations

import duckdb

from pipelines.differing import write_differing
from pipelines.golden.chain import Candidates, Voices, in_order, moment_of, record_of, said_values
from pipelines.sql import literal
from pipelines.warehouse import count
from schemas.survivorship import Chain, Survivorship
from schemas.tables.gold import ATTRIBUTE_NAMES


def decide_attributes(con: duckdb.DuckDBPyConnection, policy: Survivorship, voices: Voices) -> None:
    """Fill gold.attributes for `golden_customers`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_carried AS
        WITH said AS (
            SELECT * EXCLUDE (attributes), unnest(json_keys(attributes)) AS attribute, attributes FROM golden_claims
            WHERE attributes IS NOT NULL)
        SELECT record_key, customer_n, voice_n, event_at, newest_at, attribute,
               nullif(trim(attributes ->> ('$."' || attribute || '"')), '') AS value
        FROM said"""
    )
    for chain, where in _chains(con, policy):
        candidates = Candidates(
            "attribute", "golden_carried", "value", where=where, per=("customer_n", "attribute"), part_n="length(value)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE golden_values AS {said_values(candidates, chain, voices)}")
        con.execute(
            f"""INSERT INTO gold.attributes BY NAME
            SELECT customer_id, attribute, rank, value, record_id, source, r.event_at, rule
            FROM (SELECT *, {record_of("best", chain)} AS record_key, {moment_of("best", chain)} AS event_at
                  FROM ({in_order("golden_values", chain, per=("customer_n", "attribute"))})) r
            JOIN golden_customers USING (customer_n)
            JOIN (SELECT record_key, record_id, source FROM golden_mentions JOIN golden_voices USING (voice_n)) USING (record_key)"""
        )
        con.execute("DROP TABLE golden_values")
    con.execute("DROP TABLE golden_carried")


def list_attributes(con: duckdb.DuckDBPyConnection) -> None:
    """Bring gold.attribute_names up to date."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE attributes_now AS
        SELECT attribute, source, count(*) AS customer_n, count(DISTINCT value) AS value_n, max(event_at) AS last_seen_at
        FROM gold.attributes WHERE rank = 1 GROUP BY attribute, source"""
    )
    write_differing(con, ATTRIBUTE_NAMES, "attributes_now")
    con.execute("DROP TABLE attributes_now; DROP TABLE attributes_now_differing")


def _chains(con: duckdb.DuckDBPyConnection, policy: Survivorship) -> list[tuple[Chain, str]]:
    """The chains in use and which attributes follow each; none when nothing is carried along."""
    if not count(con, "SELECT count(*) FROM golden_carried WHERE value IS NOT NULL"):
        return []
    own = [(policy.chain_of_attribute(name), f"attribute = {literal(name)}") for name in policy.attributes]
    others = f"attribute NOT IN ({', '.join(literal(name) for name in policy.attributes)})" if own else "true"
    return [(policy.fields["attribute"], others), *own]
