"""Survivorship in named scenarios."""

from __future__ import annotations

import pytest

from tests.golden.world import World, day


@pytest.fixture
def world() -> World:
    return World()


def test_clear_value_beats_a_newer_masked_one(world: World) -> None:
    world.mention("crm:1", "c1", at=day(0), name="张三丰", phone_norm="13812345678")
    world.mention("oms:1#recipient", "c1", role="recipient", at=day(90), name="张**", phone_norm="138****5678")
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["name"], golden["phone"]) == ("张三丰", "13812345678")
    assert world.why("c1", "name") == ("crm:1", "clear_over_masked", 2)
    assert world.why("c1", "phone") == ("crm:1", "clear_over_masked", 2)


def test_masked_phone_that_may_be_the_clear_one_is_no_further_contact(world: World) -> None:
    world.mention("crm:1", "c1", at=day(0), phone_norm="13812345678")
    world.mention("oms:1#recipient", "c1", role="recipient", at=day(1), phone_norm="138****5678")
    world.mention("oms:2#recipient", "c1", role="recipient", at=day(2), phone_norm="139****0000")
    world.run_golden()
    assert world.rows("SELECT value, rank FROM gold.contacts ORDER BY rank") == [("13812345678", 1), ("139****0000", 2)]


def test_single_value_has_the_rule_only_value(world: World) -> None:
    world.mention("crm:1", "c1", at=day(0), name="李四", gender="male")
    world.run_golden()
    assert world.why("c1", "gender") == ("crm:1", "only_value", 1)
    assert world.rows("SELECT count(*) FROM gold.provenance WHERE field = 'email'") == [(0,)]


def test_name_said_by_more_sources_beats_a_trusted_slip(world: World) -> None:
    world.mention("crm:1", "c1", at=day(5), name="张珊")
    world.mention("jd:1#buyer", "c1", role="buyer", at=day(1), name="张三")
    world.mention("tmall:1#buyer", "c1", role="buyer", at=day(2), name="张三")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["name"] == "张三"
    assert world.why("c1", "name") == ("tmall:1#buyer", "most_frequent", 2)


def test_ruined_name_is_not_valid(world: World) -> None:
    world.mention("crm:1", "c1", at=day(5), name="张?")
    world.mention("jd:1#buyer", "c1", role="buyer", at=day(1), name="张䶮")
    world.run_golden()
    assert world.why("c1", "name") == ("jd:1#buyer", "valid", 2)


def test_placeholder_birth_date_loses(world: World) -> None:
    world.mention("crm:1", "c1", at=day(5), birth_on="1970-01-01")
    world.mention("loyalty:1", "c1", role="member", at=day(1), birth_on="1986-03-04")
    world.run_golden()
    assert world.why("c1", "birth_on") == ("loyalty:1", "valid", 2)


def test_newest_phone_is_first_by_event_time(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), phone_norm="13900000001")
    world.mention("crm:2", "c1", at=day(9), phone_norm="13900000002")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["phone"] == "13900000002"
    assert world.why("c1", "phone") == ("crm:2", "most_recent", 2)


def test_relay_number_never_becomes_the_phone(world: World) -> None:
    world.mention("jd:1#recipient", "c1", role="recipient", at=day(9), name="张三", others=[("phone", "95013123456789")])
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["phone"] is None
    assert world.row("gold.contacts", customer_id="c1", kind="phone")["is_personal"] is False


def test_trust_decides_where_times_are_equal(world: World) -> None:
    world.mention("oms:1#recipient", "c1", role="recipient", at=day(1), gender="female")
    world.mention("crm:1", "c1", at=day(1), gender="male")
    world.run_golden()
    assert world.why("c1", "gender") == ("crm:1", "source_trust", 2)


def test_tie_is_broken_by_the_least_value(world: World) -> None:
    world.mention("crm:2", "c1", at=day(1), email_norm="b@example.com")
    world.mention("crm:1", "c1", at=day(1), email_norm="c@example.com")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["email"] == "b@example.com"
    assert world.why("c1", "email") == ("crm:2", "tie_break", 2)


