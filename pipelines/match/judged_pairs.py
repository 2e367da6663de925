"""The pairs that stewards judged, as the model in use sees them: what a refit learns from and is measured by.

Only pairs that the model puts in the band for review or above are taken. Who holds together what has nothing in common, or keeps apart what
nobody would have joined, knows something that is not in the values. Judgements that newer ones contradict are left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.match.judgements import settle
from pipelines.match.learn import Floats
from schemas.match_model import MatchModel

Chosen = NDArray[np.bool_]
_HELD_BACK = 1 / 3


@dataclass(frozen=True)
class JudgedPairs:
    """n pairs of nodes: `levels` packed as in match.pairs, `name_share` the frequency of the rarer name, `same` the verdict, `group` the
    least mention of all customers that judgements hang together with the pair's: pairs of one group are not independent."""

    levels: NDArray[np.uint64]
    name_share: Floats
    same: Chosen
    group: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.same)

    @property
    def counts(self) -> tuple[int, int]:
        """How many are same, how many different."""
        return int(self.same.sum()), int((~self.same).sum())

    def only(self, chosen: Chosen) -> JudgedPairs:
        return JudgedPairs(self.levels[chosen], self.name_share[chosen], self.same[chosen], self.group[chosen])


def judged_pairs(con: duckdb.DuckDBPyConnection, model: MatchModel) -> JudgedPairs:
    """The judged pairs among match.pairs, whose levels must be of `model`; in an order that no judgement's date tells in."""
    made = con.execute("SELECT judgement_id, record_a, record_b, verdict FROM raw.judgements").fetchall()
    found = con.execute(_JUDGED, {"rare": model.rare_name_share, "set_aside": list(settle(made).set_aside)}).fetchnumpy()
    texts = {name: np.asarray(found[name], dtype=np.str_) for name in ("record", "one", "other")}
    return JudgedPairs(
        np.asarray(found["levels"], dtype=np.uint64), np.asarray(found["name_share"], dtype=np.float64),
        np.asarray(found["same"], dtype=np.bool_), _groups(**texts),
    )  # fmt: skip


def _groups(record: NDArray[np.str_], one: NDArray[np.str_], other: NDArray[np.str_]) -> NDArray[np.str_]:
    """Of each pair of customers the least `record` (which are in order) among the pairs that hang together."""
    customers, ends = np.unique(np.concatenate([one, other]), return_inverse=True)
    a, b = ends.reshape(2, -1)
    _, component = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(len(customers), len(customers))), directed=False)
    _, first, number = np.unique(component[a], return_index=True, return_inverse=True)
    return np.asarray(record[first[number]], dtype=np.str_)


def held_back(pairs: JudgedPairs, seed: int) -> Chosen:
    """Which pairs to hold back: whole groups in the order of a keyed hash, up to a third of the pairs. By `seed` and groups alone."""
    groups, number, sizes = np.unique(pairs.group, return_inverse=True, return_counts=True)
    drawn = np.argsort([hashlib.sha256(f"{seed}:{group}".encode()).hexdigest() for group in groups.tolist()])
    apart = np.zeros(len(groups), dtype=np.bool_)
    apart[drawn] = np.cumsum(sizes[drawn]) <= _HELD_BACK * len(pairs)
    return np.asarray(apart[number])


_JUDGED = """
    WITH judged AS (
        SELECT judgement_id, record_a, verdict = 'same' AS same,
               least(a.node_id, b.node_id) AS node_a, greatest(a.node_id, b.node_id) AS node_b,
               coalesce(of_a.customer_id, record_a) AS one, coalesce(of_b.customer_id, record_b) AS other
        FROM raw.judgements JOIN match.node_records a ON a.record_id = record_a JOIN match.node_records b ON b.record_id = record_b
        LEFT JOIN cluster.members of_a ON of_a.record_id = record_a LEFT JOIN cluster.members of_b ON of_b.record_id = record_b
        WHERE NOT list_contains($set_aside::BIGINT[], judgement_id)),
    named AS (SELECT node_id, coalesce(share, $rare) AS share FROM match.nodes LEFT JOIN match.name_terms USING (name_norm))
    SELECT levels, least(a.share, b.share) AS name_share, arg_max(same, judgement_id) AS same, min(record_a) AS record,
           arg_max(one, judgement_id) AS one, arg_max(other, judgement_id) AS other
    FROM judged JOIN match.pairs USING (node_a, node_b) JOIN named a ON a.node_id = node_a JOIN named b ON b.node_id = node_b
    GROUP BY node_a, node_b, levels, name_share ORDER BY record, node_a, node_b"""
