"""What holds mentions together and keeps them apart beside the evidence: stewards' judgements, and merges that a source made before.

A judgement that contradicts newer ones is set aside: `same` of two that newer judgements keep apart, `different` of two that newer ones
hold together, whether directly or by way of others. So the constraints can always be kept, and the newest word counts. Merges are weaker
than any judgement (`pipelines/match/merges.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.match.merges import join_merges
from pipelines.match.must_links import Groups
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


def settle(judgements: Iterable[tuple[int, str, str, str]], groups: Groups | None = None) -> Settled:
    """Settle judgements in force (id, record, record, `same` | `different`) in `groups`; a greater id is newer."""
    groups = Groups() if groups is None else groups
    set_aside = []
    for judgement_id, one, two, verdict in sorted(judgements, reverse=True):
        kept = groups.join(one, two) if verdict == "same" else groups.part(one, two)
        if not kept:
            set_aside.append(judgement_id)
    return Settled(groups.names(), groups.apart(), tuple(sorted(set_aside)))


def take_in_judgements(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Bring match.judged_records up to date with raw.judgements and raw.merges; temp `judged_anew(record_id)`: mentions whose constraints
    changed. Answers how many judgements hold, how many were set aside, how many name a mention there is not; and the same of merges."""
    groups = Groups()
    found = con.execute("SELECT judgement_id, record_a, record_b, verdict FROM raw.judgements").fetchall()
    settled = settle(found, groups)
    facts: dict[str, object] = join_merges(con, groups)
    _put(con, settled.group_of, groups)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE judged_anew AS
        SELECT record_id FROM judged_now n FULL JOIN match.judged_records b USING (record_id)
        WHERE n.group_id IS DISTINCT FROM b.group_id OR n.apart_from IS DISTINCT FROM b.apart_from"""
    )
    con.execute("DELETE FROM match.judged_records")
    con.execute("INSERT INTO match.judged_records FROM judged_now")
    con.execute("DROP TABLE judged_now")
    if not found:
        return facts
    unknown = "SELECT count(*) FROM match.judged_records ANTI JOIN std.mentions USING (record_id) WHERE judged_group_id IS NOT NULL"
    judged = {"judgements": len(found), "judgements_set_aside": len(settled.set_aside), "judged_records_unknown": count(con, unknown)}
    return {**judged, **facts}


def _put(con: duckdb.DuckDBPyConnection, judged: dict[str, str], groups: Groups) -> None:
    """Temp `judged_now`, in the shape of match.judged_records, from `groups` and temp `merged_groups`. `judged`: groups by judgements
    alone."""
    foes: dict[str, list[str]] = {}
    for group, foe in sorted(groups.apart()):
        foes.setdefault(group, []).append(foe)
    names = groups.names()
    records = sorted(names)
    columns = [records, [names[r] for r in records], [foes.get(names[r], []) for r in records], [judged.get(r) for r in records]]
    execute_with(
        con, "CREATE OR REPLACE TEMP TABLE judged_now AS FROM rows UNION ALL SELECT record_id, group_id, [], NULL FROM merged_groups", [],
        pa.table(columns, schema=JUDGED_RECORDS.arrow),
    )
    con.execute("DROP TABLE merged_groups")
