"""Trust that decays, and values that a source has verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.golden.effect import preview_effect
from pipelines.golden.why import why
from schemas.errors import UsageError
from schemas.survivorship import SURVIVORSHIP, Survivorship, load_survivorship
from tests.golden.world import World, day


def policy(folder: Path, sources: str, chain: str = "company: [source_trust, tie_break]") -> Survivorship:
    path = folder / "policy.yaml"
    text = SURVIVORSHIP.read_text("utf-8").replace("  sources: []", f"  sources:\n{sources}")
    name = chain.split(":")[0]
    lines = [f"  {chain}" if line.startswith(f"  {name}: [") else line for line in text.splitlines()]
    path.write_text("\n".join(lines), "utf-8")
    return load_survivorship(path)


ERP = "    - {source: erp, trust: 800, half_life_days: 100}\n    - {source: crm, trust: 500}"


@pytest.mark.parametrize(("age", "company"), [(60, "云山贸易"), (70, "山云贸易")])
def test_trust_halves_with_every_half_life(tmp_path: Path, age: int, company: str) -> None:
    """800 is still 528 after 60 days, 492 after 70."""
    world = World()
    world.mention("erp:1", "c1", at=day(0), company="云山贸易")
    world.mention("crm:1", "c1", at=day(age), company="山云贸易")
    world.run_golden(policy=policy(tmp_path, ERP))
    assert world.row("gold.customers", customer_id="c1")["company"] == company


def test_trust_decays_against_the_customers_newest_record_not_against_today(tmp_path: Path) -> None:
    world = World()
    world.mention("erp:1", "c1", at=day(0), company="云山贸易")
    world.mention("crm:1", "c1", at=day(0), company="山云贸易")
    rules = policy(tmp_path, ERP)
    world.run_golden(policy=rules, now=day(9000))
    assert world.row("gold.customers", customer_id="c1")["company"] == "云山贸易"
    world.mention("tmall:1#buyer", "c1", role="buyer", at=day(90))
    world.run_golden(policy=rules)
    assert world.row("gold.customers", customer_id="c1")["company"] == "山云贸易"


SAID = st.tuples(st.sampled_from(["erp", "crm"]), st.integers(0, 400), st.sampled_from(["云山贸易", "山云贸易", "云海贸易"]))


@settings(max_examples=3, deadline=None)
@given(st.lists(SAID, max_size=4))
def test_with_decay_a_delta_comes_out_as_a_full_run(tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, int, str]]) -> None:
    rules = policy(tmp_path_factory.mktemp("rules"), ERP)
    step_by_step, at_once = World(), World()
    for n, (source, at, company) in enumerate(said):
        for world in (step_by_step, at_once):
            world.mention(f"{source}:{n}", "c1", at=day(at), company=company)
        step_by_step.run_golden(policy=rules)
    at_once.run_golden(policy=rules, full=True)
    table = "SELECT * FROM gold.customers"
    assert step_by_step.rows(table) == at_once.rows(table)


def test_a_verified_phone_beats_a_newer_one_said_more_often() -> None:
    world = World()
    world.mention("crm:1", "c1", at=day(0), phone_norm="13812345678", raw={"verified": ["phone"]})
    world.mention("jd:1#buyer", "c1", role="buyer", at=day(80), phone_norm="13900000002")
    world.mention("tmall:1#buyer", "c1", role="buyer", at=day(90), phone_norm="13900000002")
    world.run_golden()
    assert world.row("gold.customers", customer_id="c1")["phone"] == "13812345678"
    assert world.why("c1", "phone") == ("crm:1", "verified", 2)


def test_a_birth_date_and_gender_that_the_id_number_tells_are_verified_by_it() -> None:
    world = World()
    world.mention("crm:1", "c1", at=day(0), birth_on="1949-12-31", gender="female", id_type="resident", id_number_norm="11010519491231002X")
    world.mention("crm:2", "c1", at=day(5), birth_on="1949-12-13", gender="male")
    world.mention("loyalty:1", "c1", role="member", at=day(9), birth_on="1949-12-13", gender="male")
    world.run_golden()
    golden = world.row("gold.customers", customer_id="c1")
    assert (str(golden["birth_on"]), golden["gender"]) == ("1949-12-31", "female")
    assert world.why("c1", "birth_on") == ("crm:1", "verified", 2)


def test_why_names_every_value_its_record_and_what_it_lost_to() -> None:
    world = World()
    world.mention("crm:1", "c1", at=day(0), name="张珊", phone_norm="13812345678")
    world.mention("jd:1#buyer", "c1", role="buyer", at=day(80), name="张三")
    world.mention("tmall:1#buyer", "c1", role="buyer", at=day(90), name="张三")
    world.mention("tmall:2#buyer", "c1", role="buyer", at=day(95), name="张?")
    world.run_golden()
    found = [(one.rank, one.value, one.record_id, one.rule, one.record_n) for one in why(world.con, "c1", "name")]
    assert found == [
        (1, "张**", "tmall:1#buyer", "most_frequent", 2), (2, "张**", "crm:1", "most_frequent", 1), (3, "张**", "tmall:2#buyer", "valid", 1)
    ]  # fmt: skip
    assert [(one.field, one.value, one.rule) for one in why(world.con, "c1", "phone")] == [("phone", "138****5678", "only_value")]
    assert {one.field for one in why(world.con, "c1")} == {"party_kind", "name", "phone"}
    with pytest.raises(UsageError, match="no field"):
        why(world.con, "c1", "shoe_size")
    with pytest.raises(UsageError, match="no such customer"):
        why(world.con, "c9")


def test_the_effect_of_another_policy_is_counted_masked_and_taken_back(tmp_path: Path) -> None:
    world = World()
    for n in range(3):
        world.mention(f"erp:{n}", f"c{n}", at=day(0), phone_norm=f"1380000000{n}")
        world.mention(f"crm:{n}", f"c{n}", at=day(1), phone_norm=f"1390000000{n if n < 2 else ''}" if n < 2 else "13800000002")
    world.run_golden()
    before = world.derived()
    found = preview_effect(world.con, policy(tmp_path, "    - {source: erp, trust: 900}", "phone: [source_trust, tie_break]"))
    assert (found.customers, found.customers_changed) == (3, 2)
    assert [(of.field, of.changed_n, of.samples[0]) for of in found.fields] == [("phone", 2, ("c0", "139****0000", "138****0000"))]
    assert world.derived() == before
