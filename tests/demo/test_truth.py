"""The truth names every mention, under the names the hub will give."""

from __future__ import annotations

from collections.abc import Iterator

from tests.demo.conftest import Extracts


def mentions(extracts: Extracts) -> Iterator[str]:
    yield from (f"crm:{row['客户编号']}" for row in extracts.crm())
    yield from (f"members:{row['会员号']}" for row in extracts.members())
    for order in extracts.orders():
        yield f"orders:{order['order_no']}#buyer"
        yield f"orders:{order['order_no']}#recipient"
    yield from (f"logistics:{number}#recipient" for number in extracts.shipments()["shipment_no"])
    yield from (f"tickets:{row['工单号']}" for row in extracts.tickets())
    yield from (f"calls:{row['流水号']}" for row in extracts.calls())


def test_every_mention_has_its_party(town: Extracts) -> None:
    named = list(mentions(town))
    truth = town.truth_of()
    assert len(set(named)) == len(named)
    assert set(named) <= truth.keys()
    readable_broken = 15 + 3 * 2 + 3 + 6 + 3
    assert len(truth) - len(named) <= readable_broken
    assert town.generated.mentions == len(truth)


def test_the_truth_is_sorted_and_its_parties_are_known(town: Extracts) -> None:
    truth = town.truth_of()
    assert list(truth) == sorted(truth)
    parties = town.people()["party_id"].to_list()
    assert len(set(parties)) == len(parties) == town.generated.parties
    assert set(truth.values()) <= set(parties)


def test_the_next_day_adds_mentions_and_takes_none_back(town: Extracts, next_day: Extracts) -> None:
    before, after = town.truth_of(), next_day.truth_of()
    sound = {record: party for record, party in before.items() if not any(f":{head}9" in record for head in ("C", "M", "CALL", "T", "ERR"))}
    assert sound.items() <= after.items()
    assert set(mentions(next_day)) <= after.keys()


def test_references_name_the_customer_they_belong_to(town: Extracts) -> None:
    truth = town.truth_of()
    for order in town.orders():
        buyer = truth[f"orders:{order['order_no']}#buyer"]
        for source, key in (("crm", order["buyer"]["customer_no"]), ("members", order["buyer"]["member_no"])):
            assert key is None or truth[f"{source}:{key}"] == buyer
    for row in town.members():
        assert row["CRM客户号"] == "" or truth[f"crm:{row['CRM客户号']}"] == truth[f"members:{row['会员号']}"]
