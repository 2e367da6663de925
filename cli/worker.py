"""`hub worker`: does the jobs of the ledger."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.home import require_home
from cli.terminal import out
from ledger.jobs import Job, LeaseLost, complete, enqueue, lease, open_kinds, retry
from ledger.store import Ledger, open_ledger
from pipelines.home_use import serving_from
from schemas.settings import Settings, load_settings

IDLE_SECONDS = 2.0
LEASE = timedelta(minutes=15)  # longer than any chore takes; one that is done twice changes nothing the second time
DAY = timedelta(days=1)


def register(app: typer.Typer) -> None:
    app.command()(worker)


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    supervisor: Annotated[int | None, typer.Option(hidden=True, help="Process that started this one; end with it.")] = None,
) -> None:
    """Do background jobs until told to stop; by itself once a day: prune published versions, purge run history."""
    settings = load_settings()
    require_home(settings)
    stopping = _stop_on_signals()
    name = f"{socket.gethostname()}:{os.getpid()}"
    with serving_from(settings.home), closing(open_ledger(settings.ledger)) as ledger:
        schedule_daily(ledger)
        while not stopping.is_set() and supervisor in (None, os.getppid()):
            did = do_next(ledger, settings, name)
            if not did and once:
                return
            if not did:
                stopping.wait(IDLE_SECONDS)


def schedule_daily(ledger: Ledger, after: timedelta = timedelta(0)) -> None:
    """Enter each daily chore that is not waiting already."""
    from cli.chores import DAILY

    waiting = open_kinds(ledger)
    for kind in DAILY:
        if kind not in waiting:
            enqueue(ledger, kind, {}, run_at=datetime.now(UTC).replace(tzinfo=None) + after)


def do_next(ledger: Ledger, settings: Settings, name: str) -> bool:
    """Do the job that has waited longest, if one is due; answers whether there was one."""
    from cli.chores import CHORES

    job = lease(ledger, name, kinds=list(CHORES), duration=LEASE)
    if job is None:
        return False
    try:
        out.print(f"{job.kind}: {_do(ledger, settings, job)}", markup=False)
    except LeaseLost as error:
        out.print(f"{job.kind}: {error}", markup=False, style="yellow")
    schedule_daily(ledger, DAY)
    return True


def _do(ledger: Ledger, settings: Settings, job: Job) -> str:
    from assets.failures import describe
    from cli.chores import CHORES

    try:
        did = CHORES[job.kind](settings, job.payload)
    except Exception as error:  # whatever a chore does wrong, the worker goes on and tries it again later
        retry(ledger, job, describe(error))
        return f"not done: {describe(error)}"
    complete(ledger, job)
    return did


def _stop_on_signals() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
