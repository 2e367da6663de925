"""Dagster's home inside the hub's: configuration, storage, dead runs, purging."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, job, op

from assets.instance import CONFIG, dagster_instance, fail_dead_runs, purge_history
from assets.storage import PooledSqliteEventLogStorage
from schemas.settings import Settings


@op
def nothing() -> None:
    """Does nothing."""


@job
def idle() -> None:
    """One step that does nothing."""
    nothing()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", "to be restored")
    return Settings(home=tmp_path / "home")


@pytest.fixture
def instance(settings: Settings) -> Iterator[DagsterInstance]:
    with dagster_instance(settings) as instance:
        yield instance


def run(instance: DagsterInstance) -> str:
    return idle.execute_in_process(instance=instance).run_id


def test_the_instance_is_the_one_that_is_configured(instance: DagsterInstance) -> None:
    assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
    assert not instance.telemetry_enabled
    assert instance.run_monitoring_enabled
    assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1


def test_what_was_stored_is_read_by_a_later_instance(settings: Settings) -> None:
    with dagster_instance(settings) as instance:
        run_id = run(instance)
        stored = [record.event_log_entry.message for record in instance.get_records_for_run(run_id).records]
    with dagster_instance(settings) as instance:
        assert [record.event_log_entry.message for record in instance.get_records_for_run(run_id).records] == stored != []


def test_the_plain_storage_of_dagster_reads_it_too(settings: Settings) -> None:
    with dagster_instance(settings) as instance:
        run_id = run(instance)
    (settings.dagster / CONFIG).write_text("storage: {sqlite: {base_dir: {env: DAGSTER_HOME}}}\ntelemetry: {enabled: false}\n")
    with dagster_instance(settings) as plain:
        assert not isinstance(plain.event_log_storage, PooledSqliteEventLogStorage)
        assert plain.get_records_for_run(run_id).records


def test_dead_runs_are_failed_and_the_living_one_is_not(instance: DagsterInstance) -> None:
    dead = instance.create_run_for_job(idle, status=DagsterRunStatus.STARTED).run_id
    mine = instance.create_run_for_job(idle, status=DagsterRunStatus.STARTED).run_id
    ended = run(instance)
    assert fail_dead_runs(instance, but=mine) == [dead]
    statuses = {one.run_id: one.status for one in instance.get_runs()}
    assert statuses == {dead: DagsterRunStatus.FAILURE, mine: DagsterRunStatus.STARTED, ended: DagsterRunStatus.SUCCESS}


def test_purging_takes_old_runs_with_their_files(instance: DagsterInstance, settings: Settings) -> None:
    old = run(instance)
    file = settings.dagster / "history" / "runs" / f"{old}.db"
    assert file.exists()
    assert purge_history(instance, datetime.now(UTC) - timedelta(days=1)) == 0
    assert purge_history(instance, datetime.now(UTC) + timedelta(seconds=5)) == 1
    assert not file.exists() and instance.get_runs() == []
    run(instance)
    assert len(instance.get_runs()) == 1
