"""What `hub dedupe` still gets wrong in sets with a known truth: pairs it missed and pairs it made wrongly, by where that happened and by
the fields that tell too little or too much.

`python -m benchmarks.errors` writes the tables into docs/benchmarks.md; with names of sets it only prints them.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.document import put_section
from benchmarks.engines import link_set
from benchmarks.person_sets import PersonSet, person_sets
from pipelines.link.score import level_names, put_levels, reached, weigh
from pipelines.sql import literal
from schemas.table_model import TableModel

SETS = ("historical", "FEBRL 1", "FEBRL 2", "FEBRL 3", "FEBRL 4", "RLdata500", "fake_1000", "three sources", "Chinese 100,000")
MOST = 4  # fields that are told of a kind of error
MISSED = ("no rule, enough evidence", "no rule, too little", "too little evidence", "divided")
FALSE = ("own evidence", "by their group")


@dataclass(frozen=True)
class Errors:
    """Numbers of pairs by cause (MISSED, FALSE); `against`: of missed pairs the commonest things that fields lack or contradict, with the
    share of pairs; `alike`: of false pairs the fields that are exactly the same."""

    missed: dict[str, int]
    false: dict[str, int]
    against: list[tuple[str, float]]
    alike: list[tuple[str, float]]


def find_errors(of: PersonSet) -> Errors:
    """Link a set by its model and sort what is wrong."""
    con, model, linked = link_set(of)
    con.execute(
        """CREATE TEMP TABLE placed AS
        SELECT n, e.entity_id AS found, t.entity_id AS true
        FROM prepared JOIN entities e USING (record_id) JOIN truth t USING (record_id)"""
    )
    con.execute(
        """CREATE TEMP TABLE wrong AS
        WITH pairs AS (
            SELECT x.n AS a, y.n AS b, true AS is_missed FROM placed x JOIN placed y ON x.true = y.true AND x.n < y.n AND x.found <> y.found
            UNION ALL
            SELECT x.n, y.n, false FROM placed x JOIN placed y ON x.found = y.found AND x.n < y.n AND x.true <> y.true)
        FROM pairs"""
    )
    put_levels(con, model, "wrong", "wrong_levels")
    weigh(con, model, linked.learned, "wrong_levels", "weighed")
    con.execute(
        f"""CREATE TEMP TABLE sorted AS
        SELECT w.levels, is_missed, {_cause_sql(model)} AS cause
        FROM weighed w JOIN wrong USING (a, b) LEFT JOIN (SELECT a, b, true AS was_scored FROM scored) USING (a, b)"""
    )
    counted = dict(con.execute("SELECT cause, count(*) FROM sorted GROUP BY cause").fetchall())
    missed, false = ({cause: counted.get(cause, 0) for cause in causes} for causes in (MISSED, FALSE))
    return Errors(missed, false, _commonest(con, _against(model), "is_missed"), _commonest(con, _alike(model), "NOT is_missed"))


def _cause_sql(model: TableModel) -> str:
    enough = f"w.probability >= {model.merge_probability}"
    cases = (
        f"WHEN NOT is_missed AND {enough} THEN {literal(FALSE[0])}",
        f"WHEN NOT is_missed THEN {literal(FALSE[1])}",
        f"WHEN was_scored IS NULL AND {enough} THEN {literal(MISSED[0])}",
        f"WHEN was_scored IS NULL THEN {literal(MISSED[1])}",
        f"WHEN NOT {enough} THEN {literal(MISSED[2])}",
    )
    return f"CASE {' '.join(cases)} ELSE {literal(MISSED[3])} END"


def _against(model: TableModel) -> dict[str, str]:
    """SQL conditions by what they say: a field is missing on a side, or reaches its last level."""
    said = {}
    for number, (name, levels) in enumerate(level_names(model).items()):
        said |= {f"no {name}": f"{reached(number)} = 0", f"{name} differs": f"{reached(number)} = {len(levels)}"}
    return said


def _alike(model: TableModel) -> dict[str, str]:
    return {f"same {name}": f"{reached(number)} = 1" for number, name in enumerate(level_names(model))}


def _commonest(con: duckdb.DuckDBPyConnection, said: dict[str, str], of: str) -> list[tuple[str, float]]:
    """The conditions that most of the pairs meet."""
    columns = ", ".join(f"coalesce(avg(({condition})::INT), 0)" for condition in said.values())
    row = con.execute(f"SELECT {columns} FROM sorted WHERE {of}").fetchall()[0]
    found = sorted(zip(said, map(float, row), strict=True), key=lambda one: -one[1])
    return [one for one in found[:MOST] if one[1] > 0]


def rows_of(of: PersonSet, errors: Errors) -> tuple[str, list[str]]:
    """The row of the table, and the lines about fields."""
    cells = (sum(errors.missed.values()), *errors.missed.values(), sum(errors.false.values()), *errors.false.values())
    lines = [
        f"- {of.name}, {kind} pairs: {', '.join(f'{what} {share:.0%}' for what, share in told)}"
        for kind, told in (("missed", errors.against), ("false", errors.alike))
        if told
    ]
    return f"| {of.name} | {' | '.join(f'{cell:,}' for cell in cells)} |", lines


def main() -> None:
    names = sys.argv[1:]
    table = [
        f"| set | missed | {' | '.join(MISSED)} | false | {' | '.join(FALSE)} |",
        "| --- |" + " --: |" * (len(MISSED) + len(FALSE) + 2),
    ]
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        for of in person_sets(Path(name), names or SETS):
            row, fields = rows_of(of, find_errors(of))
            table.append(row)
            lines += fields
            print(row, *fields, sep="\n", flush=True)
    if not names:
        put_section("errors", [*table, "", *lines])


if __name__ == "__main__":
    main()
