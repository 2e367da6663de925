"""Public data, where it is at hand: what the rules make of values nobody wrote for them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.standardise.addresses import standardise_addresses
from pipelines.standardise.divisions import resolve
from pipelines.standardise.emails import normalise
from tests.standardise.columns import standardised
from tests.standardise.test_names import whole

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data is not here")


def column(file: str, *names: str) -> list[tuple[str, ...]]:
    with (DATA / file).open(encoding="utf-8-sig", newline="") as rows:
        return [tuple(row[name] for name in names) for row in csv.DictReader(rows)]


def test_all_distinct_names_of_the_orders_stay_distinct_and_readable() -> None:
    names = sorted({name for (name,) in column("zh_orders.csv", "客户名称")})
    rows = whole(*names)
    assert len(names) == 771
    # 萧/肖, 傅/付, 阎/闫, 戴/代, 邱/丘, 蓝/兰 are one for comparison; nothing else may fall together
    kept = {row["name"] for row in rows.values()}
    assert kept == set(names)
    assert all(row["name_norm"] and row["surname"] and row["name_pinyin"] for row in rows.values())
    assert not any(row["is_organisation"] or row["is_masked"] for row in rows.values())
    assert len({row["name_norm"] for row in rows.values()}) == 771


def test_most_cities_of_the_orders_are_known() -> None:
    fields = column("zh_orders.csv", "省/自治区", "城市")
    known = [resolve(province, city, None) for province, city in fields]
    assert all(place.province for place in known)
    assert sum(place.city is not None for place in known) / len(known) > 0.9


def test_regions_of_raw_company_addresses() -> None:
    values = sorted({address for (address,) in column("zh_addresses_dev.csv", "原始地址") if address})
    rows = standardised(standardise_addresses, [(a, None, None, None, a) for a in values], "key", "province", "city", "district", "address")
    share = {part: sum(row[part] is not None for row in rows) / len(rows) for part in ("province", "city", "district", "address_norm")}
    assert share["city"] > 0.80, share
    assert share["district"] > 0.63, share
    assert share["address_norm"] > 0.98, share


def test_every_ticket_has_a_person_and_an_address_to_write_to() -> None:
    tickets = column("support_tickets.csv", "Customer Name", "Customer Email")
    rows = whole(*{name for name, _ in tickets})
    assert all(row["name_norm"] == row["raw"].lower().replace("'", "").replace("-", " ").replace(".", "") for row in rows.values())
    assert all(normalise(email) == email for _, email in tickets)
