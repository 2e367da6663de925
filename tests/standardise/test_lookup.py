"""One value in its standard form: the same as the warehouse's, and nothing heavy behind it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pipelines.standardise.lookup import KINDS, normalise_identifier
from tests.standardise.test_phones import INVALID, WRITTEN
from tests.standardise.world import World

HEAVY = ("polars", "pandas", "pypinyin", "opencc", "cpca", "duckdb", "pyarrow", "numpy")


def test_every_kind_of_the_api_is_known() -> None:
    assert set(KINDS) == {"phone", "email", "order", "waybill", "ticket", "member", "id_number", "wechat", "customer"}
    with pytest.raises(KeyError):
        normalise_identifier("shoe size", "42")


def test_an_api_worker_loads_nothing_heavy() -> None:
    code = """import json, sys
from pipelines.standardise.lookup import KINDS, normalise_identifier
for kind in KINDS:
    normalise_identifier(kind, "+852 6123 4567")
print(json.dumps(sorted(sys.modules)))"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(json.loads(answer.stdout))


def test_a_lookup_finds_what_the_warehouse_wrote() -> None:
    world = World()
    phones = [value for value, *_ in WRITTEN] + INVALID
    for n, phone in enumerate(phones):
        world.put("customers", f"c {n}", phone=phone, email=f"Zhang.{n}＠QQ.com", wechat_id=f"Wx-{n}-Abc", id_number="11010519491231002x")
    world.put("orders", "us-１ 7", order_no="us-１ 7", buyer_account="tmall:x")
    world.put("shipments", "s1", parcels=[{"carrier": "SF", "waybill": "sf 123"}])
    world.put("tickets", "t-1", requester_name="张三")
    world.put("members", "M 1", name="张三")
    world.run()
    for n, phone in enumerate(phones):
        mention = world.mention(f"crm:c {n}")
        assert mention["phone_norm"] == normalise_identifier("phone", phone)
        assert mention["email_norm"] == normalise_identifier("email", f"Zhang.{n}＠QQ.com") == f"zhang.{n}@qq.com"
        assert mention["id_number_norm"] == normalise_identifier("id_number", "11010519491231002x")
        assert set(world.identifiers(f"crm:c {n}", "wechat_id")) == {normalise_identifier("wechat", f"Wx-{n}-Abc")}
        assert set(world.identifiers(f"crm:c {n}", "customer")) == {normalise_identifier("customer", f" crm:c {n} ")}
    assert world.one("orders")["order_no"] == normalise_identifier("order", " us-17") == "US-17"
    assert world.one("shipments")["waybills"] == [normalise_identifier("waybill", "SF123")]
    assert world.one("tickets")["ticket_no"] == normalise_identifier("ticket", "t-1")
    assert set(world.identifiers("club:M 1", "member")) == {normalise_identifier("member", "club:M 1")}
