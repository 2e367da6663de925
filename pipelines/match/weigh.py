"""What a pattern of levels weighs, for one pair that is to be explained or decided; `score.patterns_sql` says the same of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from schemas.match_model import Level, MatchModel


class Reached(NamedTuple):
    """A comparison, the level a pair reached, and what that adds to the odds in bits: log2(m / u)."""

    comparison: str
    level: Level
    u: float

    @property
    def bits(self) -> float:
        return math.log2(self.level.m / self.u)


class Weighed(NamedTuple):
    """`bits` as in match.pairs; `against`: by comparison that can contradict, the bits of the level if it does, else 0."""

    bits: float
    is_forbidden: bool
    against: dict[str, float]
    reached: tuple[Reached, ...]


def reached_levels(model: MatchModel, packed: int, name_share: float) -> Iterator[Reached]:
    """Take `match.pairs.levels` apart; `name_share` is the frequency of the rarer of the two names."""
    for n, (comparison, levels) in enumerate(model.comparisons.items()):
        if number := packed >> 4 * n & 15:
            level = levels[number - 1]
            yield Reached(comparison, level, name_share if level.u == "name_share" else float(level.u))


def parts_counted(model: MatchModel, reached: tuple[Reached, ...]) -> dict[str, float]:
    """By comparison reached, the part of its bits that counts: all, but for the weaker of two that see one fact twice."""
    at, parts = {of.comparison: of for of in reached}, {of.comparison: 1.0 for of in reached}
    for pair in model.correlated:
        if all(name in at and at[name].level.level in wanted for name, wanted in pair.levels.items()):
            parts[min(pair.levels, key=lambda name: at[name].bits)] -= 1 - pair.factor
    return parts


def weigh(model: MatchModel, packed: int, name_share: float) -> Weighed:
    """Sum the evidence of one pair over the prior; what sees one fact twice counts once, what identifies nobody does not merge."""
    reached = tuple(reached_levels(model, packed, name_share))
    at, parts = {of.comparison: of for of in reached}, parts_counted(model, reached)
    bits = model.prior_bits + sum(of.bits * parts[of.comparison] for of in reached)
    identifies = any(name in at and at[name].level.level in wanted for name, wanted in model.identifying.items())
    against = {
        of.comparison: of.bits if of.level.contradicts else 0.0
        for of in reached
        if any(level.contradicts for level in model.comparisons[of.comparison])
    }
    return Weighed(
        bits if identifies else min(bits, model.merge_bits - NOT_IDENTIFIED), any(of.level.forbids for of in reached), against, reached
    )


NOT_IDENTIFIED = 0.01  # bits that a pair stays below the line when nothing identifying agrees
