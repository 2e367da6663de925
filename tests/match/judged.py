"""Judged pairs drawn at random: levels at will, the verdict by what a model that is held to be true says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from pipelines.match.judged_pairs import JudgedPairs
from pipelines.match.weigh import weigh
from schemas.match_model import MatchModel

DRAWN = ("name", "birth", "gender", "phone", "email", "place")
MOST_BITS = 16.0  # above it a steward has nothing to decide


def overstated(model: MatchModel, comparison: str, level: str, bits: float) -> MatchModel:
    """`model` with one level that weighs `bits` more."""
    levels = tuple(
        of.model_copy(update={"u": of.m / 2 ** (of.bits() + bits)}) if of.level == level else of for of in model.comparisons[comparison]
    )
    return model.model_copy(update={"comparisons": model.comparisons | {comparison: levels}})


def weights(model: MatchModel) -> dict[tuple[str, str], float]:
    """Bits of every level; of a name those of a rare one."""
    return {
        (name, of.level): of.bits() if isinstance(of.u, float) else math.log2(of.m / model.rare_name_share)
        for name, levels in model.comparisons.items()
        for of in levels
    }


def draw(truth: MatchModel, used: MatchModel, n: int, *, seed: int) -> JudgedPairs:
    """`n` pairs that `used` puts in the band for review or somewhat above, judged as `truth` has it, each of a group of its own."""
    rng = np.random.default_rng(seed)
    levels, share, same = zip(*_take(truth, used, n, rng), strict=True)
    group = np.array([f"crm:{row:06}" for row in range(n)])
    return JudgedPairs(np.array(levels, dtype=np.uint64), np.array(share), np.array(same), group)


def _take(truth: MatchModel, used: MatchModel, n: int, rng: np.random.Generator) -> Iterator[tuple[int, float, bool]]:
    names = list(used.comparisons)
    while n:
        packed = 0
        for name in DRAWN:
            if rng.random() < 0.75:
                packed |= int(rng.integers(1, len(used.comparisons[name]) + 1)) << 4 * names.index(name)
        share = float(rng.choice([0.00005, 0.0002, 0.001]))
        said = weigh(used, packed, share)
        if not said.is_forbidden and used.review_bits <= said.bits <= MOST_BITS:
            n -= 1
            yield packed, share, bool(rng.random() < 1 / (1 + 2 ** -weigh(truth, packed, share).bits))
