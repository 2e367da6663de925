"""Chains of survivorship rules as SQL: gather the values said of a customer, put them in order, name the rule that decided.

A chain is lexicographic: a rule only sees what the rules before it left level. Three rules look at the records that say a value
(`override`, `source_trust`, `most_recent`); the best record is the least number `best`, whose parts stand in the order of the chain. The
others look at the value itself. So one aggregation and one sort decide a field for all customers, whatever the order of the rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from schemas.survivorship import Chain, DecidedField

STEWARD = 0  # the voice of overrides
ONLY_VALUE = "only_value"

# The best record of a value is the least HUGEINT of its parts put side by side: comparing numbers costs a tenth of comparing structs. Bits
# of each part; a record without a time is older than any other, and `record_key` numbers records in the order of a hash of their keys.
_WIDTHS = {"override": 1, "minor": 1, "source_trust": 10, "most_recent": 64, "record": 32}
_MOST_TRUST = 1000
_NEWEST = 9223372036854775807
_NEVER = 18446744073709551615
_RULES_OF_RECORDS = ("override", "source_trust", "most_recent")
# Least sorts first in all of them. `most_frequent` counts sources before records: a source that repeats itself is one voice.
_ORDER: dict[str, tuple[str, ...]] = {
    "clear_over_masked": ("NOT is_clear",),
    "verified": ("NOT is_verified",),
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
    is_verified: str = "false"
    is_valid: str = "true"
    is_minor: str = "false"
    part_n: str = "1"
    at: str = "event_at"
    where: str = "true"
    per: tuple[str, ...] = ("customer_n",)
    also: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Voices:
    """Who speaks (temp `golden_voices`, a row a source and role): how many `sources` there are with the steward, and the fields in which
    somebody's trust decays."""

    sources: int
    decaying: frozenset[DecidedField] = frozenset()

    def trust_in(self, field: DecidedField, *, at: str) -> str:
        """SQL over a row of `golden_voices` beside a record: the trust in it, 0..1000. It halves with every half-life by which the record
        is older than the newest of its customer (`newest_at`): measured against today it would change without any record that does. A
        record without a time has none left."""
        if field not in self.decaying:
            return f"trust_{field}"
        age = f"greatest(epoch(newest_at) - epoch({at}), 0) / 86400"
        return f"""CASE WHEN half_life_{field} IS NULL THEN trust_{field}
            ELSE coalesce(round(trust_{field} * pow(0.5, {age} / half_life_{field})), 0)::INT END"""


def best_record(chain: Chain, *, at: str, trust: str = "0", is_minor: str = "false") -> str:
    """SQL aggregate: the best record that says a value, by the rules of `chain` that look at records, then the least record key."""
    return f"min({record_rank(chain, at=at, trust=trust, is_minor=is_minor)})"


def record_rank(chain: Chain, *, at: str, trust: str = "0", is_minor: str = "false") -> str:
    """SQL: what `best_record` takes the least of."""
    parts = {
        "override": f"(voice_n <> {STEWARD})::INT",
        "minor": f"({is_minor})::INT",
        "source_trust": f"{_MOST_TRUST} - {trust}",
        "most_recent": f"coalesce({_NEWEST}::HUGEINT - epoch_us({at}), {_NEVER})",
        "record": "record_key",
    }
    return " | ".join(f"(({parts[name]})::HUGEINT << {shift})" for name, shift in _shifts(chain).items())


def _shifts(chain: Chain) -> dict[str, int]:
    """Where each part stands, the most telling first. The time is always there: behind the record it decides nothing."""
    looked_at = [rule for rule in chain if rule in _RULES_OF_RECORDS]
    names = [*(["override"] if "override" in chain else []), "minor", *(rule for rule in looked_at if rule != "override"), "record"]
    names += ["most_recent"] if "most_recent" not in looked_at else []
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


def said_values(candidates: Candidates, chain: Chain, voices: Voices, *, among: str = "true") -> str:
    """SQL: one row a customer and distinct value, with its best record and what the rules need to know of it; `among` narrows the rows."""
    c = candidates
    per = ", ".join(c.per)
    also = "".join(f", {expression} AS {name}" for name, expression in c.also.items())
    rank = record_rank(chain, at=c.at, trust=voices.trust_in(c.field, at=c.at), is_minor=c.is_minor)
    shown = f"arg_min({c.value}, {rank})" if c.key else "value_key"
    return f"""
        SELECT {per}, {c.key or c.value} AS value_key, min({rank}) AS best, {shown} AS value,
               bool_or({c.is_clear}) AS is_clear, bool_or({c.is_verified}) AS is_verified, bool_or({c.is_valid}) AS is_valid,
               max({c.part_n}) AS part_n, {different_sources(voices.sources)} AS source_n, count(*) AS record_n{also}
        FROM (FROM {c.table} WHERE {among}) JOIN golden_voices USING (voice_n)
        WHERE {c.value} IS NOT NULL AND ({c.where})
        GROUP BY {per}, value_key"""


def in_order(values: str, chain: Chain, *, per: tuple[str, ...] = ("customer_n",)) -> str:
    """SQL: the table `values` (as `said_values` makes them) with `rank`, the number of values `value_n`, and `rule`: what put the first
    before the second; for the others, what put the first before them. Most values have no other beside them: only the others are sorted.
    """
    keys = [key for rule in chain for key in _keys(rule, chain)]
    partition = ", ".join(per)
    return f"""
        WITH contested AS (SELECT {partition} FROM {values} GROUP BY {partition} HAVING count(*) > 1)
        SELECT *, 1 AS rank, 1 AS value_n, '{ONLY_VALUE}' AS rule FROM {values} ANTI JOIN contested USING ({partition})
        UNION ALL
        SELECT *, row_number() OVER chain AS rank, count(*) OVER (PARTITION BY {partition}) AS value_n,
               CASE WHEN row_number() OVER chain = 1 THEN CASE {_first_to_differ(chain, "lead")} END
                    ELSE CASE {_first_to_differ(chain, "first_value")} END END AS rule
        FROM {values} SEMI JOIN contested USING ({partition})
        WINDOW chain AS (PARTITION BY {partition} ORDER BY {", ".join(keys)})"""


def _first_to_differ(chain: Chain, other: str) -> str:
    """SQL: the cases of the first rule that tells a row from the one that the window function `other` points at."""
    return "\n".join(
        f"WHEN {' OR '.join(f'({key}) IS DISTINCT FROM {other}({key}) OVER chain' for key in _keys(rule, chain))} THEN '{rule}'"
        for rule in chain
    )


def survivors(ranked: str, chain: Chain) -> str:
    """SQL: the surviving value of each customer in a table that `in_order` made: (customer_n, value, record_key, event_at, rule,
    value_n)."""
    return f"""
        SELECT customer_n, value, {record_of("best", chain)} AS record_key, {moment_of("best", chain)} AS event_at, rule, value_n
        FROM {ranked} WHERE rank = 1"""
