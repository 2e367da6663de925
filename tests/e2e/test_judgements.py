"""A steward's word goes from the command line to the served customers, and back."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.e2e.hub import hub, version

pytestmark = pytest.mark.e2e


def _customers(home: Path) -> dict[str, str]:
    con = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    rows = con.execute("SELECT record_id, customer_id FROM cluster.members").fetchall()
    con.close()
    return dict(rows)


def _done(home: Path, *arguments: str, code: int = 0) -> str:
    done = hub(home, *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_two_customers_are_held_together_explained_and_parted_again(used: Path) -> None:
    before = _customers(used)
    one, other = sorted(record for record in before if record.startswith("crm:"))[:2]
    assert before[one] != before[other]
    _done(used, "judge", one, other, "same", "--by", "wang", "--note", "two phones, one person")
    first = version(used)
    _done(used, "run")
    assert version(used) != first
    merged = _customers(used)
    survivor = merged[one]
    assert merged[other] == survivor
    gone = before[other] if before[one] == survivor else before[one]
    assert "Nothing new" in _done(used, "run"), "a judgement is taken in once"
    assert "A steward holds them together." in _done(used, "explain", one, other)
    assert "pieces of distinct evidence" in _done(used, "explain", survivor)
    told = _done(used, "history", gone)
    assert f"{gone} is {survivor} now." in told and "judgements" in told
    assert "kept apart" in _done(used, "undo", gone, "--by", "wang")
    _done(used, "run")
    parted = _customers(used)
    assert {parted[one], parted[other]} == {survivor, gone}
    assert "restored" in _done(used, "history", gone)
    assert f"undo of {gone}" in _done(used, "judgements")


def test_without_a_run_there_is_nothing_to_ask(fresh: Path) -> None:
    assert "nothing has been run here yet" in _done(fresh, "history", "c1", code=1)


def test_what_cannot_be_done_is_a_sentence(used: Path) -> None:
    assert "no customer has or had this id" in _done(used, "history", "cnobody", code=1)
    assert "there is no mention of this id" in _done(used, "explain", "crm:nobody", "crm:none", code=1)
    assert "is not merged into another" in _done(used, "undo", next(iter(_customers(used).values())), code=1)
    _done(used, "judge", "crm:1", "crm:2", "perhaps", code=2)
    assert "against itself" in _done(used, "judge", "crm:1", "crm:1", "same", code=2)
