"""The profile in named scenarios."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.profile import LATEST, TIER_MEANING, TIMELINE, Profile
from tests.golden.world import World, day

PHONE, EMAIL, ID_NUMBER = "13812345678", "zhangsan@example.com", "110101198603044321"
ZHANG = {
    "name": "张三丰", "phone_norm": PHONE, "email_norm": EMAIL, "id_type": "resident", "id_number_norm": ID_NUMBER,
    "birth_on": "1986-03-04", "province": "浙江", "city": "杭州", "district": "西湖区", "address_norm": "文三路86号2幢301室",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


def document(world: World, customer_id: str) -> dict[str, Any]:
    text = world.row("mart.profiles", customer_id=customer_id)["document"]
    Profile.model_validate_json(text)
    found: dict[str, Any] = json.loads(text)
    return found


def test_refund_is_counted_and_closed_orders_are_not(world: World) -> None:
    world.order("oms:1", "c1", "c1", day(1), "100.00")
    world.order("oms:2", "c1", "c1", day(5), "50.50")
    world.order("oms:3", "c1", "c1", day(9), "999.00", order_status="closed")
    back = {"returned_at": day(3), "refund_cny": "30.25", "reason": "质量 13812345678"}
    world.put("std.returns", return_id="ret:1", order_id="oms:1", link="linked", **back)
    world.run()
    value = world.row("mart.customer_values", customer_id="c1")
    sums = (Decimal("150.50"), Decimal("30.25"), Decimal("120.25"))
    assert (value["order_n"], value["gross_cny"], value["refund_cny"], value["net_cny"]) == (2, *sums)
    assert (value["average_basket_cny"], value["return_n"], value["last_order_at"]) == (Decimal("75.25"), 1, day(5))
    shown = document(world, "c1")
    assert (shown["value"]["net_cny"], shown["value"]["last_order_on"]) == (120.25, "2026-01-06")
    assert [order["returned"] for order in shown["orders"]["latest"]] == [False, False, True]
    assert [e["detail"] for e in shown["timeline"] if e["kind"] == "return"] == ["质量 ***"]


def test_refund_of_a_refunded_order_is_not_taken_off_twice(world: World) -> None:
    world.order("oms:1", "c1", "c1", day(1), "100.00")
    world.order("oms:2", "c1", "c1", day(2), "80.00", order_status="refunded")
    world.put("std.returns", return_id="ret:1", order_id="oms:2", link="linked", returned_at=day(3), refund_cny="80.00")
    world.run()
    value = world.row("mart.customer_values", customer_id="c1")
    assert (value["net_cny"], value["return_n"]) == (Decimal("100.00"), 1)


def test_ambiguous_return_is_not_counted(world: World) -> None:
    world.order("oms:A/1", "c1", "c1", day(1), "100.00", order_no="A")
    world.order("oms:A/2", "c2", "c2", day(1), "70.00", order_no="A")
    world.put("std.returns", return_id="ret:1", order_ref="oms:A", link="ambiguous", returned_at=day(3), refund_cny="30.00")
    world.run()
    assert world.rows("SELECT return_n, net_cny FROM mart.customer_values ORDER BY net_cny") == [(0, 70), (0, 100)]
    assert world.rows("SELECT DISTINCT returned FROM mart.orders") == [(False,)]
    assert world.rows("SELECT customer_id FROM mart.lookups WHERE kind = 'order' AND value = 'A' ORDER BY ALL") == [("c1",), ("c2",)]


def test_tiers_follow_pareto(world: World) -> None:
    """Net 800, 100, 60, 30, 10: the first brings 80 %, the next two fill 95 %, the rest is C; equals share a tier."""
    for n, amount in enumerate(("800", "100", "60", "30", "10"), 1):
        world.order(f"oms:{n}", f"c{n}", f"c{n}", day(n), amount)
    world.order("oms:6", "c6", "c6", day(6), "5", order_status="closed")
    facts = world.run()
    assert world.rows("SELECT customer_id, tier FROM mart.customer_values ORDER BY customer_id") == [
        ("c1", "A"), ("c2", "B"), ("c3", "B"), ("c4", "C"), ("c5", "C"), ("c6", "C"),
    ]  # fmt: skip
    assert facts["tiers"] == {"A": 1, "B": 2, "C": 3}
    assert facts["share_of_customers_in_first_80_percent"] == 0.2
    assert document(world, "c1")["value"]["tier_meaning"] == TIER_MEANING["A"]
    assert "revenue_share" not in json.dumps(document(world, "c1"))


def test_equal_customers_share_scores_and_tier(world: World) -> None:
    for n in range(1, 11):
        world.order(f"oms:{n}", f"c{n}", f"c{n}", day(n), "100")
    world.run()
    assert world.rows("SELECT DISTINCT f_score, m_score, tier FROM mart.customer_values") == [(1, 1, "A")]
    assert world.rows("SELECT r_score FROM mart.customer_values ORDER BY last_order_at") == [(s,) for s in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5)]


def test_gift_is_seen_by_both_but_valued_for_the_buyer(world: World) -> None:
    world.order("oms:1", "c1", "c2", day(1), "100.00", said={"recipient": {"name": "李四", "phone_norm": "13700000001"}})
    world.put(
        "std.shipments", shipment_id="wms:1", order_id="oms:1", link="linked", recipient_record_id="oms:1#recipient", waybills=["SF1"],
        ship_status="in_transit", shipped_at=day(2), promised_at=day(4),
    )  # fmt: skip
    world.run()
    buyer, recipient = document(world, "c1"), document(world, "c2")
    assert buyer["orders"]["latest"][0]["amount_cny"] == 100.0
    assert recipient["orders"]["latest"][0]["role"] == "recipient"
    assert "amount_cny" not in recipient["orders"]["latest"][0]
    assert "value" not in recipient
    assert buyer["shipments"]["open"][0]["role"] == "buyer"
    assert "李" not in json.dumps(buyer, ensure_ascii=False)
    found = world.rows("SELECT kind, customer_id FROM mart.lookups WHERE kind IN ('order', 'waybill') ORDER BY ALL")
    assert found == [("order", "c1"), ("order", "c2"), ("waybill", "c1"), ("waybill", "c2")]


def test_nothing_personal_is_shown_whole(world: World) -> None:
    world.mention("crm:13812345678", "c1", at=day(1), **ZHANG, others=[
        ("wechat_id", "wxid_zhangsan"), ("openid", "shop:oABCDEFGH123"), ("account", "tmall:zhangsanfeng"),
        ("member", f"loyalty:{EMAIL}"), ("customer", "crm:13812345678"),
    ])  # fmt: skip
    ask = f"我是张三丰，电话 {PHONE}，{EMAIL}"
    world.put("std.tickets", ticket_id="t:1", ticket_no="T1", requester_record_id="crm:13812345678", subject=ask, created_at=day(2))
    world.run()
    shown = document(world, "c1")
    text = json.dumps(shown, ensure_ascii=False)
    hidden = (PHONE, EMAIL, ID_NUMBER, "三丰", "1986", "文三路", "wxid_zhangsan", "oABCDEFGH123", "zhangsan")
    assert [value for value in hidden if value in text] == []
    assert shown["identity"]["name"] == "张**"
    assert shown["identity"]["age_band"] == "35-44"
    assert shown["contacts"]["phones"][0]["value"] == "138****5678"
    assert shown["addresses"][0]["district"] == "西湖区"
    assert shown["provenance"][0]["record_id"] == "***"
    assert shown["tickets"]["open"][0]["subject"] == "我是张**，电话 ***，***"


def test_organisation_is_shown_by_name(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="杭州云山贸易有限公司", party_kind="organisation")
    world.run()
    assert document(world, "c1")["identity"]["name"] == "杭州云山贸易有限公司"


def test_late_and_open_shipments(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三")
    for n, (status, delivered) in enumerate([("delivered", day(6)), ("delivered", day(3)), ("in_transit", None)], 1):
        world.put(
            "std.shipments", shipment_id=f"wms:{n}", link="orphan", recipient_record_id="crm:1", ship_status=status, shipped_at=day(n),
            promised_at=day(4), delivered_at=delivered, last_event_at=delivered or day(9), waybills=[f"SF{n}"],
        )  # fmt: skip
    world.run()
    assert world.rows("SELECT is_late, delay_days FROM mart.shipments ORDER BY shipment_id") == [(True, 2.0), (False, 0.0), (True, 5.0)]
    shown = document(world, "c1")["shipments"]
    assert (shown["total_n"], shown["open"][0]["is_late"], "delay_days" in shown["open"][0]) == (3, True, False)
    assert [(s["waybills"], s["delay_days"]) for s in shown["recent"]] == [(["SF2"], 0.0), (["SF1"], 2.0)]


def test_delay_of_a_lost_parcel_is_not_known(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三")
    lost = {"ship_status": "lost", "shipped_at": day(1), "promised_at": day(4), "last_event_at": day(9)}
    world.put("std.shipments", shipment_id="wms:1", link="orphan", recipient_record_id="crm:1", **lost)
    world.run()
    assert world.rows("SELECT is_late, delay_days FROM mart.shipments") == [(False, None)]


def test_lists_are_bounded_and_newest_first(world: World) -> None:
    for n in range(60):
        world.order(f"oms:{n:03}", "c1", "c1", day(n), "1.00")
    world.run()
    shown = document(world, "c1")
    assert shown["orders"]["total_n"] == 60
    assert [order["order_no"] for order in shown["orders"]["latest"]] == [f"{n:03}" for n in range(59, 59 - LATEST, -1)]
    assert [event["ref"] for event in shown["timeline"]] == [f"{n:03}" for n in range(59, 59 - TIMELINE, -1)]


def test_last_agent_is_who_served_last(world: World) -> None:
    world.mention("crm:1", "c1", at=day(90), name="张三", raw={"last_agent": "小赵"})
    world.mention("crm:2", "c2", at=day(90), name="李四", raw={"last_agent": "小赵"})
    world.put("std.tickets", ticket_id="t:1", ticket_no="T1", requester_record_id="crm:1", agent="小王", created_at=day(2))
    world.put("std.interactions", interaction_id="i:1", caller_record_id="crm:1", kind="call", agent="小李", happened_at=day(3))
    world.run()
    assert document(world, "c1")["last_agent"] == {"agent": "小李", "via": "interaction", "at": "2026-01-04T00:00:00Z"}
    assert document(world, "c2")["last_agent"] == {"agent": "小赵", "via": "crm"}


def test_lookup_values_and_what_is_not_looked_up(world: World) -> None:
    others = [
        ("wechat_id", "wxid_1"), ("openid", "shop:oABC"), ("member", "loyalty:M1"), ("phone", "138****5678"), ("phone", "4008001234"),
        ("unionid", "open:u1"), ("account", "tmall:zs"),
    ]  # fmt: skip
    world.mention("crm:1", "c1", at=day(1), **ZHANG, others=others)
    world.mention("crm:2", "c2", at=day(1), name="李四", phone_norm="13900000000")
    world.put("match.identifier_use", kind="phone", value="13900000000", is_shared=True)
    world.put("std.tickets", ticket_id="t:1", ticket_no="T1", requester_record_id="crm:1", created_at=day(2))
    world.run()
    assert world.rows("SELECT kind, value, customer_id FROM mart.lookups ORDER BY ALL") == [
        ("email", EMAIL, "c1"), ("id_number", ID_NUMBER, "c1"), ("member", "M1", "c1"), ("phone", PHONE, "c1"), ("ticket", "T1", "c1"),
        ("wechat", "oABC", "c1"), ("wechat", "u1", "c1"), ("wechat", "wxid_1", "c1"),
    ]  # fmt: skip


def test_phone_that_is_shared_no_more_is_found_again(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三", phone_norm=PHONE)
    world.put("match.identifier_use", kind="phone", value=PHONE, is_shared=True)
    world.run()
    assert world.rows("SELECT * FROM mart.lookups") == []
    world.put("match.identifier_use", kind="phone", value=PHONE, is_shared=False)
    world.run()
    assert (world.changed("mart"), world.rows("SELECT kind FROM mart.lookups")) == ({"c1"}, [("phone",)])


def test_shipment_and_ticket_without_a_known_party_belong_to_the_buyer(world: World) -> None:
    world.order("oms:1", "c1", None, day(1), "100.00")
    world.put("std.shipments", shipment_id="wms:1", order_id="oms:1", link="linked", waybills=["SF1"], shipped_at=day(2))
    world.put("std.tickets", ticket_id="t:1", ticket_no="T1", order_id="oms:1", link="linked", created_at=day(2))
    world.run()
    assert world.rows("SELECT customer_id FROM mart.shipments UNION ALL SELECT customer_id FROM mart.tickets") == [("c1",), ("c1",)]


def test_only_changed_documents_are_marked(world: World) -> None:
    for n in (1, 2, 3):
        world.mention(f"crm:{n}", f"c{n}", at=day(n), name=f"张{n}")
    world.run()
    world.put("std.tickets", ticket_id="t:1", ticket_no="T1", requester_record_id="crm:2", created_at=day(5))
    world.run()
    assert world.changed("mart") == {"c2"}
    world.drop("std.tickets", "t:1")
    world.mention("crm:3", "c1", at=day(3), name="张3")
    world.run()
    assert world.changed("mart") == {"c1", "c2", "c3"}
    assert world.rows("SELECT customer_id FROM mart.profiles ORDER BY ALL") == [("c1",), ("c2",)]


def test_birthday_issues_a_new_document(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三", birth_on="1991-11-02")
    world.mention("crm:2", "c2", at=day(1), name="李四", birth_on="1980-01-01")
    world.run(now=datetime(2026, 11, 1))
    assert document(world, "c1")["identity"]["age_band"] == "25-34"
    world.run(now=datetime(2026, 11, 2))
    assert document(world, "c1")["identity"]["age_band"] == "35-44"
    assert world.changed("mart") == {"c1"}


def test_section_ages(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三")
    world.order("oms:1", "c1", "c1", day(7), "1.00")
    world.put("std.returns", return_id="r:1", order_id="oms:1", link="linked", returned_at=day(9))
    world.con.execute("INSERT INTO raw.files (file_id, entity, outcome, loaded_at) VALUES ('f', 'orders', 'loaded', ?)", [day(10)])
    world.run()
    assert world.row("mart.section_ages", section="orders") == {"section": "orders", "as_of": day(9), "loaded_at": day(10)}
    assert world.row("mart.section_ages", section="customers")["as_of"] == day(1)
    assert world.row("mart.section_ages", section="tickets")["as_of"] is None
