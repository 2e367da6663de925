"""Start a run when complete new files lie in landing/."""

from __future__ import annotations

import dagster as dg

from assets.jobs import HUB_RUN
from pipelines.run_lock import lock_holder
from schemas.settings import load_settings

INTERVAL_SECONDS = 30


@dg.sensor(job=HUB_RUN, minimum_interval_seconds=INTERVAL_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def new_files_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Asks once for each set of complete files that no run has read; the cursor is a digest of that set."""
    from quality.backlog import new_files_digest

    settings = load_settings()
    holder = lock_holder(settings.run_lock)
    if holder:
        return dg.SkipReason(f"{holder} goes on.")
    digest = new_files_digest(settings)
    if digest is None:
        return dg.SkipReason("No complete new file in landing/.")
    if digest == context.cursor:
        return dg.SkipReason("A run for these files was asked for already.")
    context.update_cursor(digest)
    return dg.RunRequest(run_key=digest)
