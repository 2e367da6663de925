"""The word lists of `schemas/vocab`, read once a process."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "vocab"


@cache
def entries(name: str) -> tuple[dict[str, str], ...]:
    """Rows of `schemas/vocab/<name>.csv` as header -> value."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def words(name: str, column: str = "word", **having: str) -> tuple[str, ...]:
    """One column of a list, longest entries first; `having` keeps the rows with these values."""
    found = {row[column] for row in entries(name) if all(row[key] == value for key, value in having.items())}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def any_of(choices: Iterable[str]) -> str:
    """Regular expression (RE2 and Python) that matches one of `choices`, the longest that begins there."""
    return "(?:" + "|".join(re.escape(word) for word in choices) + ")"
