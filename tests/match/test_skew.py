"""Blocks far larger than others: refined or capped, reported, and never a customer in as many pieces as there are rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from benchmarks.skew import lay_out
from benchmarks.skew import resolve as resolve_laid_out
from pipelines.warehouse import count, open_warehouse
from tests.match.world import Mention, customer_of, mention, partition, put, resolve

CAP = 200  # of the rule that goes by identifiers


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = open_warehouse(":memory:", memory="1GB", threads=2)
    yield made
    made.close()


def _buyer(n: int) -> Mention:
    """One purchaser with a phone of her own, who orders to ever other places."""
    return mention(f"shop:{n}", name="王伟", pinyin="wang wei", phone="13800010001", birth_on="1990-01-01", email=f"wei{n}@x.cn")


def test_one_person_with_more_evidence_than_the_cap_is_one_customer(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [_buyer(n) for n in range(CAP + 60)])
    resolve(con)
    assert len(partition(con)) == 1
    facts = con.execute("SELECT facts FROM meta.runs WHERE stage = 'match'").fetchall()[0][0]
    assert '"blocks_over_cap_identifier": 1' in facts
    assert '"parts_over_cap_identifier": 1' in facts


def test_whoever_shares_the_large_phone_under_another_name_stays_apart(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [_buyer(n) for n in range(CAP + 5)])
    put(con, [mention("shop:x", name="李娜", pinyin="li na", phone="13800010001", birth_on="1985-05-05", email="lina@x.cn")])
    resolve(con)
    assert sorted(map(len, partition(con))) == [1, CAP + 5]


def test_the_customer_stays_one_while_the_block_grows_over_its_cap_and_shrinks_again(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [_buyer(n) for n in range(CAP - 1)])
    resolve(con)
    first = customer_of(con, "shop:0")
    for day, (come, gone) in enumerate([(range(CAP - 1, CAP + 3), []), (range(CAP + 3, CAP + 6), [3]), ([], range(50, 60))], start=1):
        put(con, [_buyer(n) for n in come], gone=[f"shop:{n}" for n in gone])
        resolve(con, day=day)
        assert len(partition(con)) == 1
    pairs = con.execute("FROM match.pairs ORDER BY ALL").fetchall()
    resolve(con, full=True, day=9)
    assert con.execute("FROM match.pairs ORDER BY ALL").fetchall() == pairs
    assert customer_of(con, "shop:0") == first


@pytest.mark.parametrize(("case", "customers"), [("one phone, one name", 15_001), ("all called 王伟", 30_000)])
def test_a_customer_of_very_many_nodes_is_not_joined_with_itself(tmp_path: Path, case: str, customers: int) -> None:
    with open_warehouse(tmp_path / "w.duckdb", memory="400MB", threads=2) as con:
        con.execute("SET max_temp_directory_size = '300MB'")  # all pairs of its nodes would be some gigabytes
        lay_out(con, case, 15_000)
        resolve_laid_out(con)
        assert count(con, "SELECT count(*) FROM cluster.customers") == customers


def test_namesakes_without_more_and_nameless_rows_propose_nothing(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention(f"crm:{n}", name="王伟", pinyin="wang wei", district="西湖区", account=f"a{n}") for n in range(120)])
    put(con, [mention(f"web:{n}", email=f"n{n}@x.cn") for n in range(50)])
    resolve(con)
    assert count(con, "SELECT count(*) FROM match.pairs") == 0
    assert len(partition(con)) == 170
