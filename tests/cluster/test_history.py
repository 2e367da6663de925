"""What happened to customers can be asked, and undone."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from pipelines.cluster.history import events_of, members_as_of, resolve_id, undo_merge
from pipelines.warehouse import open_warehouse
from schemas.errors import HubError
from tests.match.world import BASE, customer_of, judge, mention, put, resolve, together

WEI = {"name": "王伟", "pinyin": "wang wei"}


@pytest.fixture
def merged() -> duckdb.DuckDBPyConnection:
    """Day 0: two customers; day 1: an order that names both makes them one; day 2: another order of the survivor."""
    con = open_warehouse(":memory:")
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", account="tmall:a", **WEI)])
    resolve(con)
    put(con, [mention("orders:3", account="tmall:a", phone="13800010001", **WEI)])
    resolve(con, day=1)
    put(con, [mention("orders:4", phone="13800010001", district="西湖区", **WEI)])
    resolve(con, day=2)
    return con


def _ids(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The survivor and the id that merged into it."""
    survivor = customer_of(con, "crm:1")
    other = con.execute("SELECT customer_id FROM cluster.customers WHERE merged_into = ?", [survivor]).fetchall()[0][0]
    return survivor, str(other)


def test_who_belonged_to_a_customer_at_a_moment(merged: duckdb.DuckDBPyConnection) -> None:
    survivor, other = _ids(merged)
    before, after, now = BASE + timedelta(hours=1), BASE + timedelta(days=1, hours=1), BASE + timedelta(days=9)
    assert sorted(members_as_of(merged, survivor, before) + members_as_of(merged, other, before)) == ["crm:1", "crm:2"]
    assert members_as_of(merged, survivor, after) == ["crm:1", "crm:2", "orders:3"] and members_as_of(merged, other, after) == []
    assert members_as_of(merged, survivor, now) == ["crm:1", "crm:2", "orders:3", "orders:4"]
    assert members_as_of(merged, survivor, BASE - timedelta(hours=1)) == []


def test_an_old_id_resolves_and_tells_its_story(merged: duckdb.DuckDBPyConnection) -> None:
    survivor, other = _ids(merged)
    assert resolve_id(merged, other) == survivor == resolve_id(merged, survivor)
    assert [(e.kind, e.customer_id, e.other_id, e.cause) for e in events_of(merged, other)] == [
        ("created", other, None, "records"), ("merged", other, survivor, "records"),
    ]  # fmt: skip
    with pytest.raises(HubError, match="no customer has or had this id"):
        resolve_id(merged, "cnobody")


def test_a_merge_is_undone_and_the_id_is_restored(merged: duckdb.DuckDBPyConnection) -> None:
    survivor, other = _ids(merged)
    undoing = undo_merge(merged, other)
    assert "orders:4" not in (*undoing.part, *undoing.rest), "what came later is free"
    judge(merged, *undoing.judgements)
    resolve(merged, day=3)
    assert {customer_of(merged, undoing.part[0]), customer_of(merged, undoing.rest[0])} == {survivor, other}
    assert not together(merged, "crm:1", "crm:2")
    assert [(e.kind, e.cause) for e in events_of(merged, other)][-1] == ("restored", "judgements")
    assert resolve_id(merged, other) == other
    judge(merged)
    resolve(merged, day=4)
    assert together(merged, "crm:1", "crm:2")
    with pytest.raises(HubError, match="not merged into another"):
        undo_merge(merged, customer_of(merged, "crm:1"))


def test_a_merge_by_judgement_says_so(merged: duckdb.DuckDBPyConnection) -> None:
    put(merged, [mention("crm:9", name="赵敏", pinyin="zhao min", phone="13900020003")])
    resolve(merged, day=3)
    newer = customer_of(merged, "crm:9")
    judge(merged, ("crm:1", "crm:9", "same"))
    resolve(merged, day=4)
    assert [(e.kind, e.cause) for e in events_of(merged, newer)] == [("created", "records"), ("merged", "judgements")]
