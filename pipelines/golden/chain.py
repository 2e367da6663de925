"""Chains of survivorship rules as SQL: gather the values said of a customer, put them in order, name the rule that decided.

A chain is lexicographic: a rule only sees what the rules before it left level. Two rules look at the records that say a value
(`source_trust`, `most_recent`); the best record is the least number `best`, whose parts stand in the order of the chain. The others look
at the value itself. So one aggregation and one sort decide a field for all customers, whatever the order of the rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from schemas.survivorship import Chain, DecidedField

# The best record of a value is the least HUGEINT of its parts put side by side: comparing numbers costs a tenth of comparing structs. Bits
# of each part; a record without a time is older than any other, and `record_key` numbers records in the order of their keys.
_WIDTHS = {"minor": 1, "source_trust": 10, "most_recent": 64, "record": 32}
_MOST_TRUST = 1000
_NEWEST = 9223372036854775807
_NEVER = 18446744073709551615
_RULES_OF_RECORDS = ("source_trust", "most_recent")
# Least sorts first in all of them. `most_frequent` counts sources before records: a source that repeats itself is one voice.
_ORDER: dict[str, tuple[str, ...]] = {
    "clear_over_masked": ("NOT is_clear",),
    "valid": ("NOT is_valid",),
    "most_frequent": ("-source_n", "-record_n"),
    "most_complete": ("-part_n",),
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


def best_record(chain: Chain, *, at: str, is_minor: str = "false") -> str:
    """SQL aggregate: the best record that says a value, by the rules of `chain` that look at records, then the least record key."""
    parts = {
        "minor": f"({is_minor})::INT",
        "source_trust": f"{_MOST_TRUST} - trust",
        "most_recent": f"coalesce({_NEWEST}::HUGEINT - epoch_us({at}), {_NEVER})",
        "record": "record_key",
    }
    return "min(" + " | ".join(f"(({parts[name]})::HUGEINT << {shift})" for name, shift in _shifts(chain).items()) + ")"


def _shifts(chain: Chain) -> dict[str, int]:
    """Where each part stands, the most telling first. The time is always there: behind the record it decides nothing."""
    looked_at = [rule for rule in chain if rule in _RULES_OF_RECORDS]
    names = ["minor", *looked_at, "record", *(["most_recent"] if "most_recent" not in looked_at else [])]
    shifts, shift = {}, sum(_WIDTHS[name] for name in names)
    for name in names:
        shift -= _WIDTHS[name]
        shifts[name] = shift
    return shifts


def part_of(best: str, name: str, chain: Chain) -> str:
    """SQL: one part of what `best_record` answers, as it is ordered."""
    return f"(({best} >> {_shifts(chain)[name]}) & {(1 << _WIDTHS[name]) - 1}::HUGEINT)"


def record_of(best: str, chain: Chain) -> str:
    """SQL: `record_key` of the best record."""
    return f"{part_of(best, 'record', chain)}::INTEGER"


def moment_of(best: str, chain: Chain) -> str:
    """SQL: when the best record says so; null for never."""
    age = part_of(best, "most_recent", chain)
    return f"CASE WHEN {age} < {_NEVER} THEN make_timestamp(({_NEWEST}::HUGEINT - {age})::BIGINT) END"


def _keys(rule: str, chain: Chain) -> tuple[str, ...]:
    if rule == "tie_break":
        return part_of("best", "minor", chain), "value_key"
    return (part_of("best", rule, chain),) if rule in _RULES_OF_RECORDS else _ORDER[rule]


def different_sources(sources: int) -> str:
    """SQL aggregate: how many of the `sources` say it (a bit each: several times faster than count(DISTINCT))."""
    return f"bit_count(bitstring_agg(source_n, 1, {max(sources, 2)}))"


def said_values(candidates: Candidates, chain: Chain, sources: int) -> str:
    """SQL: one row a customer and distinct value, with its best record and what the rules need to know of it."""
    c = candidates
    per = ", ".join(c.per)
    also = "".join(f", {expression} AS {name}" for name, expression in c.also.items())
    best = best_record(chain, at=c.at, is_minor=c.is_minor)
    shown = f"arg_min({c.value}, {best.removeprefix('min')})" if c.key else "value_key"
    return f"""
        SELECT {per}, {c.key or c.value} AS value_key, {best} AS best, {shown} AS value,
               bool_or({c.is_clear}) AS is_clear, bool_or({c.is_valid}) AS is_valid, max({c.part_n}) AS part_n,
               {different_sources(sources)} AS source_n, count(*) AS record_n{also}
        FROM {c.table} JOIN (SELECT voice_n, trust FROM golden_trust WHERE field = '{c.field}') USING (voice_n)
        WHERE {c.value} IS NOT NULL AND ({c.where})
        GROUP BY {per}, value_key"""


def in_order(values: str, chain: Chain, *, per: tuple[str, ...] = ("customer_n",)) -> str:
    """SQL: the table `values` (as `said_values` makes them) with `rank`, the number of values `value_n`, and `rule`: what put the first
    before the second. `rule` means something where rank = 1. Most values have no other beside them: only the others are sorted."""
    keys = [key for rule in chain for key in _keys(rule, chain)]
    cases = "\n".join(
        f"WHEN {' OR '.join(f'({key}) IS DISTINCT FROM lead({key}) OVER chain' for key in _keys(rule, chain))} THEN '{rule}'"
        for rule in chain
    )
    partition = ", ".join(per)
    return f"""
        WITH contested AS (SELECT {partition} FROM {values} GROUP BY {partition} HAVING count(*) > 1)
        SELECT *, 1 AS rank, 1 AS value_n, 'only_value' AS rule FROM {values} ANTI JOIN contested USING ({partition})
        UNION ALL
        SELECT *, row_number() OVER chain AS rank, count(*) OVER (PARTITION BY {partition}) AS value_n, CASE {cases} END AS rule
        FROM {values} SEMI JOIN contested USING ({partition})
        WINDOW chain AS (PARTITION BY {partition} ORDER BY {", ".join(keys)})"""


def survivors(values: str, chain: Chain) -> str:
    """SQL: the surviving value of each customer: (customer_n, value, record_key, event_at, rule, value_n)."""
    return f"""
        SELECT customer_n, value, {record_of("best", chain)} AS record_key, {moment_of("best", chain)} AS event_at, rule, value_n
        FROM ({in_order(values, chain)}) WHERE rank = 1"""
