"""Chance that can be asked for any row, in any order: draws are a function of seed, column name and row number alone.

A counter-based generator (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) instead of a
stream, so that a chunk, a single row or the delta of a later day draws the very values that the whole extract drew.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
AnyInts = npt.NDArray[np.integer]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Draws:
    """Named columns of random values over row numbers."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def bits(self, name: str, rows: AnyInts) -> npt.NDArray[np.uint64]:
        """64 random bits a row."""
        key = np.uint64(int.from_bytes(blake2b(f"{self.seed}:{name}".encode(), digest_size=8).digest(), "little"))
        z = key + (rows.astype(np.uint64) + np.uint64(1)) * _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        return np.asarray(z ^ (z >> np.uint64(31)))

    def uniform(self, name: str, rows: AnyInts) -> Floats:
        """Uniform in [0, 1)."""
        return np.asarray((self.bits(name, rows) >> np.uint64(11)) * 2.0**-53)

    def below(self, name: str, rows: AnyInts, bound: int | AnyInts) -> Ints:
        """Whole numbers uniform in [0, bound)."""
        return np.asarray((self.uniform(name, rows) * bound).astype(np.int64))

    def chance(self, name: str, rows: AnyInts, rate: float | Floats) -> Bools:
        """True at `rate`."""
        return np.asarray(self.uniform(name, rows) < rate)

    def choose(self, name: str, rows: AnyInts, weights: Floats | list[float]) -> Ints:
        """Index into `weights`, each at its share."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.asarray(np.searchsorted(edges[:-1], self.uniform(name, rows) * edges[-1], side="right"))

    def head_heavy(self, name: str, rows: AnyInts, bound: int, power: int = 2) -> Ints:
        """Whole numbers in [0, bound), small ones more often (Zipf-like; `power` 1 is uniform)."""
        value = u = self.uniform(name, rows)
        for _ in range(power - 1):
            value = value * u
        return np.asarray((value * bound).astype(np.int64))
