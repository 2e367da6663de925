"""Connected components over the pairs that could merge: the neighbourhoods in which clustering is decided."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from pipelines.warehouse import count
from schemas.match_model import MatchModel


def gather_scope(con: duckdb.DuckDBPyConnection, model: MatchModel, everything: bool) -> None:
    """Temp `scope(node_id)`: every node whose cluster may differ from last time, closed under pairs that could merge; and temp
    `scope_edges(node_a, node_b, bits)`. Needs temp `cluster_nodes(key)` and `cluster_mentions(key)` of pending keys unless `everything`."""
    if everything:
        con.execute("CREATE OR REPLACE TEMP TABLE scope AS SELECT node_id FROM match.nodes")
        con.execute(
            "CREATE OR REPLACE TEMP TABLE scope_edges AS SELECT node_a, node_b, bits FROM match.pairs WHERE bits >= ?", [model.merge_bits]
        )
        return
    con.execute("CREATE OR REPLACE TEMP TABLE edges AS SELECT node_a, node_b, bits FROM match.pairs WHERE bits >= ?", [model.merge_bits])
    con.execute(
        """CREATE OR REPLACE TEMP TABLE scope AS
        WITH pending_nodes AS (SELECT key::UBIGINT AS node_id FROM cluster_nodes),
        pending_records AS (
            SELECT key AS record_id FROM cluster_mentions
            UNION SELECT record_id FROM match.node_records SEMI JOIN pending_nodes USING (node_id)),
        former AS (SELECT DISTINCT customer_id FROM cluster.members SEMI JOIN pending_records USING (record_id)),
        companions AS (SELECT record_id FROM cluster.members SEMI JOIN former USING (customer_id)
            UNION SELECT record_id FROM pending_records)
        SELECT DISTINCT node_id FROM match.node_records SEMI JOIN companions USING (record_id)
        UNION SELECT node_id FROM match.nodes SEMI JOIN pending_nodes USING (node_id)"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE frontier AS SELECT node_id FROM scope")
    while count(con, "SELECT count(*) FROM frontier"):
        con.execute(
            """CREATE OR REPLACE TEMP TABLE frontier AS
            SELECT node_id FROM (
                SELECT node_b AS node_id FROM edges SEMI JOIN frontier ON edges.node_a = frontier.node_id
                UNION SELECT node_a FROM edges SEMI JOIN frontier ON edges.node_b = frontier.node_id)
            ANTI JOIN scope USING (node_id)"""
        )
        con.execute("INSERT INTO scope SELECT node_id FROM frontier")
    con.execute("CREATE OR REPLACE TEMP TABLE scope_edges AS SELECT * FROM edges WHERE node_a IN (SELECT node_id FROM scope)")
    con.execute("DROP TABLE edges; DROP TABLE frontier")


def label_components(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `components(node_id, component)` of temp `scope` under temp `scope_edges`; the label is the least node id."""
    nodes = np.sort(_column(con, "SELECT node_id FROM scope"))
    a, b = (np.searchsorted(nodes, _column(con, f"SELECT {c} FROM scope_edges ORDER BY node_a, node_b")) for c in ("node_a", "node_b"))
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(nodes), len(nodes)))
    _, labels = connected_components(graph, directed=False)
    # nodes are sorted, so the first node of a component is its least
    _, first = np.unique(labels, return_index=True)
    put_table(con, "components", {"node_id": nodes, "component": nodes[first][labels] if len(nodes) else nodes})


def weakest_joins(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `joins(label, bits)`: per cluster of temp `clusters(node_id, label)` the weakest join of its maximum spanning tree."""
    rows = con.execute(
        """SELECT e.node_a, e.node_b, e.bits, x.label FROM scope_edges e
        JOIN clusters x ON x.node_id = e.node_a JOIN clusters y ON y.node_id = e.node_b AND y.label = x.label"""
    ).fetchnumpy()
    a, b, label, bits = (np.asarray(rows[c]) for c in ("node_a", "node_b", "label", "bits"))
    nodes = np.unique(np.concatenate([a, b]))
    shift = bits.max(initial=0.0) + 1.0  # a minimum spanning tree of positive costs is a maximum one of bits
    left, right = np.searchsorted(nodes, a), np.searchsorted(nodes, b)
    tree = minimum_spanning_tree(coo_matrix((shift - bits, (left, right)), shape=(len(nodes), len(nodes)))).tocoo()
    label_of = np.zeros(len(nodes), dtype=np.uint64)
    label_of[left] = label
    put_table(con, "tree", {"label": label_of[tree.row], "bits": shift - tree.data})
    con.execute("CREATE OR REPLACE TEMP TABLE joins AS SELECT label, min(bits) AS bits FROM tree GROUP BY label")
    con.execute("DROP TABLE tree")


def put_table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, np.ndarray]) -> None:
    """A temp table of numpy columns."""
    arrow = pa.table(columns)
    con.register("arrow_in", arrow)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM arrow_in")
    con.unregister("arrow_in")


def _column(con: duckdb.DuckDBPyConnection, sql: str) -> np.ndarray:
    (values,) = con.execute(sql).fetchnumpy().values()
    return np.asarray(values)
