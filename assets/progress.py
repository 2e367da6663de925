"""What a run in this process tells while it goes on: Dagster's events, as the few things a person wants to see."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dagster import DagsterEvent, DagsterEventType, InitLoggerContext, LoggerDefinition

from assets.stages import STAGES

CHECKS_SUFFIX = "_checks"


@dataclass(frozen=True)
class Progress:
    """A step began, ended or failed, or a landing file was read. `step`: name of a stage or of a suite of checks."""

    kind: Literal["began", "ended", "failed", "file", "check failed"]
    step: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_stage(self) -> bool:
        return self.step in STAGES


Watch = Callable[[Progress], None]
_KINDS: dict[DagsterEventType, Literal["began", "ended", "failed"]] = {
    DagsterEventType.STEP_START: "began",
    DagsterEventType.STEP_SUCCESS: "ended",
    DagsterEventType.STEP_FAILURE: "failed",
}


def watching_logger(watch: Watch) -> LoggerDefinition:
    """A Dagster logger that tells `watch` and prints nothing."""

    def tell(_: InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("hub.progress", logging.DEBUG)
        logger.addHandler(_Relay(watch))
        return logger

    return LoggerDefinition(tell, config_schema={}, description="Tells the process that runs the job what goes on.")


class _Relay(logging.Handler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        progress = _progress(event) if event else None
        if progress:
            self._watch(progress)


def _progress(event: DagsterEvent) -> Progress | None:
    step = event.step_key or ""
    if event.event_type in _KINDS:
        return Progress(_KINDS[event.event_type], step)
    if event.event_type == DagsterEventType.ASSET_OBSERVATION:
        return Progress("file", step, _values(event.asset_observation_data.asset_observation.metadata))
    if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION and not event.asset_check_evaluation_data.passed:
        found = event.asset_check_evaluation_data
        return Progress("check failed", step, {"table": ".".join(found.asset_key.path), "check": found.check_name})
    return None


def _values(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.value for name, value in metadata.items()}
