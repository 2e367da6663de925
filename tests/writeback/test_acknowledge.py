"""What the next extract shows of an order: done, still open, or void."""

from __future__ import annotations

import pytest

from tests.golden.world import day
from tests.writeback.world import Desk

RIGHT, SLIP, OTHER = "13812345678", "13812345679", "13987654321"


@pytest.fixture
def desk() -> Desk:
    """Two rows of one customer, and a row with a slip."""
    made = Desk()
    made.row_of("crm:1", "c1", name="张三", phone=RIGHT, email="zhang@example.com")
    made.row_of("crm:2", "c1", n=1, name="张三", phone=RIGHT)
    made.row_of("crm:3", "c3", phone=SLIP)
    for n in (1, 2):
        made.ordered(n, "c3", phone_norm=RIGHT)
    made.propose()
    return made


def state(desk: Desk, order_id: str) -> str:
    return desk.standing[order_id][1]


@pytest.mark.parametrize("gone", ["crm:1", "crm:2"], ids=["the row to keep", "the duplicate"])
@pytest.mark.parametrize("how", ["gone", "marked"])
def test_a_merge_is_done_when_either_row_is_gone_or_says_it_was_merged(desk: Desk, gone: str, how: str) -> None:
    order_id = desk.decide("open", kind="merge")
    if how == "gone":
        desk.forget(gone)
    else:
        desk.row_of(gone, "c1", n=2, name="张三", phone=RIGHT, status="merged")
    assert desk.propose()["done"] == 1
    assert state(desk, order_id) == "done"
    assert desk.rows("SELECT row_n FROM writeback.source_duplicates WHERE source = 'crm' ORDER BY seq") == [(3,), (2,)]
    assert desk.propose()["done"] == 0, "it is told once"


def test_a_merge_is_void_when_the_two_turn_out_to_be_two(desk: Desk) -> None:
    order_id = desk.decide("open", kind="merge")
    desk.row_of("crm:2", "c2", n=1, name="张三", phone=RIGHT)
    assert desk.propose()["void"] == 1
    assert state(desk, order_id) == "void"


def test_a_correction_is_done_when_the_value_stands_in_the_row(desk: Desk) -> None:
    order_id = desk.decide("open", kind="correct")
    desk.propose()
    assert state(desk, order_id) == "open"
    desk.row_of("crm:3", "c3", n=3, phone=f"+86 {RIGHT}", standard={"phone_norm": RIGHT})
    desk.propose()
    assert state(desk, order_id) == "done"


@pytest.mark.parametrize("phone", [OTHER, None], ids=["another value", "no value"])
def test_a_correction_is_void_when_the_source_decided_otherwise(desk: Desk, phone: str | None) -> None:
    order_id = desk.decide("open", kind="correct")
    desk.row_of("crm:3", "c3", n=3, name="李四", **({"phone": phone} if phone else {}))
    desk.propose()
    assert state(desk, order_id) == "void"


def test_a_correction_is_void_when_its_row_went(desk: Desk) -> None:
    order_id = desk.decide("open", kind="correct")
    desk.forget("crm:3")
    desk.propose()
    assert state(desk, order_id) == "void"


def test_what_was_never_exported_cannot_have_been_done(desk: Desk) -> None:
    order_id = desk.decide("released", kind="merge")
    desk.forget("crm:2")
    desk.propose()
    assert state(desk, order_id) == "void"


def test_a_question_is_done_when_the_value_at_fault_is_gone_and_void_when_its_row_is(desk: Desk) -> None:
    for n in (4, 5, 6):
        desk.row_of(f"crm:{n}", f"c{n}", name="王五", email="wang.example.com", standard={"email_norm": None})
    desk.propose()
    answered, still, lost = (desk.decide("open", kind="ask", record_id=f"crm:{n}") for n in (4, 5, 6))
    desk.row_of("crm:4", "c4", n=2, name="王五", email="wang@example.com")
    desk.forget("crm:6")
    desk.propose()
    assert [state(desk, order_id) for order_id in (answered, still, lost)] == ["done", "open", "void"]


def test_a_question_is_void_when_the_answer_came_from_elsewhere(desk: Desk) -> None:
    desk.row_of("crm:4", "c4", name="王五", email="wang.example.com", standard={"email_norm": None})
    desk.propose()
    asked = desk.decide("open", kind="ask")
    desk.mention("members:M4", "c4", role="member", at=day(3), name="王五", email_norm="wang@example.com")
    desk.propose()
    assert state(desk, asked) == "void"
    assert ("correct", "crm:4", "email", "invalid", "wang@example.com") in desk.told()


def test_progress_counts_each_order_once(desk: Desk) -> None:
    desk.decide("open", kind="merge")
    desk.decide("released", kind="correct")
    desk.propose()
    assert desk.rows("SELECT * FROM writeback.progress ORDER BY kind") == [
        ("crm", "correct", 0, 1, 0, 0, 0, 0),
        ("crm", "merge", 0, 0, 1, 0, 0, 0),
    ]
