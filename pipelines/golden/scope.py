"""What a run of golden looks at: the customers concerned and, part by part, what their records say."""

from __future__ import annotations

import duckdb

from pipelines.stage import pending
from pipelines.warehouse import count
from schemas.survivorship import DECIDED_FIELDS, Survivorship

# Customers decided at a time; keeps the temporary tables of a full run well below the memory limit.
PART_CUSTOMERS = 520_000
_RECORDS = {"mentions": "std", "customers": "raw", "members": "raw"}  # whose keys are record ids
TEMPORARY = ("golden_trust", "golden_voices", "golden_customers", "golden_mentions", "golden_identifiers", "golden_claims")


def find_affected(con: duckdb.DuckDBPyConnection, *, everything: bool) -> int:
    """Temp `golden_affected(customer_id)`: customers whose members or whose members' values changed, gone ones too; answers how many."""
    if everything:
        con.execute(
            """CREATE OR REPLACE TEMP TABLE golden_affected AS
            SELECT customer_id FROM cluster.members UNION SELECT customer_id FROM gold.customers"""
        )
    else:
        pending(con, "golden", "cluster", "customers", "golden_clusters")
        for noun, layer in _RECORDS.items():
            pending(con, "golden", layer, noun, f"golden_changed_{noun}")
        records = " UNION ALL ".join(f"SELECT key FROM golden_changed_{noun}" for noun in _RECORDS)
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE golden_affected AS
            SELECT key AS customer_id FROM golden_clusters
            UNION SELECT customer_id FROM cluster.members WHERE record_id IN ({records})"""
        )
        for table in ("golden_clusters", *(f"golden_changed_{noun}" for noun in _RECORDS)):
            con.execute(f"DROP TABLE {table}")
    return count(con, "SELECT count(*) FROM golden_affected")


def spread_trust(con: duckdb.DuckDBPyConnection, policy: Survivorship) -> int:
    """Temp `golden_voices(voice_n, source, role, source_n)`: who speaks; `golden_trust(voice_n, field, trust)`; answers how many sources
    there are."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_voices AS
        SELECT source, role, row_number() OVER (ORDER BY source, role)::INTEGER AS voice_n,
               dense_rank() OVER (ORDER BY source)::INTEGER AS source_n
        FROM (SELECT DISTINCT source, role FROM std.mentions)"""
    )
    voices = con.execute("SELECT voice_n, source, role FROM golden_voices").fetchall()
    rows = [(n, field, policy.trust_in(source, role, field)) for n, source, role in voices for field in DECIDED_FIELDS]
    con.execute("CREATE OR REPLACE TEMP TABLE golden_trust (voice_n INTEGER, field VARCHAR, trust INTEGER)")
    con.execute(
        "INSERT INTO golden_trust SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[])",
        [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
    )
    return count(con, "SELECT coalesce(max(source_n), 0) FROM golden_voices")


def gather_part(con: duckdb.DuckDBPyConnection, part: int, parts: int) -> int:
    """Temp `golden_customers(customer_id, customer_n)` of one part of the affected customers that still have records, and what those
    records say: `golden_mentions`, `golden_identifiers`, `golden_claims`; answers how many customers."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_customers AS
        SELECT customer_id, row_number() OVER ()::INTEGER AS customer_n
        FROM golden_affected SEMI JOIN cluster.members USING (customer_id) WHERE hash(customer_id) % ? = ?""",
        [parts, part],
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_mentions AS
        SELECT m.record_id, c.record_key, c.customer_n, c.since_at, v.voice_n, v.source_n, m.event_at, m.row_id, m.party_kind,
               m.name, m.name_norm, m.name_is_masked, m.phone_norm, m.gender, m.birth_on, m.company, m.uscc,
               m.province, m.city, m.district, m.address_norm, m.address_is_place
        FROM std.mentions m
        JOIN (SELECT record_id, customer_n, since_at, row_number() OVER (ORDER BY record_id)::INTEGER AS record_key
              FROM cluster.members JOIN golden_customers USING (customer_id)) c USING (record_id)
        JOIN golden_voices v ON v.source = m.source AND v.role = m.role"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_identifiers AS
        SELECT m.record_key, m.customer_n, m.voice_n, m.source_n, m.event_at, i.kind, i.value, i.is_valid, i.is_masked, i.is_personal,
               i.kind = 'phone' AND i.value IS DISTINCT FROM m.phone_norm AS is_minor
        FROM std.identifiers i JOIN golden_mentions m USING (record_id)"""
    )
    _gather_claims(con)
    return count(con, "SELECT count(*) FROM golden_customers")


def _gather_claims(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `golden_claims`: what only the CRM and the loyalty programme say. A consent without a date counts from the row's creation, a
    refusal without a date as long as the row stands: in doubt the person is left in peace."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_claims AS
        SELECT m.record_key, m.customer_n, m.voice_n, m.source_n, m.event_at, r.customer_level, r.preferred_channel, r.language,
               r.marketing_consent, coalesce(r.consent_at, if(r.marketing_consent, r.created_at, m.event_at)) AS stated_at,
               r.do_not_contact, r.tags, r.last_agent
        FROM raw.customers r JOIN golden_mentions m ON m.record_id = r.row_id
        UNION ALL BY NAME
        SELECT m.record_key, m.customer_n, m.voice_n, m.source_n, m.event_at, r.level AS customer_level
        FROM raw.members r JOIN golden_mentions m ON m.record_id = r.row_id"""
    )
