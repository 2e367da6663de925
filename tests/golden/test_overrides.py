"""What stewards enter wins, follows its record, and leaves no trace in counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.golden.anchor import anchor_of, overridden_records
from pipelines.golden.entry import read_entry
from schemas.errors import UsageError
from schemas.overrides import OVERRIDABLE, PART_SEPARATOR
from schemas.survivorship import SURVIVORSHIP, load_survivorship
from tests.golden.world import World, day


@pytest.fixture
def world() -> World:
    world = World()
    world.mention("crm:1", "c1", at=day(1), name="张三", phone_norm="13812345678", gender="male", raw={"customer_level": "金"})
    world.mention("jd:1#buyer", "c1", role="buyer", at=day(90), name="张珊", phone_norm="13900000002")
    world.mention("tmall:1#buyer", "c1", role="buyer", at=day(91), name="张珊", phone_norm="13900000002")
    return world


def test_an_override_of_each_table_of_claims_wins_over_all_records(world: World) -> None:
    place = PART_SEPARATOR.join(("浙江", "杭州", "西湖区", "文三路1号"))
    entered = {
        "name": "张三", "phone": "13812345678", "gender": "female", "customer_level": "银", "address": place, "marketing_consent": "true",
        "birth_on": "1986-03-04", "id_number": "passport:E12345678",
    }  # fmt: skip
    for n, (field, value) in enumerate(entered.items(), 1):
        world.override(n, "crm:1", field, value)
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["name"], golden["phone"], golden["gender"], golden["customer_level"]) == ("张三", "13812345678", "female", "银")
    assert (golden["city"], golden["address"], golden["marketing_consent"], golden["id_type"]) == ("杭州", "文三路1号", True, "passport")
    assert world.why("c1", "name") == ("steward:1", "override", 2)
    assert world.rows("SELECT value FROM gold.contacts WHERE kind = 'phone' ORDER BY rank") == [("13812345678",), ("13900000002",)]


def test_overrides_are_no_mentions(world: World) -> None:
    world.run_golden()
    before = world.row("gold.customers", customer_id="c1")
    world.override(1, "crm:1", "name", "张三丰", at=day(500))
    world.run_golden()
    after = world.row("gold.customers", customer_id="c1")
    assert {k: v for k, v in after.items() if k != "name"} == {k: v for k, v in before.items() if k != "name"}
    assert world.rows("SELECT count(*) FROM gold.crosswalk") == [(3,)]


def test_the_newest_override_of_a_field_counts_and_a_withdrawn_one_is_gone(world: World) -> None:
    world.override(1, "crm:1", "name", "张一", at=day(200))
    world.override(2, "jd:1#buyer", "name", "张二", at=day(201))
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["name"] == "张二"
    world.drop("raw.overrides", 2)
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["name"] == "张一"
    world.drop("raw.overrides", 1)
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["name"] == "张珊"


def test_an_override_follows_its_record_to_another_customer(world: World) -> None:
    world.override(1, "crm:1", "name", "张三丰")
    world.run_golden()
    world.put("cluster.members", record_id="crm:1", customer_id="c2")
    world.put("cluster.customers", customer_id="c2", status="active", confidence=1.0)
    world.run_golden()
    assert world.row("gold.customers", customer_id="c2")["name"] == "张三丰"
    assert world.row("gold.customers", customer_id="c1")["name"] == "张珊"
    assert overridden_records(world.con, "c2", "name") == ["crm:1"]
    with pytest.raises(UsageError, match="in force"):
        overridden_records(world.con, "c1", "name")


def test_a_chain_without_override_knows_none(world: World, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(SURVIVORSHIP.read_text("utf-8").replace("name: [override, ", "name: ["), "utf-8")
    world.override(1, "crm:1", "name", "张三丰", at=day(0))
    world.run_golden(policy=load_survivorship(path))
    assert world.row("gold.customers", customer_id="c1")["name"] == "张珊"


def test_an_attribute_can_be_entered(world: World) -> None:
    world.mention("crm:2", "c1", at=day(3), raw={"attributes": '{"门店": "西湖店", "空": null}'})
    world.mention("crm:3", "c1", at=day(2), raw={"attributes": '{"门店": "滨江店"}'})
    world.run_golden()
    shown = "SELECT attribute, rank, value, record_id, rule FROM gold.attributes ORDER BY ALL"
    assert world.rows(shown) == [("门店", 1, "西湖店", "crm:2", "most_recent"), ("门店", 2, "滨江店", "crm:3", "most_recent")]
    assert world.rows("SELECT attribute, source, customer_n, value_n FROM gold.attribute_names") == [("门店", "crm", 1, 1)]
    world.override(1, "crm:1", "attribute:门店", "城东店")
    world.run_golden()
    assert world.rows(shown)[0] == ("门店", 1, "城东店", "steward:1", "override")


def test_the_record_that_gives_the_value_is_the_anchor(world: World) -> None:
    world.run_golden()
    assert anchor_of(world.con, "c1", "name") == "tmall:1#buyer"
    assert anchor_of(world.con, "c1", "email") == "crm:1"
    with pytest.raises(UsageError, match="no such customer"):
        anchor_of(world.con, "c9", "name")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("name", " 张三先生 ", "张三"),
        ("phone", "+86 138-1234-5678", "13812345678"),
        ("email", "Zhang@Example.COM", "zhang@example.com"),
        ("id_number", "11010519491231002X", "resident:11010519491231002X"),
        ("id_number", "passport:E12345678", "passport:E12345678"),
        ("birth_on", "1986-03-04", "1986-03-04"),
        ("gender", "female", "female"),
        ("marketing_consent", "是", "true"),
        ("attribute:门店", "西湖店", "西湖店"),
    ],
)
def test_an_entry_is_standardised(field: str, text: str, value: str) -> None:
    assert read_entry(field, text) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "张*"), ("phone", "138****5678"), ("phone", "13812345678, 13900000002"), ("email", "zhang"), ("birth_on", "1986-02-31"),
        ("id_number", "110105194912310021"), ("gender", "男"), ("uscc", "123"), ("marketing_consent", "perhaps"), ("address", " "),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_and_not_repeated(field: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_entry(field, text)
    assert text.strip() == "" or text not in str(caught.value)


def test_every_field_that_can_be_entered_is_known() -> None:
    with pytest.raises(UsageError, match="no field"):
        read_entry("shoe_size", "43")
    assert set(OVERRIDABLE) < set(load_survivorship().fields)
