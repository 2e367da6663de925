"""Splink settings as they stand in the file: checked to be some, and their SQL brought into one form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import UsageError

_COLUMN = re.compile(r'"([^"]+)_[lr]"|\b([A-Za-z_]\w*)_[lr]\b')

_AND = re.compile(r"(?<![\w.\"])and(?![\w\"])", re.IGNORECASE)


@dataclass(frozen=True)
class SplinkLevel:
    """`condition`: its SQL in small letters, with `l0`, `r0`, `l1` … for the columns of the comparison; `else` for all other pairs."""

    label: str
    condition: str
    m: float | None
    u: float | None
    rarity: str | None


@dataclass(frozen=True)
class SplinkComparison:
    """`levels` without those of missing values."""

    name: str
    made_by: str
    columns: tuple[str, ...]
    levels: tuple[SplinkLevel, ...]


def read_settings(path: Path) -> dict[str, Any]:
    """The settings in a file.

    Raises:
        UsageError: there is no such file, it is not JSON (says in which line), or it holds no settings of Splink.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError("the settings cannot be read", where=str(path), why=error.strerror) from error
    except UnicodeDecodeError as error:
        raise UsageError("the settings are not UTF-8", where=str(path)) from error
    except json.JSONDecodeError as error:
        raise UsageError("the settings are not JSON", where=f"{path}:{error.lineno}", why=error.msg) from error
    if not _are_settings(found):
        raise UsageError(
            "these are no settings of Splink", where=str(path), why="they need `comparisons`, each with `comparison_levels`",
            mend="Save them by `linker.misc.save_model_to_json`",
        )  # fmt: skip
    return dict(found)


def _are_settings(found: object) -> bool:
    comparisons = found.get("comparisons") if isinstance(found, dict) else None
    if not isinstance(comparisons, list) or not comparisons:
        return False
    levels = [level for of in comparisons if isinstance(of, dict) for level in of.get("comparison_levels") or [None]]
    return all(isinstance(of, dict) for of in comparisons) and all(
        isinstance(level, dict) and isinstance(level.get("sql_condition"), str) for level in levels
    )


def comparison(of: dict[str, Any]) -> SplinkComparison:
    """A comparison of the settings; columns in the order in which its conditions name them."""
    told = [level for level in of["comparison_levels"] if not level.get("is_null_level")]
    named = [one or other for level in told for one, other in _COLUMN.findall(level["sql_condition"].replace("`", '"'))]
    columns = tuple(dict.fromkeys(named))
    levels = tuple(
        SplinkLevel(
            str(level.get("label_for_charts") or level["sql_condition"]), _plain(level["sql_condition"], columns),
            level.get("m_probability"), level.get("u_probability"), level.get("tf_adjustment_column"),
        )
        for level in told
    )  # fmt: skip
    name = str(of.get("output_column_name") or "_".join(columns))
    return SplinkComparison(name, str(of.get("comparison_description") or ""), columns, levels)


def _plain(condition: str, columns: tuple[str, ...]) -> str:
    text = condition.replace("`", '"')
    for number, column in sorted(enumerate(columns), key=lambda of: -len(of[1])):
        for side in "lr":
            text = re.sub(rf'"{re.escape(column)}_{side}"|\b{re.escape(column)}_{side}\b', f"{side}{number}", text)
    return without_brackets(" ".join(text.split()).lower())


def without_brackets(text: str) -> str:
    """An expression without brackets around the whole of it."""
    text = text.strip()
    while text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closes(text: str) -> int:
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return at
    return -1


def conjunction(text: str) -> list[str]:
    """The parts of `a AND b AND c`, brackets and texts left whole."""
    parts, depth, start, in_text = [], 0, 0, False
    for at, sign in enumerate(text):
        in_text ^= sign == "'"
        depth += 0 if in_text else (sign == "(") - (sign == ")")
        if depth == 0 and not in_text and _AND.match(text, at):
            parts.append(text[start:at])
            start = at + len("and")
    return [without_brackets(part) for part in (*parts, text[start:])]
