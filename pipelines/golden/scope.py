"""What a run of golden looks at: the customers concerned and, part by part, what their records say."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from pipelines.golden.chain import STEWARD, Voices
from pipelines.golden.overrides import add_overrides, gather_overrides
from pipelines.stage import pending
from pipelines.standardise.documents import born_on_sql, gender_sql
from pipelines.warehouse import count, execute_with
from schemas.survivorship import DECIDED_FIELDS, Survivorship, Trust

# Customers decided at a time; keeps the temporary tables of a full run well below the memory limit.
PART_CUSTOMERS = 520_000
_RECORDS = {"mentions": "std", "customers": "raw", "members": "raw", "overrides": "raw"}  # whose keys are record ids
TEMPORARY = ("golden_voices", "golden_customers", "golden_mentions", "golden_identifiers", "golden_claims", "golden_overrides")


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


def hear_voices(con: duckdb.DuckDBPyConnection, policy: Survivorship) -> Voices:
    """Temp `golden_voices(voice_n, source, role, source_n, trust_<field> ..., half_life_<field> ...)`: who speaks, and how far each is
    believed about what (0..1000; days). The steward is one of them."""
    found = con.execute(
        """SELECT source, role, dense_rank() OVER (ORDER BY source)::INTEGER AS source_n
        FROM (SELECT DISTINCT source, role FROM std.mentions) ORDER BY source, role"""
    ).fetchall()
    sources = max((source_n for _, _, source_n in found), default=0) + 1
    spoken: dict[tuple[int, str, str, int], dict[str, Trust]] = {
        (STEWARD, "steward", "steward", sources): dict.fromkeys(DECIDED_FIELDS, Trust(trust=1000))
    }
    for n, (source, role, source_n) in enumerate(found, STEWARD + 1):
        spoken[n, source, role, source_n] = {field: policy.trust_in(source, role, field) for field in DECIDED_FIELDS}
    columns: dict[str, list[object]] = {
        name: [voice[i] for voice in spoken] for i, name in enumerate(("voice_n", "source", "role", "source_n"))
    }
    for field in DECIDED_FIELDS:
        columns[f"trust_{field}"] = [trusted[field].trust for trusted in spoken.values()]
        columns[f"half_life_{field}"] = [trusted[field].half_life_days for trusted in spoken.values()]
    texts, shares = ("source", "role"), "half_life_"
    types = [(name, pa.string() if name in texts else pa.float64() if name.startswith(shares) else pa.int32()) for name in columns]
    rows = pa.table(columns, schema=pa.schema(types))
    execute_with(con, "CREATE OR REPLACE TEMP TABLE golden_voices AS FROM rows", [], rows)
    decaying = {field for trusted in spoken.values() for field in DECIDED_FIELDS if trusted[field].half_life_days}
    return Voices(sources, frozenset(decaying))


def gather_part(con: duckdb.DuckDBPyConnection, voices: Voices, part: int, parts: int) -> int:
    """Temp `golden_customers(customer_id, customer_n)` of one part of the affected customers that still have records, and what those
    records and stewards say: `golden_mentions`, `golden_identifiers`, `golden_claims`; answers how many customers.

    `record_key` numbers the records in the order of a hash: it only decides between two that say the same at the same time, and numbers
    sort in half the time of keys."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_customers AS
        SELECT customer_id, row_number() OVER ()::INTEGER AS customer_n
        FROM golden_affected SEMI JOIN cluster.members USING (customer_id) WHERE hash(customer_id) % ? = ?""",
        [parts, part],
    )
    newest = "max(m.event_at) OVER (PARTITION BY c.customer_n)" if voices.decaying else "NULL::TIMESTAMP"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE golden_mentions AS
        SELECT m.record_id, c.record_key, c.customer_n, c.since_at, v.voice_n, m.event_at, {newest} AS newest_at, m.row_id, m.file_id,
               m.line_n, m.party_kind,
               m.name, m.name_norm, m.name_is_masked, m.phone_norm, m.gender, m.birth_on, m.company, m.uscc,
               m.province, m.city, m.district, m.address_norm, m.address_is_place, m.delivery_note, w.verified,
               d.born_on AS document_born_on, d.gender AS document_gender
        FROM std.mentions m
        JOIN (SELECT record_id, customer_n, since_at, row_number() OVER (ORDER BY hash(record_id))::INTEGER AS record_key
              FROM cluster.members JOIN golden_customers USING (customer_id)) c USING (record_id)
        JOIN golden_voices v ON v.source = m.source AND v.role = m.role
        LEFT JOIN ({_VERIFIED}) w ON w.row_id = m.record_id
        LEFT JOIN ({_DOCUMENTED}) d ON d.customer_n = c.customer_n"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_identifiers AS
        SELECT m.record_key, m.customer_n, m.voice_n, m.event_at, m.newest_at, i.kind, i.value, i.is_valid, i.is_masked, i.is_personal,
               i.kind = 'phone' AND i.value IS DISTINCT FROM m.phone_norm AS is_minor, coalesce(list_contains(m.verified, i.kind), false)
               AND NOT (i.kind = 'phone' AND i.value IS DISTINCT FROM m.phone_norm) AS is_verified
        FROM std.identifiers i JOIN golden_mentions m USING (record_id)"""
    )
    _gather_claims(con)
    if gather_overrides(con):
        add_overrides(con)
    return count(con, "SELECT count(*) FROM golden_customers")


# Few rows, if any: most sources verify nothing, or do not say so.
_VERIFIED = """
    SELECT row_id, verified FROM raw.customers WHERE len(verified) > 0
    UNION ALL SELECT row_id, verified FROM raw.members WHERE len(verified) > 0"""

# What the resident number tells of customers who have one; it is valid where a mention has it.
_DOCUMENTED = f"""
    SELECT customer_n, {born_on_sql("any_value(number)")} AS born_on, {gender_sql("any_value(number)")} AS gender
    FROM (
        SELECT customer_n, id_number_norm AS number
        FROM std.mentions JOIN cluster.members USING (record_id) JOIN golden_customers USING (customer_id)
        WHERE id_number_norm IS NOT NULL AND length(id_number_norm) = 18 AND id_type = 'resident')
    GROUP BY customer_n HAVING count(DISTINCT number) = 1"""


def _gather_claims(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `golden_claims`: what only the CRM and the loyalty programme say. A consent without a date counts from the row's creation, a
    refusal without a date as long as the row stands: in doubt the person is left in peace."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_claims AS
        SELECT m.record_key, m.customer_n, m.voice_n, m.event_at, m.newest_at, r.customer_level, r.preferred_channel, r.language,
               r.marketing_consent, coalesce(r.consent_at, if(r.marketing_consent, r.created_at, m.event_at)) AS stated_at,
               r.do_not_contact, r.tags, r.last_agent, r.attributes
        FROM raw.customers r JOIN golden_mentions m ON m.record_id = r.row_id
        UNION ALL BY NAME
        SELECT m.record_key, m.customer_n, m.voice_n, m.event_at, m.newest_at, r.level AS customer_level, r.attributes
        FROM raw.members r JOIN golden_mentions m ON m.record_id = r.row_id"""
    )
