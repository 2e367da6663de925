"""Average linkage over whole neighbourhoods: held against its definition, whatever the order, and bounded."""

from __future__ import annotations

from itertools import combinations
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cluster import average
from pipelines.cluster.average import average_linkage, neighbourhoods

Pairs = dict[tuple[int, int], float]


def _divide(
    rows_n: int, pairs: Pairs, line: float = 0.5, told: Pairs | None = None, sources: list[int] | None = None
) -> tuple[list[int], list[float]]:
    a, b = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    chances = np.array(list(pairs.values()), dtype=np.float64)
    labels, _ = neighbourhoods(rows_n, a, b, np.where(chances > 0, 1.0, -1.0), 0.0)
    weights = np.array([told[pair] if told else 1.0 for pair in pairs], dtype=np.float64)
    entity, confidence = average_linkage(rows_n, a, b, chances, weights, labels, line, None if sources is None else np.array(sources))
    return entity.tolist(), confidence.tolist()


def _by_definition(rows_n: int, pairs: Pairs, told: Pairs, line: float) -> set[frozenset[int]]:
    """Join the two groups of the highest mean probability across them, as long as it reaches the line."""
    groups = [frozenset([row]) for row in range(rows_n)]

    def mean(one: frozenset[int], two: frozenset[int]) -> float:
        across = [(min(x, y), max(x, y)) for x in one for y in two]
        return sum(told[pair] * pairs[pair] for pair in across) / sum(told[pair] for pair in across)

    while len(groups) > 1:
        one, two = max(combinations(groups, 2), key=lambda pair: mean(*pair))
        if mean(one, two) < line:
            break
        groups = [group for group in groups if group not in (one, two)] + [one | two]
    return set(groups)


def _groups(entity: list[int]) -> set[frozenset[int]]:
    return {frozenset(row for row, of in enumerate(entity) if of == label) for label in set(entity)}


@pytest.mark.parametrize("at_once", [2, average.MOST_AT_ONCE])  # each one alone, or those of a size together
@settings(max_examples=60, deadline=None)
@given(st.integers(2, 7), st.randoms(use_true_random=False))
def test_groups_are_those_of_the_definition(at_once: int, rows_n: int, dice: object) -> None:
    every = list(combinations(range(rows_n), 2))
    # distinct probabilities: which of two equal means joins first is a matter of taste
    drawn = np.random.default_rng(dice.randrange(2**32)).permutation(len(every))  # type: ignore[attr-defined]
    pairs = {pair: (float(n) + 0.37) ** 2 / len(every) ** 2 for pair, n in zip(every, drawn, strict=True)}
    told = {pair: dice.uniform(0.05, 1) for pair in every}  # type: ignore[attr-defined]
    with patch.object(average, "MOST_AT_ONCE", at_once):
        entity, _ = _divide(rows_n, pairs, told=told)
    assert _groups(entity) == _by_definition(rows_n, pairs, told, 0.5)
    assert all(label == min(group) for group in _groups(entity) for label in {entity[row] for row in group})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 2**32 - 1), st.integers(1, 200), st.booleans())
def test_many_neighbourhoods_together_come_out_as_each_one_alone(sizes: list[int], seed: int, cells: int, has_sources: bool) -> None:
    draw, starts = np.random.default_rng(seed), np.concatenate([[0], np.cumsum(sizes)])
    pairs = {(int(x), int(y)): float(draw.random()) for start, size in zip(starts, sizes, strict=False)
             for x, y in combinations(range(start, start + size), 2)}  # fmt: skip
    told = {pair: float(draw.uniform(0.05, 1)) for pair in pairs}
    sources = draw.integers(0, 4, starts[-1]).tolist() if has_sources else None
    with patch.object(average, "_CELLS_AT_ONCE", cells):
        together = _divide(int(starts[-1]), pairs, told=told, sources=sources)
    with patch.object(average, "MOST_AT_ONCE", 2):
        alone = _divide(int(starts[-1]), pairs, told=told, sources=sources)
    if sources is not None:
        assert all(len({sources[row] for row in group}) == len(group) for group in _groups(together[0]))
    assert together[0] == alone[0]
    assert together[1] == pytest.approx(alone[1])


def test_one_weak_pair_does_not_chain_two_groups() -> None:
    tight = {pair: 0.99 for group in ((0, 1, 2), (3, 4, 5)) for pair in combinations(group, 2)}
    entity, confidence = _divide(6, tight | {(2, 3): 0.95} | {(x, y): 0.01 for x in (0, 1, 2) for y in (3, 4, 5) if (x, y) != (2, 3)})
    assert entity == [0, 0, 0, 3, 3, 3]
    assert confidence == pytest.approx([0.99] * 6)


def test_a_pair_that_could_tell_little_counts_little() -> None:
    """Two rows that say nearly the same, and one of the same person that says little: only one of them can be compared with it in full."""
    pairs = {(0, 1): 0.99, (0, 2): 0.9, (1, 2): 0.02}
    assert _divide(3, pairs)[0] == [0, 0, 2]
    assert _divide(3, pairs, told={(0, 1): 1.0, (0, 2): 0.8, (1, 2): 0.1})[0] == [0, 0, 0]


def test_confidence_is_that_of_the_weakest_join() -> None:
    entity, confidence = _divide(4, {(0, 1): 0.9, (0, 2): 0.7, (1, 2): 0.5, (2, 3): 0.2, (0, 3): 0.0, (1, 3): 0.0})
    assert entity == [0, 0, 0, 3]
    assert confidence == pytest.approx([0.6, 0.6, 0.6, 1.0])
    assert _divide(3, {(0, 1): 0.8}) == ([0, 0, 2], pytest.approx([0.8, 0.8, 1.0]))


def test_a_large_neighbourhood_is_cut_to_its_strongest_pairs_and_never_dropped() -> None:
    """A chain of 1,000 rows, each third link strong."""
    a = np.arange(999)
    bits = np.where(a % 3 == 0, 9.0, 3.0)
    labels, large = neighbourhoods(1_000, a, a + 1, bits, 2.0, most=100)
    assert large == 1_000
    assert np.bincount(labels).max() == 2
    assert (labels[a[bits == 9]] == labels[a[bits == 9] + 1]).all()


def test_rows_that_nothing_tells_apart_stay_together() -> None:
    """A star of 100,000 equal pairs must neither become a dense matrix nor fall to pieces."""
    zeros, others = np.zeros(100_000, dtype=np.int64), np.arange(1, 100_001)
    labels, _ = neighbourhoods(100_001, zeros, others, np.full(100_000, 5.0), 2.0)
    assert len(set(labels.tolist())) == 1
    entity, confidence = average_linkage(100_001, zeros, others, np.full(100_000, 0.97), np.ones(100_000), labels, 0.5)
    assert (entity == 0).all()
    assert confidence.min() == pytest.approx(0.97)


def test_no_pairs_leave_every_row_alone() -> None:
    assert _divide(3, {}) == ([0, 1, 2], [1.0, 1.0, 1.0])
