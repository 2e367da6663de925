"""The demo's time: whole seconds of local wall time (Asia/Shanghai), from three years before the first extract on."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from demo.draws import AnyInts, Ints
from demo.text import join, pick, table

DAY = 86_400
HOUR = 3_600
FIRST_EXTRACT = date(2026, 1, 1)
START_OF_DATES = date(1930, 1, 1)
EPOCH = date(1970, 1, 1)
NEVER = np.int64(2**60)

OPENING = ((FIRST_EXTRACT - EPOCH).days - 1096) * DAY  # the company's first day
INITIAL = (FIRST_EXTRACT - EPOCH).days * DAY  # the moment of the first extract


def cut(day: int) -> int:
    """The moment up to which the extract of `day` goes (day 0: the first extract)."""
    return INITIAL + day * DAY


def extract_date(day: int) -> date:
    """The date in the names of the files of `day`."""
    return FIRST_EXTRACT + timedelta(days=day)


@cache
def _dates(pattern: str) -> pl.Series:
    return pl.date_range(START_OF_DATES, date(2040, 1, 1), eager=True).dt.strftime(pattern)


@cache
def _times() -> pl.Series:
    return table([f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}" for n in range(DAY)])


def date_text(days: AnyInts, pattern: str = "%Y-%m-%d") -> pl.Series:
    """Days since 1970 as text."""
    return pick(_dates(pattern), days + (EPOCH - START_OF_DATES).days)


def stamp(seconds: Ints, pattern: str = "%Y-%m-%d", between: str = " ", zone: str = "") -> pl.Series:
    """Seconds as `2025-12-31 23:59:59`; NEVER gives null."""
    known = np.where(seconds < NEVER, seconds, 0)
    text = join(date_text(known // DAY, pattern), between, pick(_times(), known % DAY), zone)
    return pl.select(pl.when(pl.Series(seconds < NEVER)).then(text).alias("text")).to_series()


def iso(seconds: Ints) -> pl.Series:
    """ISO 8601 with the zone; NEVER gives null."""
    return stamp(seconds, between="T", zone="+08:00")


def excel_serial(seconds: Ints) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Days since 1899-12-30, as Excel counts; NaN for NEVER."""
    return np.where(seconds < NEVER, seconds / DAY + 25_569, np.nan)