def test_document_type_follows_its_number(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), id_type="passport", id_number_norm="E12345678")
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["id_type"], golden["id_number"]) == ("passport", "E12345678")


def test_consent_withdrawn_later_is_withdrawn(world: World) -> None:
    world.mention("crm:1", "c1", at=day(50), raw={"marketing_consent": True, "consent_at": day(1)})
    world.mention("crm:2", "c1", at=day(2), raw={"marketing_consent": False, "consent_at": day(30)})
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["marketing_consent"], golden["consent_at"]) == (False, day(30))
    assert world.why("c1", "marketing_consent") == ("crm:2", "most_recent", 2)


def test_consent_and_refusal_at_the_same_moment_is_refusal(world: World) -> None:
    world.mention("crm:1", "c1", at=day(5), raw={"marketing_consent": True, "consent_at": day(5)})
    world.mention("crm:2", "c1", at=day(5), raw={"marketing_consent": False, "consent_at": day(5)})
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["marketing_consent"] is False


def test_undated_consent_counts_from_the_creation_of_the_row(world: World) -> None:
    world.mention("crm:1", "c1", at=day(90), raw={"marketing_consent": True, "created_at": day(1)})
    world.mention("crm:2", "c1", at=day(2), raw={"marketing_consent": False, "consent_at": day(30)})
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["marketing_consent"] is False


def test_without_any_statement_there_is_no_consent(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="李四")
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["marketing_consent"], golden["do_not_contact"], golden["tags"]) == (False, False, None)


def test_any_source_may_forbid_contact_and_all_tags_are_kept(world: World) -> None:
    world.mention("crm:1", "c1", at=day(9), raw={"do_not_contact": False, "tags": ["vip", "老客"]})
    world.mention("crm:2", "c1", at=day(1), raw={"do_not_contact": True, "tags": ["vip", "孕妇"]})
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert golden["do_not_contact"] is True
    assert golden["tags"] == sorted(["vip", "老客", "孕妇"])
    assert world.why("c1", "do_not_contact") == ("crm:2", "any_says_so", 1)
    assert world.why("c1", "tags") == ("crm:1", "all_joined", 3)


def test_level_may_come_from_the_loyalty_programme(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), raw={"customer_level": "silver", "last_agent": "小王"})
    world.mention("loyalty:1", "c1", role="member", at=day(9), raw={"level": "gold"})
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["customer_level"], golden["last_agent"]) == ("gold", "小王")


HOME = {"province": "浙江", "city": "杭州", "district": "西湖区", "address_norm": "文三路86号2幢301室", "address_key": "86-2-301"}


def test_gift_recipients_address_stays_theirs(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三", **HOME)
    buyer = {"name": "张三", "phone_norm": "13800000001"}
    gift = {"name": "李四", "province": "江苏", "city": "南京", "address_norm": "中山路1号", "phone_norm": "13700000001"}
    world.order("oms:1", "c1", "c2", day(2), "100.00", said={"buyer": buyer, "recipient": gift})
    world.run_golden()
    assert world.rows("SELECT customer_id, city FROM gold.addresses ORDER BY customer_id") == [("c1", "杭州"), ("c2", "南京")]
    assert world.row("gold.customers", customer_id="c1")["phone"] == "13800000001"
    assert world.row("gold.customers", customer_id="c2")["phone"] == "13700000001"


def test_spellings_of_one_place_are_one_address(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), **HOME)
    short = {**HOME, "province": None, "district": None, "address_norm": "文三路86-2-301"}
    world.mention("oms:1#recipient", "c1", role="recipient", at=day(9), **short)
    world.mention("wms:1#recipient", "c1", role="shipment_recipient", at=day(10), province="浙江", city="杭州")
    world.run_golden()
    (place,) = world.rows("SELECT rank, province, district, address, record_n, last_seen_at FROM gold.addresses")
    assert place == (1, "浙江", "西湖区", "文三路86号2幢301室", 2, day(9))


