"""Reason codes of quarantined rows and files set aside, read from `reasons.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

PATH = Path(__file__).with_name("reasons.yaml")


@dataclass(frozen=True)
class Reason:
    """`what` completes "<file>, line <n>, column <c>: …"; `mend` is what a person can do about it."""

    code: str
    scope: Literal["row", "file"]
    what: str
    mend: str


@cache
def reasons() -> dict[str, Reason]:
    """All reasons by code.

    Raises:
        TypeError: an entry of `reasons.yaml` lacks a part or has one too many.
    """
    entries: dict[str, dict[str, str]] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return {code: Reason(code=code, **parts) for code, parts in entries.items()}  # type: ignore[arg-type]
