"""Put the decided fields together: `gold.customers`, `gold.provenance`, `gold.crosswalk`."""

from __future__ import annotations

from typing import get_args

import duckdb

from pipelines.golden.chain import ONLY_VALUE, STEWARD, Voices, best_record, different_sources, moment_of, record_of
from pipelines.golden.fields import COLUMNS
from pipelines.golden.preferences import decide_preferences
from pipelines.sql import literal
from schemas.preferences import Preferences
from schemas.survivorship import Chain, Rule

# Fields that are joined from all records: their best record, the rule by which, and how many values there were.
_NEWEST: Chain = ("most_recent", "tie_break")
_LISTS = (("do_not_contact", "contact_best", "any_says_so", "1"), ("tags", "tags_best", "all_joined", "len(tags)"))
_FIELD = f"ENUM({', '.join(literal(field) for field in (*COLUMNS, *(of[0] for of in _LISTS)))})"
_RULE = f"ENUM({', '.join(literal(rule) for rule in (*get_args(Rule), ONLY_VALUE, *(of[2] for of in _LISTS)))})"
TABLES = ("customers", "contacts", "addresses", "provenance", "candidates", "attributes", "preferences", "crosswalk")


def clear(con: duckdb.DuckDBPyConnection, *, everything: bool) -> None:
    """Take out what gold.* holds of the affected customers."""
    for table in TABLES:
        con.execute(f"DELETE FROM gold.{table}" + ("" if everything else " WHERE customer_id IN (SELECT customer_id FROM golden_affected)"))


def assemble(con: duckdb.DuckDBPyConnection, voices: Voices, preferences: Preferences) -> None:
    """Write the rows of `golden_customers` from the `golden_won_<field>` tables, and drop these."""
    _join_lists(con)
    _write_customers(con, voices)
    _write_provenance(con)
    decide_preferences(con, preferences)
    con.execute(
        f"""INSERT INTO gold.crosswalk BY NAME
        SELECT record_id, customer_id, source, row_id, role, since_at
        FROM golden_mentions JOIN golden_customers USING (customer_n) JOIN golden_voices USING (voice_n) WHERE voice_n <> {STEWARD}"""
    )
    for field in COLUMNS:
        con.execute(f"DROP TABLE golden_won_{field}")
    con.execute("DROP TABLE golden_lists")


def _join_lists(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `golden_lists`: what is joined, not decided. The newest record that says so stands for it."""
    newest = best_record(_NEWEST, at="event_at")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE golden_lists AS
        SELECT customer_n, coalesce(bool_or(do_not_contact), false) AS do_not_contact, {newest} FILTER (do_not_contact) AS contact_best,
               nullif(list_sort(list_distinct(flatten(list(tags) FILTER (len(tags) > 0)))), []) AS tags,
               {newest} FILTER (len(tags) > 0) AS tags_best
        FROM golden_claims GROUP BY customer_n"""
    )


def _write_customers(con: duckdb.DuckDBPyConnection, voices: Voices) -> None:
    values = [
        f"{expression.format(w=f'w_{field}')} AS {column}"
        for field, columns in COLUMNS.items()
        for column, expression in columns.items()
        if column != "marketing_consent"
    ]
    con.execute(
        f"""INSERT INTO gold.customers BY NAME
        WITH seen AS (
            SELECT customer_n, count(*) AS record_n, {different_sources(voices.sources)} AS source_n,
                   min(event_at) AS first_seen_at, max(event_at) AS last_seen_at
            FROM golden_mentions JOIN golden_voices USING (voice_n) WHERE voice_n <> {STEWARD} GROUP BY customer_n)
        SELECT customer_id, {", ".join(values)}, coalesce(w_marketing_consent.value, false) AS marketing_consent,
               coalesce(l.do_not_contact, false) AS do_not_contact, l.tags, s.* EXCLUDE (customer_n), r.confidence
        FROM golden_customers JOIN seen s USING (customer_n)
        LEFT JOIN golden_lists l USING (customer_n)
        LEFT JOIN cluster.customers r USING (customer_id)
        {_joins()}"""
    )


def _write_provenance(con: duckdb.DuckDBPyConnection) -> None:
    """One row a field that survived. The rows of a customer are made side by side: keys that lie together pack to half the room in half
    the time, wherever they go. Fields and rules are ENUMs until they are stored: a byte is cheaper to unnest than a text."""
    decided = [
        f"CASE WHEN w_{field}.value IS NOT NULL THEN "
        + _said(field, *(f"w_{field}.{part}" for part in ("record_key", "event_at", "rule", "value_n")))
        + " END"
        for field in COLUMNS
    ]
    joined = [
        f"CASE WHEN {best} IS NOT NULL THEN " + _said(field, record_of(best, _NEWEST), moment_of(best, _NEWEST), literal(rule), n) + " END"
        for field, best, rule, n in _LISTS
    ]
    con.execute(
        f"""INSERT INTO gold.provenance BY NAME
        SELECT customer_id, said.field::VARCHAR AS field, record_id, source, file_id, line_n, said.event_at, said.rule::VARCHAR AS rule,
               said.candidate_n
        FROM (SELECT customer_id, unnest([{", ".join([*decided, *joined])}]) AS said
              FROM golden_customers LEFT JOIN golden_lists l USING (customer_n) {_joins()})
        JOIN (SELECT record_key, record_id, voice_n, file_id, line_n FROM golden_mentions) m ON m.record_key = said.record_key
        JOIN (SELECT voice_n, source FROM golden_voices) USING (voice_n)"""
    )


def _said(field: str, record_key: str, event_at: str, rule: str, candidate_n: str) -> str:
    """SQL: one entry of the provenance."""
    return (
        f"{{'field': '{field}'::{_FIELD}, 'record_key': {record_key}, 'event_at': {event_at}, 'rule': ({rule})::{_RULE}, "
        f"'candidate_n': ({candidate_n})::BIGINT}}"
    )


def _joins() -> str:
    return "\n".join(f"LEFT JOIN golden_won_{field} w_{field} USING (customer_n)" for field in COLUMNS)
