"""Let Great Expectations judge the checks of a layer.

The counts of a layer are put into one row of a table of their own, and the suite runs on that row, through SQLAlchemy on a cursor of the
connection that is open already. So it costs one scan a table however many expectations there are, and neither a result nor a report can
hold a value of a person: Great Expectations never sees one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from quality.counts import UNKNOWN, count_breaches
from quality.suites.contracts import Check

FACTS = "quality_facts"


@dataclass(frozen=True)
class Verdict:
    """What came of a check. `breaches` is None when the rows could not be looked at."""

    check: Check
    passed: bool
    breaches: int | None


def run_suite(con: duckdb.DuckDBPyConnection, name: str, checks: Sequence[Check], *, everything: bool = True) -> list[Verdict]:
    """Measure and judge `checks`; `name` names the suite. Without `everything` only rows marked as changed are looked at."""
    breaches = count_breaches(con, checks, everything=everything)
    cursor = con.cursor()
    try:
        columns = ", ".join(f'{int(n)}::BIGINT AS "{check.column}"' for check, n in breaches.items())
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {FACTS} AS SELECT {columns}")
        passed = _judge(cursor, name, checks)
    finally:
        cursor.close()
    return [Verdict(check, passed[check.column], None if breaches[check] == UNKNOWN else breaches[check]) for check in checks]


def _judge(cursor: duckdb.DuckDBPyConnection, name: str, checks: Sequence[Check]) -> dict[str, bool]:
    """Success of each check by its column."""
    import great_expectations as gx  # costs seconds: only a run pays them
    from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween

    context = _context(gx)
    source = context.data_sources.add_sql(
        "warehouse", connection_string="duckdb:///:memory:", kwargs=_engine_arguments(cursor), create_temp_table=False
    )
    _buffer_results(source.get_execution_engine().engine)
    batch = source.add_table_asset(FACTS, table_name=FACTS).add_batch_definition_whole_table("facts").get_batch()
    nought = [ExpectColumnMaxToBeBetween(column=check.column, min_value=0, max_value=0) for check in checks]
    result = batch.validate(gx.ExpectationSuite(name, expectations=nought), result_format="BOOLEAN_ONLY")
    _raise_if_not_carried_out(name, result)
    return {item.expectation_config.kwargs["column"]: bool(item.success) for item in result.results}


def _context(gx: Any) -> Any:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _engine_arguments(cursor: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    from duckdb_engine import ConnectionWrapper
    from sqlalchemy.pool import StaticPool

    # a second connection by path would need the same configuration to the letter; a cursor shares the one there is
    return {"creator": lambda: ConnectionWrapper(cursor), "poolclass": StaticPool}


def _buffer_results(engine: Any) -> None:
    """An open DuckDB result is gone with its connection, and Great Expectations closes that before it reads: fetch at once."""
    from sqlalchemy import event
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    @event.listens_for(engine, "after_cursor_execute")
    def fetch(_connection: Any, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        if cursor.description:
            context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=cursor.fetchall())


def _raise_if_not_carried_out(name: str, result: Any) -> None:
    """A suite that could not run has judged nothing, whatever it answers."""
    noted = [entry for item in result.results for entry in (item.exception_info or {}).values() if isinstance(entry, dict)]
    problems = [entry["exception_message"] for entry in noted if entry.get("raised_exception")]
    if problems:
        raise RuntimeError(f"suite {name} could not be carried out: {problems[0][:300]}")
