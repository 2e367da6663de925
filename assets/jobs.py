"""The one job, and when it runs by itself."""

from __future__ import annotations

import dagster as dg

JOB = "hub_run"


HUB_RUN = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="The whole road once: landing files in, published profiles out. Does nothing when nothing changed.",
    executor_def=dg.in_process_executor,  # one process owns the warehouse
)


def nightly_schedule(timezone: str) -> dg.ScheduleDefinition:
    """Every night at two, whether or not files came: sections grow older and changed mappings take effect."""
    return dg.ScheduleDefinition(
        name="nightly", job=HUB_RUN, cron_schedule="0 2 * * *", execution_timezone=timezone,
        description="The full flow once a night.", default_status=dg.DefaultScheduleStatus.RUNNING,
    )
