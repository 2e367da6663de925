"""A day's delta: what changed and nothing else, told from the seed alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from demo.rates import Rates
from tests.demo.conftest import Extracts, write

DAY_1 = "2026-01-01"


def is_masked(order: dict[str, Any]) -> bool:
    return "*" in order["recipient"]["name"]


def test_about_one_per_cent_of_customers_change(town: Extracts, next_day: Extracts) -> None:
    before = {row["客户编号"] for row in town.crm()}
    today = [row for row in next_day.crm() if row["更新时间"].startswith(DAY_1)]
    changed = [row for row in today if row["客户编号"] in before]
    assert len(changed) / town.generated.people == pytest.approx(0.012, abs=0.004)
    new = [row for row in today if row["客户编号"] not in before]
    assert new and all(row["创建时间"].startswith(DAY_1) for row in new)


def test_changed_customers_differ_and_stale_rows_are_older(tmp_path: Path) -> None:
    rates = Rates(errors=0.5, corrections=1.0, stale_rows=0.1)
    first, then = write(tmp_path, people=3000, rates=rates), write(tmp_path, people=3000, day=1, rates=rates)
    before = {row["客户编号"]: row for row in first.crm()}
    both = [(before[row["客户编号"]], row) for row in then.crm() if row["客户编号"] in before]
    assert all(new["更新时间"] > old["更新时间"] for old, new in both)
    kinds = Counter(name for old, new in both for name in old if old[name] != new[name] and name != "更新时间")
    assert min(kinds["手机"], kinds["地址"], kinds["客户等级"], kinds["姓名"]) > 0
    stale = then.generated.files[then.path("crm_customers").name] - len(then.crm())
    assert stale >= 1


def test_orders_of_the_day_are_new_progress_or_are_masked(town: Extracts, next_day: Extracts) -> None:
    before = {o["order_no"]: o for o in town.orders()}
    today = next_day.orders()
    assert all(o["modified"].startswith(DAY_1) for o in today)
    new = [o for o in today if o["order_no"] not in before]
    assert len(new) == pytest.approx(0.006 * 4000, abs=1) and all(o["created"].startswith(DAY_1) for o in new)
    moved = {(before[o["order_no"]]["status"], o["status"]) for o in today if o["order_no"] in before}
    assert {("PAID", "SHIPPED"), ("SHIPPED", "SIGNED"), ("SIGNED", "FINISHED")} <= moved
    masked = [o for o in today if o["order_no"] in before and is_masked(o) and not is_masked(before[o["order_no"]])]
    assert masked
    for order in masked:
        old = before[order["order_no"]]
        assert order["status"] in ("FINISHED", "REFUNDED") and order["lines"] == old["lines"] and order["buyer"] == old["buyer"]


def test_shipments_go_on(town: Extracts, next_day: Extracts) -> None:
    before = {row["shipment_no"]: row for row in town.shipments().iter_rows(named=True)}
    today = list(next_day.shipments().iter_rows(named=True))
    assert all(str(row["updated_at"]).startswith(DAY_1) for row in today)
    later = [(before[row["shipment_no"]], row) for row in today if row["shipment_no"] in before]
    assert later
    for old, new in later:
        assert new["events"][: len(old["events"])] == old["events"] and len(new["events"]) > len(old["events"])
        assert new["parcels"] == old["parcels"] and new["recipient_name"] == old["recipient_name"]
    assert any(row["shipment_no"] not in before for row in today)


def test_tickets_and_calls_come_in(town: Extracts, next_day: Extracts) -> None:
    known = {row["工单号"] for row in town.tickets()}
    assert any(row["工单号"] not in known for row in next_day.tickets())
    assert all(row["时间"].startswith("2026/01/01") for row in next_day.calls())
    assert not {row["流水号"] for row in next_day.calls()} & {row["流水号"] for row in town.calls()}


def test_a_later_day_starts_where_the_day_before_ended(tmp_path: Path) -> None:
    """Days 0, 1 and 2 laid over each other are what the world is after day 2: no row of it is missing."""
    days = [write(tmp_path, people=500, day=day) for day in range(3)]
    for reader, key in (("crm", "客户编号"), ("orders", "order_no")):
        seen = {row[key] for day in days for row in getattr(day, reader)()}
        source = {"crm": "crm:", "orders": "orders:"}[reader]
        true = {record.removeprefix(source).split("#")[0] for record in days[2].truth_of() if record.startswith(source)}
        assert true == {key for key in seen if not key.startswith(("C9", "ERR"))}
    shipments = {number for day in days for number in day.shipments()["shipment_no"]}
    assert {f"logistics:{number}#recipient" for number in shipments} == {r for r in days[2].truth_of() if r.startswith("logistics:")}
