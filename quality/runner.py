"""Count the breaches of a layer's checks and have them judged.

It costs one scan a table however many checks there are, and who judges (Great Expectations) sees counts only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from quality.counts import UNKNOWN, count_breaches
from quality.judge import judge as judge_here
from quality.suites.contracts import Check


@dataclass(frozen=True)
class Verdict:
    """What came of a check. `breaches` is None when the rows could not be looked at."""

    check: Check
    passed: bool
    breaches: int | None


def run_suite(
    con: duckdb.DuckDBPyConnection, name: str, checks: Sequence[Check], *, everything: bool = True,
    judge: Callable[[str, Mapping[str, int]], dict[str, bool]] = judge_here,
) -> list[Verdict]:  # fmt: skip
    """Measure and judge `checks`; `name` names the suite. Without `everything` only rows marked as changed are looked at."""
    breaches = count_breaches(con, checks, everything=everything)
    passed = judge(name, {check.column: n for check, n in breaches.items()})
    return [Verdict(check, passed[check.column], None if breaches[check] == UNKNOWN else breaches[check]) for check in checks]
