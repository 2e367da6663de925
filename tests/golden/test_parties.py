"""Organisations, places, and relations between people: scenarios."""

from __future__ import annotations

import random

import pytest

from tests.golden.world import World, day

HOME = {"province": "浙江", "city": "杭州", "district": "西湖区", "address_norm": "文三路286号2幢1单元301室"}
CODE, OTHER_CODE = "91330106MA2B0XYZ1Q", "91330106MA2B0ABC2W"


@pytest.fixture
def world() -> World:
    return World()


def organisations(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT name, uscc, customer_n, record_n FROM gold.organisations ORDER BY ALL")


def relations(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT party_id, other_id, kind, evidence_n FROM gold.relations WHERE kind <> 'contact_of' ORDER BY ALL")


def test_a_name_belongs_to_the_code_it_stands_beside(world: World) -> None:
    firm = {"party_kind": "organisation", "name": "明月科技有限公司", "company": "明月科技有限公司", "uscc": CODE}
    world.mention("crm:1", "c1", at=day(1), **firm, **HOME)
    world.mention("jd:1#buyer", "c2", role="buyer", name="张三", company="明月科技有限公司", at=day(2))
    world.mention("jd:2#buyer", "c2", role="buyer", name="张三", company="明月科技有限公司", at=day(9))
    world.run_golden()
    assert organisations(world) == [("明月科技有限公司", CODE, 2, 3)]
    assert world.rows("SELECT party_id, kind, role, evidence_n, since_at, until_at FROM gold.relations") == [
        ("c2", "contact_of", "buyer", 2, day(2), day(9))
    ]
    assert world.rows("SELECT kind, value FROM gold.organisation_values ORDER BY kind") == [
        ("address", HOME["address_norm"]), ("name", "明月科技有限公司"), ("uscc", CODE)
    ]  # fmt: skip


def test_two_firms_of_one_name_stay_two_and_a_bare_name_goes_with_its_own_customer(world: World) -> None:
    for n, code in ((1, CODE), (2, OTHER_CODE)):
        world.mention(f"crm:{n}", f"c{n}", name="张三", company="海通商贸有限公司", uscc=code, at=day(1))
    world.mention("jd:1#buyer", "c1", role="buyer", name="张三", company="海通商贸有限公司", at=day(2))
    world.mention("jd:2#buyer", "c3", role="buyer", name="李四", company="海通商贸有限公司", at=day(3))
    world.run_golden()
    assert organisations(world) == [
        ("海通商贸有限公司", OTHER_CODE, 1, 1), ("海通商贸有限公司", CODE, 1, 2), ("海通商贸有限公司", None, 1, 1)
    ]  # fmt: skip


def test_an_organisation_keeps_its_id_when_its_code_becomes_known(world: World) -> None:
    world.mention("jd:1#buyer", "c1", role="buyer", name="张三", company="明月科技有限公司", at=day(1))
    world.run_golden()
    ((before,),) = world.rows("SELECT organisation_id FROM gold.organisations")
    world.mention("crm:1", "c2", name="李四", company="明月科技有限公司", uscc=CODE, at=day(2))
    world.run_golden()
    assert world.rows("SELECT organisation_id, uscc FROM gold.organisations") == [(before, CODE)]
    world.mention("crm:2", "c3", name="王五", company="明月科技有限公司", uscc=OTHER_CODE, at=day(3))
    world.run_golden()
    found = dict(world.rows("SELECT coalesce(uscc, 'none'), organisation_id FROM gold.organisations"))
    assert found[CODE] == before
    assert len(set(found.values())) == 3


def test_recipients_are_no_contacts_of_the_firm_that_sent(world: World) -> None:
    world.mention("jd:1#recipient", "c1", role="recipient", name="张三", company="明月科技有限公司", at=day(1))
    world.run_golden()
    assert world.rows("SELECT count(*) FROM gold.relations") == [(0,)]


def test_one_home_and_one_surname_is_a_household_and_no_merge(world: World) -> None:
    world.mention("crm:1", "c1", name="张三", at=day(1), **HOME)
    world.mention("crm:2", "c2", name="张小明", at=day(5), **HOME)
    world.mention("crm:3", "c3", name="李四", at=day(9), **HOME)
    world.run_golden()
    assert relations(world) == [("c1", "c2", "household", 1)]
    assert world.rows("SELECT since_at, until_at FROM gold.relations") == [(day(5), day(1))]
    assert world.rows("SELECT count(*) FROM gold.customers") == [(3,)]


def test_a_shared_number_makes_a_household_of_two_surnames(world: World) -> None:
    world.mention("crm:1", "c1", name="张三", phone_norm="13812345678", at=day(1), **HOME)
    world.mention("crm:2", "c2", name="李四", phone_norm="13812345678", at=day(1), **HOME)
    world.run_golden()
    assert relations(world) == [("c1", "c2", "household", 1), ("c1", "c2", "shared_phone", 1)]


def test_one_account_used_by_two_people_is_shared(world: World) -> None:
    world.mention("jd:1#buyer", "c1", role="buyer", name="张三", account="jd:zhang", at=day(1))
    world.mention("jd:2#buyer", "c2", role="buyer", name="王五", account="jd:zhang", at=day(2))
    world.run_golden()
    assert relations(world) == [("c1", "c2", "shared_account", 1)]


def test_what_many_share_is_a_place_and_relates_nobody(world: World) -> None:
    for n in range(12):
        world.mention(f"crm:{n}", f"c{n:02}", name=f"张{n}", phone_norm="0571-88886666", at=day(1), **HOME)
    world.run_golden()
    assert relations(world) == []
    assert world.rows("SELECT kind, customer_n, record_n FROM gold.places") == [("shared", 12, 12)]


def test_a_pick_up_station_is_a_place_from_its_first_parcel(world: World) -> None:
    where = {**HOME, "address_norm": "文三路286号菜鸟驿站", "address_is_place": True}
    world.mention("jd:1#recipient", "c1", role="recipient", name="张三", at=day(1), **where)
    world.run_golden()
    assert world.rows("SELECT kind, customer_n FROM gold.places") == [("pickup", 1)]


def test_relations_go_when_what_they_rest_on_goes_and_mark_both_people(world: World) -> None:
    world.mention("crm:1", "c1", name="张三", phone_norm="13812345678", at=day(1))
    world.mention("crm:2", "c2", name="李四", phone_norm="13812345678", at=day(1))
    world.run_golden()
    world.mention("crm:2", "c2", name="李四", phone_norm="13900000002", at=day(2))
    world.run_golden()
    assert relations(world) == []
    assert world.changed("gold") == {"c1", "c2"}


@pytest.mark.parametrize("seed", range(2))
def test_parties_come_out_the_same_step_by_step_and_at_once(seed: int) -> None:
    rng = random.Random(seed)
    step_by_step, at_once = World(), World()
    for n in range(14):
        values = {
            "name": rng.choice(["张三", "张四", "李五"]), "phone_norm": rng.choice(["13812345678", "13900000002", None]),
            "company": rng.choice(["明月科技有限公司", "海通商贸有限公司", None]), "uscc": rng.choice([CODE, OTHER_CODE, None, None]),
            **(HOME if rng.random() < 0.5 else {}),
        }  # fmt: skip
        customer = f"c{rng.randrange(6)}"
        for world in (step_by_step, at_once):
            world.mention(f"crm:{n}", customer, at=day(n), **values)
        step_by_step.run_golden()
    at_once.run_golden(full=True, shuffle=rng)
    for table in ("gold.relations", "gold.places"):
        shown = f"SELECT * FROM {table} WHERE " + ("kind <> 'contact_of'" if "relations" in table else "true") + " ORDER BY ALL"
        assert step_by_step.rows(shown) == at_once.rows(shown)
    parts = """SELECT list(record_id ORDER BY record_id) FROM gold.organisation_members GROUP BY organisation_id ORDER BY ALL"""
    assert step_by_step.rows(parts) == at_once.rows(parts)
