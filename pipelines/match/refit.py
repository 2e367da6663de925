"""Refit weights by what stewards judged: a correction of the model in use, not another model.

Judged pairs are few and were picked by what the model said of them (the band for review), which bends the m and u that one would count
among them, but not how probably a pair of given levels is the same (Zadrozny 2004). So the log odds of the model in use are the offset of a
logistic regression, and what is learned is how far each level is off, held near 0. How many of the judged are the same is the stewards'
choice: the shift it makes is fitted and left out (Prentice and Pyke 1979).

What forbids or contradicts is a guard and stays, and so does what no judged pair reaches. A level that weighed more than another of its
comparison does not come to weigh less.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import isotonic_regression

from pipelines.match.classifier import correct
from pipelines.match.judged_pairs import JudgedPairs
from pipelines.match.learn import Floats
from pipelines.match.weigh import parts_counted, reached_levels
from schemas.match_model import Level, MatchModel

REFIT = "-refit"
SPREAD = 1.0  # bit: beforehand, two weights of three are held to be within it of the truth
_FIXED = 1e9  # times met that a weight which is not learned counts for, where weights are brought in order

Places = dict[tuple[str, str], int]  # of a level, by comparison and name, in what is learned


def refit(model: MatchModel, judged: JudgedPairs) -> MatchModel:
    """`model` with the weights of the levels that judged pairs reach corrected; the prior stays. Both verdicts must occur."""
    levels = [(name, of.level) for name, all_of in model.comparisons.items() for of in all_of if not (of.forbids or of.contradicts)]
    counted, bits = _lay_out(model, judged, {level: place for place, level in enumerate(levels)})
    met = counted.any(axis=0)
    nats = math.log(2)
    off = correct(counted[:, met] * nats, bits * nats, judged.same, spread=SPREAD).coefficients
    reached = np.flatnonzero(met).tolist()
    change = {levels[place]: float(by) for place, by in zip(reached, off, strict=True)}
    times = {levels[place]: float((counted[:, place] != 0).sum()) for place in reached}
    comparisons = {
        name: tuple(
            _weighing(level, by) if by else level
            for level, by in zip(all_of, _in_order(name, all_of, change, times, model.rare_name_share), strict=True)
        )
        for name, all_of in model.comparisons.items()
    }
    version = f"{model.version.removesuffix(REFIT)}{REFIT}"
    return model.model_copy(update={"version": version, "comparisons": comparisons})


def _lay_out(model: MatchModel, judged: JudgedPairs, places: Places) -> tuple[Floats, Floats]:
    """Of each pair the part by which each level counts (n × levels), and the bits of all its evidence over the prior (n)."""
    counted, bits = np.zeros((len(judged), len(places))), np.full(len(judged), model.prior_bits)
    for row, (packed, share) in enumerate(zip(judged.levels.tolist(), judged.name_share.tolist(), strict=True)):
        reached = tuple(reached_levels(model, packed, share))
        parts = parts_counted(model, reached)
        for of in reached:
            bits[row] += parts[of.comparison] * of.bits
            if (place := places.get((of.comparison, of.level.level))) is not None:
                counted[row, place] = parts[of.comparison]
    return counted, bits


def _in_order(name: str, levels: tuple[Level, ...], change: dict[tuple[str, str], float], times: dict[tuple[str, str], float],
              rare: float) -> list[float]:  # fmt: skip
    """By how many bits each level changes, so that those of clear and of masked pairs stay in the order of their weights, each by itself;
    isotonic regression (Barlow et al. 1972). A name counts as a rare one here."""
    bits = np.array([level.bits() if isinstance(level.u, float) else math.log2(level.m / rare) for level in levels])
    keys = [(name, level.level) for level in levels]
    wanted = bits + np.array([change.get(key, 0.0) for key in keys])
    weights = np.array([times.get(key, _FIXED) for key in keys])
    found = bits.copy()
    for masked in {level.masked for level in levels}:
        own = np.flatnonzero([level.masked == masked for level in levels])
        own = own[np.argsort(-bits[own], kind="stable")]
        found[own] = isotonic_regression(wanted[own], weights=weights[own], increasing=False).x
    return [float(new - old) if key in change else 0.0 for key, new, old in zip(keys, found, bits, strict=True)]


def _weighing(level: Level, by: float) -> Level:
    """`level` with `by` bits more. Of m and u the rarer one changes, of which less is known; both stay shares."""
    if not isinstance(level.u, float):
        return level.model_copy(update={"m": _share(level.m * 2**by)})
    bits = level.bits() + by
    return level.model_copy(update={"u": _share(level.m / 2**bits)} if bits > 0 else {"m": _share(level.u * 2**bits)})


def _share(value: float) -> float:
    return float(f"{min(value, 1.0):.4g}")
