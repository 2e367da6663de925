"""Small demo worlds and their files, read back the plain way."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from demo.generate import Generated, generate
from demo.rates import Rates

Row = dict[str, str]


@dataclass(frozen=True)
class Extracts:
    """The folders of one demo and readers of its sound rows (broken ones are left out by their keys)."""

    landing: Path
    truth: Path
    generated: Generated

    def path(self, stem: str) -> Path:
        (found,) = sorted(self.landing.glob(f"{stem}_*"))
        return found

    def _csv(self, stem: str, encoding: str, delimiter: str = ",") -> list[Row]:
        text = self.path(stem).read_bytes().decode(encoding, errors="replace")
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = next(rows)
        return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]

    def crm(self) -> list[Row]:
        """Rows of sound keys, newest state of each key."""
        newest: dict[str, Row] = {}
        for row in self._csv("crm_customers", "gb18030"):
            key = row["客户编号"]
            if key < "C9" and (key not in newest or row["更新时间"] > newest[key]["更新时间"]):
                newest[key] = row
        return list(newest.values())

    def members(self) -> list[Row]:
        return [row for row in self._csv("members", "utf-8-sig") if row["积分"].isdigit()]

    def calls(self) -> list[Row]:
        return self._csv("calls", "utf-16", "\t")

    def orders(self) -> list[dict[str, Any]]:
        with gzip.open(self.path("orders")) as lines:
            found = []
            for line in lines:
                try:
                    order = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue
                if isinstance(order["amount"], float):
                    found.append(order)
            return found

    def shipments(self) -> pl.DataFrame:
        return pl.read_parquet(self.path("logistics"))

    def tickets(self) -> list[dict[str, Any]]:
        header, *rows = CalamineWorkbook.from_path(str(self.path("tickets"))).get_sheet_by_name("工单").to_python()
        return [dict(zip(map(str, header), row, strict=True)) for row in rows]

    def truth_of(self) -> dict[str, str]:
        return dict(pl.read_parquet(self.truth / "truth.parquet").iter_rows())

    def people(self) -> pl.DataFrame:
        return pl.read_parquet(self.truth / "people.parquet")


def write(folder: Path, *, people: int, day: int = 0, rates: Rates | None = None, seed: int = 7) -> Extracts:
    landing, truth = folder / f"landing{day}", folder / f"truth{day}"
    return Extracts(landing, truth, generate(landing, truth, people=people, seed=seed, day=day, rates=rates))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Extracts:
    """4,000 people, as dirty as the default."""
    return write(tmp_path_factory.mktemp("town"), people=4000)


@pytest.fixture(scope="session")
def next_day(tmp_path_factory: pytest.TempPathFactory) -> Extracts:
    """The same town's first day after."""
    return write(tmp_path_factory.mktemp("town_day_1"), people=4000, day=1)
