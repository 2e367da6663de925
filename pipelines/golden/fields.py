"""The fields of `gold.customers` that one record decides: where their values are said, when they are clear and valid."""

from __future__ import annotations

import duckdb

from pipelines.golden.candidates import keep_candidates
from pipelines.golden.chain import ONLY_VALUE, Candidates, Voices, in_order, moment_of, record_of, record_rank, said_values, survivors
from schemas.survivorship import Chain, DecidedField, Survivorship

# What a lost code page or a rare character leaves behind is not part of a name, nor are digits of a person's; 陈 alone is not one.
_RUINS = "[?？■□�]"
_READABLE = (
    f"name_norm IS NOT NULL AND NOT regexp_matches(name, '{_RUINS}') "
    "AND (coalesce(party_kind = 'organisation', false) OR length(name) > 1 AND NOT regexp_matches(name, '[0-9０-９]'))"
)
# Dates that forms and spreadsheets fill in by themselves, and births after the record.
_BORN = "birth_on > DATE '1900-01-01' AND birth_on <> DATE '1970-01-01' AND (event_at IS NULL OR birth_on <= event_at)"

CANDIDATES: tuple[Candidates, ...] = (
    Candidates("party_kind", "golden_mentions", "party_kind"),
    Candidates(
        "name", "golden_mentions", "name", key="coalesce(name_norm, name)", is_clear="NOT coalesce(name_is_masked, false)",
        is_verified="coalesce(list_contains(verified, 'name'), false)", is_valid=_READABLE,
        is_minor="name IS DISTINCT FROM name_norm", part_n="length(name)",
    ),
    Candidates("gender", "golden_mentions", "gender", is_verified="coalesce(gender = document_gender, false)"),
    Candidates(
        "birth_on", "golden_mentions", "birth_on", is_valid=_BORN,
        is_verified="coalesce(list_contains(verified, 'birth_on'), false) OR coalesce(birth_on = document_born_on, false)",
    ),
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


def decide_fields(con: duckdb.DuckDBPyConnection, policy: Survivorship, voices: Voices) -> None:
    """Temp `golden_won_<field>` for every field of `CANDIDATES`.

    One pass over a table finds for all its fields the customers of whom only one value is said, and that value; only what is contested is
    gathered value by value and sorted.
    """
    for table in sorted({candidates.table for candidates in CANDIDATES}):
        group = [candidates for candidates in CANDIDATES if candidates.table == table]
        columns = ", ".join(_at_once(c, policy.fields[c.field], voices) for c in group)
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE golden_wide AS
            SELECT customer_n, {columns} FROM {table} JOIN golden_voices USING (voice_n) GROUP BY customer_n"""
        )
        counts = con.execute(f"SELECT {', '.join(f'count(*) FILTER (contested_{c.field})' for c in group)} FROM golden_wide").fetchall()[0]
        for candidates, contested in zip(group, counts, strict=True):
            _decide(con, candidates, policy.fields[candidates.field], voices, is_contested=contested > 0)
    con.execute("DROP TABLE golden_wide; DROP TABLE IF EXISTS golden_values; DROP TABLE IF EXISTS golden_ranked")


def _at_once(c: Candidates, chain: Chain, voices: Voices) -> str:
    """SQL aggregates: the best record that says a value of the field, the value it says, and whether others say another."""
    of_record = record_rank(chain, at=c.at, trust=voices.trust_in(c.field, at=c.at), is_minor=c.is_minor)
    rank = f"CASE WHEN {c.value} IS NOT NULL THEN {of_record} END"
    key = f"CASE WHEN {c.value} IS NOT NULL THEN hash({c.key or c.value}) END"
    return f"""min({rank}) AS best_{c.field}, arg_min({c.value}, {rank}) AS value_{c.field},
        coalesce(min({key}) <> max({key}), false) AS contested_{c.field}"""


def _decide(con: duckdb.DuckDBPyConnection, candidates: Candidates, chain: Chain, voices: Voices, *, is_contested: bool) -> None:
    """Temp `golden_won_<field>` of one field."""
    field, best = candidates.field, f"best_{candidates.field}"
    alone = f"""
        SELECT customer_n, value_{field} AS value, {record_of(best, chain)} AS record_key, {moment_of(best, chain)} AS event_at,
               '{ONLY_VALUE}' AS rule, 1 AS value_n
        FROM golden_wide WHERE {best} IS NOT NULL AND NOT contested_{field}"""
    if is_contested:
        among = f"customer_n IN (SELECT customer_n FROM golden_wide WHERE contested_{field})"
        con.execute(f"CREATE OR REPLACE TEMP TABLE golden_values AS {said_values(candidates, chain, voices, among=among)}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE golden_ranked AS {in_order('golden_values', chain)}")
        keep_candidates(con, field, chain)
        alone += f" UNION ALL {survivors('golden_ranked', chain)}"
    con.execute(f"CREATE OR REPLACE TEMP TABLE golden_won_{field} AS {alone}")
