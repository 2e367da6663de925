"""Provinces, cities and districts as columns to pick from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from demo.draws import AnyInts, Draws, Ints
from demo.places_table import PLACES
from demo.text import table

MUNICIPALITIES = ("北京市", "上海市", "天津市", "重庆市")
_SHORT_PROVINCE = {
    "内蒙古自治区": "内蒙古",
    "广西壮族自治区": "广西",
    "西藏自治区": "西藏",
    "宁夏回族自治区": "宁夏",
    "新疆维吾尔自治区": "新疆",
}


@dataclass(frozen=True)
class Places:
    """Columns by district (`district`, `code`, `code_since`, `city_of`) and by city (the others)."""

    district: pl.Series
    district_short: pl.Series
    code: Ints
    code_since: Ints  # year; 0 = no identity number carries the code
    city_of: Ints
    city: pl.Series
    city_short: pl.Series
    province: pl.Series
    province_short: pl.Series
    area: pl.Series
    weight: npt.NDArray[np.float64]
    first_district: Ints
    district_n: Ints

    def draw_city(self, draws: Draws, name: str, rows: AnyInts) -> Ints:
        """Cities, the great ones more often."""
        return draws.choose(name, rows, self.weight)

    def draw_district(self, draws: Draws, name: str, rows: AnyInts, city: AnyInts) -> Ints:
        """A district of each city."""
        return np.asarray(self.first_district[city] + draws.below(name, rows, self.district_n[city]))


def _shorten(name: str) -> str:
    """西湖区 -> 西湖; names of two characters and those that are not districts stay."""
    return name[:-1] if len(name) > 2 and name[-1] in "区市" and not name.endswith("新区") else name


@cache
def places() -> Places:
    """The table of places, read once."""
    cities: list[tuple[str, str, str, float, int, int]] = []
    districts: list[tuple[str, int, int, int]] = []
    for number, record in enumerate(PLACES.strip().rstrip(";").split(";")):
        province, city, area, weight, *names = record.split()
        cities.append((province, city, area, float(weight), len(districts), len(names)))
        for name in names:
            found = re.fullmatch(r"(\D+)(\d{6})(?:@(\d+))?", name)
            assert found is not None, name
            districts.append((found[1], int(found[2]), int(found[3] or 1984), number))
    provinces = [c[0] for c in cities]
    return Places(
        district=table([d[0] for d in districts]),
        district_short=table([_shorten(d[0]) for d in districts]),
        code=np.array([d[1] for d in districts], dtype=np.int64),
        code_since=np.array([d[2] for d in districts], dtype=np.int64),
        city_of=np.array([d[3] for d in districts], dtype=np.int64),
        city=table([c[1] for c in cities]),
        city_short=table([c[1].removesuffix("市") for c in cities]),
        province=table(provinces),
        province_short=table([_SHORT_PROVINCE.get(p, p.rstrip("省市")) for p in provinces]),
        area=table([c[2] for c in cities]),
        weight=np.array([c[3] for c in cities]),
        first_district=np.array([c[4] for c in cities], dtype=np.int64),
        district_n=np.array([c[5] for c in cities], dtype=np.int64),
    )
