"""Structured logs: one JSON object a line.

No path, query, header, body or exception text ever enters one, since each may carry a personal value.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import HubError

ACCESS = logging.getLogger("hub.access")
ERRORS = logging.getLogger("hub.api")
_HERE = Path(__file__).resolve().parent.parent


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message and its `fields`; of an exception only where and what kind."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= trace_of(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def trace_of(error: BaseException) -> dict[str, Any]:
    """Kind and place of an exception and its causes. Their texts are left out."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    frames = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": kinds, "frames": frames[-12:]}


def log_hub_error(error: HubError, request_id: str) -> None:
    """A `HubError` names no personal value by its contract, so its text may be logged."""
    ERRORS.error(str(error), extra={"fields": {"request_id": request_id, "error": type(error).__name__}})


def configure() -> None:
    """Send the hub's records to standard error, unless somebody has set up handlers already, and silence uvicorn's access log.

    uvicorn's own access log prints the path as sent; ours prints the route's template.
    """
    hub = logging.getLogger("hub")
    if not hub.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        hub.addHandler(handler)
        hub.setLevel(logging.INFO)
    silenced = logging.getLogger("uvicorn.access")
    silenced.handlers.clear()
    silenced.propagate = False


def uvicorn_config() -> dict[str, Any]:
    """uvicorn's messages as JSON lines too."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "api.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {
            "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "hub": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        },
    }


def _short(filename: str) -> str:
    path = Path(filename)
    return path.relative_to(_HERE).as_posix() if path.is_relative_to(_HERE) else path.name
