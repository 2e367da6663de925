"""How right an engine is at the best of many thresholds, which a sweep that looks at the truth finds: one sweep for all engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.link.link import Linked, divide
from pipelines.warehouse import count, execute_with
from quality.linkage import evaluate

LINES = (*(n / 20 for n in range(1, 17)), *(n / 50 for n in range(41, 50)), 0.99, 0.995, *(1 - 10.0**-n for n in range(3, 9)))


@dataclass(frozen=True)
class Best:
    """The best pairwise F and the best B-cubed F over LINES; each may be at a line of its own."""

    pairs: float
    b_cubed: float


def sweep_groups(con: duckdb.DuckDBPyConnection, linked: Linked, truth: str) -> Best:
    """The hub's own way of dividing, at each line, after `link_rows` on this connection."""
    return _best(con, truth, lambda line: divide(con, linked.labels, line, "swept"))


def sweep_pairs(con: duckdb.DuckDBPyConnection, pairs: Path, truth: str) -> Best:
    """Connected components of the scored `pairs` (Parquet: `record_a`, `record_b`, `probability`) at each line; the table `truth` names
    all records."""
    rows_n = count(con, f"SELECT count(*) FROM {truth}")
    con.execute(f"CREATE TEMP TABLE numbered AS SELECT record_id, (row_number() OVER () - 1)::INTEGER AS n FROM {truth}")
    found = con.execute(
        """SELECT l.n AS a, r.n AS b, probability FROM read_parquet(?)
        JOIN numbered l ON l.record_id = record_a JOIN numbered r ON r.record_id = record_b""",
        [str(pairs)],
    ).fetchnumpy()
    a, b, probability = (np.asarray(found[name]) for name in ("a", "b", "probability"))

    def components(line: float) -> None:
        kept = probability >= line
        edges = coo_matrix((np.ones(kept.sum(), dtype=np.int8), (a[kept], b[kept])), shape=(rows_n, rows_n))
        rows = pa.table({"n": np.arange(rows_n, dtype=np.int32), "entity_id": connected_components(edges, directed=False)[1]})
        execute_with(con, "CREATE OR REPLACE TEMP TABLE swept AS SELECT record_id, entity_id FROM rows JOIN numbered USING (n)", [], rows)

    return _best(con, truth, components)


def _best(con: duckdb.DuckDBPyConnection, truth: str, divided_at: Callable[[float], object]) -> Best:
    """`divided_at` makes temp `swept(record_id, entity_id)`."""
    found = []
    for line in LINES:
        divided_at(line)
        found.append(evaluate(con, "swept", truth))
    return Best(max(at.pairs.f1 for at in found), max(at.b_cubed.f1 for at in found))
