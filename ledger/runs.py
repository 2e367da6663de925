"""Runs: who ran when, what each stage reported, how it ended. A run whose process is gone is marked as died."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from ledger.store import Ledger
from ledger.tables import RUNS, utc_now
from schemas.errors import HubError

Outcome = Literal["running", "succeeded", "failed", "died"]


@dataclass(frozen=True)
class RunRecord:
    """One run. `stages`: the reports of its stages in order; `message`: why it failed or died, never a personal value."""

    run_id: str
    is_full: bool
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    message: str | None
    stages: list[dict[str, Any]]
    holder_pid: int
    holder_host: str
    holder_mark: str | None


def start_run(ledger: Ledger, run_id: str, *, full: bool = False) -> None:
    """Enter a run as running, held by this process.

    Raises:
        HubError: a run of that id is known.
    """
    entry = {
        "run_id": run_id, "is_full": full, "started_at": utc_now(), "outcome": "running", "stages": [],
        "holder_pid": os.getpid(), "holder_host": socket.gethostname(), "holder_mark": process_mark(os.getpid()),
    }
    with ledger.write() as connection:
        if connection.execute(sa.select(RUNS.c.run_id).where(RUNS.c.run_id == run_id)).first():
            raise HubError(f"run {run_id} is known already", where=ledger.where)
        connection.execute(RUNS.insert().values(entry))


def report_stage(ledger: Ledger, run_id: str, report: Mapping[str, Any]) -> None:
    """Append one stage's report (`stage`, `seconds`, facts …; counts and names only) to a run."""
    with ledger.write() as connection:
        stages = connection.execute(sa.select(RUNS.c.stages).where(RUNS.c.run_id == run_id).with_for_update()).scalar()
        if stages is None:
            raise HubError(f"run {run_id} is not known", where=ledger.where)
        connection.execute(RUNS.update().where(RUNS.c.run_id == run_id).values(stages=[*stages, dict(report)]))


def end_run(ledger: Ledger, run_id: str, outcome: Literal["succeeded", "failed"], message: str | None = None) -> None:
    """Enter how a running run ended; a run that has ended is left as it is."""
    with ledger.write() as connection:
        connection.execute(
            RUNS.update()
            .where(RUNS.c.run_id == run_id, RUNS.c.outcome == "running")
            .values(outcome=outcome, message=message, ended_at=utc_now())
        )


def reconcile(ledger: Ledger, *, alone: bool = False) -> list[str]:
    """Mark running runs whose process is gone as died; answer their ids.

    `alone`: the caller holds the home's run lock and has not entered its own run yet, so whatever is entered as running is not.
    Without it only runs of this host are judged, since the processes of another cannot be seen.
    """
    with ledger.write() as connection:
        running = connection.execute(sa.select(RUNS).where(RUNS.c.outcome == "running").with_for_update()).mappings().all()
        dead = [row["run_id"] for row in running if alone or _is_gone(row)]
        if dead:
            connection.execute(
                RUNS.update()
                .where(RUNS.c.run_id.in_(dead))
                .values(outcome="died", ended_at=utc_now(), message="its process ended without saying so; the next run takes up its work")
            )
    return dead


def recent_runs(ledger: Ledger, *, limit: int = 20, outcome: Outcome | None = None) -> list[RunRecord]:
    """Runs, newest first."""
    query = sa.select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.run_id).limit(limit)
    if outcome is not None:
        query = query.where(RUNS.c.outcome == outcome)
    with ledger.read() as connection:
        return [RunRecord(**row) for row in connection.execute(query).mappings()]


def _is_gone(row: Mapping[Any, Any]) -> bool:
    if row["holder_host"] != socket.gethostname():
        return False
    mark = process_mark(row["holder_pid"])
    return mark is None or (row["holder_mark"] is not None and mark != row["holder_mark"])


def process_mark(pid: int) -> str | None:
    """What tells a process from a later one with the same number: its start time (with the boot's id on Linux); None when it is gone."""
    if platform.system() == "Linux":
        try:
            # proc(5): the name in brackets may hold spaces; behind it the state is field 3, the start time field 22
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()
