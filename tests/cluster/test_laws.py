"""Law 1: clusters are a pure function of the current mentions. Law 2: ids persist."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.warehouse import open_warehouse
from schemas import match_model
from tests.match.world import Mention, findings, judge, merged, partition, put, resolve

NAMES = ["王伟", "李娜", "张小明", "张晓明", "王芳", "欧阳修", "王*", "张**", None]
PINYIN = {"张小明": "zhang xiao ming", "张晓明": "zhang xiao ming"}
PHONES = ["13800010001", "13800010002", "13900020003", "138****0001", None]
EMAILS = ["a@x.cn", "b@x.cn", None, None]
IDS = ["resident:11010119900307003X", "resident:110101199003070048", None, None, None]
ACCOUNTS = ["tmall:t1", "tmall:t2", None, None]
DISTRICTS = ["西湖区", "余杭区", None]


@st.composite
def populations(draw: st.DrawFn) -> list[Mention]:
    size = draw(st.integers(2, 14))
    rows = []
    for n in range(size):
        name = draw(st.sampled_from(NAMES))
        rows.append(
            Mention(
                f"crm:{n:03d}",
                name,
                PINYIN.get(name or ""),
                phone=draw(st.sampled_from(PHONES)),
                email=draw(st.sampled_from(EMAILS)),
                id_number=draw(st.sampled_from(IDS)),
                account=draw(st.sampled_from(ACCOUNTS)),
                district=draw(st.sampled_from(DISTRICTS)),
                role=draw(st.sampled_from(["crm_customer", "buyer", "recipient", "shipment_recipient"])),
                order_id=draw(st.sampled_from(["o1", "o2", None])),
            )
        )
    return rows


RECORDS = st.integers(0, 8).map("crm:{:03d}".format)
JUDGEMENTS = st.lists(
    st.tuples(RECORDS, RECORDS, st.sampled_from(["same", "different"])).filter(lambda j: j[0] != j[1]),
    max_size=5, unique_by=lambda j: tuple(sorted(j[:2])),
)  # fmt: skip
MERGES = st.lists(st.tuples(RECORDS, RECORDS), max_size=5)


@pytest.fixture(autouse=True)
def low_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caps so low that blocks and identifiers cross them all the time."""
    model = match_model.load_match_model()
    low = model.model_copy(
        update={"shared_identifier_names": 2, "blocking": tuple(rule.model_copy(update={"cap": 4}) for rule in model.blocking)}
    )
    for module in ("pipelines.match.stage", "pipelines.cluster.stage"):
        monkeypatch.setattr(f"{module}.load_match_model", lambda _: low)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(populations(), JUDGEMENTS, MERGES, st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_order_and_batching_with_withdrawals_judgements_and_merges_gives_the_clusters_of_one_full_run(
    rows: list[Mention], judgements: list[tuple[str, str, str]], merges: list[tuple[str, str]], chance: random.Random, batches: int
) -> None:
    once = open_warehouse(":memory:")
    put(once, rows)
    judge(once, *judgements)
    merged(once, *merges)
    resolve(once)

    stepwise = open_warehouse(":memory:")
    shuffled = chance.sample(rows, len(rows))
    passing = [Mention(f"crm:x{n}", chance.choice(NAMES), None, chance.choice(PHONES), account=chance.choice(ACCOUNTS)) for n in range(3)]
    put(stepwise, passing)
    resolve(stepwise)
    for n in range(batches):
        put(stepwise, shuffled[n::batches], gone=[p.record_id for p in passing[n : n + 1]])
        judge(stepwise, *chance.sample(judgements, chance.randint(0, len(judgements))))
        merged(stepwise, *chance.sample(merges, chance.randint(0, len(merges))))
        resolve(stepwise)
    put(stepwise, [], gone=[p.record_id for p in passing])
    judge(stepwise, *judgements)
    merged(stepwise, *merges)
    resolve(stepwise)
    assert partition(stepwise) == partition(once)
    assert findings(stepwise) == findings(once)

    def pairs(con):  # type: ignore[no-untyped-def]
        return con.execute("SELECT node_a, node_b, round(bits, 9), levels FROM match.pairs ORDER BY ALL").fetchall()

    assert pairs(stepwise) == pairs(once)

    ids = dict(stepwise.execute("SELECT record_id, customer_id FROM cluster.members").fetchall())
    resolve(stepwise, full=True)
    assert dict(stepwise.execute("SELECT record_id, customer_id FROM cluster.members").fetchall()) == ids, "--full keeps the registry"


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(populations(), st.randoms(use_true_random=False))
def test_every_id_ever_given_resolves_and_active_ones_have_members(rows: list[Mention], chance: random.Random) -> None:
    con = open_warehouse(":memory:")
    for part in (rows[::2], rows[1::2], chance.sample(rows, len(rows) // 2)):
        put(con, part)
        resolve(con)
        put(con, [], gone=[chance.choice(rows).record_id])
        resolve(con)
    active = {c for (c,) in con.execute("SELECT customer_id FROM cluster.customers WHERE status = 'active'").fetchall()}
    held = {c for (c,) in con.execute("SELECT DISTINCT customer_id FROM cluster.members").fetchall()}
    assert active == held
    merged = con.execute("SELECT customer_id, merged_into FROM cluster.customers WHERE status = 'merged'").fetchall()
    registry = {c for (c,) in con.execute("SELECT customer_id FROM cluster.customers").fetchall()}
    assert all(into in registry and into != customer for customer, into in merged)
    assert con.execute("SELECT count(*) = count(DISTINCT customer_id) FROM cluster.customers").fetchone() == (True,)
