"""Health of the linkage is counted over everything, and judgements tell how right doubtful pairs are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pipelines.cluster.health import interval
from pipelines.warehouse import open_warehouse
from tests.match.world import judge, mention, put, resolve

WEI = {"name": "王伟", "pinyin": "wang wei"}


def test_sizes_pairs_and_judged_pairs_are_counted() -> None:
    con = open_warehouse(":memory:")
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", phone="13800010001", email="a@x.cn", **WEI),
              mention("crm:3", phone="13800010001", email="b@x.cn", **WEI), mention("crm:4", name="赵敏", phone="139")])  # fmt: skip
    judge(con, ("crm:1", "crm:2", "same"), ("crm:1", "crm:3", "different"), ("crm:1", "crm:4", "same"))
    resolve(con)
    health = json.loads(con.execute("SELECT facts ->> 'health' FROM meta.runs WHERE stage = 'cluster'").fetchall()[0][0])
    assert sum(health["sizes"].values()) == 2 and health["sizes"]["1"] == 1 and health["largest"] == 3
    assert health["pairs"] + health["review_pairs"] == sum(health["bits"].values()) == 3
    assert (health["precision"]["share"], health["precision"]["of"]) == (0.5, 2)
    assert (health["recall"]["share"], health["recall"]["of"]) == (0.5, 2)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_narrows(counted: tuple[int, int]) -> None:
    hits, n = counted
    found, larger = interval(hits, n), interval(10 * hits, 10 * n)
    assert 0 <= found["low"] <= found["share"] <= found["high"] <= 1
    assert larger["high"] - larger["low"] < found["high"] - found["low"]
