"""What is proposed to a source and what is left alone, in named scenarios."""

from __future__ import annotations

import pytest

from tests.golden.world import day
from tests.writeback.world import Desk

RIGHT, SLIP, OTHER = "13812345678", "13812345679", "13987654321"
DOCUMENT = "110101198003072390"  # born on the seventh of March 1980, a man


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_rows_of_one_source_and_customer_go_into_the_most_complete(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", name="张三", phone=RIGHT)
    desk.row_of("crm:2", "c1", n=1, name="张三", phone=RIGHT, email="zhang@example.com")
    desk.row_of("members:M1", "c1", name="张三", phone=RIGHT)
    desk.row_of("crm:9", "c2", name="李四", phone=OTHER)
    desk.propose()
    assert desk.told() == [("merge", "crm:1", "crm:2", "same_party", None)]
    counted = desk.rows("SELECT source, row_n, customer_n FROM writeback.source_duplicates ORDER BY source")
    assert counted == [("crm", 3, 2), ("members", 1, 1)]


def test_of_equally_complete_rows_the_oldest_stays_and_a_closed_one_never_does(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", n=5, name="张三", phone=RIGHT)
    desk.row_of("crm:2", "c1", n=1, name="张三", phone=RIGHT)
    desk.row_of("crm:3", "c1", n=0, name="张三", phone=RIGHT, email="zhang@example.com", status="closed")
    desk.propose()
    assert [row[1:3] for row in desk.told()] == [("crm:1", "crm:2"), ("crm:3", "crm:2")]


def test_a_merge_is_as_sure_as_the_weakest_join_or_the_pair_itself(desk: Desk) -> None:
    for n in (1, 2, 3):
        desk.row_of(f"crm:{n}", "c1", n=n, name="张三", phone=RIGHT)
    desk.put("cluster.customers", customer_id="c1", status="active", confidence=0.98)
    desk.propose()
    assert desk.told() == [], "below the line of the policy"
    desk.pair("crm:1", "crm:3", 10)
    desk.propose()
    (found,) = desk.proposed()
    assert (found["record_id"], found["other_record_id"], found["confidence"]) == ("crm:3", "crm:1", 1 / (1 + 2**-10))


def test_who_was_named_to_stay_stays_although_another_row_became_more_complete(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", name="张三", phone=RIGHT)
    desk.row_of("crm:2", "c1", n=1, name="张三", phone=RIGHT)
    desk.propose()
    order_id = desk.decide("open", record_id="crm:2")
    desk.row_of("crm:2", "c1", n=2, name="张三", phone=RIGHT, email="zhang@example.com", gender="male")
    desk.propose()
    assert [row["order_id"] for row in desk.proposed()] == [order_id]


def test_a_slip_is_believed_when_two_statements_say_otherwise_and_an_order_with_its_shipment_is_one(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", phone=SLIP)
    desk.ordered(1, "c1", phone_norm=RIGHT)
    desk.mention("wms:1#recipient", "c1", role="shipment_recipient", at=day(2), order_id="oms:1", phone_norm=RIGHT)
    desk.propose()
    assert desk.told() == []
    desk.ordered(2, "c1", phone_norm=RIGHT)
    desk.propose()
    assert desk.told() == [("correct", "crm:1", "phone", "slip", RIGHT)]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"phone": OTHER}, "another phone is a second phone"),
        ({"phone": SLIP, "phone_alt": RIGHT}, "who gives both means both"),
        ({"phone": "138****5679"}, "a masked value is not wrong"),
        ({"phone": RIGHT}, "nothing is wrong"),
        ({"phone": f"{SLIP} / {OTHER}", "standard": {"phone_norm": SLIP}}, "one of two numbers in a field cannot be replaced"),
    ],
)
def test_a_phone_that_is_merely_different_is_left_alone(desk: Desk, sent: dict[str, str], why: str) -> None:
    desk.row_of("crm:1", "c1", **sent)
    for n in (1, 2, 3):
        desk.ordered(n, "c1", phone_norm=RIGHT)
    desk.propose()
    assert desk.told() == [], why


