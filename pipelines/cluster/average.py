"""Average linkage: groups join while the mean probability over all pairs across them is the highest there is and reaches the line.

Connected components chain strangers through one weak pair; a mean over whole groups does not (Sokal and Michener 1958, UPGMA). Pairs that
could tell little, because values are missing, count little in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST_TOGETHER = 500  # rows whose pairs are all looked at; 125,000 pairs
MOST_DIVIDED = 2 * MOST_TOGETHER  # above it rows are held together by equal pairs only, and stay together
MOST_AT_ONCE = 12  # rows of a neighbourhood that is divided together with all others of its size
_CELLS_AT_ONCE = 2_000_000
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


def average_linkage(
    rows_n: int, a: Ints, b: Ints, probability: Floats, told: Floats, labels: Ints, line: float, sources: Ints | None = None
) -> tuple[Ints, Floats]:
    """Divide each neighbourhood of `labels` into entities: `a`, `b`, `probability` are all pairs of rows within it, and a pair counts in
    means by `told`, how much it could tell. Answers the least row of each row's entity, and the probability of the weakest join of that
    entity (1 for single rows). With `sources`, no entity has two rows of one source."""
    entity, confidence = np.arange(rows_n), np.ones(rows_n)
    sizes = np.bincount(labels, minlength=1)
    of_pair = labels[a] if len(a) else np.zeros(0, dtype=np.int64)
    twos = (sizes[of_pair] == 2) & (probability >= line)
    if sources is not None:
        twos &= sources[a] != sources[b]
    entity[np.maximum(a, b)[twos]] = np.minimum(a, b)[twos]
    for side in (a, b):
        confidence[side[twos]] = probability[twos]
    within = _Within(a, b, probability, told, sources)
    for size in range(3, MOST_AT_ONCE + 1):
        pairs = np.flatnonzero(sizes[of_pair] == size)
        if len(pairs):
            inside = np.flatnonzero(sizes[labels] == size)
            members = inside[np.argsort(labels[inside], kind="stable")].reshape(-1, size)
            for rows, groups, weakest in _divide_alike(within, pairs, members, rows_n, line):
                entity[rows], confidence[rows] = groups, weakest
    order = np.argsort(of_pair, kind="stable")
    order = order[sizes[of_pair[order]] > MOST_AT_ONCE]
    for pairs in np.split(order, np.flatnonzero(np.diff(of_pair[order])) + 1) if len(order) else ():
        for rows, weakest_join in _divide_large(within, pairs, line):
            entity[rows], confidence[rows] = rows.min(), weakest_join
    return entity, confidence


@dataclass(frozen=True)
class _Within:
    """The pairs of rows within neighbourhoods, and the source of each row, if two rows of one source must not be together."""

    a: Ints
    b: Ints
    probability: Floats
    told: Floats
    sources: Ints | None

    def matrices(self, pairs: Ints, rows: Ints, at: Ints, i: Ints, j: Ints) -> tuple[Floats, Floats]:
        """Of neighbourhoods of as many rows each (`rows`, one line a neighbourhood): the weighted sums of probabilities and the weights,
        for the `pairs` between the places `i` and `j` of the neighbourhoods `at`."""
        weights = np.zeros((*rows.shape, rows.shape[1]))
        weights[at, i, j] = weights[at, j, i] = self.told[pairs]
        sums = np.zeros_like(weights)
        sums[at, i, j] = sums[at, j, i] = self.told[pairs] * self.probability[pairs]
        if self.sources is not None:
            apart = self.sources[rows][:, :, None] == self.sources[rows][:, None, :]
            sums[apart], weights[apart] = -np.inf, 1.0
        return sums, weights


def _divide_large(within: _Within, pairs: Ints, line: float) -> Iterator[tuple[Ints, float]]:
    """The groups of more than one row of one neighbourhood, whose `pairs` are given, each with the probability of its weakest join."""
    a, b = within.a[pairs], within.b[pairs]
    rows = np.unique(np.concatenate([a, b]))
    if len(rows) > MOST_DIVIDED and within.sources is not None:
        for members, weakest in _strongest_first(a, b, within.probability[pairs], within.sources, line):
            yield np.array(members), weakest
    elif len(rows) > MOST_DIVIDED:
        yield rows, float(within.probability[pairs].min())
    else:
        none = np.zeros(len(pairs), dtype=np.int64)
        sums, weights = within.matrices(pairs, rows[None], none, np.searchsorted(rows, a), np.searchsorted(rows, b))
        for members, weakest in _join(sums[0], weights[0], line):
            yield rows[members], weakest


def _divide_alike(within: _Within, pairs: Ints, members: Ints, rows_n: int, line: float) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Divide neighbourhoods of one small size, a line of `members` each, whose `pairs` are given. Answers a batch at a time: rows, the
    least row of the group of each, and the probability of its weakest join."""
    size = members.shape[1]
    place, line_of = np.zeros(rows_n, dtype=np.int64), np.zeros(rows_n, dtype=np.int64)
    place[members], line_of[members] = np.arange(size), np.arange(len(members))[:, None]
    pairs = pairs[np.argsort(line_of[within.a[pairs]], kind="stable")]
    batch = max(_CELLS_AT_ONCE // size**2, 1)
    cuts = np.searchsorted(line_of[within.a[pairs]], np.arange(0, len(members) + batch, batch))
    for n, (start, end) in enumerate(pairwise(cuts)):
        some, rows = pairs[start:end], members[n * batch : (n + 1) * batch]
        a, b = within.a[some], within.b[some]
        sums, weights = within.matrices(some, rows, line_of[a] - n * batch, place[a], place[b])
        group, weakest = _join_many(sums, weights, line)
        yield rows, np.take_along_axis(rows, group, axis=1), np.take_along_axis(weakest, group, axis=1)


def _join_many(sums: Floats, weights: Floats, line: float) -> tuple[Ints, Floats]:
    """Of many small neighbourhoods at once (first axis): the least row of each row's group, and the mean at which the group of each least
    row was last joined; spends its arguments. In every one the nearest two groups join, while any are near enough."""
    many, size, _ = sums.shape
    group, weakest = np.tile(np.arange(size), (many, 1)), np.ones((many, size))
    active = np.arange(many)
    for _ in range(size - 1):
        means = np.divide(sums[active], weights[active], out=np.full((len(active), size, size), -1.0), where=weights[active] > 0)
        nearest = means.reshape(len(active), -1).argmax(axis=1)
        one, two = np.divmod(nearest, size)
        mean = means[np.arange(len(active)), one, two]
        near = mean >= line
        active, one, two, mean = active[near], one[near], two[near], mean[near]
        if not len(active):
            break
        weakest[active, one] = np.minimum(np.minimum(weakest[active, one], weakest[active, two]), mean)
        group[active] = np.where(group[active] == two[:, None], one[:, None], group[active])
        for matrix in (sums, weights):
            matrix[active, one] += matrix[active, two]
            matrix[active, :, one] = matrix[active, one]
            matrix[active, two] = matrix[active, :, two] = matrix[active, one, one] = 0
    return group, weakest


def _join(sums: Floats, weights: Floats, line: float) -> Iterator[tuple[list[int], float]]:
    """Groups of more than one of the rows 0 … n - 1, with the mean at which each was last joined; spends its arguments.

    By chains of nearest neighbours (Murtagh 1983): a mean over two groups lies between those over each, so joining any two that are nearest
    to each other gives what joining the nearest of all would, in n² steps.
    """
    rows_n = len(sums)
    alive, weakest = np.ones(rows_n, dtype=np.bool_), np.ones(rows_n)
    members = {row: [row] for row in range(rows_n)}
    chain: list[int] = []
    waiting = list(range(rows_n - 1, -1, -1))
    while chain or waiting:
        if not chain:
            chain.append(waiting.pop())
        last, before = chain[-1], chain[-2] if len(chain) > 1 else None
        means = np.divide(sums[last], weights[last], out=np.zeros(rows_n), where=weights[last] > 0)
        means[~alive] = means[last] = -1.0
        nearest = int(means.argmax())
        if not alive[last] or means[nearest] < line:  # and nothing that others join can come nearer
            chain.pop()
        elif before is None or means[before] < means[nearest]:
            chain.append(nearest)
        else:
            one, two = sorted((last, before))
            del chain[-2:]
            weakest[one] = min(weakest[one], weakest[two], means[before])
            members[one] += members.pop(two)
            alive[two] = False
            for matrix in (sums, weights):
                matrix[one] += matrix[two]
                matrix[:, one] = matrix[one]
            waiting.append(one)
    return ((rows, float(weakest[row])) for row, rows in members.items() if len(rows) > 1)


def _strongest_first(a: Ints, b: Ints, probability: Floats, sources: Ints, line: float) -> Iterator[tuple[list[int], float]]:
    """Groups of more than one row, each of another source, joined by the strongest pairs first, with the weakest of these; for what is too
    large for means."""
    group = {row: [row] for row in np.union1d(a, b).tolist()}
    weakest = dict.fromkeys(group, 1.0)
    for n in np.lexsort((b, a, -probability)).tolist():
        one, two = group[int(a[n])], group[int(b[n])]
        if probability[n] < line:
            break
        if one is not two and set(sources[one].tolist()).isdisjoint(sources[two].tolist()):
            one += two
            group.update(dict.fromkeys(two, one))
            weakest[one[0]] = float(probability[n])
    return ((rows, weakest[row]) for row, rows in group.items() if rows[0] == row and len(rows) > 1)


def _components(rows_n: int, a: Ints, b: Ints) -> Ints:
    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(rows_n, rows_n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
