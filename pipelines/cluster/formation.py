"""How a customer came together: the pairs that join its mentions, strongest first, and those that were refused."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.match.score import spell_levels
from schemas.match_model import MatchModel


@dataclass(frozen=True)
class Join:
    """Two pieces of evidence, each named by the least mention that gives it, and what speaks for their being one. `customer_id`: of the
    second, where the pair was refused."""

    record_a: str
    record_b: str
    bits: float
    levels: str
    customer_id: str | None = None


@dataclass(frozen=True)
class Formation:
    """`nodes_n` pieces of distinct evidence from `records_n` mentions; `joins` connect them (a maximum spanning tree, strongest first),
    `refused` are pairs above the line to mentions of others, of whom the groups' contradictions or a judgement keep it apart."""

    records_n: int
    nodes_n: int
    joins: tuple[Join, ...]
    refused: tuple[Join, ...]


_NODES = """
    SELECT node_id, min(record_id) AS record_id, any_value(customer_id) AS customer_id
    FROM match.node_records JOIN cluster.members USING (record_id)"""


def formation_of(con: duckdb.DuckDBPyConnection, model: MatchModel, customer_id: str) -> Formation:
    """Tell how the active customer `customer_id` formed."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE formed AS {_NODES} WHERE customer_id = ? GROUP BY node_id", [customer_id])
    inside = con.execute(
        """SELECT a.record_id, b.record_id, bits, levels FROM match.pairs
        JOIN formed a ON a.node_id = node_a JOIN formed b ON b.node_id = node_b WHERE bits >= ? ORDER BY bits DESC, node_a, node_b""",
        [model.merge_bits],
    ).fetchall()
    across = con.execute(
        f"""WITH edges AS (
            SELECT node_a AS own, node_b AS other, bits, levels FROM match.pairs WHERE node_a IN (SELECT node_id FROM formed)
            UNION ALL
            SELECT node_b, node_a, bits, levels FROM match.pairs WHERE node_b IN (SELECT node_id FROM formed)),
        leaving AS (FROM edges ANTI JOIN formed ON edges.other = formed.node_id WHERE bits >= $line),
        others AS ({_NODES} WHERE node_id IN (SELECT other FROM leaving) GROUP BY node_id)
        SELECT f.record_id, o.record_id, bits, levels, o.customer_id
        FROM leaving JOIN formed f ON f.node_id = own JOIN others o ON o.node_id = other ORDER BY bits DESC, own, other""",
        {"line": model.merge_bits},
    ).fetchall()
    records, nodes = con.execute(
        "SELECT (SELECT count(*) FROM cluster.members WHERE customer_id = ?), (SELECT count(*) FROM formed)", [customer_id]
    ).fetchall()[0]
    con.execute("DROP TABLE formed")
    joins = tuple(Join(a, b, bits, spell_levels(model, levels)) for a, b, bits, levels in _spanning(inside))
    return Formation(records, nodes, joins, tuple(Join(a, b, bits, spell_levels(model, levels), of) for a, b, bits, levels, of in across))


def _spanning(pairs: list[tuple[str, str, float, int]]) -> list[tuple[str, str, float, int]]:
    """The pairs, strongest first, that connect what none before connected (Kruskal 1956)."""
    parent: dict[str, str] = {}

    def root(record: str) -> str:
        while parent.setdefault(record, record) != record:
            record = parent[record]
        return record

    kept = []
    for pair in pairs:
        a, b = root(pair[0]), root(pair[1])
        if a != b:
            parent[b] = a
            kept.append(pair)
    return kept
