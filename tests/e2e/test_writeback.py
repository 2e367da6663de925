"""The repair goes back to where the mess began: proposed, released, exported, obeyed by the CRM, seen done by the next run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.e2e.hub import PEOPLE, SEED, hub

pytestmark = pytest.mark.e2e
DEMO = ("--people", str(PEOPLE), "--seed", str(SEED))
_RIGHT = """
    SELECT t.party_id, max((g.name = p.name)::INT) AS name, max(list_contains(p.phones, g.phone)::INT) AS phone,
           max((g.email = lower(p.email))::INT) AS email, max((g.id_number = p.id_number)::INT) AS id_number,
           max((g.birth_on = p.birth_on)::INT) AS birth_on, max((g.gender = p.gender)::INT) AS gender
    FROM cluster.members m JOIN read_parquet($truth) t USING (record_id) JOIN read_parquet($people) p USING (party_id)
    JOIN gold.customers g USING (customer_id) WHERE m.record_id LIKE 'crm:%' GROUP BY t.party_id ORDER BY t.party_id"""


def ask(home: Path, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql, values or None).fetchall()


def done(home: Path, *arguments: str, code: int = 0) -> str:
    ended = hub(home, *arguments)
    assert ended.returncode == code, ended.stderr
    return ended.stdout + ended.stderr


def golden_right(home: Path) -> dict[str, tuple[bool, ...]]:
    """Which golden fields of each party are right."""
    found = ask(home, _RIGHT, truth=str(home / "truth" / "truth.parquet"), people=str(home / "truth" / "people.parquet"))
    return {party: tuple(bool(right) for right in fields) for party, *fields in found}


def true_duplicates(home: Path) -> float:
    """Share of the CRM's rows, those merged left out, that repeat a party."""
    sql = """SELECT 1 - count(DISTINCT party_id) / count(*) FROM raw.customers JOIN read_parquet($truth) ON record_id = row_id
        WHERE source = 'crm' AND coalesce(status, '') <> 'merged'"""
    return float(ask(home, sql, truth=str(home / "truth" / "truth.parquet"))[0][0])


def test_the_duplicates_of_the_crm_fall_when_it_obeys_its_change_orders(used: Path) -> None:
    assert "writeback propose" in done(used, "writeback", "list"), "nobody asked for proposals yet"
    done(used, "writeback", "propose")
    before, rate = golden_right(used), true_duplicates(used)
    proposed = ask(used, "SELECT order_id, kind, field FROM writeback.change_orders WHERE source = 'crm' ORDER BY order_id")
    refused = next(order_id for order_id, kind, *_ in proposed if kind == "correct")
    listed = done(used, "writeback", "list", "--kind", "correct", "--limit", "1000")
    clear = ask(used, "SELECT unnest([old_value, new_value]) FROM writeback.change_orders WHERE kind = 'correct' AND field <> 'gender'")
    assert refused in listed and not any(value in listed for (value,) in clear), "values are masked on the screen"
    done(used, "writeback", "refuse", refused, "--because", "asked the customer", "--by", "li")
    assert "released" in done(used, "writeback", "release", "--source", "crm", "--by", "wang")
    assert "nothing left to release" in done(used, "writeback", "release", "--source", "crm", code=1)
    assert f"{refused}: the order is refused" in done(used, "writeback", "release", refused, code=2)
    done(used, "writeback", "export", "crm", "--by", "wang")
    (file,) = (used / "writeback" / "crm").iterdir()
    rows = pl.read_csv(file.read_bytes().decode("gb18030").encode(), infer_schema=False)
    assert set(rows["指令编号"]) == {order_id for order_id, *_ in proposed} - {refused}
    assert "nothing is released" in done(used, "writeback", "export", "crm", code=1)

    assert "rows merged" in done(used, "generate", "--obey", *DEMO)
    done(used, "run", "--allow-quarantined")
    states = dict(ask(used, "SELECT state, count(*) FROM writeback.standing GROUP BY state"))
    unanswered = states.pop("open", 0)
    assert states == {"refused": 1, "done": len(proposed) - 1 - unanswered}
    assert unanswered < sum(kind == "ask" for _, kind, *_ in proposed)
    assert rate > 0.2 and true_duplicates(used) <= 0.02
    rates = ask(used, "SELECT duplicate_rate FROM writeback.source_duplicates WHERE source = 'crm' ORDER BY seq")
    assert rates[0][0] > 0.2 and rates[-1][0] < 0.01
    after = golden_right(used)
    worse = [party for party, fields in before.items() if any(was and not now for was, now in zip(fields, after[party], strict=True))]
    assert not worse, "no golden value got worse"
    assert sum(map(sum, after.values())) > sum(map(sum, before.values()))

    done(used, "writeback", "propose")
    again = {row[0] for row in ask(used, "SELECT order_id FROM writeback.change_orders")}
    assert again & {order_id for order_id, *_ in proposed} - {refused} == {
        order_id for (order_id,) in ask(used, "SELECT order_id FROM writeback.standing WHERE state = 'open'")
    }, "what was done is not proposed again"
    told = done(used, "writeback", "show", refused)
    assert "Now refused" in told and "asked the customer" in told
    assert "Duplicates in the source" in done(used, "writeback", "status")
    _analysts_see_it(used)


