"""kill -9 at every stage: the next run completes to the same published content, run ids and times apart."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import pytest

from assets.stages import STAGES
from ledger.runs import recent_runs
from ledger.store import open_ledger
from tests.e2e.hub import files_below, hub, published, served, version

pytestmark = pytest.mark.e2e
KILLED = ("-m", "tests.e2e.killed")


def kill_run(home: Path, stage: str, when: str) -> None:
    ended = hub(home, stage, when, "run", program=KILLED)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def outcomes(home: Path) -> list[str]:
    with closing(open_ledger(f"sqlite:///{home / 'ledger.db'}")) as ledger:
        return [run.outcome for run in recent_runs(ledger)]


def assert_like(home: Path, finished: Path) -> None:
    """The same for analysts, for the API, and in what was set aside."""
    assert published(home) == published(finished)
    assert served(home) == served(finished)
    assert files_below(home / "quarantine") == files_below(finished / "quarantine")


# Several in a row on one home: what the next run takes up, it may be killed in itself. Write-back does nothing before it is asked to.
INSIDE = (("extract", "cluster", "publish"), ("standardise", "golden"), ("match", "profile"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stages", INSIDE, ids="-".join)
def test_runs_killed_inside_stages_are_completed_by_the_next(fresh: Path, finished: Path, stages: tuple[str, ...]) -> None:
    for stage in stages:
        kill_run(fresh, stage, "inside")
        assert version(fresh) is None, "nothing half done is published"
    done = hub(fresh, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    assert outcomes(fresh) == ["succeeded", *["died"] * len(stages)]
    assert_like(fresh, finished)


def test_every_stage_is_killed_inside() -> None:
    assert {stage for stages in INSIDE for stage in stages} | {"writeback"} == {*STAGES, "writeback"}


@pytest.mark.timeout(600)  # seven runs, one after the other
def test_a_kill_after_each_commit_costs_nothing_but_time(fresh: Path, finished: Path) -> None:
    for stage in STAGES:
        kill_run(fresh, stage, "after")
    done = hub(fresh, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    assert outcomes(fresh) == ["succeeded", *["died"] * len(STAGES)]
    assert_like(fresh, finished)
    assert "Nothing new" in hub(fresh, "run", "--allow-quarantined").stdout


def test_dagster_knows_that_the_killed_run_is_over(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster import DagsterInstance

    kill_run(fresh, "match", "inside")
    done = hub(fresh, "run", "--allow-quarantined")
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("DAGSTER_HOME", str(fresh / "dagster"))
    with DagsterInstance.get() as instance:
        assert sorted(run.status.value for run in instance.get_runs()) == ["FAILURE", "SUCCESS"]
