"""Orders, lines, returns, shipments, tickets: flat files, references, late arrivals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tests.standardise.world import World


def day(n: int) -> datetime:
    return datetime(2026, 1, n)


@pytest.fixture
def world() -> World:
    return World()


def test_a_flat_file_makes_one_order_of_several_rows(world: World) -> None:
    world.put("orders", "A", row_key="1", updated_at=day(1), shop="old", buyer_name="张三", lines=[{"line_key": "1", "amount_cny": 1}])
    world.put("orders", "A", row_key="2", updated_at=day(2), shop="new", lines=[{"line_key": "2", "amount_cny": Decimal("2.50")}])
    world.run()
    order = world.one("orders")
    assert (order["order_id"], order["shop"], order["line_n"], order["amount_cny"]) == ("tmall:A", "new", 2, Decimal("3.50"))
    assert world.mention("tmall:A#buyer")["row_id"] == "tmall:2", "the newest row carries it, values come from the newest that has them"
    assert world.mention("tmall:A#buyer")["name"] == "张三"
    assert {row["row_id"]: row["fact_id"] for row in world.rows("fact_rows")} == {"tmall:1": "tmall:A", "tmall:2": "tmall:A"}


def test_the_newest_row_is_by_update_then_version_then_row_id(world: World) -> None:
    world.put("orders", "A", row_key="1", version=day(3), shop="later version")
    world.put("orders", "A", row_key="2", version=day(2), shop="greater id")
    world.put("orders", "B", row_key="3", version=day(2), shop="lesser id")
    world.put("orders", "B", row_key="4", version=day(2), shop="greater id")
    world.put("orders", "C", row_key="5", version=day(9), shop="later version")
    world.put("orders", "C", row_key="6", version=day(1), updated_at=day(1), shop="has an update time")
    world.run()
    assert [row["shop"] for row in world.rows("orders")] == ["later version", "greater id", "has an update time"]


def test_a_row_that_leaves_or_moves_changes_the_orders_it_was_part_of(world: World) -> None:
    for n in (1, 2, 3):
        world.put("orders", "A", row_key=str(n), lines=[{"line_key": str(n), "amount_cny": n}])
    world.run()
    world.drop("orders", "1")
    world.put("orders", "B", row_key="2", lines=[{"line_key": "2", "amount_cny": 2}])
    world.run()
    assert {row["order_id"]: row["amount_cny"] for row in world.rows("orders")} == {"tmall:A": Decimal(3), "tmall:B": Decimal(2)}
    assert world.marked("orders") == {"tmall:A", "tmall:B"}
    world.drop("orders", "3")
    world.run()
    assert [row["order_id"] for row in world.rows("orders")] == ["tmall:B"]


def test_an_order_whose_row_takes_another_key_is_gone_under_the_old_one(world: World) -> None:
    world.put("orders", "A", row_key="A", buyer_name="张三")
    world.run()
    world.put("orders", "B", row_key="A", buyer_name="张三")
    world.run()
    assert [row["order_id"] for row in world.rows("orders")] == ["tmall:B"]
    assert [row["record_id"] for row in world.rows("mentions")] == ["tmall:B#buyer"]
    assert world.marked("mentions") == {"tmall:A#buyer", "tmall:B#buyer"}


def test_the_header_amount_counts_before_the_lines(world: World) -> None:
    world.put("orders", "A", amount_cny=10, lines=[{"amount_cny": 3}, {"amount_cny": 4}])
    world.put("orders", "B")
    world.run()
    assert [(row["amount_cny"], row["line_n"]) for row in world.rows("orders")] == [(Decimal(10), 2), (None, 0)]


def test_lines_have_unique_keys(world: World) -> None:
    world.put("orders", "A", lines=[{"product_id": "x"}, {"product_id": "y"}])
    world.put("orders", "B", lines=[{"line_key": "7"}, {"line_key": "7"}, {"line_key": "8"}, {}])
    world.run()
    assert [row["line_key"] for row in world.rows("order_lines", "order_id = 'tmall:A'")] == ["1", "2"]
    assert [row["line_key"] for row in world.rows("order_lines", "order_id = 'tmall:B'")] == ["#4", "7", "7#2", "8"]


def _refer(world: World, ref: str) -> None:
    world.put("returns", "r", order_ref=ref)
    world.put("shipments", "s", order_ref=ref, recipient_name="张三")
    world.put("tickets", "t", order_ref=ref, requester_name="张三")
    world.put("interactions", "i", order_ref=ref, caller_name="张三")


def _links(world: World) -> set[tuple[str, str | None]]:
    return {(row["link"], row["order_id"]) for noun in ("returns", "shipments", "tickets") for row in world.rows(noun)}


def test_a_reference_resolves_to_the_one_order_and_nothing_is_guessed(world: World) -> None:
    _refer(world, "tmall:us-1")
    world.run()
    assert _links(world) == {("orphan", None)}
    world.put("orders", "A", order_no="US-1")
    world.run()
    assert _links(world) == {("linked", "tmall:A")}
    assert {m["order_id"] for m in world.rows("mentions")} == {"tmall:A"}
    assert world.marked("mentions") == {"wms:s#recipient", "desk:t", "calls:i"}
    assert (world.marked("shipments"), world.marked("tickets"), world.marked("returns")) == ({"wms:s"}, {"desk:t"}, {"back:r"})
    world.put("orders", "B", order_no="US-1")
    world.run()
    assert _links(world) == {("ambiguous", None)}
    assert {m["order_id"] for m in world.rows("mentions")} == {None}
    world.drop("orders", "A")
    world.run()
    assert _links(world) == {("linked", "tmall:B")}


def test_late_arrival_gives_the_same_as_early_arrival() -> None:
    late, early = World(), World()
    _refer(late, "tmall:1")
    late.run()
    late.put("orders", "1", buyer_name="张三")
    late.run()
    early.put("orders", "1", buyer_name="张三")
    early.run()
    _refer(early, "tmall:1")
    early.run()
    assert late.everything() == early.everything()


def test_an_order_that_only_changes_status_leaves_its_shipments_alone(world: World) -> None:
    _refer(world, "tmall:1")
    world.put("orders", "1", order_status="paid")
    world.run()
    world.put("orders", "1", order_status="closed")
    world.run()
    assert (world.marked("orders"), world.marked("shipments"), world.marked("tickets")) == ({"tmall:1"}, set(), set())


def test_a_ticket_without_an_order_number_has_no_link(world: World) -> None:
    world.put("tickets", "t", requester_name="张三", messages=[{"body": "a"}, {"body": "b"}])
    world.put("returns", "r")
    world.run()
    assert (world.one("tickets")["link"], world.one("tickets")["message_n"]) == (None, 2)
    assert world.one("returns")["link"] == "orphan"


def test_a_shipment_joins_its_parcels_and_events(world: World) -> None:
    world.put(
        "shipments",
        "s",
        row_key="1",
        parcels=[{"carrier": "SF", "waybill": "sf 2"}, {"carrier": "YTO", "waybill": "Y1"}],
        events=[{"event_at": day(2), "status": "late"}],
        promised_at=day(3),
        delivered_at=day(4),
    )
    world.put(
        "shipments", "s", row_key="2", parcels=[{"carrier": "SF", "waybill": "SF2"}], events=[{"event_at": day(1), "status": "early"}]
    )
    world.run()
    shipment = world.one("shipments")
    assert (shipment["carrier"], shipment["waybills"], shipment["last_event"], shipment["last_event_at"]) == (
        "SF",
        ["SF2", "Y1"],
        "late",
        day(2),
    )
    assert shipment["is_late"] is True


def test_late_is_after_the_promise_or_as_the_source_says(world: World) -> None:
    said_promised_delivered = [(None, 1, 2), (None, 2, 1), (True, 2, 1), (True, None, None), (None, None, 1), (False, None, 1)]
    for n, (said, promised, delivered) in enumerate(said_promised_delivered):
        world.put("shipments", str(n), is_late=said, promised_at=promised and day(promised), delivered_at=delivered and day(delivered))
    world.run()
    assert [row["is_late"] for row in world.rows("shipments")] == [True, False, True, True, None, False]


def test_several_tickets_rows_make_one_ticket_but_each_its_mention(world: World) -> None:
    world.put("tickets", "t", row_key="1", updated_at=day(1), requester_name="张三", subject="old")
    world.put("tickets", "t", row_key="2", updated_at=day(2), requester_name="李四", subject="new")
    world.run()
    ticket = world.one("tickets")
    assert (ticket["subject"], ticket["requester_record_id"]) == ("new", "desk:2")
    assert {m["record_id"]: m["name"] for m in world.rows("mentions")} == {"desk:1": "张三", "desk:2": "李四"}


@pytest.mark.parametrize("entity", ["tickets", "interactions"])
def test_each_row_of_a_ticket_or_call_looks_up_the_order_it_names_itself(world: World, entity: str) -> None:
    who = {"tickets": "requester_name", "interactions": "caller_name"}[entity]
    source = {"tickets": "desk", "interactions": "calls"}[entity]
    world.put(entity, "t", row_key="1", version=day(1), order_ref="tmall:A", **{who: "张三"})
    world.put(entity, "t", row_key="2", version=day(2), order_ref="tmall:B", **{who: "张三"})
    world.run()
    world.put("orders", "A", buyer_name="张三")
    world.run()
    assert (world.mention(f"{source}:1")["order_id"], world.mention(f"{source}:2")["order_id"]) == ("tmall:A", None)
    world.put(entity, "t", row_key="2", version=day(3), order_ref="tmall:C", **{who: "张三"})
    world.run()
    assert world.mention(f"{source}:1")["order_id"] == "tmall:A"
