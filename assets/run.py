"""Carry out the job in this process: what `hub run` does."""

from __future__ import annotations

from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dagster._core.errors import DagsterAssetCheckFailedError, DagsterUserCodeExecutionError

from assets.definitions import QUIET, hub_definitions
from assets.instance import dagster_instance
from assets.jobs import JOB
from assets.progress import Progress, Watch
from schemas.errors import HubError
from schemas.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """A run that reached its end. `checks_failed`: checks after publishing that found something, as `table: check`."""

    run_id: str
    checks_failed: tuple[str, ...]


def run_job(settings: Settings, *, full: bool = False, sources: Path | None = None, watch: Watch = lambda progress: None) -> Outcome:
    """Run all stages in this process; `watch` is told what goes on. Dagster's own log goes to its storage only.

    Raises:
        HomeBusy: another run holds the home.
        HubError: a stage cannot go on, or a table is not what its contract says; nothing was published.
    """
    failed: list[str] = []

    def note(progress: Progress) -> None:
        if progress.kind == "check failed":
            failed.append(f"{progress.facts['table']}: {progress.facts['check']}")
        watch(progress)

    config = {
        "loggers": {QUIET: {}},
        "resources": {"home": {"config": {"full": full, "sources": str(sources.absolute()) if sources else None}}},
    }
    with dagster_instance(settings) as instance:
        job = hub_definitions(note).resolve_job_def(JOB)
        try:
            with redirect_stderr(StringIO()):  # what Dagster cannot store it would print there; the error itself is raised
                result = job.execute_in_process(instance=instance, run_config=config, tags={"hub/command": "hub run"})
        except DagsterAssetCheckFailedError as error:
            raise HubError(
                "a table is not what its contract says, so nothing was published", why="; ".join(failed) or None,
                mend="The hub or its warehouse file is at fault: `hub dagster` shows the counts, `hub run --full` derives all anew",
            ) from error
        except DagsterUserCodeExecutionError as error:
            # what a resource raised (the lock, the ledger, the warehouse) comes wrapped; what a stage raised does not
            raise error.user_exception from None
    return Outcome(result.run_id, tuple(failed))
