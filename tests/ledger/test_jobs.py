"""Jobs: one worker a job, whatever dies in between."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from ledger.jobs import LONGEST_PAUSE, LeaseLost, complete, enqueue, extend, fail, job_counts, job_of, lease, pause_after, retry
from ledger.store import Ledger
from ledger.tables import JOBS, utc_now

GONE = timedelta(seconds=-1)


def _bring_forward(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(sa.update(JOBS).values(run_at=utc_now()))


def test_a_job_is_leased_done_and_not_given_again(ledger: Ledger) -> None:
    job_id = enqueue(ledger, "sweep", {"customer_id": "c1"})
    job = lease(ledger, "w1")
    assert job is not None
    assert (job.job_id, job.kind, job.payload, job.attempts) == (job_id, "sweep", {"customer_id": "c1"}, 1)
    assert lease(ledger, "w2") is None
    complete(ledger, job)
    done = job_of(ledger, job_id)
    assert done is not None and (done.outcome, done.lease_owner) == ("succeeded", None)
    assert lease(ledger, "w2") is None
    assert job_counts(ledger) == {"open": 0, "succeeded": 1, "failed": 0}


def test_the_longest_waiting_due_job_of_the_kind_comes_first(ledger: Ledger) -> None:
    now = utc_now()
    enqueue(ledger, "late", {}, run_at=now + timedelta(hours=1))
    enqueue(ledger, "b", {}, run_at=now - timedelta(minutes=1))
    enqueue(ledger, "a", {}, run_at=now - timedelta(minutes=2))
    assert [job.kind for job in (lease(ledger, "w"), lease(ledger, "w", kinds=["b", "late"])) if job] == ["a", "b"]
    assert lease(ledger, "w") is None


def test_two_workers_never_get_the_same_job(ledger: Ledger) -> None:
    number, workers = 60, 8
    expected = {enqueue(ledger, "k", {"n": n}) for n in range(number)}
    taken: Counter[int] = Counter()
    errors: list[BaseException] = []
    start = threading.Barrier(workers)

    def work(name: str) -> None:
        try:
            start.wait()
            while job := lease(ledger, name):
                taken[job.job_id] += 1
                complete(ledger, job)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    # a PostgreSQL worker that meets only locked rows may stop early: what it left is still there, and never done twice
    assert set(taken.values()) == {1}
    left = 0
    while job := lease(ledger, "last"):
        left += 1
        assert job.job_id not in taken
    assert len(taken) + left == len(expected)


def test_the_job_of_a_dead_worker_goes_to_another_and_the_dead_one_cannot_end_it(ledger: Ledger) -> None:
    job_id = enqueue(ledger, "k", {})
    first = lease(ledger, "w", duration=GONE)
    second = lease(ledger, "w")
    assert first is not None and second is not None and (second.job_id, second.attempts) == (job_id, 2)
    for late in (complete, extend, partial(fail, message=""), partial(retry, message="")):
        with pytest.raises(LeaseLost):
            late(ledger, first)
    complete(ledger, second)
    with pytest.raises(LeaseLost):
        complete(ledger, second)


def test_a_long_job_keeps_its_lease_by_extending_it(ledger: Ledger) -> None:
    enqueue(ledger, "k", {})
    job = lease(ledger, "w", duration=GONE)
    assert job is not None
    extend(ledger, job)
    assert lease(ledger, "other") is None
    complete(ledger, job)


def test_a_failed_attempt_waits_longer_each_time_then_the_job_fails(ledger: Ledger) -> None:
    job_id = enqueue(ledger, "k", {}, max_attempts=3)
    for attempt in (1, 2):
        job = lease(ledger, "w")
        assert job is not None and job.attempts == attempt
        retry(ledger, job, "the other side did not answer")
        assert lease(ledger, "w") is None
        waiting = job_of(ledger, job_id)
        assert waiting is not None and waiting.outcome is None and waiting.run_at > utc_now()
        _bring_forward(ledger)
    job = lease(ledger, "w")
    assert job is not None
    retry(ledger, job, "still no answer")
    ended = job_of(ledger, job_id)
    assert ended is not None and (ended.outcome, ended.message) == ("failed", "still no answer")


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_after(n).total_seconds() for n in (1, 2, 3)] == [5, 10, 20]
    assert pause_after(10_000) == LONGEST_PAUSE


def test_a_job_that_kills_its_workers_ends_as_failed(ledger: Ledger) -> None:
    job_id = enqueue(ledger, "k", {}, max_attempts=2)
    assert lease(ledger, "w", duration=GONE) and lease(ledger, "w", duration=GONE)
    assert lease(ledger, "w") is None
    ended = job_of(ledger, job_id)
    assert ended is not None and (ended.outcome, ended.attempts) == ("failed", 2)


def test_a_job_given_up_at_once_is_failed_with_its_reason(ledger: Ledger) -> None:
    job_id = enqueue(ledger, "k", {})
    job = lease(ledger, "w")
    assert job is not None
    fail(ledger, job, "no such customer")
    ended = job_of(ledger, job_id)
    assert ended is not None and (ended.outcome, ended.message) == ("failed", "no such customer")
    assert job_of(ledger, job_id + 1000) is None
