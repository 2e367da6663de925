"""The ledger as a file: from either database into either, with what people did since."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger.api_keys import issue_key, list_keys, revoke_key
from ledger.change_orders import ChangeOrder, enter
from ledger.files import put_files, put_quarantine
from ledger.jobs import enqueue
from ledger.judgements import judge, recent_judgements
from ledger.overrides import enter_override
from ledger.portable import refill, write_portable
from ledger.runs import end_run, report_stage, start_run
from ledger.store import Ledger, open_ledger
from ledger.surviving import ACTS
from ledger.tables import METADATA
from ledger.vault import Vault
from schemas.errors import HubError
from tests.ledger.test_overrides import Key

PEPPER = b"p" * 32
AT = datetime(2026, 11, 21, 2, 3, 4, 56789)


def fill(ledger: Ledger) -> str:
    """Something in every table; answers the id of a key."""
    file = {"source": "crm", "file_name": "客户.csv", "loaded_at": AT, "seconds": 0.25}
    put_files(ledger, [file | {"file_id": f"f{n}"} for n in range(7_000)])
    put_quarantine(ledger, [{"file_id": "f1", "line_n": 3, "reason": "bad_value"}])
    start_run(ledger, "r1")
    report_stage(ledger, "r1", {"stage": "extract", "facts": {"rows": 3, "名": ["值"]}})
    end_run(ledger, "r1", "succeeded")
    enqueue(ledger, "prune_versions", {"keep": 2})
    judge(ledger, [("a", "b", "same"), ("c", "d", "different")], by="wang", cause="同一人")
    enter_override(ledger, Vault(ledger, Key()), "crm:1", "phone", "13812345678", by="wang")
    enter(ledger, "released", [ChangeOrder("1", "ask", "crm", "crm:1", None, "phone", "no_valid_value", 1.0)], by="wang")
    return issue_key(ledger, PEPPER, "desk", "agent", None).split("_")[1]


def everything(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    with ledger.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in METADATA.sorted_tables
        }


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Ledger]:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'other.db'}")) as opened:
        yield opened


def test_it_comes_back_as_it_was(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger)
    held = everything(ledger)
    assert all(held.values())
    write_portable(ledger, tmp_path / "portable.db")
    assert [path.name for path in tmp_path.glob("portable.db*")] == ["portable.db"], "one file, with no log beside it"
    with ledger.write() as connection:
        connection.execute(sa.text("DELETE FROM files"))
    assert not any(refill(ledger, tmp_path / "portable.db").values())
    assert everything(ledger) == held


def test_it_moves_from_one_database_to_another_and_back(ledger: Ledger, other: Ledger, tmp_path: Path) -> None:
    fill(ledger)
    held = everything(ledger)
    write_portable(ledger, tmp_path / "there.db")
    refill(other, tmp_path / "there.db")
    assert everything(other) == held
    write_portable(other, tmp_path / "back.db")
    refill(ledger, tmp_path / "back.db")
    assert everything(ledger) == held


def test_numbers_go_on_after_it(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger)
    write_portable(ledger, tmp_path / "portable.db")
    judge(ledger, [("e", "f", "same")], by="li")
    refill(ledger, tmp_path / "portable.db")
    judge(ledger, [("g", "h", "same")], by="li")
    enqueue(ledger, "purge_runs", {})
    assert [(of.judgement_id, of.record_a) for of in recent_judgements(ledger)] == [(4, "g"), (3, "e"), (2, "c"), (1, "a")]


def test_judgements_of_another_history_keep_their_order_under_new_numbers(ledger: Ledger, other: Ledger, tmp_path: Path) -> None:
    judge(ledger, [("a", "b", "same")], by="wang")
    write_portable(ledger, tmp_path / "portable.db")
    judge(other, [("x", "y", "same")], by="li")
    judge(other, [("x", "y", "different")], by="li")
    judge(ledger, [("e", "f", "same")], by="wang")
    others = dict.fromkeys((act.what for act in ACTS), 0)
    assert refill(ledger, tmp_path / "portable.db", others=[other]) == others | {"judgements": 3}
    made = [(of.judgement_id, of.record_a, of.verdict) for of in reversed(recent_judgements(ledger))]
    assert made == [(1, "a", "same"), (2, "x", "same"), (3, "x", "different"), (4, "e", "same")]


def test_a_revoked_key_stays_revoked_since_it_was(ledger: Ledger, tmp_path: Path) -> None:
    key = fill(ledger)
    write_portable(ledger, tmp_path / "portable.db")
    revoke_key(ledger, key)
    [before] = list_keys(ledger)
    assert refill(ledger, tmp_path / "portable.db")["revoked keys"] == 1
    assert list_keys(ledger) == [before] and before.revoked_at is not None


def test_an_error_leaves_the_ledger_as_it_was(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger)
    write_portable(ledger, tmp_path / "portable.db")
    held = everything(ledger)
    with closing(sqlite3.connect(tmp_path / "portable.db")) as con:
        con.execute("DROP TABLE runs")
    with pytest.raises(HubError, match="runs"):
        refill(ledger, tmp_path / "portable.db")
    assert everything(ledger) == held
