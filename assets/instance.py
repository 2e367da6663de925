"""Dagster's own home inside the hub's home, and the instance that keeps its history."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from schemas.settings import PROJECT, Settings

CONFIG = "dagster.yaml"


def prepare_dagster_home(settings: Settings) -> Path:
    """Make `DAGSTER_HOME` with its configuration (an existing one is kept) and name it to this process and its children."""
    folder = settings.dagster.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / CONFIG).exists():
        fresh = folder / f".{CONFIG}.new"
        shutil.copyfile(PROJECT / CONFIG, fresh)
        fresh.replace(folder / CONFIG)
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """The instance of this home."""
    prepare_dagster_home(settings)
    with DagsterInstance.get() as instance:
        yield instance


def fail_dead_runs(instance: DagsterInstance, *, but: str | None = None) -> list[str]:
    """Mark runs that are entered as started, other than `but`, as failed; answer their ids. Call it with the run lock held only."""
    started = instance.get_runs(filters=RunsFilter(statuses=[DagsterRunStatus.STARTED]))
    dead = [run for run in started if run.run_id != but]
    for run in dead:
        instance.report_run_failed(run, "Its process ended without saying so; the next run takes up its work.")
    return [run.run_id for run in dead]


def purge_history(instance: DagsterInstance, before: datetime) -> int:
    """Remove runs that ended before `before` (with zone), with their events; answers how many."""
    ended = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
    old = instance.get_runs(filters=RunsFilter(statuses=ended, updated_before=before))
    for run in old:
        instance.delete_run(run.run_id)
    return len(old)
