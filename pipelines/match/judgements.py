"""Stewards' judgements as constraints: which mentions are held together, which groups of them are kept apart.

A judgement that contradicts newer ones is set aside: `same` of two that newer judgements keep apart, `different` of two that newer ones
hold together, whether directly or by way of others. So the constraints can always be kept, and the newest word counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.warehouse import count, execute_with
from schemas.tables.match import JUDGED_RECORDS

Pair = tuple[str, str]


@dataclass(frozen=True)
class Settled:
    """`group_of`: of each judged record the least of those held together with it; `apart`: pairs of such groups, both ways round;
    `set_aside`: ids of judgements that newer ones contradict."""

    group_of: dict[str, str]
    apart: frozenset[Pair]
    set_aside: tuple[int, ...]


def settle(judgements: Iterable[tuple[int, str, str, str]]) -> Settled:
    """Settle judgements in force (id, record, record, `same` | `different`); a greater id is newer."""
    parent: dict[str, str] = {}
    foes: dict[str, set[str]] = {}  # of the root of a group, records of groups it is kept apart from
    set_aside = []

    def root(record: str) -> str:
        parent.setdefault(record, record)
        while parent[record] != record:
            parent[record] = record = parent[parent[record]]
        return record

    for judgement_id, one, two, verdict in sorted(judgements, reverse=True):
        a, b = sorted((root(one), root(two)))
        if (a == b and verdict == "different") or (verdict == "same" and any(root(foe) == b for foe in foes.get(a, ()))):
            set_aside.append(judgement_id)
        elif verdict == "different":
            foes.setdefault(a, set()).add(b)
            foes.setdefault(b, set()).add(a)
        elif a != b:
            parent[b] = a
            foes.setdefault(a, set()).update(foes.pop(b, ()))
    group_of = {record: root(record) for record in parent}
    return Settled(group_of, frozenset((group, root(foe)) for group, of in foes.items() for foe in of), tuple(sorted(set_aside)))


def take_in_judgements(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Bring match.judged_records up to date with raw.judgements; temp `judged_anew(record_id)`: mentions whose constraints changed.
    Answers how many judgements hold, how many were set aside, and how many name a mention there is not."""
    found = con.execute("SELECT judgement_id, record_a, record_b, verdict FROM raw.judgements").fetchall()
    settled = settle(found)
    foes: dict[str, list[str]] = {}
    for group, foe in sorted(settled.apart):
        foes.setdefault(group, []).append(foe)
    records = sorted(settled.group_of)
    groups = [settled.group_of[record] for record in records]
    rows = pa.table([records, groups, [foes.get(group, []) for group in groups]], schema=JUDGED_RECORDS.arrow)
    execute_with(con, "CREATE OR REPLACE TEMP TABLE judged_now AS FROM rows", [], rows)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE judged_anew AS
        SELECT record_id FROM judged_now n FULL JOIN match.judged_records b USING (record_id)
        WHERE n.group_id IS DISTINCT FROM b.group_id OR n.apart_from IS DISTINCT FROM b.apart_from"""
    )
    con.execute("DELETE FROM match.judged_records")
    con.execute("INSERT INTO match.judged_records FROM judged_now")
    con.execute("DROP TABLE judged_now")
    if not found:
        return {}
    unknown = count(con, "SELECT count(*) FROM match.judged_records ANTI JOIN std.mentions USING (record_id)")
    return {"judgements": len(found), "judgements_set_aside": len(settled.set_aside), "judged_records_unknown": unknown}