def _analysts_see_it(home: Path) -> None:
    """The published tables tell how far the sources are, and lead from a source's key to its customer."""
    published = home / "published" / "current"
    progress, crosswalk = (pl.read_parquet(published / f"{name}.parquet") for name in ("writeback.progress", "gold.crosswalk"))
    assert progress.filter((pl.col("source") == "crm") & (pl.col("kind") == "merge"))["done_n"].item() > 0
    keys = ask(home, "SELECT source || ':' || customer_key FROM raw.customers")
    assert {key for (key,) in keys} <= set(crosswalk["record_id"])
    assert crosswalk.select("record_id", "customer_id", "source", "role", "since_at").null_count().row(0) == (0,) * 5


def test_a_merge_can_be_withdrawn_and_is_void_once_a_steward_says_they_are_two(used: Path) -> None:
    done(used, "writeback", "propose")
    ((order_id, one, other),) = ask(
        used, "SELECT order_id, record_id, other_record_id FROM writeback.change_orders WHERE kind = 'merge' ORDER BY order_id LIMIT 1"
    )
    done(used, "writeback", "release", order_id)
    assert "is released and cannot be released" in done(used, "writeback", "release", order_id, code=2)
    done(used, "writeback", "withdraw", order_id)
    done(used, "writeback", "release", order_id)
    done(used, "writeback", "export", "crm")
    assert "is open and cannot be withdrawn" in done(used, "writeback", "withdraw", order_id, code=2)
    done(used, "judge", one, other, "different")
    done(used, "run")
    assert "void" in done(used, "writeback", "show", order_id)
    assert "it is not proposed any more" in done(used, "writeback", "release", order_id, code=2)


def test_what_cannot_be_done_is_a_sentence(used: Path, template: Path) -> None:
    assert "there is no change order of this id" in done(used, "writeback", "release", "ffffffffffffffff", code=2)
    assert "there is no change order of this id" in done(used, "writeback", "show", "ffffffffffffffff", code=2)
    assert "say which orders" in done(used, "writeback", "release", code=2)
    assert "say which orders" in done(used, "writeback", "release", "1", "--kind", "merge", code=2)
    assert "there is no kind 'mrege'" in done(used, "writeback", "release", "--kind", "mrege", code=2)
    assert "there is no mapping of this source" in done(used, "writeback", "export", "erp", code=2)
    assert "nothing is released" in done(used, "writeback", "export", "crm", code=1)
    assert "the CRM has no change orders" in done(used, "generate", "--obey", *DEMO, code=1)
    assert "nothing has been run here yet" in done(template, "writeback", "status", code=1)
