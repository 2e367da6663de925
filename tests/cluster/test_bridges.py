"""Bridges: exactly the pairs whose removal parts what hangs together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipelines.cluster.bridges import bridges

Pairs = list[tuple[int, int]]


def _bridges(pairs: Pairs) -> list[tuple[int, int, int]]:
    return bridges(np.array([a for a, _ in pairs], dtype=np.int64), np.array([b for _, b in pairs], dtype=np.int64))


def _parts(pairs: Pairs) -> int:
    a, b = [a for a, _ in pairs], [b for _, b in pairs]
    return int(connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(10, 10)), directed=False)[0])


def test_two_triangles_hang_on_one_pair() -> None:
    assert _bridges([(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5)]) == [(3, 3, 3)]


def test_every_pair_of_a_chain_is_one_and_none_of_a_ring() -> None:
    assert _bridges([(0, 1), (1, 2), (2, 3)]) == [(0, 1, 3), (1, 2, 2), (2, 1, 3)]
    assert _bridges([(0, 1), (1, 2), (2, 3), (0, 3)]) == []
    assert len(_bridges([(n, n + 1) for n in range(50_000)])) == 50_000


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]), max_size=20))
def test_without_a_bridge_there_is_one_part_more(of: set[tuple[int, int]]) -> None:
    pairs = sorted(of)
    parting = [k for k in range(len(pairs)) if _parts(pairs[:k] + pairs[k + 1 :]) > _parts(pairs)]
    assert [k for k, *_ in _bridges(pairs)] == parting
