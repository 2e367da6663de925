"""Great Expectations judges the counts of a layer, put into one row of a table: neither a result nor a report can hold a value of a person.

`python -m quality.judge` judges what comes in, a suite a line, until nothing more comes (`quality/judging.py` talks to it).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import duckdb

FACTS = "quality_facts"


def judge(name: str, facts: Mapping[str, int]) -> dict[str, bool]:
    """Whether each of `facts` is nought; `name` names the suite.

    Raises:
        RuntimeError: the suite could not be carried out.
    """
    import great_expectations as gx  # costs seconds: only a run pays them
    from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween

    with duckdb.connect(":memory:") as con:
        columns = ", ".join(f'{int(n)}::BIGINT AS "{column}"' for column, n in facts.items())
        con.execute(f"CREATE TABLE {FACTS} AS SELECT {columns}")
        source = _context(gx).data_sources.add_sql(
            "facts", connection_string="duckdb:///:memory:", kwargs=_engine_arguments(con), create_temp_table=False
        )
        _buffer_results(source.get_execution_engine().engine)
        batch = source.add_table_asset(FACTS, table_name=FACTS).add_batch_definition_whole_table("facts").get_batch()
        nought = [ExpectColumnMaxToBeBetween(column=column, min_value=0, max_value=0) for column in facts]
        result = batch.validate(gx.ExpectationSuite(name, expectations=nought), result_format="BOOLEAN_ONLY")
    _raise_if_not_carried_out(name, result)
    return {item.expectation_config.kwargs["column"]: bool(item.success) for item in result.results}


def _context(gx: Any) -> Any:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _engine_arguments(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    from duckdb_engine import ConnectionWrapper
    from sqlalchemy.pool import StaticPool

    return {"creator": lambda: ConnectionWrapper(con), "poolclass": StaticPool}


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


def main() -> None:
    """Answer each line `{"name", "facts"}` by a line: the verdicts, or `{"error"}`. Whatever a library prints goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    import great_expectations  # noqa: F401  # ahead of the first suite, which comes when a stage is done

    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer: dict[str, Any] = {"passed": judge(asked["name"], asked["facts"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
