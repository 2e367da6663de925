"""What stewards entered, as records of their own: `steward:<number>` says one field of one customer.

An override holds for the customer who has the record it was entered for, also after merges. Of several for one field of a customer the
newest counts. They are not mentions: the customer's counts of records and the crosswalk leave them out; beside a value
they count as one who says it.
"""

from __future__ import annotations

import duckdb

from pipelines.golden.chain import STEWARD
from pipelines.warehouse import count
from schemas.overrides import ATTRIBUTE, PART_SEPARATOR, PLACE

_MENTIONED = {"party_kind": "VARCHAR", "name": "VARCHAR", "gender": "VARCHAR", "birth_on": "DATE", "company": "VARCHAR", "uscc": "VARCHAR"}
_IDENTIFYING = ("phone", "email", "id_number")
_CLAIMED = {
    "customer_level": "VARCHAR", "preferred_channel": "VARCHAR", "language": "VARCHAR", "marketing_consent": "BOOLEAN",
    "last_agent": "VARCHAR",
}  # fmt: skip


def gather_overrides(con: duckdb.DuckDBPyConnection) -> int:
    """Temp `golden_overrides(override_id, record_id, record_key, customer_n, field, value, event_at)` for `golden_customers`; answers how
    many."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE golden_overrides AS
        WITH held AS (
            SELECT o.override_id, m.customer_n, o.field, o.value, o.entered_at AS event_at
            FROM raw.overrides o JOIN golden_mentions m USING (record_id)
            QUALIFY row_number() OVER (PARTITION BY m.customer_n, o.field ORDER BY o.override_id DESC) = 1)
        SELECT *, 'steward:' || override_id AS record_id,
               (SELECT coalesce(max(record_key), 0) FROM golden_mentions)
               + row_number() OVER (ORDER BY override_id)::INTEGER AS record_key
        FROM held"""
    )
    return count(con, "SELECT count(*) FROM golden_overrides")


def add_overrides(con: duckdb.DuckDBPyConnection) -> None:
    """Add `golden_overrides` to what is said: golden_mentions, golden_identifiers and golden_claims."""
    common = f"record_id, record_key, customer_n, {STEWARD} AS voice_n, event_at, event_at AS newest_at"
    values = ", ".join(f"CASE field WHEN '{field}' THEN value::{kind} END AS {field}" for field, kind in _MENTIONED.items())
    parts = ", ".join(
        f"CASE field WHEN 'address' THEN nullif(split_part(value, '{PART_SEPARATOR}', {n}), '') END AS {part}"
        for n, part in enumerate(PLACE, 1)
    )
    con.execute(
        f"""INSERT INTO golden_mentions BY NAME
        SELECT {common}, {values}, name AS name_norm, false AS name_is_masked, {parts.replace(" AS address", " AS address_norm")}
        FROM golden_overrides"""
    )
    con.execute(
        f"""INSERT INTO golden_identifiers BY NAME
        SELECT {common.removeprefix("record_id, ")}, field AS kind, value, true AS is_valid, false AS is_masked, true AS is_personal,
               false AS is_minor, true AS is_verified
        FROM golden_overrides WHERE field IN {_IDENTIFYING}"""
    )
    claims = ", ".join(f"CASE field WHEN '{field}' THEN value::{kind} END AS {field}" for field, kind in _CLAIMED.items())
    con.execute(
        f"""INSERT INTO golden_claims BY NAME
        SELECT {common.removeprefix("record_id, ")}, {claims}, event_at AS stated_at,
               CASE WHEN starts_with(field, '{ATTRIBUTE}') THEN json_object(field[{len(ATTRIBUTE) + 1}:], value) END AS attributes
        FROM golden_overrides"""
    )
