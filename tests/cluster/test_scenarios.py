"""Named situations of real customers: who must become one, who must stay apart."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.warehouse import open_warehouse
from tests.match.world import customer_of, judge, mention, put, resolve, together

WEI = {"name": "王伟", "pinyin": "wang wei"}
A_MAN = "resident:11010119900307003X"
ANOTHER = "resident:110101199003070048"


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return open_warehouse(":memory:")


def test_same_name_and_phone_are_one(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("tickets:9", phone="13800010001", **WEI)])
    resolve(con)
    assert together(con, "crm:1", "tickets:9")


def test_a_caller_known_by_phone_alone_is_the_only_person_who_uses_it(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("calls:9", phone="13800010001")])
    resolve(con)
    assert together(con, "crm:1", "calls:9")


def test_a_caller_by_phone_alone_of_a_family_is_nobody_yet(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", name="李娜", pinyin="li na", phone="13800010001"),
              mention("calls:9", phone="13800010001")])  # fmt: skip
    resolve(con)
    assert not together(con, "crm:1", "crm:2")
    assert not together(con, "crm:1", "calls:9") and not together(con, "crm:2", "calls:9")


def test_namesakes_of_one_district_without_any_identifier_stay_apart(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", district="西湖区", gender="male", **WEI), mention("crm:2", district="西湖区", gender="male", **WEI)])
    put(con, [mention("crm:3", district="西湖区", account="tmall:a", **WEI)])
    resolve(con)
    assert not together(con, "crm:1", "crm:2") and not together(con, "crm:1", "crm:3")


def test_tickets_with_a_bare_name_do_not_chain_the_namesakes_of_their_orders(con: duckdb.DuckDBPyConnection) -> None:
    for n in (1, 2):
        put(con, [mention(f"orders:{n}#buyer", phone=f"1380001000{n}", role="buyer", order_id=f"o{n}", **WEI),
                  mention(f"tickets:{n}", role="requester", order_id=f"o{n}", **WEI)])  # fmt: skip
    resolve(con)
    assert together(con, "orders:1#buyer", "tickets:1") and together(con, "orders:2#buyer", "tickets:2")
    assert not together(con, "orders:1#buyer", "orders:2#buyer")


def test_two_tickets_of_one_order_with_the_same_bare_name_are_one(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention(f"tickets:{n}", role="requester", order_id="o1", **WEI) for n in (1, 2)])
    resolve(con)
    assert together(con, "tickets:1", "tickets:2")


def test_two_valid_documents_of_one_type_are_never_one_person(con: duckdb.DuckDBPyConnection) -> None:
    same = dict(phone="13800010001", email="w@x.cn", district="西湖区", **WEI)
    put(con, [mention("crm:1", id_number=A_MAN, **same), mention("crm:2", id_number=ANOTHER, **same), mention("crm:3", **same)])
    resolve(con)
    assert not together(con, "crm:1", "crm:2")


def test_homophone_misspelling_with_the_same_phone_and_district_is_one(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", name="张小明", pinyin="zhang xiao ming", phone="13800010001", district="西湖区"),
              mention("crm:2", name="张晓明", pinyin="zhang xiao ming", phone="13800010001", district="西湖区")])  # fmt: skip
    resolve(con)
    assert together(con, "crm:1", "crm:2")


def test_masked_waybill_recipient_in_the_same_district_is_the_customer(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", district="西湖区", **WEI),
              mention("wms:7#recipient", name="王*", phone="138****0001", district="西湖区", role="shipment_recipient")])  # fmt: skip
    resolve(con)
    assert together(con, "crm:1", "wms:7#recipient")


def test_masked_name_that_cannot_be_the_customer_stays_apart(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", district="西湖区", **WEI),
              mention("wms:7#recipient", name="李*", phone="138****0001", district="西湖区", role="shipment_recipient")])  # fmt: skip
    resolve(con)
    assert not together(con, "crm:1", "wms:7#recipient")


def test_a_masked_waybill_of_an_order_is_the_order_recipient_in_either_order_of_arrival(con: duckdb.DuckDBPyConnection) -> None:
    waybill = mention("wms:7#recipient", name="王*", phone="1**********", role="shipment_recipient", order_id="o1")
    order = mention("orders:7#recipient", phone="13800010001", role="recipient", order_id="o1", **WEI)
    put(con, [waybill])
    resolve(con)
    put(con, [order])
    resolve(con)
    assert together(con, "wms:7#recipient", "orders:7#recipient")


def test_a_recipient_masked_when_the_order_closed_is_still_its_buyer(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("orders:7#buyer", phone="13800010001", role="buyer", order_id="o1", **WEI),
              mention("orders:7#recipient", name="王*", phone="138****0001", role="recipient", order_id="o1")])  # fmt: skip
    resolve(con)
    assert together(con, "orders:7#buyer", "orders:7#recipient")


def test_a_gift_recipient_is_not_the_buyer(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("orders:7#buyer", phone="13800010001", role="buyer", order_id="o1", **WEI),
              mention("orders:7#recipient", name="李娜", phone="13900020003", role="recipient", order_id="o1")])  # fmt: skip
    resolve(con)
    assert not together(con, "orders:7#buyer", "orders:7#recipient")


def test_a_recycled_phone_does_not_join_its_two_owners(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", birth_on="1980-01-02", **WEI),
              mention("crm:2", name="赵敏", pinyin="zhao min", phone="13800010001", birth_on="1999-05-06")])  # fmt: skip
    resolve(con)
    assert not together(con, "crm:1", "crm:2")


def test_a_shop_default_phone_on_many_records_joins_nobody(con: duckdb.DuckDBPyConnection) -> None:
    names = ["赵一", "钱二", "孙三", "李四", "周五", "吴六", "郑七", "王八", "冯九", "陈十"]
    put(
        con, [mention(f"crm:{n}", name=name, phone="13900000009") for n, name in enumerate(names)] + [mention("crm:x", phone="13900000009")]
    )
    resolve(con)
    assert con.execute("SELECT count(DISTINCT customer_id) FROM cluster.members").fetchone() == (11,)
    assert con.execute("SELECT is_shared FROM match.identifier_use WHERE value = '13900000009'").fetchone() == (True,)


def test_a_merge_keeps_the_older_id_and_the_other_resolves_to_it(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI)])
    resolve(con)
    older = customer_of(con, "crm:1")
    put(con, [mention("crm:2", account="tmall:a", **WEI)])
    resolve(con)
    newer = customer_of(con, "crm:2")
    assert newer != older
    put(con, [mention("orders:3", account="tmall:a", phone="13800010001", **WEI)])
    resolve(con)
    assert customer_of(con, "crm:2") == older
    assert con.execute("SELECT status, merged_into FROM cluster.customers WHERE customer_id = ?", [newer]).fetchone() == ("merged", older)
    assert con.execute("SELECT count(*) FROM cluster.events WHERE kind = 'merged' AND customer_id = ?", [newer]).fetchone() == (1,)


def test_a_split_leaves_the_id_with_the_larger_part(con: duckdb.DuckDBPyConnection) -> None:
    bridge = mention("orders:3", account="tmall:a", phone="13800010001", **WEI)
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", account="tmall:a", **WEI),
              mention("crm:4", account="tmall:a", district="余杭区", **WEI), bridge])  # fmt: skip
    resolve(con)
    assert together(con, "crm:1", "crm:2", "crm:4", "orders:3")
    before = customer_of(con, "crm:1")
    put(con, [], gone=["orders:3"])
    resolve(con)
    assert customer_of(con, "crm:2") == customer_of(con, "crm:4") == before
    assert customer_of(con, "crm:1") != before
    assert con.execute("SELECT other_id FROM cluster.events WHERE kind = 'split'").fetchone() == (before,)


def test_a_customer_without_mentions_is_gone_but_stays_in_the_registry(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI)])
    resolve(con)
    put(con, [], gone=["crm:1"])
    resolve(con)
    assert con.execute("SELECT status, record_n FROM cluster.customers").fetchall() == [("gone", 0)]


def test_what_a_steward_holds_together_stays_together_whatever_contradicts(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", id_number=A_MAN, phone="13800010001", **WEI),
              mention("crm:2", id_number=ANOTHER, name="赵敏", pinyin="zhao min", phone="13900020003")])  # fmt: skip
    resolve(con)
    assert not together(con, "crm:1", "crm:2")
    judge(con, ("crm:1", "crm:2", "same"))
    resolve(con)
    assert together(con, "crm:1", "crm:2")
    judge(con)
    resolve(con)
    assert not together(con, "crm:1", "crm:2")


def test_what_a_steward_keeps_apart_stays_apart_though_they_say_the_same(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention(f"crm:{n}", phone="13800010001", email="w@x.cn", **WEI) for n in (1, 2, 3)])
    resolve(con)
    assert together(con, "crm:1", "crm:2", "crm:3")
    judge(con, ("crm:1", "crm:2", "different"))
    resolve(con)
    assert not together(con, "crm:1", "crm:2")


def test_groups_held_together_are_kept_apart_as_groups(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention(f"crm:{n}", phone="13800010001", email=f"{n}@x.cn", **WEI) for n in (1, 2, 3, 4)])
    judge(con, ("crm:1", "crm:2", "same"), ("crm:3", "crm:4", "same"), ("crm:2", "crm:3", "different"))
    resolve(con)
    assert together(con, "crm:1", "crm:2") and together(con, "crm:3", "crm:4") and not together(con, "crm:1", "crm:4")


def test_the_newest_of_contradicting_judgements_counts_and_the_other_is_reported(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention(f"crm:{n}", phone=f"1380001000{n}", **WEI) for n in (1, 2, 3)])
    judge(con, ("crm:1", "crm:3", "different"), ("crm:1", "crm:2", "same"), ("crm:2", "crm:3", "same"))
    resolve(con)
    assert together(con, "crm:1", "crm:2", "crm:3")
    facts = con.execute("SELECT facts FROM meta.runs WHERE stage = 'match' ORDER BY seq DESC LIMIT 1").fetchall()[0][0]
    assert '"judgements_set_aside": 1' in facts and '"judgements": 3' in facts
