"""Background work: enqueued, leased by one worker at a time, repeated with growing pauses, kept when it failed for good.

A lease runs out when its worker dies, and the job is then leased to another. The number of attempts counts the leases, so a worker
that comes back too late is told so instead of overwriting what its successor did. Payloads hold ids, never personal values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ledger.store import Ledger
from ledger.tables import JOBS, utc_now
from schemas.errors import HubError

LEASE = timedelta(seconds=60)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 8


class LeaseLost(HubError):
    """The lease ran out and the job is no longer this worker's."""


@dataclass(frozen=True)
class Job:
    """A job. `outcome`: None while there is work left, then `succeeded` or `failed`."""

    job_id: int
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    run_at: datetime
    lease_owner: str | None
    lease_until: datetime | None
    attempts: int
    max_attempts: int
    outcome: str | None
    message: str | None
    ended_at: datetime | None


def enqueue(
    ledger: Ledger, kind: str, payload: Mapping[str, Any], *, run_at: datetime | None = None, max_attempts: int = MAX_ATTEMPTS
) -> int:
    """Add a job to be done at `run_at` (UTC; default now); answer its id."""
    now = utc_now()
    entry = {
        "kind": kind, "payload": dict(payload), "created_at": now, "run_at": run_at or now, "attempts": 0, "max_attempts": max_attempts,
    }
    with ledger.write() as connection:
        return int(connection.execute(JOBS.insert().values(entry).returning(JOBS.c.job_id)).scalar_one())


def lease(ledger: Ledger, owner: str, *, kinds: Sequence[str] | None = None, duration: timedelta = LEASE) -> Job | None:
    """Take the job that has waited longest, for `duration`; None when there is nothing to do. No two workers get the same lease.

    A job whose last lease ran out with no attempts left is entered as failed on the way.
    """
    with ledger.write() as connection:
        now = utc_now()
        _give_up(connection, now)
        # SKIP LOCKED lets PostgreSQL's workers pass each other; SQLite has one writer at a time and leaves the clause out
        job_id = connection.execute(_due(now, kinds).with_for_update(skip_locked=True)).scalar()
        if job_id is None:
            return None
        connection.execute(
            JOBS.update()
            .where(JOBS.c.job_id == job_id)
            .values(lease_owner=owner, lease_until=now + duration, attempts=JOBS.c.attempts + 1)
        )
        return Job(**connection.execute(sa.select(JOBS).where(JOBS.c.job_id == job_id)).mappings().one())


def extend(ledger: Ledger, job: Job, duration: timedelta = LEASE) -> None:
    """Keep the lease of a long job for `duration` from now on.

    Raises:
        LeaseLost: another worker has it.
    """
    _change(ledger, job, {"lease_until": utc_now() + duration})


def complete(ledger: Ledger, job: Job) -> None:
    """The job is done.

    Raises:
        LeaseLost: another worker has it.
    """
    _change(ledger, job, {"outcome": "succeeded", "message": None, "ended_at": utc_now(), **_RELEASED})


def fail(ledger: Ledger, job: Job, message: str) -> None:
    """The job cannot be done, now or ever. `message` is for people and names no personal value.

    Raises:
        LeaseLost: another worker has it.
    """
    _change(ledger, job, {"outcome": "failed", "message": message, "ended_at": utc_now(), **_RELEASED})


def retry(ledger: Ledger, job: Job, message: str) -> None:
    """The attempt failed: try again after a pause that doubles each time, or fail when no attempt is left.

    Raises:
        LeaseLost: another worker has it.
    """
    if job.attempts >= job.max_attempts:
        return fail(ledger, job, message)
    _change(ledger, job, {"run_at": utc_now() + pause_after(job.attempts), "message": message, **_RELEASED})


def pause_after(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s … up to an hour."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


def job_of(ledger: Ledger, job_id: int) -> Job | None:
    """The job of that id."""
    with ledger.read() as connection:
        row = connection.execute(sa.select(JOBS).where(JOBS.c.job_id == job_id)).mappings().first()
    return Job(**row) if row else None


def job_counts(ledger: Ledger) -> dict[str, int]:
    """How many jobs are `open`, `succeeded` and `failed`."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(JOBS.c.outcome, sa.func.count()).group_by(JOBS.c.outcome)).all()
    return {"open": 0, "succeeded": 0, "failed": 0} | {outcome or "open": number for outcome, number in rows}


def open_kinds(ledger: Ledger) -> set[str]:
    """Kinds of which a job is waiting or being done."""
    with ledger.read() as connection:
        return set(connection.execute(sa.select(JOBS.c.kind).where(_OPEN).distinct()).scalars())


_RELEASED = {"lease_owner": None, "lease_until": None}
_OPEN = JOBS.c.outcome.is_(None)


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(JOBS.c.lease_until.is_(None), JOBS.c.lease_until <= now)


def _due(now: datetime, kinds: Sequence[str] | None) -> sa.Select[tuple[int]]:
    query = (
        sa.select(JOBS.c.job_id)
        .where(_OPEN, JOBS.c.run_at <= now, _free(now), JOBS.c.attempts < JOBS.c.max_attempts)
        .order_by(JOBS.c.run_at, JOBS.c.job_id)
        .limit(1)
    )
    return query if kinds is None else query.where(JOBS.c.kind.in_(kinds))


def _give_up(connection: sa.Connection, now: datetime) -> None:
    connection.execute(
        JOBS.update()
        .where(_OPEN, JOBS.c.lease_until <= now, JOBS.c.attempts >= JOBS.c.max_attempts)
        .values(outcome="failed", message="the worker of its last attempt ended without saying so", ended_at=now, **_RELEASED)
    )


def _change(ledger: Ledger, job: Job, values: Mapping[str, Any]) -> None:
    """Change the job if the lease is still the one `job` was read with."""
    mine = sa.and_(JOBS.c.job_id == job.job_id, _OPEN, JOBS.c.lease_owner == job.lease_owner, JOBS.c.attempts == job.attempts)
    with ledger.write() as connection:
        changed = connection.execute(JOBS.update().where(mine).values(**values)).rowcount
    if changed != 1:
        raise LeaseLost(f"job {job.job_id} is no longer held by {job.lease_owner}", why="its lease ran out and it was leased again")
