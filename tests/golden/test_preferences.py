"""Preferences with purpose, source and age; tags and service needs the hub works out; value of organisations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.preferences import PREFERENCES, load_preferences
from tests.golden.world import NOW, World, day

SHIPPED = PREFERENCES.read_text("utf-8")


def stated(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT kind, value, purpose, record_id, stated_at FROM gold.preferences ORDER BY ALL")


def tags(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT customer_id, kind, value FROM mart.customer_tags ORDER BY ALL")


def test_each_preference_stands_with_the_newest_record_that_says_so() -> None:
    world = World()
    said = {"preferred_channel": "sms", "do_not_contact": True, "tags": ["母婴", "团购"]}
    world.mention("crm:1", "c1", at=day(1), name="张三", raw=said)
    world.mention("crm:2", "c1", at=day(9), raw={"preferred_channel": "wechat", "tags": ["母婴"], "language": "zh-CN"})
    world.mention("jd:1#recipient", "c1", role="recipient", at=day(3), name="张三", delivery_note="放门口")
    world.run_golden()
    assert stated(world) == [
        ("channel", "wechat", "customer_service", "crm:2", day(9)),
        ("delivery_note", "放门口", "order_fulfilment", "jd:1#recipient", day(3)),
        ("do_not_contact", "true", "marketing", "crm:1", day(1)),
        ("language", "zh-CN", "customer_service", "crm:2", day(9)),
        ("tag", "团购", "customer_service", "crm:1", day(1)),
        ("tag", "母婴", "customer_service", "crm:2", day(9)),
    ]


def test_the_old_are_served_by_telephone_from_their_birthday_on() -> None:
    world = World()
    world.mention("crm:1", "c1", at=day(1), name="张三", birth_on="1961-11-02")
    world.run(now=NOW)
    assert tags(world) == []
    world.run(now=NOW.replace(day=2))
    assert tags(world) == [("c1", "service_need", "电话服务")]
    document = json.loads(world.rows("SELECT document FROM mart.profiles")[0][0])
    assert document["preferences"] == [
        {"kind": "service_need", "value": "电话服务", "purpose": "customer_service", "source": "hub"}
    ]


def test_tags_follow_orders_and_go_with_them() -> None:
    world = World()
    world.order("oms:1", "c1", None, day(1), "900.00")
    world.order("oms:2", "c2", None, day(300), "90.00")
    world.run()
    assert {(customer, value) for customer, _, value in tags(world)} == {("c1", "高价值客户"), ("c2", "新客户")}
    world.order("oms:3", "c2", None, day(301), "9000.00")
    world.run()
    assert {(customer, value) for customer, _, value in tags(world)} == {("c2", "高价值客户")}


def test_an_organisation_is_worth_what_is_bought_in_its_name() -> None:
    world = World()
    said = {"name": "张三", "company": "明月科技有限公司"}
    world.order("oms:1", "c1", None, day(1), "100.00", said={"buyer": said})
    world.order("oms:2", "c2", None, day(2), "50.00", said={"buyer": {**said, "name": "李四"}})
    world.order("oms:3", "c2", None, day(3), "7.00", said={"buyer": {"name": "李四"}})
    world.run()
    assert world.rows("SELECT order_n, net_cny, tier, recency_days FROM mart.organisation_values") == [(2, 150, "A", 0)]
    assert world.rows("SELECT customer_id, net_cny FROM mart.customer_values ORDER BY ALL") == [("c1", 100), ("c2", 57)]
    document = json.loads(world.rows("SELECT document FROM mart.profiles WHERE customer_id = 'c2'")[0][0])
    (relation,) = document["relations"]
    assert (relation["kind"], relation["role"], relation["name"], relation["evidence_n"]) == ("contact_of", "buyer", "明月科技有限公司", 1)


def test_the_document_tells_where_a_value_came_from_and_which_lost() -> None:
    world = World()
    world.con.execute("INSERT INTO raw.files BY NAME SELECT 'f' AS file_id, 'crm/crm.csv' AS file_name")
    world.mention("crm:1", "c1", at=day(1), name="张三", phone_norm="13812345678")
    world.mention("crm:2", "c1", at=day(9), phone_norm="13900000002")
    world.run()
    document = json.loads(world.rows("SELECT document FROM mart.profiles")[0][0])
    given = {field: (one["record_id"], one["file"], one["line"]) for one in document["provenance"] for field in one["fields"]}
    assert (given["name"], given["phone"]) == (("crm:1", "crm/crm.csv", 1), ("crm:2", "crm/crm.csv", 1))
    assert document["lost"] == [
        {"field": "phone", "value": "138****5678", "lost_by": "most_recent", "source": "crm", "record_id": "crm:1",
         "event_at": "2026-01-02T00:00:00Z"}
    ]  # fmt: skip


def test_carried_attributes_are_in_the_document_without_code() -> None:
    world = World()
    world.mention("crm:1", "c1", at=day(1), name="张三", raw={"attributes": '{"门店": "西湖店 13812345678"}'})
    world.run()
    document = json.loads(world.rows("SELECT document FROM mart.profiles")[0][0])
    assert document["attributes"] == [{"attribute": "门店", "value": "西湖店 ***", "source": "crm"}]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("purpose: marketing, when: {order_n_from: 1, idle", "purpose: fun, when: {order_n_from: 1, idle", "no purpose 'fun'"),
        ("when: {tier: [A]}", "when: {}", "asks nothing"),
        ("when: {tier: [A]}", "when: {tier: []}", "no tier"),
        ("when: {age_below: 14}", "when: {age_under: 14}", "age_under"),
        ("return_share_from: 0.4", "return_share_from: 4", "less than or equal to 1"),
        ("value: 常退货", "value: 高价值客户", "twice"),
        ("  language: customer_service\n", "", "no purpose for language"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SHIPPED
    path = tmp_path / "preferences.yaml"
    path.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError, match=says) as caught:
        load_preferences(path)
    assert str(caught.value.where).startswith(f"{path}:")
