"""The cluster stage: pairs in, customers out; only neighbourhoods that changed are decided anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np

from pipelines.cluster.agglomerate import Edge, agglomerate
from pipelines.cluster.components import JUDGED_BITS, gather_scope, label_components, put_table, weakest_joins
from pipelines.cluster.contradict import MOST_SIGNATURES, compare_signatures, contradictions_of, sign_nodes, supports_sql
from pipelines.cluster.health import linkage_health
from pipelines.cluster.identity import fold_ids
from pipelines.stage import Run, all_pending, pending, take_in
from pipelines.warehouse import count
from schemas.match_model import MatchModel, load_match_model

_OF_DISPUTED = "JOIN (FROM components SEMI JOIN disputed USING (component)) ON node_id = node_a"


def cluster(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
    """Bring cluster.* up to date with match.* and mark the customers whose mentions or confidence changed."""
    model = load_match_model(run.model)
    all_changed = all_pending(con, "cluster", "std") or all_pending(con, "cluster", "match")
    everything = run.full or all_changed or not count(con, "SELECT count(*) FROM cluster.members")
    if everything:
        mentions_n, nodes_n = (count(con, f"SELECT count(*) FROM {table}") for table in ("std.mentions", "match.nodes"))
    else:
        mentions_n = pending(con, "cluster", "std", "mentions", "cluster_mentions")
        nodes_n = pending(con, "cluster", "match", "nodes", "cluster_nodes")
    facts: dict[str, object] = {"nodes_changed": nodes_n}
    if everything or mentions_n or nodes_n:
        gather_scope(con, model, everything)
        facts["nodes_in_scope"] = count(con, "SELECT count(*) FROM scope")
        facts |= _decide(con, model)
        _group_records(con, everything)
        facts |= fold_ids(con, run.now, seq)
        facts["health"] = linkage_health(con, model)
        for table in ("scope", "scope_edges", "components", "clusters", "joins", "grouped", "stale"):
            con.execute(f"DROP TABLE {table}")
    take_in(con, "cluster", "std")
    take_in(con, "cluster", "match")
    facts["customers"] = count(con, "SELECT count(*) FROM cluster.customers WHERE status = 'active'")
    return facts


def _decide(con: duckdb.DuckDBPyConnection, model: MatchModel) -> dict[str, object]:
    """Temp `clusters(node_id, n, label)`: undisputed components whole, disputed ones by the evidence between groups."""
    label_components(con)
    cut = sign_nodes(con)
    if cut:
        _cut_large(con)
        sign_nodes(con)
    compare_signatures(con, model)
    facts: dict[str, object] = {"components_cut": cut, "components_disputed": count(con, "SELECT count(*) FROM disputed")}
    nodes, labels = _decide_disputed(con, model)
    put_table(con, "decided", {"node_id": nodes, "label": labels})
    con.execute(
        """CREATE OR REPLACE TEMP TABLE clusters AS
        SELECT c.node_id, c.n, coalesce(d.label, c.component) AS label FROM components c LEFT JOIN decided d USING (node_id)"""
    )
    weakest_joins(con)
    for table in ("decided", "disputed", "against", "signatures", "signed"):
        con.execute(f"DROP TABLE {table}")
    return facts


def _cut_large(con: duckdb.DuckDBPyConnection) -> None:
    """In a component of too many signatures only pairs of the same name and judgements stay: bounded work, and no chain through a shared
    value."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE kept_edges AS
        WITH large AS (SELECT component FROM signatures GROUP BY component HAVING count(*) > ?)
        SELECT e.* FROM scope_edges e JOIN components c ON c.node_id = e.node_a
        JOIN match.nodes a ON a.node_id = e.node_a JOIN match.nodes b ON b.node_id = e.node_b
        WHERE c.component NOT IN (SELECT component FROM large) OR a.name_norm = b.name_norm OR e.bits >= ?""",
        [MOST_SIGNATURES, JUDGED_BITS],
    )
    con.execute("DROP TABLE scope_edges")
    con.execute("ALTER TABLE kept_edges RENAME TO scope_edges")
    label_components(con)


def _decide_disputed(con: duckdb.DuckDBPyConnection, model: MatchModel) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of disputed components and their labels."""
    contradictions = contradictions_of(con, model)
    signature: dict[int, dict[int, int]] = {}
    for component, node, number in _rows(con, "SELECT component, node_id, signature FROM signed SEMI JOIN disputed USING (component)"):
        signature.setdefault(component, {})[node] = number
    edges: dict[int, list[Edge]] = {}
    for component, *edge in _rows(con, supports_sql(model)):
        edges.setdefault(component, []).append((edge[0], edge[1], edge[2]))
    together: dict[int, list[tuple[int, int]]] = {}
    for component, a, b in _rows(con, f"SELECT component, node_a, node_b FROM scope_edges {_OF_DISPUTED} WHERE bits >= {JUDGED_BITS}"):
        together.setdefault(component, []).append((a, b))
    labels: dict[int, int] = {}
    for component, signature_of in signature.items():
        judged = together.get(component, [])
        labels |= agglomerate(edges.get(component, []), signature_of, contradictions[component], model.merge_bits, judged)
    keys = np.fromiter(labels.keys(), dtype=np.uint64, count=len(labels))
    return keys, np.fromiter(labels.values(), dtype=np.uint64, count=len(labels))


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows by way of columns: a third of the time of fetching them one by one."""
    return zip(*(column.tolist() for column in con.execute(sql).fetchnumpy().values()), strict=True)


def _group_records(con: duckdb.DuckDBPyConnection, everything: bool) -> None:
    """Temp `grouped(record_id, label)` of the mentions in scope, `stale(record_id)` of mentions that are no more."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT r.record_id, c.label FROM match.node_records r JOIN clusters c USING (node_id)"""
    )
    source = "cluster.members" if everything else "(SELECT key AS record_id FROM cluster_mentions)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE stale AS SELECT record_id FROM {source} ANTI JOIN match.node_records USING (record_id)")
