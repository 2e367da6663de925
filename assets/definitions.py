"""Everything Dagster shows and runs, in one place."""

from __future__ import annotations

import dagster as dg

from assets.checks import CHECKS
from assets.jobs import HUB_RUN, nightly_schedule
from assets.progress import Watch, watching_logger
from assets.resources import RESOURCES
from assets.sensors import new_files_sensor
from assets.stages import STAGE_ASSETS
from schemas.settings import load_settings

QUIET = "progress"


def hub_definitions(watch: Watch = lambda progress: None) -> dg.Definitions:
    """The definitions; `watch` is told what goes on in runs that choose the logger `progress`."""
    return dg.Definitions(
        assets=STAGE_ASSETS,
        asset_checks=CHECKS,
        jobs=[HUB_RUN],
        sensors=[new_files_sensor],
        schedules=[nightly_schedule(load_settings().timezone)],
        resources=RESOURCES,
        loggers={"console": dg.colored_console_logger, QUIET: watching_logger(watch)},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -m assets.definitions` loads."""
    return hub_definitions()
