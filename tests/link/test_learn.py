"""Weights learned without labels: known weights are found again, and fields that say nothing or nearly everything do no harm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.match.learn import Floats, Learned, Masked, learn, probabilities, shares

M = (np.array([0.85, 0.10, 0.05]), np.array([0.7, 0.3]), np.array([0.9, 0.1]), np.array([0.8, 0.2]))
U = (np.array([0.002, 0.008, 0.99]), np.array([0.01, 0.99]), np.array([0.3, 0.7]), np.array([0.004, 0.996]))


def _pairs(true_n: int, other_n: int, m: tuple[Floats, ...], u: tuple[Floats, ...], seed: int = 1) -> NDArray[np.uint8]:
    """Levels of `true_n` true pairs and `other_n` others, one comparison in twenty silent."""
    draw = np.random.default_rng(seed)

    def levels(n: int, of: tuple[Floats, ...]) -> NDArray[np.uint8]:
        reached = np.stack([draw.choice(len(x), n, p=x) + 1 for x in of], axis=1)
        return np.where(draw.random(reached.shape) < 0.05, 0, reached).astype(np.uint8)

    return np.concatenate([levels(true_n, m), levels(other_n, u)])


def _clear(of: tuple[Floats, ...]) -> tuple[Masked, ...]:
    """No level is of masked pairs only."""
    return tuple(np.zeros(len(levels), dtype=np.bool_) for levels in of)


def _learn(m: tuple[Floats, ...], u: tuple[Floats, ...], true_n: int = 5_000, others_n: int = 400_000) -> Learned:
    """From proposed pairs as blocking leaves them: nearly all true ones, and of the others those that agree on the first or last field."""
    pairs = _pairs(true_n, others_n, m, u)
    proposed = pairs[(pairs[:, 0] == 1) | (pairs[:, -1] == 1)]
    patterns, counts = np.unique(proposed, axis=0, return_counts=True)
    drawn = _pairs(true_n // 2, others_n // 2, m, u, seed=2)
    return learn(patterns, counts.astype(np.float64), shares(drawn, np.ones(len(drawn)), _clear(u)), true_n + others_n)


def test_known_weights_are_found_again() -> None:
    found = _learn(M, U)
    for of, true in zip(found.u, U, strict=True):
        assert of == pytest.approx(true, abs=0.01)
    # what is blocked on looks a little better than it is: a true pair that agrees on neither was never proposed
    for of, true in zip(found.m, M, strict=True):
        assert of == pytest.approx(true, abs=0.06)
    assert found.prior * 405_000 == pytest.approx(5_000, rel=0.1)


def test_a_field_that_is_nearly_constant_weighs_nothing() -> None:
    found = _learn((*M[:3], np.array([0.9999, 0.0001]), M[3]), (*U[:3], np.array([0.9998, 0.0002]), U[3]))
    assert abs(np.log2(found.m[3] / found.u[3])[0]) < 0.01
    assert found.m[0] == pytest.approx(M[0], abs=0.06)


def test_a_field_that_is_nearly_unique_does_not_take_over() -> None:
    found = _learn((*M[:3], np.array([0.02, 0.98]), M[3]), (*U[:3], np.array([0.000001, 0.999999]), U[3]))
    assert found.prior * 405_000 == pytest.approx(5_000, rel=0.1)
    assert found.m[3][0] == pytest.approx(0.02, abs=0.01)


def test_true_pairs_among_random_ones_do_not_spoil_u() -> None:
    """In a small table full of duplicates most random pairs that agree are true."""
    pairs = _pairs(2_000, 98_000, M, U)
    patterns, counts = np.unique(pairs, axis=0, return_counts=True)
    found = learn(patterns, counts.astype(np.float64), shares(pairs, np.ones(len(pairs)), _clear(U)), len(pairs))
    assert found.u[0][0] == pytest.approx(U[0][0], abs=0.001)
    assert found.prior == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize("masked_share", [0.02, 0.4])
def test_how_often_values_are_masked_is_no_evidence(masked_share: float) -> None:
    """Of the first field some pairs are masked and reach two levels of their own; what clear pairs reach weighs what it did without."""
    hides = np.random.default_rng(3).random(405_000) < masked_share
    parts = np.array([False, False, False, True, True]), *_clear(U[1:])

    def hide(pairs: NDArray[np.uint8], rows: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Masked, the first level shows as level 4, the others as 5."""
        shown = np.where(pairs[:, 0] == 0, 0, np.where(pairs[:, 0] == 1, 4, 5))
        return np.column_stack([np.where(rows, shown, pairs[:, 0]), pairs[:, 1:]]).astype(np.uint8)

    pairs, drawn = hide(_pairs(5_000, 400_000, M, U), hides), hide(_pairs(2_500, 200_000, M, U, seed=2), hides[:202_500])
    patterns, counts = np.unique(pairs, axis=0, return_counts=True)
    found = learn(patterns, counts.astype(np.float64), shares(drawn, np.ones(len(drawn)), parts), len(pairs), masked=parts)
    assert found.m[0][:3] == pytest.approx(M[0], abs=0.02)
    assert found.u[0][:3] == pytest.approx(U[0], abs=0.002)
    assert found.m[0][3:] == pytest.approx([0.85, 0.15], abs=0.1)
    assert found.u[0][3:] == pytest.approx([0.002, 0.998], abs=0.002)


def test_weights_that_are_known_stay() -> None:
    patterns, counts = np.unique(_pairs(100, 1_000, M, U), axis=0, return_counts=True)
    found = learn(patterns, counts.astype(np.float64), U, 1e6, ((M[0], U[0]), None, None, None))
    assert (found.m[0] == M[0]).all()
    assert (found.u[0] == U[0]).all()
    assert not (found.m[1] == M[1]).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 1_000)), max_size=12), st.floats(10, 1e12))
def test_whatever_was_proposed_weights_are_shares(rows: list[tuple[int, int, int]], all_pairs: float) -> None:
    patterns = np.array([row[:2] for row in rows], dtype=np.uint8).reshape(len(rows), 2)
    random = np.array([0.1, 0.2, 0.7]), np.array([0.4, 0.6])
    found = learn(patterns, np.array([row[2] for row in rows], dtype=np.float64), random, all_pairs)
    for of in (*found.m, *found.u):
        assert of.sum() == pytest.approx(1)
        assert ((of > 0) & (of <= 1)).all()
    assert 0 < found.prior <= 0.5
    assert ((chances := probabilities(patterns, found.m, found.u, found.prior)) >= 0).all()
    assert (chances <= 1).all()


def test_a_level_that_tells_apart_is_never_learned_as_evidence() -> None:
    """Half of the pairs that agree on the first field's second level share the other fields as true pairs do."""
    m, u = (np.array([0.6, 0.35, 0.05]), *M[1:]), (np.array([0.002, 0.008, 0.99]), *U[1:])
    pairs = _pairs(5_000, 400_000, m, u)
    patterns, counts = np.unique(pairs[(pairs[:, 0] < 3) | (pairs[:, -1] == 1)], axis=0, return_counts=True)
    random = shares(pairs, np.ones(len(pairs)), _clear(u))
    apart = (np.array([False, True, False]), *_clear(u)[1:])
    found = learn(patterns, counts.astype(np.float64), random, 405_000, apart=apart)
    assert np.log2(found.m[0] / found.u[0])[1] <= -15.9
    assert [of.sum() for of in found.m] == pytest.approx([1] * len(m))
    without = learn(patterns, counts.astype(np.float64), random, 405_000)
    assert np.log2(without.m[0] / without.u[0])[1] > 0