def test_a_slip_that_somebody_else_says_too_is_no_slip(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", phone=SLIP)
    desk.row_of("members:M1", "c1", phone=SLIP)
    for n in (1, 2, 3):
        desk.ordered(n, "c1", phone_norm=RIGHT)
    desk.propose()
    assert desk.told() == []


def test_an_invalid_value_is_corrected_when_a_valid_one_is_known_and_asked_for_when_none_is(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", phone="1381234567", standard={"phone_norm": None})
    desk.invalid("crm:1", "phone", "1381234567")
    desk.row_of("crm:2", "c2", email="li.example.com", standard={"email_norm": None})
    desk.row_of("crm:3", "c3", email="wang.example.com", standard={"email_norm": None})
    desk.ordered(1, "c1", phone_norm=RIGHT)
    desk.row_of("members:M2", "c2", email="li@example.com")
    desk.propose()
    assert desk.told() == [
        ("ask", "crm:3", "email", "no_valid_value", None),
        ("correct", "crm:1", "phone", "invalid", RIGHT),
        ("correct", "crm:2", "email", "invalid", "li@example.com"),
    ]


def test_names_lose_their_dress_their_ruins_and_their_slips(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", name="王宇东先生", standard={"name": "王宇东", "name_norm": "王宇东"})
    desk.row_of("crm:2", "c2", name="陈志■", standard={"name": "陈志*", "name_norm": "陈志*", "name_is_masked": True})
    desk.row_of("crm:3", "c3", name="杨斩东")
    desk.row_of("crm:4", "c4", name="郭宇?", standard={"name": "郭宇*", "name_norm": "郭宇*", "name_is_masked": True})
    for customer, name in (("c1", "王宇东"), ("c2", "陈志燚"), ("c3", "杨新东")):
        for n in (1, 2):
            desk.ordered(10 * int(customer[1]) + n, customer, name=name)
    desk.propose()
    assert desk.told() == [
        ("ask", "crm:4", "name", "no_valid_value", None),
        ("correct", "crm:1", "name", "dressed", "王宇东"),
        ("correct", "crm:2", "name", "unreadable", "陈志燚"),
        ("correct", "crm:3", "name", "slip", "杨新东"),
    ]


def test_who_was_renamed_did_not_mistype(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", name="杨斩东")
    desk.ordered(1, "c1", name="杨新东")
    desk.ordered(2, "c1", name="杨新东")
    desk.mention("members:M1", "c1", role="member", at=day(1), name="杨新东", former_name_norm="杨斩东")
    desk.propose()
    assert desk.told() == []


def test_birth_and_gender_follow_the_only_valid_document(desk: Desk) -> None:
    document = {"id_type": "resident", "id_number_norm": DOCUMENT}
    desk.row_of("crm:1", "c1", birth_on="1981-03-07", gender="female", id_number=DOCUMENT, standard=document)
    desk.row_of("crm:2", "c2", birth_on="1981-03-07", id_number=DOCUMENT, standard=document)
    desk.mention("tickets:1", "c2", role="requester", at=day(1), id_type="resident", id_number_norm="110101198103072392")
    desk.propose()
    assert desk.told() == [
        ("correct", "crm:1", "birth_on", "not_as_document", "1980-03-07"),
        ("correct", "crm:1", "gender", "not_as_document", "male"),
    ]


def test_a_row_that_is_to_go_is_mended_only_when_a_steward_lets_it_stay(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", name="张三", phone=RIGHT, email="zhang@example.com")
    desk.row_of("crm:2", "c1", n=1, name="张三", phone=SLIP)
    for n in (1, 2):
        desk.ordered(n, "c1", phone_norm=RIGHT)
    desk.propose()
    assert desk.told() == [("merge", "crm:2", "crm:1", "same_party", None)]
    desk.decide("refused", kind="merge")
    desk.propose()
    assert [row[0] for row in desk.told()] == ["correct", "merge"], "what was refused is still there to be seen as refused"
    assert desk.rows("SELECT sum(proposed_n), sum(refused_n) FROM writeback.progress") == [(1, 1)]


def test_a_row_that_says_it_was_merged_is_left_alone(desk: Desk) -> None:
    desk.row_of("crm:1", "c1", name="张三", phone=RIGHT)
    desk.row_of("crm:2", "c1", n=1, name="张三", phone=SLIP, status="merged")
    desk.propose()
    assert desk.told() == []
    assert desk.rows("SELECT row_n, duplicate_rate FROM writeback.source_duplicates") == [(1, 0.0)]


def test_ids_are_of_this_home_and_stay_the_same(desk: Desk) -> None:
    for world in (desk, other := Desk()):
        world.row_of("crm:1", "c1", name="张三", phone=RIGHT)
        world.row_of("crm:2", "c1", n=1, name="张三", phone=RIGHT)
    desk.propose()
    first = desk.proposed()
    desk.propose(full=True)
    assert desk.proposed() == first
    other.propose()
    assert other.proposed() == first, "by the same key"
    assert len(first[0]["order_id"]) == 16
