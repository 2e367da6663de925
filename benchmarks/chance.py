"""Chance by a seed, for tables of invented people and companies: draws, choices, gaps, and the cities they live in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Draw:
    """Chance, by one seed; every answer has one number a row."""

    def __init__(self, seed: int) -> None:
        self.of = np.random.default_rng(seed)

    def happens(self, rows: int, share: float) -> NDArray[np.bool_]:
        return self.of.random(rows) < share

    def below(self, rows: int, end: int) -> Ints:
        return self.of.integers(0, end, rows)

    def ranked(self, rows: int, shares: Ints | NDArray[np.float64]) -> Ints:
        return np.searchsorted(np.cumsum(shares) / np.sum(shares), self.of.random(rows)).clip(0, len(shares) - 1)

    def whose(self, entities: int, records: int, shares: Sequence[float]) -> Ints:
        """Of `records` rows in random order the entity of each; `shares` of the entities have one, two … rows."""
        rows = self.ranked(entities, np.array(shares)) + 1
        who = np.repeat(np.arange(entities), rows)[:records]
        return who[self.of.permutation(len(who))]


def enough(records: int, shares: Sequence[float], spare: float) -> int:
    """How many entities have that many rows, with a `spare` share of them and ten more."""
    mean = sum(n * share for n, share in enumerate(shares, 1))
    return int(records / mean * (1 + spare)) + 10


def keyed(who: Ints) -> list[pl.Series]:
    """The columns `record_id` and `entity_id` of rows whose entities these are."""
    numbers = pl.Series("record_id", np.arange(len(who)), dtype=pl.Int64)
    return [numbers.cast(pl.String).str.zfill(8), pl.Series("entity_id", who).cast(pl.String)]


def gaps(draw: Draw, values: pl.Series, share: float, name: str) -> pl.Series:
    """`values` under that `name`, a share of them gone."""
    kept = pl.Series(~draw.happens(len(values), share))
    return pl.select(pl.when(kept).then(values)).to_series().rename(name)


def choose(cases: list[tuple[float, pl.Series]], chance: NDArray[np.float64]) -> pl.Series:
    """Of the series, the one each row's `chance` falls to; the shares add up to 1."""
    lot, picked = pl.Series(chance), cases[-1][1]
    bounds = np.cumsum([share for share, _ in cases])
    for (_, series), until in reversed(list(zip(cases[:-1], bounds[:-1], strict=True))):
        picked = pl.select(pl.when(lot < until).then(series).otherwise(picked)).to_series()
    return picked


@cache
def cities() -> pl.DataFrame:
    """code, city, its short name, province and districts of every city that has districts; the largest come in no order of size, which
    does not matter."""
    rows = pl.read_csv(Path(__file__).resolve().parents[1] / "schemas" / "vocab" / "divisions.csv", schema_overrides={"parent": pl.Int64})
    districts = rows.filter(pl.col("level") == "district").group_by("parent").agg(districts=pl.col("name").sort())
    found = rows.filter(pl.col("level") == "city").join(districts, left_on="code", right_on="parent")
    provinces = rows.filter(pl.col("level") == "province").select(parent="code", province="name")
    return found.join(provinces, on="parent").select("code", "province", "districts", "short", city="name").sort("code")
