"""The fields of `gold.customers` that one record decides: where their values are said, when they are clear and valid."""

from __future__ import annotations

import duckdb

from pipelines.golden.chain import Candidates, said_values, survivors
from schemas.survivorship import DecidedField, Survivorship

# What a lost code page or a rare character leaves behind is not part of a name, nor are digits of a person's; 陈 alone is not one.
_RUINS = "[?？■□�]"
_READABLE = (
    f"name_norm IS NOT NULL AND NOT regexp_matches(name, '{_RUINS}') "
    "AND (party_kind = 'organisation' OR length(name) > 1 AND NOT regexp_matches(name, '[0-9０-９]'))"
)
# Dates that forms and spreadsheets fill in by themselves, and births after the record.
_BORN = "birth_on > DATE '1900-01-01' AND birth_on <> DATE '1970-01-01' AND (event_at IS NULL OR birth_on <= event_at)"

CANDIDATES: tuple[Candidates, ...] = (
    Candidates("party_kind", "golden_mentions", "party_kind"),
    Candidates(
        "name", "golden_mentions", "name", key="coalesce(name_norm, name)", is_clear="NOT coalesce(name_is_masked, false)",
        is_valid=_READABLE, is_minor="name IS DISTINCT FROM name_norm", part_n="length(name)",
    ),
    Candidates("gender", "golden_mentions", "gender"),
    Candidates("birth_on", "golden_mentions", "birth_on", is_valid=_BORN),
    Candidates("company", "golden_mentions", "company", part_n="length(company)"),
    Candidates("uscc", "golden_mentions", "uscc"),
    Candidates("customer_level", "golden_claims", "customer_level"),
    Candidates("preferred_channel", "golden_claims", "preferred_channel"),
    Candidates("language", "golden_claims", "language"),
    Candidates("marketing_consent", "golden_claims", "marketing_consent", at="stated_at"),
    Candidates("last_agent", "golden_claims", "last_agent"),
)  # fmt: skip

# Columns of gold.customers that each decided field gives, as SQL over its survivor `{w}`.
COLUMNS: dict[DecidedField, dict[str, str]] = {
    **{c.field: {c.field: "{w}.value"} for c in CANDIDATES},
    "marketing_consent": {"marketing_consent": "{w}.value", "consent_at": "{w}.event_at"},
    "phone": {"phone": "{w}.value"},
    "email": {"email": "{w}.value"},
    "id_number": {"id_type": "nullif(split_part({w}.value, ':', 1), {w}.value)", "id_number": "{w}.value[1 + instr({w}.value, ':') :]"},
    "address": {part: f"{{w}}.value.{part}" for part in ("province", "city", "district", "address")},
}


def decide_fields(con: duckdb.DuckDBPyConnection, policy: Survivorship, sources: int) -> None:
    """Temp `golden_won_<field>` for every field of `CANDIDATES`."""
    for candidates in CANDIDATES:
        chain = policy.fields[candidates.field]
        con.execute(f"CREATE OR REPLACE TEMP TABLE golden_values AS {said_values(candidates, chain, sources)}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE golden_won_{candidates.field} AS {survivors('golden_values', chain)}")
