"""Chains of survivorship rules as SQL: gather the values said of a customer, put them in order, name the rule that decided.

A chain is lexicographic: a rule only sees what the rules before it left level. Two rules look at the records that say a value
(`source_trust`, `most_recent`); the best record is the least of the struct `best`, whose parts stand in the order of the chain. The
others look at the value itself. So one aggregation and one window decide a field for all customers, whatever the order of the rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from schemas.survivorship import Chain, DecidedField

# A record without a time is older than any other.
_AGE = "-coalesce(epoch_us({at}), -9223372036854775000)"
# Least sorts first in all of them. `most_frequent` counts sources before records: a source that repeats itself is one voice.
_ORDER: dict[str, tuple[str, ...]] = {
    "clear_over_masked": ("NOT is_clear",),
    "valid": ("NOT is_valid",),
    "source_trust": ("best.trust",),
    "most_recent": ("best.age",),
    "most_frequent": ("-source_n", "-record_n"),
    "most_complete": ("-part_n",),
    "tie_break": ("best.is_minor", "value_key"),
}


@dataclasses.dataclass(frozen=True)
class Candidates:
    """Where the values of a field are said: a table with the columns of `golden_mentions`, and expressions over it.

    `value` null means nothing is said. Values with equal `key` are one value; the best record gives the form that is shown, and a record
    that says it in passing or in another spelling (`is_minor`) is only the best when no other says it. `also` are further aggregates.
    """

    field: DecidedField
    table: str
    value: str
    key: str | None = None
    is_clear: str = "true"
    is_valid: str = "true"
    is_minor: str = "false"
    part_n: str = "1"
    at: str = "event_at"
    where: str = "true"
    per: tuple[str, ...] = ("customer_n",)
    also: Mapping[str, str] = dataclasses.field(default_factory=dict)


def best_record(chain: Chain, *, value: str, at: str, is_minor: str = "false") -> str:
    """SQL aggregate: the best record that says a value, by the rules of `chain` that look at records, then the least record key."""
    parts = {"source_trust": "'trust': -trust", "most_recent": f"'age': {_AGE.format(at=at)}"}
    ordered = [parts[rule] for rule in chain if rule in parts]
    members = ", ".join([f"'is_minor': {is_minor}", *ordered, f"'record_id': record_id, 'value': {value}, 'at': {at}, 'voice_n': voice_n"])
    return f"min({{{members}}})"


def different_sources(sources: int) -> str:
    """SQL aggregate: how many of the `sources` say it (a bit each: several times faster than count(DISTINCT))."""
    return f"bit_count(bitstring_agg(source_n, 1, {max(sources, 2)}))"


def said_values(candidates: Candidates, chain: Chain, sources: int) -> str:
    """SQL: one row a customer and distinct value, with its best record and what the rules need to know of it."""
    c = candidates
    per = ", ".join(c.per)
    also = "".join(f", {expression} AS {name}" for name, expression in c.also.items())
    return f"""
        SELECT {per}, {c.key or c.value} AS value_key, {best_record(chain, value=c.value, at=c.at, is_minor=c.is_minor)} AS best,
               bool_or({c.is_clear}) AS is_clear, bool_or({c.is_valid}) AS is_valid, max({c.part_n}) AS part_n,
               {different_sources(sources)} AS source_n, count(*) AS record_n{also}
        FROM {c.table} JOIN (SELECT voice_n, trust FROM golden_trust WHERE field = '{c.field}') USING (voice_n)
        WHERE {c.value} IS NOT NULL AND ({c.where})
        GROUP BY {per}, value_key"""


def in_order(values: str, chain: Chain, *, per: tuple[str, ...] = ("customer_n",)) -> str:
    """SQL: `values` (as `said_values` makes them) with `rank`, the number of values `value_n`, and `rule`: what put the first before the
    second. `rule` means something where rank = 1."""
    keys = [key for rule in chain for key in _ORDER[rule]]
    cases = "\n".join(
        f"WHEN {' OR '.join(f'({key}) IS DISTINCT FROM lead({key}) OVER chain' for key in _ORDER[rule])} THEN '{rule}'" for rule in chain
    )
    partition = ", ".join(per)
    return f"""
        SELECT *, row_number() OVER chain AS rank, count(*) OVER (PARTITION BY {partition}) AS value_n,
               CASE WHEN count(*) OVER (PARTITION BY {partition}) = 1 THEN 'only_value'
               {cases} END AS rule
        FROM {values}
        WINDOW chain AS (PARTITION BY {partition} ORDER BY {", ".join(keys)})"""


def survivors(values: str, chain: Chain) -> str:
    """SQL: the surviving value of each customer: (customer_n, value, record_id, event_at, voice_n, rule, value_n)."""
    return f"""
        SELECT customer_n, best.value AS value, best.record_id AS record_id, best.at AS event_at, best.voice_n AS voice_n, rule, value_n
        FROM ({in_order(values, chain)}) WHERE rank = 1"""
