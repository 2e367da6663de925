"""Learn weights without labels: u from random pairs, m by expectation maximisation over distinct patterns of levels.

u is what random pairs of the table show, less the true ones among them, which in a small table full of duplicates are most of those that
agree. m and the share of true pairs are estimated over the pairs that were proposed, with the share counted against all pairs there are:
u never learns from proposed pairs, for they agree on what proposed them, and that must not teach it that agreeing there means nothing. A
comparison without a value on either side takes no part in a pair's likelihood. Pairs with a value that is hidden in part are counted among
themselves: their levels sum to 1 apart from those of clear pairs, so that how often values are hidden is no evidence. Levels that tell
apart, such as two trades of one brand, are held well below what random pairs show: sister companies share house and phone, and would else
be learned to be one.

Fellegi and Sunter (1969); Winkler (1988) for the estimation; Linacre et al. (2022) for u from random pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Known = tuple[Floats, Floats] | None
Masked = NDArray[np.bool_]  # of each level of a comparison, whether only pairs with a hidden value reach it
Apart = NDArray[np.bool_]  # of each level of a comparison, whether it tells apart
_MOST_ITERATIONS = 500
_SMOOTHING = 0.5  # of a pair, so that what was never seen is rare and not impossible
_SETTLED = 1e-9
_APART = 2.0**-16  # m of a level that tells apart, to its u: sister companies that share house, phone and city are still two


@dataclass(frozen=True)
class Learned:
    """`m` and `u` by comparison and level, each summing to 1, those of masked pairs by themselves; `prior`: the share of true pairs among
    all pairs; `iterations` it took."""

    m: tuple[Floats, ...]
    u: tuple[Floats, ...]
    prior: float
    iterations: int

    @property
    def prior_bits(self) -> float:
        return float(np.log2(self.prior / (1 - self.prior)))

    @property
    def information(self) -> Floats:
        """By comparison, the bits it is expected to add for a true pair (Kullback and Leibler 1951), clear and masked ones alike; a hair
        above 0 at least."""
        return np.array([max(float((m * np.log2(m / u)).sum() / m.sum()), 1e-9) for m, u in zip(self.m, self.u, strict=True)])


def shares(patterns: NDArray[np.uint8], weights: Floats, masked: tuple[Masked, ...]) -> tuple[Floats, ...]:
    """By comparison, the share of each of its levels among the weighted patterns that reach one (0 stands for none)."""
    found = [np.bincount(patterns[:, k], weights, minlength=len(of) + 1)[1:] + _SMOOTHING for k, of in enumerate(masked)]
    return tuple(_sum_to_one(counted.astype(np.float64), of) for counted, of in zip(found, masked, strict=True))


def _sum_to_one(counted: Floats, masked: Masked) -> Floats:
    return np.asarray(counted / np.where(masked, counted[masked].sum(), counted[~masked].sum()))


def learn(
    patterns: NDArray[np.uint8],
    counts: Floats,
    random: tuple[Floats, ...],
    all_pairs: float,
    known: tuple[Known, ...] = (),
    masked: tuple[Masked, ...] = (),
    apart: tuple[Apart, ...] = (),
) -> Learned:
    """Estimate m, u and the prior from the proposed pairs: `patterns` (distinct, one column a comparison, 0 or the level reached) with
    their `counts`, out of `all_pairs`, and the `shares` of random pairs. `known` holds (m, u) of comparisons that need no learning,
    `masked` which levels only masked pairs reach, `apart` which tell apart."""
    masked = masked or tuple(np.zeros(len(of), dtype=np.bool_) for of in random)
    apart = apart or tuple(np.zeros(len(of), dtype=np.bool_) for of in random)
    fixed = known or (None,) * len(random)
    m = tuple(_first_guess(of) if given is None else given[0] for of, given in zip(masked, fixed, strict=True))
    u = tuple(of if given is None else given[1] for of, given in zip(random, fixed, strict=True))
    prior, before, iterations = min(0.5, 100 / max(all_pairs, 200)), 0.0, 0
    while abs(prior - before) > _SETTLED * before and iterations < _MOST_ITERATIONS:
        iterations += 1
        expected = probabilities(patterns, m, u, prior) * counts
        fresh = shares(patterns, expected, masked)
        m = tuple(
            _held_apart(new, of, at, hidden) if given is None else given[0]
            for new, of, at, hidden, given in zip(fresh, u, apart, masked, fixed, strict=True)
        )
        before, prior = prior, float(np.clip(expected.sum() / max(all_pairs, 1.0), 1 / max(all_pairs, 2.0), 0.5))
        u = tuple(
            _without_true(of, true, prior, hidden) if given is None else given[1]
            for of, true, given, hidden in zip(random, m, fixed, masked, strict=True)
        )
    return Learned(m, u, prior, iterations)


def probabilities(patterns: NDArray[np.uint8], m: tuple[Floats, ...], u: tuple[Floats, ...], prior: float) -> Floats:
    """How probably a pair of each pattern is a true one."""
    bits = np.full(len(patterns), np.log2(prior / (1 - prior)))
    for k, (of_true, of_random) in enumerate(zip(m, u, strict=True)):
        bits += np.concatenate([[0.0], np.log2(of_true / of_random)])[patterns[:, k]]
    return np.asarray(1 / (1 + np.exp2(-bits)))


def _without_true(random: Floats, m: Floats, prior: float, masked: Masked) -> Floats:
    """u from the shares of random pairs, of which the share `prior` are true ones; at least a twentieth of a share stays."""
    return _sum_to_one(np.maximum(random - prior * m, 0.05 * random), masked)


def _held_apart(m: Floats, u: Floats, apart: Apart, masked: Masked) -> Floats:
    """m with the levels that tell apart held at a small part of their u."""
    return _sum_to_one(np.where(apart, np.minimum(m, _APART * u), m), masked) if apart.any() else m


def _first_guess(masked: Masked) -> Floats:
    """True pairs agree exactly seven times in ten and differ altogether once in ten; so do masked ones by what is visible."""
    guess = np.zeros(len(masked))
    for part in (masked, ~masked):
        levels = int(part.sum())
        guess[part] = [0.7, *[0.2 / max(levels - 2, 1)] * (levels - 2), 0.1][:levels]
    return _sum_to_one(guess, masked)
