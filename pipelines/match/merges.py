"""Merges that a source made before the hub was there, as constraints: its word that two of its records are one.

It is weaker than a steward's `different`, and does not hold against documents: where the two sides hold valid numbers of one document type
and share none, the merge is not applied. Of merges that cannot all hold the oldest do. Chains hold as a whole, also over records that are
gone; a circle is odd, and its records still are one party. All of it is a function of the rows, whatever order they came in.

Records that merges connect and nothing disputes are one group as they are, set by set; only disputed ones are joined merge by merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.match.must_links import Groups
from pipelines.warehouse import count, execute_with

Finding = tuple[str, str]  # row, what is found


@dataclass(frozen=True)
class Merge:
    """One row of raw.merges: the record that was kept, and the one that went into it."""

    row_id: str
    surviving: str
    merged: str


def join_merges(con: duckdb.DuckDBPyConnection, groups: Groups) -> dict[str, object]:
    """Take in raw.merges: temp `merged_groups(record_id, group_id)` of the undisputed, the others joined in `groups`; and bring
    match.merge_findings up to date. Answers how many merges there are, how many were not applied, and how many rows each finding has;
    nothing when there are none."""
    merges_n = count(con, "SELECT count(*) FROM raw.merges")
    if not merges_n:
        con.execute("DELETE FROM match.merge_findings")
        con.execute("CREATE OR REPLACE TEMP TABLE merged_groups (record_id VARCHAR, group_id VARCHAR)")
        return {}
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE merge_pairs AS
        SELECT row_id, surviving_ref AS surviving, merged_ref AS merged, merged_at FROM raw.merges WHERE {_WHOLE}"""
    )
    _connect(con)
    _find_disputed(con, groups)
    disputed = [Merge(*row) for row in con.execute(_DISPUTED).fetchall()]
    _store_findings(con, apply_merges(groups, disputed, _papers(con, groups)) if disputed else [])
    con.execute(
        """CREATE OR REPLACE TEMP TABLE merged_groups AS
        SELECT record_id, min(record_id) OVER (PARTITION BY part) AS group_id FROM merge_records ANTI JOIN disputed_parts USING (part)"""
    )
    con.execute("DROP TABLE merge_pairs; DROP TABLE merge_records; DROP TABLE disputed_parts")
    found = con.execute("SELECT finding, count(*) FROM match.merge_findings GROUP BY finding ORDER BY finding").fetchall()
    not_applied = count(con, "SELECT count(*) FROM match.merge_findings WHERE NOT is_applied")
    return {"merges": merges_n, "merges_not_applied": not_applied, "merge_findings": dict(found)}


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
_DISPUTED = """
    SELECT p.row_id, surviving, merged FROM merge_pairs p JOIN merge_records r ON r.record_id = p.merged
    SEMI JOIN disputed_parts USING (part) ORDER BY merged_at NULLS LAST, p.row_id"""
_DOCUMENTS = "SELECT record_id, value FROM std.identifiers WHERE kind = 'id_number' AND is_valid AND NOT is_masked"


def _connect(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `merge_records(record_id, part, circle)`: records that merges name; `part`: those they connect; `circle`: those that all went
    into each other (strongly connected), so one alone is a circle of its own."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE merge_numbers AS
        SELECT record_id, row_number() OVER () - 1 AS n
        FROM (SELECT surviving AS record_id FROM merge_pairs UNION SELECT merged FROM merge_pairs)"""
    )
    ends = con.execute(
        """SELECT a.n AS from_n, b.n AS to_n FROM merge_pairs
        JOIN merge_numbers a ON a.record_id = merged JOIN merge_numbers b ON b.record_id = surviving"""
    ).fetchnumpy()
    records_n = count(con, "SELECT count(*) FROM merge_numbers")
    graph = coo_matrix((np.ones(len(ends["from_n"]), dtype=np.int8), (ends["from_n"], ends["to_n"])), shape=(records_n, records_n))
    labels = [connected_components(graph, connection=kind)[1] if records_n else np.zeros(0, np.int32) for kind in ("weak", "strong")]
    rows = pa.table([np.arange(records_n), *labels], names=["n", "part", "circle"])
    execute_with(
        con, "CREATE OR REPLACE TEMP TABLE merge_records AS SELECT record_id, part, circle FROM merge_numbers JOIN rows USING (n)", [], rows
    )
    con.execute("DROP TABLE merge_numbers")


def _find_disputed(con: duckdb.DuckDBPyConnection, groups: Groups) -> None:
    """Temp `disputed_parts(part)`: with two numbers of a document type, or with a record that a judgement names."""
    judged = pa.table({"record_id": pa.array(list(groups.names()), pa.string())})
    execute_with(
        con,
        f"""CREATE OR REPLACE TEMP TABLE disputed_parts AS
        SELECT part FROM merge_records SEMI JOIN rows USING (record_id)
        UNION
        SELECT part FROM (
            SELECT part FROM merge_records JOIN ({_DOCUMENTS}) USING (record_id)
            GROUP BY part, split_part(value, ':', 1) HAVING min(value) <> max(value))""",
        [], judged,
    )  # fmt: skip


def _papers(con: duckdb.DuckDBPyConnection, groups: Groups) -> dict[str, frozenset[str]]:
    """Valid documents of the records in disputed parts, and of those that judgements name."""
    judged = pa.table({"record_id": pa.array(list(groups.names()), pa.string())})
    execute_with(
        con,
        """CREATE OR REPLACE TEMP TABLE disputed_records AS
        SELECT record_id FROM merge_records SEMI JOIN disputed_parts USING (part) UNION SELECT record_id FROM rows""",
        [], judged,
    )  # fmt: skip
    of = f"SELECT record_id, list(value) FROM ({_DOCUMENTS}) SEMI JOIN disputed_records USING (record_id) GROUP BY record_id"
    rows = con.execute(of).fetchall()
    con.execute("DROP TABLE disputed_records")
    return {record: frozenset(values) for record, values in rows}


def _store_findings(con: duckdb.DuckDBPyConnection, refused: list[Finding]) -> None:
    """Write match.merge_findings; what was not applied is told for that alone."""
    rows = pa.table([pa.array(column, pa.string()) for column in zip(*refused, strict=True)] or [pa.array([], pa.string())] * 2,
                    names=["row_id", "finding"])  # fmt: skip
    con.execute("DELETE FROM match.merge_findings")
    execute_with(
        con,
        f"""INSERT INTO match.merge_findings
        SELECT row_id, 'incomplete', false FROM raw.merges WHERE NOT coalesce({_WHOLE}, false)
        UNION ALL SELECT row_id, finding, false FROM rows
        UNION ALL
        SELECT row_id, unnest(list_filter([
            CASE WHEN k.circle = g.circle THEN 'cycle' WHEN surviving IN (SELECT merged FROM merge_pairs) THEN 'chain' END,
            CASE WHEN surviving NOT IN (SELECT record_id FROM std.mentions) OR merged NOT IN (SELECT record_id FROM std.mentions)
                 THEN 'unknown_record' END], lambda told: told IS NOT NULL)), true
        FROM merge_pairs ANTI JOIN rows USING (row_id)
        JOIN merge_records k ON k.record_id = surviving JOIN merge_records g ON g.record_id = merged""",
        [], rows,
    )  # fmt: skip
