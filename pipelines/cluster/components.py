"""Connected components over the pairs that could merge: the neighbourhoods in which clustering is decided."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from pipelines.warehouse import count, execute_with
from schemas.match_model import MatchModel

CERTAIN_BITS = 20.0  # odds of a million to one: nothing that is told of a join tells stronger ones apart (cluster.customers.confidence)
# The nodes of a group that stewards or merges of a source hold together, as a chain.
_JUDGED_SAME = """
    SELECT before AS node_a, node_id AS node_b, ?::DOUBLE AS bits
    FROM (SELECT node_id, lag(node_id) OVER (PARTITION BY group_id ORDER BY node_id) AS before
          FROM (SELECT DISTINCT group_id, node_id FROM match.judged_records JOIN match.node_records USING (record_id)))
    WHERE before IS NOT NULL"""
_NUMBERED = "JOIN {nodes} a ON a.node_id = node_a JOIN {nodes} b ON b.node_id = node_b"


JUDGED_BITS = 1000.0  # of a join that a judgement or a merge of a source makes


def gather_scope(con: duckdb.DuckDBPyConnection, model: MatchModel, everything: bool) -> None:
    """Temp `scope(node_id)`: every node whose cluster may differ from last time, closed under pairs that could merge; and temp
    `scope_edges(node_a, node_b, bits)`, those of judgements among them. Needs temp `cluster_nodes(key)` and `cluster_mentions(key)` of
    pending keys unless `everything`."""
    edges = "scope_edges" if everything else "edges"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {edges} AS
        SELECT node_a, node_b, bits FROM match.pairs WHERE bits >= ? UNION ALL {_JUDGED_SAME}""",
        [model.merge_bits, JUDGED_BITS],
    )
    if everything:
        con.execute("CREATE OR REPLACE TEMP TABLE scope AS SELECT node_id FROM match.nodes")
        return
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
    """Temp `components(node_id, n, component)` of temp `scope` under temp `scope_edges`: `n` numbers the nodes from 0, the label is the
    least node id."""
    nodes = _columns(con, "SELECT node_id FROM scope ORDER BY node_id")[0]
    put_table(con, "numbered", {"node_id": nodes, "n": np.arange(len(nodes), dtype=np.int32)})
    labels = _connect(len(nodes), *_columns(con, f"SELECT a.n, b.n FROM scope_edges {_NUMBERED.format(nodes='numbered')}"))
    # nodes are in order, so the first node of a component is its least
    first = np.full(labels.max(initial=-1) + 1, -1, dtype=np.int64)
    first[labels[::-1]] = np.arange(len(nodes) - 1, -1, -1)
    put_table(con, "components", {"node_id": nodes, "n": np.arange(len(nodes), dtype=np.int32), "component": nodes[first[labels]]})
    con.execute("DROP TABLE numbered")


def weakest_joins(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `joins(label, bits)`: per cluster of temp `clusters(node_id, n, label)` the weakest join of its maximum spanning tree, as far
    as it is below `CERTAIN_BITS`. Nodes that certain joins connect count as one, so a tree is made of few."""
    nodes_n = count(con, "SELECT count(*) FROM clusters")
    # what crosses clusters is left out here: as a condition of the join it invites joining all nodes of one cluster with each other
    numbered = f"scope_edges {_NUMBERED.format(nodes='clusters')}"
    a, b, bits, label, other = _columns(con, f"SELECT a.n, b.n, bits, a.label, b.label FROM {numbered}")
    within = label == other
    a, b, bits, label = a[within], b[within], bits[within], label[within]
    certain = bits >= CERTAIN_BITS
    group = _connect(nodes_n, a[certain], b[certain])
    left, right = group[a[~certain]], group[b[~certain]]
    apart = left != right
    left, right, bits, label = left[apart], right[apart], bits[~certain][apart], label[~certain][apart]
    groups, at = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = at[: len(left)], at[len(left) :]
    strongest = np.lexsort((-bits, np.maximum(left, right), np.minimum(left, right)))
    left, right, bits, label = left[strongest], right[strongest], bits[strongest], label[strongest]
    low, high = np.minimum(left, right), np.maximum(left, right)
    leading = np.ones(len(low), dtype=np.bool_)
    leading[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])  # of several joins between two groups the strongest counts
    low, high, bits, label = low[leading], high[leading], bits[leading], label[leading]
    # a minimum spanning tree of positive costs is a maximum one of bits
    costs = coo_matrix((CERTAIN_BITS + 1.0 - bits, (low, high)), shape=(len(groups), len(groups)))
    tree = minimum_spanning_tree(costs).tocoo()
    label_of = np.zeros(len(groups), dtype=np.uint64)
    label_of[low] = label
    put_table(con, "tree", {"label": label_of[tree.row], "bits": CERTAIN_BITS + 1.0 - tree.data})
    con.execute("CREATE OR REPLACE TEMP TABLE joins AS SELECT label, min(bits) AS bits FROM tree GROUP BY label")
    con.execute("DROP TABLE tree")


def put_table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, np.ndarray]) -> None:
    """A temp table of numpy columns."""
    execute_with(con, f"CREATE OR REPLACE TEMP TABLE {name} AS FROM rows", [], pa.table(columns))


def _connect(nodes_n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The component of each of the nodes 0 … nodes_n - 1 under the edges (a, b), numbered from 0."""
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(nodes_n, nodes_n))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels)


def _columns(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[np.ndarray, ...]:
    """The columns a query answers, in order."""
    return tuple(np.asarray(values) for values in con.execute(sql).fetchnumpy().values())
