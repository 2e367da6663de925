"""Who becomes a mention, with what, and which identifiers it carries."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.standardise.world import World

DAY = datetime(2026, 1, 1)


@pytest.fixture
def world() -> World:
    return World()


def test_an_order_names_its_buyer_and_its_recipient_even_when_they_are_the_same(world: World) -> None:
    world.put(
        "orders", "1", buyer_name="张三", buyer_phone="13812345679", recipient_name="张三", recipient_phone="13812345679", ordered_at=DAY
    )
    world.run()
    assert [(m["record_id"], m["role"], m["order_id"]) for m in world.rows("mentions")] == [
        ("tmall:1#buyer", "buyer", "tmall:1"),
        ("tmall:1#recipient", "recipient", "tmall:1"),
    ]
    order = world.one("orders")
    assert (order["buyer_record_id"], order["recipient_record_id"]) == ("tmall:1#buyer", "tmall:1#recipient")


def test_a_mention_without_any_name_contact_or_identifier_is_not_made(world: World) -> None:
    world.put("orders", "1", buyer_name="匿名", buyer_phone="无", recipient_province="浙江", recipient_city="杭州")
    world.put("shipments", "1")
    world.put("tickets", "1", requester_name="先生", requester_phone="13800138000")
    world.put("interactions", "1")
    world.run()
    assert world.rows("mentions") == world.rows("identifiers") == []
    assert world.one("orders")["buyer_record_id"] is world.one("orders")["recipient_record_id"] is None
    assert world.one("shipments")["recipient_record_id"] is world.one("tickets")["requester_record_id"] is None


def test_a_record_of_the_crm_or_the_club_is_somebody_even_when_empty(world: World) -> None:
    world.put("customers", "1")
    world.put("members", "2")
    world.run()
    assert {m["record_id"]: m["name"] for m in world.rows("mentions")} == {"crm:1": None, "club:2": None}
    assert world.identifiers("crm:1", "customer") == {"crm:1": (True, False, True)}
    assert world.identifiers("club:2", "member") == {"club:2": (True, False, True)}


def test_rows_that_name_a_customer_or_member_carry_its_record_id(world: World) -> None:
    world.put("members", "2", customer_ref="crm:1")
    world.put("orders", "3", customer_ref="crm:1", member_ref="club:2")
    world.put("tickets", "4", customer_ref="crm:1")
    world.run()
    for record_id in ("club:2", "tmall:3#buyer", "desk:4"):
        assert world.mention(record_id)["customer_ref"] == "crm:1"
        assert set(world.identifiers(record_id, "customer")) == {"crm:1"}
    assert set(world.identifiers("tmall:3#buyer", "member")) == {"club:2"}


def test_the_best_phone_is_a_clear_mobile_and_all_are_identifiers(world: World) -> None:
    world.put("customers", "1", phone="0571-87654321转8", phone_alt="138 1234 5679/400-800-1234")
    world.put("customers", "2", phone="13812345679", phone_alt="13812345679")
    world.put("customers", "3", phone="1381234", phone_alt="18877771111-123")
    world.run()
    assert [(m["phone_norm"], m["phone_kind"]) for m in world.rows("mentions")] == [
        ("13812345679", "mobile"),
        ("13812345679", "mobile"),
        ("18877771111-123", "relay"),
    ]
    assert world.identifiers("crm:1", "phone") == {
        "0571-87654321-8": (True, False, True),
        "13812345679": (True, False, True),
        "4008001234": (True, False, False),
    }
    assert world.identifiers("crm:2", "phone") == {"13812345679": (True, False, True)}
    assert world.identifiers("crm:3", "phone") == {"1381234": (False, False, False), "18877771111-123": (True, False, False)}


def test_an_invalid_phone_is_no_phone_but_is_remembered(world: World) -> None:
    world.put("customers", "1", phone="13800138000")
    world.put("orders", "1", buyer_name="张三", buyer_phone="12345678901")
    world.run()
    assert (world.mention("crm:1")["phone_norm"], world.mention("crm:1")["phone_kind"]) == (None, "invalid")
    assert world.identifiers("tmall:1#buyer", "phone") == {"12345678901": (False, False, False)}


def test_a_landline_says_nothing_of_the_staff_of_a_company(world: World) -> None:
    world.put("customers", "1", name="张三", phone="0571-87654321")
    world.put("customers", "2", name="明月有限公司", phone="0571-87654321")
    world.run()
    assert world.identifiers("crm:1", "phone") == {"0571-87654321": (True, False, True)}
    assert world.identifiers("crm:2", "phone") == {"0571-87654321": (True, False, False)}


def test_a_document_gives_birth_date_and_gender_where_the_source_does_not(world: World) -> None:
    world.put("customers", "1", id_number="11010519491231002X")
    world.put("customers", "2", id_number="11010519491231002X", gender="male", birth_on=date(1980, 2, 3))
    world.put("customers", "3", gender="other", birth_on=date(1970, 1, 1), id_number="110105194912310021")
    world.run()
    one, two, three = world.rows("mentions")
    assert (one["gender"], one["birth_on"], one["id_type"]) == ("female", date(1949, 12, 31), "resident")
    assert (two["gender"], two["birth_on"]) == ("male", date(1980, 2, 3))
    assert (three["gender"], three["birth_on"], three["id_number_norm"]) == (None, None, None)
    assert world.identifiers("crm:1", "id_number") == {"resident:11010519491231002X": (True, False, True)}
    assert world.identifiers("crm:3", "id_number") == {"unknown:110105194912310021": (False, False, False)}


def test_masked_accounts_and_emails_are_kept_apart_from_clear_ones(world: World) -> None:
    world.put("orders", "1", buyer_account="tmall:t**1", buyer_email="d***@qq.com", buyer_name="张三")
    world.put("orders", "2", buyer_account=" tmall:tom ")
    world.run()
    mention = world.mention("tmall:1#buyer")
    assert (mention["account"], mention["email_norm"]) == (None, None)
    assert world.identifiers("tmall:1#buyer", "account") == {"tmall:t**1": (True, True, False)}
    assert world.identifiers("tmall:1#buyer", "email") == {"d***@qq.com": (False, True, False)}
    assert world.identifiers("tmall:2#buyer", "account") == {"tmall:tom": (True, False, True)}


PARTIES: list[tuple[dict[str, str], str]] = [
    ({"name": "张三"}, "person"),
    ({"name": "明月有限公司"}, "organisation"),
    ({"name": "海底捞", "party_kind": "organisation"}, "organisation"),
    ({"name": "明月公司西湖", "uscc": "91110000600037341L"}, "organisation"),
    ({"name": "明月公司西湖"}, "person"),
    ({"name": "张三", "uscc": "91110000600037341L"}, "person"),
    ({"party_kind": "organisation", "company": "明月有限责任公司"}, "organisation"),
]


def test_a_party_is_an_organisation_when_the_source_says_so_or_the_name_plainly_does(world: World) -> None:
    for n, (values, _) in enumerate(PARTIES):
        world.put("customers", str(n), **values)
    world.run()
    mentions = world.rows("mentions")
    assert [m["party_kind"] for m in mentions] == [kind for _, kind in PARTIES]
    for mention in mentions:
        if mention["party_kind"] == "organisation":
            assert mention["surname"] is mention["name_pinyin"] is None
            assert mention["name_norm"] and mention["name_norm"] == mention["company"]


def test_an_invoice_title_names_the_company_a_person_buys_for(world: World) -> None:
    world.put("orders", "1", buyer_name="张三", buyer_kind="person_for_organisation", invoice_title="明月（杭州）有限责任公司")
    world.put("orders", "2", buyer_name="张三", invoice_title="个人")
    world.put("orders", "3", buyer_name="张三", invoice_title="张三")
    world.put("orders", "4", buyer_kind="organisation", invoice_title="海底捞", invoice_uscc="91110000600037341L")
    world.run()
    buyers = {m["order_id"]: m for m in world.rows("mentions")}
    assert [buyers[f"tmall:{n}"]["company"] for n in (1, 2, 3, 4)] == ["杭州明月有限公司", None, None, "海底捞"]
    assert [buyers[f"tmall:{n}"]["party_kind"] for n in (1, 4)] == ["person", "organisation"]
    assert world.identifiers("tmall:4#buyer", "uscc") == {"91110000600037341L": (True, False, True)}


def test_a_company_code_on_a_person_is_not_the_persons_own(world: World) -> None:
    world.put("customers", "1", name="张三", company="明月有限公司", uscc="91110000600037341L")
    world.put("customers", "2", name="李四", uscc="911100006000373410")
    world.run()
    assert world.identifiers("crm:1", "uscc") == {"91110000600037341L": (True, False, False)}
    assert world.identifiers("crm:2", "uscc") == {"911100006000373410": (False, False, False)}
    assert (world.mention("crm:1")["uscc"], world.mention("crm:2")["uscc"]) == ("91110000600037341L", None)


def test_event_at_is_when_the_source_knew_it(world: World) -> None:
    world.put("customers", "1", created_at=datetime(2025, 1, 1), updated_at=datetime(2025, 6, 1))
    world.put("orders", "1", buyer_name="张三", ordered_at=DAY, updated_at=datetime(2026, 5, 1))
    world.put("members", "1", version=datetime(2024, 7, 7))
    world.run()
    assert {m["record_id"]: m["event_at"] for m in world.rows("mentions")} == {
        "crm:1": datetime(2025, 6, 1),
        "tmall:1#buyer": DAY,
        "club:1": datetime(2024, 7, 7),
    }


def test_a_status_change_does_not_mark_the_people_of_the_order(world: World) -> None:
    order = {"buyer_name": "张三", "buyer_phone": "13812345679", "recipient_name": "李四", "ordered_at": DAY}
    world.put("orders", "1", order_status="paid", **order)
    world.run()
    world.put("orders", "1", order_status="completed", **order)
    world.run()
    assert (world.marked("mentions"), world.marked("orders")) == (set(), {"tmall:1"})
    world.put("orders", "1", order_status="completed", **order | {"recipient_name": "李*"})
    world.run()
    assert world.marked("mentions") == {"tmall:1#recipient"}


def test_a_second_phone_alone_marks_the_mention(world: World) -> None:
    world.put("customers", "1", phone="13812345679")
    world.run()
    world.put("customers", "1", phone="13812345679", phone_alt="0571-87654321")
    world.run()
    assert world.marked("mentions") == {"crm:1"}


def test_a_withdrawn_row_takes_its_mention_along_and_is_marked(world: World) -> None:
    world.put("customers", "1", name="张三", phone="13812345679")
    world.put("tickets", "1", requester_name="张三")
    world.run()
    world.drop("customers", "1")
    world.drop("tickets", "1")
    world.run()
    assert world.rows("mentions") == world.rows("identifiers") == world.rows("tickets") == []
    assert (world.marked("mentions"), world.marked("tickets")) == ({"crm:1", "desk:1"}, {"desk:1"})


def test_nothing_new_changes_nothing(world: World) -> None:
    world.put("customers", "1", name="张三")
    world.run()
    before = world.everything()
    assert world.run()["rows_changed"] == 0
    assert (world.everything(), world.marked("mentions")) == (before, set())


@pytest.mark.parametrize(
    ("name", "remark", "note"),
    [
        ("李四(放门口)", None, "放门口"),
        ("李四 放前台13812345679", None, "放前台13812345679"),
        ("李四", "周末送货，请放丰巢柜，谢谢", "请放丰巢柜"),
        ("放大光", None, None),
        ("欧阳放之", None, None),
        ("李四代收", "尽快发货", None),
    ],
)
def test_where_to_leave_a_parcel_is_kept_as_a_delivery_note(world: World, name: str, remark: str | None, note: str | None) -> None:
    world.put("orders", "1", recipient_name=name, recipient_phone="13812345679", remark=remark, ordered_at=DAY)
    world.run()
    assert world.one("mentions")["delivery_note"] == note
