"""Average linkage: groups join while the mean probability over all pairs across them is the highest there is and reaches the line.

Connected components chain strangers through one weak pair; a mean over whole groups does not (Sokal and Michener 1958, UPGMA).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST_TOGETHER = 500  # rows whose pairs are all looked at; 125,000 pairs
_STEP_BITS = 1.0


def neighbourhoods(rows_n: int, a: Ints, b: Ints, bits: Floats, link_bits: float, most: int = MOST_TOGETHER) -> tuple[Ints, int]:
    """Number the connected components of the rows 0 … rows_n - 1 under the pairs of at least `link_bits`. In those of more than `most` rows
    only stronger pairs count, bit by bit, until they are small or only the strongest are left. Answers the numbers, and how many rows were
    in such ones."""
    kept = bits >= link_bits
    a, b, bits = a[kept], b[kept], bits[kept]
    labels, line, cut = _components(rows_n, a, b), link_bits, 0
    while len(bits):
        large = np.bincount(labels, minlength=1)[labels] > most
        inside = large[a]
        cut = cut or int(large.sum())
        line += _STEP_BITS
        weak = inside & (bits < line)
        if not inside.any() or line > bits.max():
            break
        if weak.any():
            a, b, bits = a[~weak], b[~weak], bits[~weak]
            labels = _components(rows_n, a, b)
    return labels, cut


def average_linkage(rows_n: int, a: Ints, b: Ints, probability: Floats, labels: Ints, line: float) -> tuple[Ints, Floats]:
    """Divide each neighbourhood of `labels` into entities: `a`, `b`, `probability` are all pairs of rows within it; a pair that is absent
    has none. Answers the least row of each row's entity, and how probable the weakest join of that entity is (1 for single rows)."""
    entity, confidence = np.arange(rows_n), np.ones(rows_n)
    sizes = np.bincount(labels, minlength=1)
    of_pair = labels[a] if len(a) else np.zeros(0, dtype=np.int64)
    twos = (sizes[of_pair] == 2) & (probability >= line)
    entity[np.maximum(a, b)[twos]] = np.minimum(a, b)[twos]
    for side in (a, b):
        confidence[side[twos]] = probability[twos]
    order = np.argsort(of_pair, kind="stable")
    order = order[sizes[of_pair[order]] > 2]
    for pairs in np.split(order, np.flatnonzero(np.diff(of_pair[order])) + 1) if len(order) else ():
        _divide(a[pairs], b[pairs], probability[pairs], line, entity, confidence)
    return entity, confidence


def _divide(a: Ints, b: Ints, probability: Floats, line: float, entity: Ints, confidence: Floats) -> None:
    """One neighbourhood; writes into `entity` and `confidence`."""
    rows = np.unique(np.concatenate([a, b]))
    if len(rows) > 2 * MOST_TOGETHER:  # only the strongest pairs there are hold it together
        entity[rows] = rows[0]
        confidence[rows] = probability.min()
        return
    distance = np.ones((len(rows), len(rows)))
    i, j = np.searchsorted(rows, a), np.searchsorted(rows, b)
    distance[i, j] = distance[j, i] = 1 - probability
    tree = linkage(distance[np.triu_indices(len(rows), 1)], "average")
    groups = fcluster(tree, 1 - line, "distance")
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(members) > 1:
            entity[rows[members]] = rows[members[0]]
    joined = tree[:, 2] <= 1 - line
    weakest = _weakest_joins(tree, joined, len(rows))
    confidence[rows] = 1 - weakest


def _weakest_joins(tree: Floats, joined: NDArray[np.bool_], rows_n: int) -> Floats:
    """Of each row, the distance at which its entity was last joined; 0 for a row that stayed alone."""
    top = np.zeros(2 * rows_n - 1)
    for n in range(rows_n - 2, -1, -1):
        if joined[n]:
            node = rows_n + n
            top[node] = max(top[node], tree[n, 2])
            top[[int(tree[n, 0]), int(tree[n, 1])]] = top[node]
    return np.asarray(top[:rows_n])


def _components(rows_n: int, a: Ints, b: Ints) -> Ints:
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(rows_n, rows_n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
