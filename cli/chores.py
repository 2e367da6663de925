"""What `hub worker` can do: a registry of job kinds. A chore gets the settings and the job's payload and answers what it did, in words.

A chore may be done twice (its worker may die before it says so), so doing it again must change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.settings import Settings

Chore = Callable[[Settings, Mapping[str, Any]], str]
CHORES: dict[str, Chore] = {}
DAILY = ("prune_versions", "purge_runs")
KEEP_RUNS_DAYS = 90


def chore(kind: str) -> Callable[[Chore], Chore]:
    """Register a chore under the job kind it does."""

    def register(function: Chore) -> Chore:
        CHORES[kind] = function
        return function

    return register


@chore("prune_versions")
def prune_versions(settings: Settings, payload: Mapping[str, Any]) -> str:
    """Remove published versions beyond the last `keep` (default HUB_KEEP_VERSIONS). Not while a run may be writing one."""
    from pipelines.publish.version import tidy_versions
    from pipelines.run_lock import run_lock

    if not settings.published.is_dir():
        return "nothing published"
    with run_lock(settings.run_lock, "hub worker (prune_versions)"):
        before = _versions(settings)
        tidy_versions(settings.published, int(payload.get("keep", settings.keep_versions)))
        return f"{before - _versions(settings)} of {before} versions removed"


@chore("purge_runs")
def purge_runs(settings: Settings, payload: Mapping[str, Any]) -> str:
    """Remove Dagster's history of runs that ended more than `days` ago. The ledger keeps its own line about each."""
    from assets.instance import dagster_instance, purge_history

    days = int(payload.get("days", KEEP_RUNS_DAYS))
    with dagster_instance(settings) as instance:
        return f"{purge_history(instance, datetime.now(UTC) - timedelta(days=days))} runs removed"


def _versions(settings: Settings) -> int:
    return sum(1 for folder in settings.published.iterdir() if folder.is_dir() and not folder.is_symlink())
