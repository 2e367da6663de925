"""Explanations add up to what was scored, name every level, and show no value."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.cluster.formation import formation_of
from pipelines.match.comparisons import LEVELS
from pipelines.match.explain import Explanation, explain_pair
from pipelines.match.reasons import REASONS
from pipelines.warehouse import open_warehouse
from schemas.errors import HubError
from schemas.match_model import load_match_model
from tests.match.world import customer_of, judge, mention, put, resolve

WEI = {"name": "王小伟", "pinyin": "wang xiao wei"}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return open_warehouse(":memory:")


def _explain(con: duckdb.DuckDBPyConnection, one: str, other: str) -> Explanation:
    return explain_pair(con, load_match_model(), one, other)


def test_every_level_has_its_reason() -> None:
    assert {name: set(of) for name, of in REASONS.items()} == {name: set(of) for name, of in LEVELS.items()}


def test_the_waterfall_adds_up_to_the_score_of_the_pair(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", district="西湖区", gender="male", **WEI),
              mention("crm:2", phone="13800010001", district="西湖区", email="w@x.cn", **WEI)])  # fmt: skip
    resolve(con)
    found = _explain(con, "crm:1", "crm:2")
    assert [(e.comparison, e.level) for e in found.evidence] == [("name", "exact"), ("phone", "sole"), ("place", "same_district")]
    assert found.prior_bits + sum(e.bits for e in found.evidence) + found.correction == pytest.approx(found.bits)
    assert found.bits == pytest.approx(con.execute("SELECT bits FROM match.pairs").fetchall()[0][0])
    assert found.together and found.verdict == "One party: the pair is above the line of 6 bits."
    assert found.evidence[1].shown == ("138****0001", "138****0001")


def test_no_value_is_shown_in_clear(con: duckdb.DuckDBPyConnection) -> None:
    secrets = {"phone": "13800010001", "email": "wangwei@x.cn", "id_number": "resident:11010119900307003X", "account": "tmall:wangwei1",
               "birth_on": "1990-03-07"}  # fmt: skip
    put(con, [mention("crm:1", **secrets, **WEI), mention("crm:2", gender="male", **secrets, **WEI)])
    resolve(con)
    told = repr(_explain(con, "crm:1", "crm:2"))
    for secret in (*secrets.values(), "王小伟", "11010119900307003X", "wangwei1", "03-07"):
        assert secret not in told, secret


def test_what_forbids_is_named(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", id_number="resident:11010119900307003X", phone="13800010001", **WEI),
              mention("crm:2", id_number="resident:110101199003070048", phone="13800010001", **WEI)])  # fmt: skip
    resolve(con)
    assert _explain(con, "crm:1", "crm:2").verdict == "Never one party: two valid numbers of one type."


def test_a_pair_refused_for_its_groups_says_so(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention("crm:1", phone="13800010001", **WEI), mention("crm:2", phone="13800010001", email="a@x.cn"),
              mention("crm:3", name="赵敏", pinyin="zhao min", email="a@x.cn")])  # fmt: skip
    resolve(con)
    told = [_explain(con, "crm:2", other) for other in ("crm:1", "crm:3")]
    assert sorted(found.together for found in told) == [False, True]
    assert [found.verdict for found in told if not found.together] == [
        "Two parties, though the pair is above the line of 6 bits: what the mentions of each side say contradicts those of the other."
    ]
    joined = customer_of(con, "crm:2")
    formed = formation_of(con, load_match_model(), joined)
    assert (formed.records_n, formed.nodes_n, len(formed.joins), len(formed.refused)) == (2, 2, 1, 1)
    assert formed.refused[0].customer_id != joined and "=sole" in formed.joins[0].levels


def test_judgements_are_named_and_equal_evidence_is_told(con: duckdb.DuckDBPyConnection) -> None:
    put(con, [mention(f"crm:{n}", phone="13800010001", **WEI) for n in (1, 2)] + [mention("crm:3", name="赵敏")])
    resolve(con)
    assert _explain(con, "crm:1", "crm:2").verdict.startswith("One party: both say exactly the same")
    judge(con, ("crm:1", "crm:2", "different"), ("crm:1", "crm:3", "same"))
    resolve(con)
    assert _explain(con, "crm:1", "crm:2").verdict == "A steward keeps them apart."
    assert _explain(con, "crm:1", "crm:3").verdict == "A steward holds them together."


def test_an_unknown_mention_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(HubError, match="crm:9: there is no mention"):
        _explain(con, "crm:9", "crm:1")
