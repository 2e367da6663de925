"""Each kind of dirt is there at about its rate, and gone when its rate is 0."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import fields
from pathlib import Path

import pytest

from demo.rates import Rates
from tests.demo.conftest import Extracts, Row, write

MOBILE = re.compile(r"1\d{10}")


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def digits_of(text: str) -> str:
    text = text.translate({0xFF10 + n: str(n) for n in range(10)})
    return re.sub(r"^(\+86|0086)", "", re.sub(r"[\s-]", "", text))


def test_a_quarter_of_crm_rows_are_duplicates(town: Extracts) -> None:
    rows, truth = town.crm(), town.truth_of()
    parties = {truth[f"crm:{row['客户编号']}"] for row in rows}
    assert 1 - len(parties) / len(rows) == pytest.approx(0.25, abs=0.001)
    assert town.generated.duplicate_rate == pytest.approx(0.25, abs=0.001)


def test_planted_errors_meet_the_rate_and_are_seen_in_the_file(town: Extracts) -> None:
    assert town.generated.error_rate == pytest.approx(0.18, abs=0.015)
    truth, people = town.truth_of(), {p["party_id"]: p for p in town.people().iter_rows(named=True)}
    wrong = 0
    for row in town.crm():
        person = people[truth[f"crm:{row['客户编号']}"]]
        phone = digits_of(row["手机"])
        known = {*person["phones"], "", "无", "NULL", "-"}
        wrong += bool(MOBILE.fullmatch(phone)) and phone not in known
    # wrong digits and transposed ones; numbers of the partner and the shop count here too
    assert 0.06 < wrong / len(town.crm()) < 0.14


def test_rates_can_be_set_one_by_one(tmp_path: Path) -> None:
    clean = Rates(**{
        f.name: 0 for f in fields(Rates)
        if f.name not in {"tickets", "interactions", "members", "id_numbers"} and not f.name.startswith("error_")
    })  # fmt: skip
    extracts = write(tmp_path, people=400, rates=clean)
    assert extracts.generated.broken == {} and extracts.generated.duplicate_rate == 0 and extracts.generated.error_rate == 0
    truth, people = extracts.truth_of(), {p["party_id"]: p for p in extracts.people().iter_rows(named=True)}
    for row in extracts.crm():
        person = people[truth[f"crm:{row['客户编号']}"]]
        assert (row["姓名"], row["手机"]) == (person["name"], person["phone"])
        assert row["证件号码"] in ("", person["id_number"]) and row["生日"] in (
            "",
            str(person["birth_on"]),
            f"{person['birth_on']:%Y/%m/%d}",
        )
    assert all("*" not in o["recipient"]["name"] + o["recipient"]["phone"] + o["recipient"]["address"] for o in extracts.orders())


def test_more_duplicates_and_errors_on_demand(tmp_path: Path) -> None:
    extracts = write(tmp_path, people=2000, rates=Rates(duplicates=0.4, errors=0.5))
    assert extracts.generated.duplicate_rate == pytest.approx(0.4, abs=0.002)
    assert extracts.generated.error_rate == pytest.approx(0.5, abs=0.03)


def test_masked_names_and_phones_come_in_several_patterns(town: Extracts) -> None:
    frame = town.shipments()
    phones = Counter(re.sub(r"\d", "9", p) for p in frame["recipient_phone"] if "*" in p)
    assert set(phones) == {"999****9999", "*******9999", "999******99", "9**********"}
    names = {re.sub(r"[^*]", "张", n) for n in frame["recipient_name"] if "*" in n}
    assert {"张*", "张**", "张*张", "*张张", "*张"} <= names
    assert share(["*" in p or "*" in n for p, n in frame.select("recipient_phone", "recipient_name").iter_rows()]) == pytest.approx(
        0.29, abs=0.04
    )


def test_relay_numbers_are_new_for_every_order(town: Extracts) -> None:
    relay = [
        o["recipient"]["phone"]
        for o in town.orders()
        if re.fullmatch(r"(17[01]\d{8}|184\d{8}|95013\d{8})(-|转)\d{4}", o["recipient"]["phone"])
    ]
    orders = [o for o in town.orders() if o["platform"] in ("tmall", "jd")]
    assert len(relay) / len(orders) == pytest.approx(0.07, abs=0.015)
    assert len(set(relay)) == len(relay)


def test_crm_phones_are_typed_in_many_forms(town: Extracts) -> None:
    forms = Counter(re.sub(r"\d", "9", row["手机"]) for row in town.crm())
    # +86 and 0086 among them
    for form in ("99999999999", "999 9999 9999", "999-9999-9999", "+9999999999999", "+99 999 9999 9999", "999999999999999"):
        assert forms[form] > 10, form
    assert any(re.search("[０-９]", row["手机"]) for row in town.crm())


def test_names_carry_titles_traditional_characters_middots_and_notes(town: Extracts) -> None:
    names = "\n".join(row["姓名"] for row in town.crm())
    assert re.search("(先生|女士|老师|总|经理|小姐)$", names, re.M)
    assert re.search("[張陳劉楊黃趙吳孫馬]", names)
    assert sum(dot in names for dot in "·•・‧．") >= 3
    assert re.search("^(欧阳|上官|司马|诸葛|皇甫|慕容)", names, re.M)
    recipients = "\n".join(o["recipient"]["name"] for o in town.orders())
    assert "代收" in recipients and "（放门口）" in recipients and re.search(r"\[\d{4}\]$", recipients, re.M)


def test_namesakes_live_in_one_city(town: Extracts) -> None:
    people = town.people().filter(town.people()["kind"] == "person")
    by_name_and_city = Counter(people.select("name", "city").iter_rows())
    assert sum(n > 1 for n in by_name_and_city.values()) > 20
    assert Counter(people["name"])["王伟"] >= 2


def test_shared_numbers_are_of_households_shops_and_former_owners(town: Extracts) -> None:
    truth = town.truth_of()
    users: defaultdict[str, set[str]] = defaultdict(set)
    for row in town.crm():
        if MOBILE.fullmatch(digits_of(row["手机"])):
            users[digits_of(row["手机"])].add(truth[f"crm:{row['客户编号']}"])
    assert len(users["13800138000"]) > 5  # a shop's number
    pairs = [sorted(who) for who in users.values() if len(who) == 2]
    households = [pair for pair in pairs if int(pair[0][1:]) ^ 1 == int(pair[1][1:])]
    assert len(households) > 15
    owners = Counter(phone for phones in town.people()["phones"] for phone in phones)
    assert sum(n > 1 for n in owners.values()) > 10  # recycled


def test_one_account_serves_a_household(town: Extracts) -> None:
    truth, recipients = town.truth_of(), defaultdict(set)
    for order in town.orders():
        if order["platform"] in ("tmall", "jd"):
            recipients[order["buyer"]["account"]].add(truth[f"orders:{order['order_no']}#recipient"])
    assert sum(len(who) > 1 for who in recipients.values()) > 100


def test_gifts_go_to_people_the_crm_does_not_know(town: Extracts) -> None:
    truth = town.truth_of()
    known = {party for record, party in truth.items() if record.startswith("crm:")}
    unknown = [truth[f"orders:{o['order_no']}#recipient"] not in known for o in town.orders()]
    assert share(unknown) == pytest.approx(0.04, abs=0.015)


def test_orphans_and_pick_up_stations(town: Extracts) -> None:
    numbers = {o["order_no"] for o in town.orders()}
    frame = town.shipments()
    assert share([no not in numbers for no in frame["order_no"]]) == pytest.approx(0.01, abs=0.003)
    assert share(["驿站" in a or "丰巢" in a or "快递超市" in a for a in frame["recipient_address"]]) == pytest.approx(0.10, abs=0.02)


def test_addresses_drop_shorten_and_repeat_the_region(town: Extracts) -> None:
    rows: list[Row] = [row for row in town.crm() if row["地址"]]
    assert share([row["省"] == "" for row in rows]) == pytest.approx(0.2, abs=0.03)
    assert {"浙江", "浙江省"} <= {row["省"] for row in rows}
    for form in (r"\d幢\d", r"\d栋\d", r"\d号楼\d", r"\d-\d+-\d+", r"^\S+路 \d+号 "):
        assert any(re.search(form, row["地址"]) for row in rows), form


def test_a_fifth_of_the_buyers_make_four_fifths_of_the_revenue(town: Extracts) -> None:
    truth, revenue = town.truth_of(), Counter[str]()
    for order in town.orders():
        revenue[truth[f"orders:{order['order_no']}#buyer"]] += order["amount"]
        assert order["amount"] == pytest.approx(sum(line["amount"] for line in order["lines"]), abs=0.001)
    top = [amount for _, amount in revenue.most_common(len(revenue) // 5)]
    assert 0.75 < sum(top) / revenue.total() < 0.87


def test_tickets_hold_numbers_as_excel_does(town: Extracts) -> None:
    phones = [row["联系电话"] for row in town.tickets() if row["联系电话"] != ""]
    assert share([isinstance(phone, float) for phone in phones]) == pytest.approx(0.3, abs=0.05)


def test_calls_show_a_trunk_zero(town: Extracts) -> None:
    assert share([row["号码"].startswith("01") for row in town.calls() if row["号码"]]) == pytest.approx(0.05, abs=0.025)
