"""An id that another system gave leads to whoever holds the records now that it stood for."""

from __future__ import annotations

import pytest

from tests.golden.world import World, day

FOUND = "SELECT value, customer_id FROM mart.lookups WHERE kind = 'customer' ORDER BY ALL"


@pytest.fixture
def world() -> World:
    world = World()
    for n in (1, 2, 3):
        world.mention(f"crm:{n}", f"c{n}", at=day(n), name=f"张{n}")
    world.former_id("mdm:1", " G1 ", "crm:1")
    world.former_id("mdm:2", "G1", "crm:2")
    world.former_id("mdm:3", "G3", "crm:none")
    world.run()
    return world


def test_it_leads_to_each_customer_that_holds_a_record_of_it(world: World) -> None:
    assert world.rows(FOUND) == [("G1", "c1"), ("G1", "c2")]


def test_it_follows_its_records(world: World) -> None:
    world.mention("crm:2", "c1", at=day(2), name="张2")
    world.run()
    assert world.rows(FOUND) == [("G1", "c1")]
    assert world.changed("mart") >= {"c1", "c2"}


def test_it_comes_changes_and_goes_with_its_rows_though_nobody_else_does(world: World) -> None:
    world.former_id("mdm:3", "G3", "crm:3")
    world.run()
    assert world.rows(FOUND) == [("G1", "c1"), ("G1", "c2"), ("G3", "c3")] and world.changed("mart") == {"c3"}
    world.former_id("mdm:2", "G2", "crm:2")
    world.drop("raw.golden_ids", "mdm:3")
    world.run()
    assert world.rows(FOUND) == [("G1", "c1"), ("G2", "c2")] and world.changed("mart") == {"c2", "c3"}