def test_pick_up_place_is_ranked_last(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), **HOME)
    world.mention("oms:1#recipient", "c1", role="recipient", at=day(9), city="杭州", address_norm="菜鸟驿站3号", address_is_place=True)
    world.run_golden()
    assert world.rows("SELECT is_place FROM gold.addresses ORDER BY rank") == [(False,), (True,)]
    assert world.row("gold.customers", customer_id="c1")["address"] == HOME["address_norm"]
    assert world.why("c1", "address") == ("crm:1", "valid", 2)


def test_customer_without_records_disappears(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三")
    world.mention("crm:2", "c2", at=day(2), name="张三")
    world.run_golden()
    world.put("cluster.members", record_id="crm:2", customer_id="c1")
    world.run_golden()
    assert world.rows("SELECT customer_id, record_n FROM gold.customers") == [("c1", 2)]
    assert world.rows("SELECT DISTINCT customer_id FROM gold.crosswalk") == [("c1",)]
    assert world.changed("gold") == {"c1", "c2"}


def test_changed_value_without_changed_cluster_is_taken_in(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三", raw={"language": "zh-CN"})
    world.mention("crm:2", "c2", at=day(1), name="李四")
    world.run_golden()
    world.mention("crm:1", "c1", at=day(2), name="张三丰", raw={"language": "en"})
    facts = world.run_golden()
    assert facts["customers_rebuilt"] == 1
    golden = world.row("gold.customers", customer_id="c1")
    assert (golden["name"], golden["language"]) == ("张三丰", "en")


def test_nothing_changed_changes_nothing(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), name="张三")
    world.run_golden()
    before = world.rows("SELECT * FROM gold.changes")
    assert world.run_golden()["customers_affected"] == 0
    assert world.rows("SELECT * FROM gold.changes") == before


def test_more_sources_than_a_machine_word_has_bits(world: World) -> None:
    for n in range(70):
        world.mention(f"s{n:02}:1", "c1", at=day(n), name="张三" if n else "张山")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["source_n"] == 70
    assert world.why("c1", "name")[1] == "most_frequent"


def test_first_phone_of_a_record_comes_before_its_second(world: World) -> None:
    world.mention("crm:1", "c1", at=day(1), phone_norm="13900000002", others=[("phone", "13900000001")])
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["phone"] == "13900000002"
    assert world.why("c1", "phone") == ("crm:1", "tie_break", 2)


def test_surname_alone_is_no_name_and_the_plain_spelling_is_shown(world: World) -> None:
    world.mention("crm:1", "c1", at=day(9), name="王", name_norm="王")
    world.mention("crm:2", "c1", at=day(5), name="王曉芳", name_norm="王晓芳")
    world.mention("crm:3", "c1", at=day(1), name="王晓芳", name_norm="王晓芳")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["name"] == "王晓芳"
    assert world.why("c1", "name") == ("crm:3", "valid", 2)


TEXTS = (
    "湖滨大街368号云栖苑4栋1单元2604室", "云栖苑4-1-2604湖滨大街368号", "湖滨大街368号云栖苑", "云栖苑4栋1单元2604室",
    "湖滨大街368号4栋2604室",
)  # fmt: skip


def test_parts_and_orders_of_one_address_are_one_place(world: World) -> None:
    for n, text in enumerate(TEXTS):
        world.mention(f"oms:{n}#recipient", "c1", role="recipient", at=day(n), city="汕头", district="龙湖区", address_norm=text)
    world.run_golden()
    (place,) = world.rows("SELECT address, record_n, last_seen_at FROM gold.addresses")
    assert place == (TEXTS[0], 5, day(4))


def test_another_room_or_a_place_of_small_numbers_is_another_place(world: World) -> None:
    for n, text in enumerate(["湖滨大街368号4栋2604室", "湖滨大街368号4栋2605室", "文三路1号2栋3室", "人民路3号1栋2室"]):
        world.mention(f"oms:{n}#recipient", "c1", role="recipient", at=day(n), city="汕头", address_norm=text)
    world.run_golden()
    assert world.rows("SELECT count(*) FROM gold.addresses") == [(4,)]
