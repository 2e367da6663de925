"""Merges that a source made before the hub was there, as constraints: its word that two of its records are one.

It is weaker than a steward's `different`, and does not hold against documents: where the two sides hold valid numbers of one document type
and share none, the merge is not applied. Of merges that cannot all hold the oldest do. Chains hold as a whole, also over records that are
gone; a circle is odd, and its records still are one party. All of it is a function of the rows, whatever order they came in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.match.must_links import Groups
from pipelines.warehouse import execute_with
from schemas.tables.match import MERGE_FINDINGS

NOT_APPLIED = ("incomplete", "judged_apart", "different_documents")
Finding = tuple[str, str]  # row, what is found


@dataclass(frozen=True)
class Merge:
    """One row of raw.merges: the record that was kept, and the one that went into it."""

    row_id: str
    surviving: str
    merged: str


def join_merges(con: duckdb.DuckDBPyConnection, groups: Groups) -> dict[str, object]:
    """Join in `groups` what raw.merges says is one and bring match.merge_findings up to date. Answers how many merges there are, how many
    were not applied, and how many rows each finding has; nothing when there are none."""
    merges = [Merge(*row) for row in con.execute(_MERGES).fetchall()]
    incomplete = [(row_id, "incomplete") for (row_id,) in con.execute(_INCOMPLETE).fetchall()]
    named = {record for merge in merges for record in (merge.surviving, merge.merged)}
    papers = _papers_of(con, named | set(groups.names())) if merges else {}
    refused = apply_merges(groups, merges, papers)
    odd = [*_circles_and_chains(merges), *_unknown(con, merges)]
    not_applied = dict([*incomplete, *refused])
    findings = [*not_applied.items(), *((row, what) for row, what in odd if row not in not_applied)]
    _store(con, findings)
    if not merges and not incomplete:
        return {}
    found = dict(sorted(Counter(what for _, what in findings).items()))
    return {"merges": len(merges) + len(incomplete), "merges_not_applied": len(not_applied), "merge_findings": found}


def apply_merges(groups: Groups, merges: Iterable[Merge], papers: Mapping[str, frozenset[str]]) -> list[Finding]:
    """Join each merge in turn; answer those that were not, with the reason. `papers`: valid documents of a record, as `<type>:<number>`."""
    held: dict[str, set[str]] = {}
    for record, own in papers.items():
        held.setdefault(groups.group(record), set()).update(own)
    refused = []
    for merge in merges:
        a, b = groups.group(merge.surviving), groups.group(merge.merged)
        if _contradict(held.get(a, set()), held.get(b, set())):
            refused.append((merge.row_id, "different_documents"))
        elif not groups.join(a, b):
            refused.append((merge.row_id, "judged_apart"))
        elif a != b:
            both = held.pop(a, set()) | held.pop(b, set())
            held[groups.group(a)] = both
    return refused


def _contradict(one: set[str], other: set[str]) -> bool:
    """Both hold documents of a type and share none of it."""
    types = {paper.split(":")[0] for paper in one} & {paper.split(":")[0] for paper in other}
    return any(not {p for p in one & other if p.startswith(f"{of}:")} for of in types)


_WHOLE = "surviving_ref <> '' AND merged_ref <> '' AND surviving_ref <> merged_ref"
_MERGES = f"SELECT row_id, surviving_ref, merged_ref FROM raw.merges WHERE {_WHOLE} ORDER BY merged_at NULLS LAST, row_id"
_INCOMPLETE = f"SELECT row_id FROM raw.merges WHERE NOT coalesce({_WHOLE}, false) ORDER BY row_id"


def _papers_of(con: duckdb.DuckDBPyConnection, records: set[str]) -> dict[str, frozenset[str]]:
    named = pa.table({"record_id": pa.array(records, pa.string())})
    execute_with(con, "CREATE OR REPLACE TEMP TABLE merge_records AS FROM rows", [], named)
    rows = con.execute(
        """SELECT record_id, list(value) FROM std.identifiers SEMI JOIN merge_records USING (record_id)
        WHERE kind = 'id_number' AND is_valid AND NOT is_masked GROUP BY record_id"""
    ).fetchall()
    con.execute("DROP TABLE merge_records")
    return {record: frozenset(values) for record, values in rows}


def _circles_and_chains(merges: list[Merge]) -> list[Finding]:
    """`cycle`: a merge within records that all went into each other (a strongly connected component); `chain`: the record it kept went into
    another one itself."""
    number = {record: n for n, record in enumerate({record for merge in merges for record in (merge.merged, merge.surviving)})}
    start = np.array([number[merge.merged] for merge in merges], dtype=np.int64)
    end = np.array([number[merge.surviving] for merge in merges], dtype=np.int64)
    graph = coo_matrix((np.ones(len(merges), dtype=np.int8), (start, end)), shape=(len(number), len(number)))
    circle = connected_components(graph, directed=True, connection="strong")[1] if merges else np.zeros(0, dtype=np.int64)
    gone_on = np.isin(end, start)
    kinds = np.where(circle[start] == circle[end], "cycle", np.where(gone_on, "chain", ""))
    return [(merge.row_id, str(kind)) for merge, kind in zip(merges, kinds, strict=True) if kind]


def _unknown(con: duckdb.DuckDBPyConnection, merges: list[Merge]) -> list[Finding]:
    """Merges that name a record there is not now, as most merged ones are."""
    if not merges:
        return []
    rows = con.execute(
        f"""SELECT row_id FROM (SELECT row_id, unnest([surviving_ref, merged_ref]) AS record_id FROM raw.merges WHERE {_WHOLE})
        ANTI JOIN std.mentions USING (record_id) GROUP BY row_id ORDER BY row_id"""
    ).fetchall()
    return [(row_id, "unknown_record") for (row_id,) in rows]


def _store(con: duckdb.DuckDBPyConnection, findings: list[Finding]) -> None:
    columns = [[row for row, _ in findings], [what for _, what in findings], [what not in NOT_APPLIED for _, what in findings]]
    con.execute(f"DELETE FROM {MERGE_FINDINGS.name}")
    execute_with(con, f"INSERT INTO {MERGE_FINDINGS.name} FROM rows", [], pa.table(columns, schema=MERGE_FINDINGS.arrow))
