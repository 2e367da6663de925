"""Runs: entered, reported, ended; a killed one is found out."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from ledger.runs import end_run, process_mark, recent_runs, reconcile, report_stage, start_run
from ledger.store import Ledger
from ledger.tables import RUNS
from schemas.errors import HubError

DIES = """
import os
from ledger.runs import start_run
from ledger.store import open_ledger
start_run(open_ledger(os.environ["URL"]), "r1")
os._exit(9)
"""


def test_a_run_is_followed_from_start_to_end(ledger: Ledger) -> None:
    start_run(ledger, "r1", full=True)
    report_stage(ledger, "r1", {"stage": "extract", "seconds": 1.5, "facts": {"rows": 3}})
    report_stage(ledger, "r1", {"stage": "match", "seconds": 0.5, "facts": {}})
    assert recent_runs(ledger)[0].outcome == "running"
    end_run(ledger, "r1", "succeeded")
    run = recent_runs(ledger)[0]
    assert (run.outcome, run.is_full, [stage["stage"] for stage in run.stages]) == ("succeeded", True, ["extract", "match"])
    assert run.ended_at is not None and run.ended_at >= run.started_at


def test_an_end_is_not_changed_by_a_second_one(ledger: Ledger) -> None:
    start_run(ledger, "r1")
    end_run(ledger, "r1", "failed", "the disk is full")
    end_run(ledger, "r1", "succeeded")
    assert (recent_runs(ledger)[0].outcome, recent_runs(ledger)[0].message) == ("failed", "the disk is full")


def test_an_id_is_used_once(ledger: Ledger) -> None:
    start_run(ledger, "r1")
    with pytest.raises(HubError, match="r1"):
        start_run(ledger, "r1")
    with pytest.raises(HubError, match="r2"):
        report_stage(ledger, "r2", {})


def test_a_run_whose_process_ended_died(ledger: Ledger, ledger_url: str) -> None:
    ended = subprocess.run([sys.executable, "-c", DIES], env=os.environ | {"URL": ledger_url}, check=False)
    assert ended.returncode == 9
    start_run(ledger, "mine")
    assert reconcile(ledger) == ["r1"]
    assert {run.run_id: run.outcome for run in recent_runs(ledger)} == {"r1": "died", "mine": "running"}
    assert reconcile(ledger) == []
    assert [run.run_id for run in recent_runs(ledger, outcome="died")] == ["r1"]


def test_a_process_number_used_again_does_not_keep_a_run_alive(ledger: Ledger) -> None:
    start_run(ledger, "r1")
    with ledger.write() as connection:
        connection.execute(sa.update(RUNS).values(holder_mark="another boot/1"))
    assert reconcile(ledger) == ["r1"]


def test_a_run_of_another_host_is_judged_only_by_who_holds_the_lock(ledger: Ledger) -> None:
    start_run(ledger, "r1")
    with ledger.write() as connection:
        connection.execute(sa.update(RUNS).values(holder_host="elsewhere", holder_pid=2**31))
    assert reconcile(ledger) == []
    assert reconcile(ledger, alone=True) == ["r1"]


def test_a_killed_child_nobody_has_waited_for_counts_as_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert process_mark(child.pid) == process_mark(child.pid) is not None
    child.kill()
    while (mark := process_mark(child.pid)) is not None and child.poll() is None:
        pass
    assert mark is None or child.poll() is not None
    child.wait()
    assert process_mark(child.pid) is None
