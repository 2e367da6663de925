"""A row that comes back masked keeps what its source had sent in clear."""

from __future__ import annotations

import pytest

from tests.extract.conftest import Hub

HEADER = "编号,姓名,手机,生日,更新,地址\n"
MAPPING = {"update": "update: {mode: upsert, version: 更新}", "fields": "fields: {name: 姓名, phone: 手机, address: 地址}"}


def after(hub: Hub, *rows: str) -> tuple[str | None, str | None, str | None]:
    """name, phone and address of C1 after its states came one after the other."""
    hub.map(**MAPPING)
    for n, row in enumerate(rows):
        name, phone, address = row.split("|")
        hub.land(f"crm_{n}.csv", HEADER + f"C1,{name},{phone},,2025-01-0{n + 1} 00:00:00,{address}\n")
        hub.run()
    (found,) = hub.ask("SELECT name, phone, address FROM raw.customers")
    return found


@pytest.mark.parametrize("masked", ["王*|138****0001|文三路****", "王**|1**********|文三路1号****", "*伟|138****0001|****"])
def test_a_later_mask_of_the_same_values_hides_nothing(hub: Hub, masked: str) -> None:
    assert after(hub, "王伟|13800010001|文三路1号2室", masked) == ("王伟", "13800010001", "文三路1号2室")


def test_a_mask_of_somebody_else_replaces_the_old_value(hub: Hub) -> None:
    assert after(hub, "王伟|13800010001|文三路1号", "李*|139****0009|庆春路****") == ("李*", "139****0009", "庆春路****")


def test_a_clear_value_replaces_a_clear_one(hub: Hub) -> None:
    assert after(hub, "王伟|13800010001|文三路1号", "王维|13800010002|庆春路2号") == ("王维", "13800010002", "庆春路2号")


def test_the_masked_row_again_is_unchanged(hub: Hub) -> None:
    masked = "王*|138****0001|文三路****"
    after(hub, "王伟|13800010001|文三路1号", masked)
    hub.land("crm_9.csv", HEADER + "C1,王*,138****0001,,2025-01-02 00:00:00,文三路****\nC2,李娜,,,2025-01-02 00:00:00,\n")
    facts = hub.run()
    assert (facts["rows_unchanged_n"], facts["rows_loaded_n"]) == (1, 1)
    assert hub.ask("SELECT name, phone FROM raw.customers WHERE customer_key = 'C1'") == [("王伟", "13800010001")]
