"""Every check is nought on sound tables, finds the breach it is for, and answers counts only."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.warehouse import open_warehouse
from quality.counts import FEW, UNKNOWN, count_breaches
from quality.judging import Judge
from quality.runner import run_suite
from quality.suites.changed import MARKED
from quality.suites.contracts import ACCOUNTING, CONTRACT, KEY_IS_UNIQUE, Check, checks_of, suite
from schemas.contract import Table
from schemas.errors import HubError
from schemas.tables import BY_NAME, LAYERS, TABLES

OF_LAYERS = [table for table in TABLES if table.noun != "changes" and table.layer != "meta"]
SECRET = "13800138000"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = open_warehouse(":memory:")
    yield con
    con.close()


def put(con: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    con.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", list(values.values()))


def value(table: Table, name: str) -> object:
    """Any value that fits the column."""
    kinds = {"VARCHAR": SECRET, "BIGINT": 7, "DOUBLE": 0.5, "BOOLEAN": True, "DATE": "2026-01-01", "TIMESTAMP": "2026-01-01 00:00:00"}
    return kinds.get(table.column(name).type, "1")


def breaches(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    return {check.name: n for check, n in count_breaches(con, checks_of(BY_NAME[table])).items()}


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != "meta"])
def test_an_empty_warehouse_breaches_nothing(con: duckdb.DuckDBPyConnection, layer: str) -> None:
    assert set(count_breaches(con, suite(layer)).values()) <= {0}


@pytest.mark.parametrize("table", OF_LAYERS, ids=lambda table: table.name)
def test_a_repeated_key_is_counted(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    row = {column.name: value(table, column.name) for column in table.columns if not column.nullable}
    put(con, table.name, **row)
    assert breaches(con, table.name)[KEY_IS_UNIQUE] == 0
    put(con, table.name, **row)
    put(con, table.name, **row)
    assert breaches(con, table.name)[KEY_IS_UNIQUE] == 2


@pytest.mark.parametrize("table", OF_LAYERS, ids=lambda table: table.name)
def test_an_empty_cell_that_may_not_be_is_counted(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    con.execute(f"CREATE OR REPLACE TABLE {table.name} AS SELECT * FROM {table.name}")  # a rewrite that lost the constraints
    con.execute(f"INSERT INTO {table.name} ({table.columns[0].name}) VALUES (NULL)")
    assert breaches(con, table.name)[CONTRACT] > 0


def test_a_column_of_another_type_stops_the_other_checks_of_its_table(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE raw.files ALTER COLUMN rows_read_n TYPE VARCHAR")
    found = breaches(con, "raw.files")
    assert found[CONTRACT] == 2  # the declared one is missing, another is there
    assert {n for name, n in found.items() if name != CONTRACT} == {UNKNOWN}


def test_rows_that_are_not_accounted_for_are_found(con: duckdb.DuckDBPyConnection) -> None:
    counts = {"rows_read_n": 10, "rows_loaded_n": 6, "rows_unchanged_n": 1, "rows_superseded_n": 1, "rows_quarantined_n": 2}
    sound = {"outcome": "loaded", **counts}
    put(con, "raw.files", file_id="a", **sound)
    assert breaches(con, "raw.files")["rows_are_accounted_for"] == 0
    put(con, "raw.files", file_id="b", **{**sound, "rows_loaded_n": 5})
    assert breaches(con, "raw.files")["rows_are_accounted_for"] == 1
    assert breaches(con, "raw.quarantine")["agrees_with_manifest"] == 4


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, names in ACCOUNTING.items() for name in names])
def test_every_check_of_accounting_can_fail(con: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    row = {column.name: value(BY_NAME[table], column.name) for column in BY_NAME[table].columns if not column.nullable}
    put(con, table, **row, **({"outcome": "loaded", "rows_read_n": 3} if table == "raw.files" else {}))
    assert breaches(con, table)[name] == 1


def mark(con: duckdb.DuckDBPyConnection, layer: str, entity: str | None, key: object) -> None:
    con.execute(f"INSERT INTO {layer}.changes VALUES (?, ?, 1)", [entity or "customers", str(key)])


@pytest.mark.parametrize("name", sorted(MARKED))
def test_a_repeated_key_among_changed_rows_is_found_without_looking_at_all(con: duckdb.DuckDBPyConnection, name: str) -> None:
    table, marked = BY_NAME[name], MARKED[name]
    assert marked.column in table.key
    row = {column.name: value(table, column.name) for column in table.columns if not column.nullable}
    for _ in range(FEW * 2):
        put(con, name, **row)
    checks = checks_of(table)
    unique = next(check for check in checks if check.name == KEY_IS_UNIQUE)
    assert count_breaches(con, checks, everything=False)[unique] == 0, "not marked, so not looked at"
    mark(con, marked.layer, marked.entity, row[marked.column])
    assert count_breaches(con, checks, everything=False)[unique] == FEW * 2 - 1
    assert count_breaches(con, checks)[unique] == FEW * 2 - 1


def test_where_many_rows_changed_all_are_looked_at(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "std.orders", order_id="a")
    put(con, "std.orders", order_id="a")
    mark(con, "std", "orders", "another")
    assert {c.name: n for c, n in count_breaches(con, checks_of(BY_NAME["std.orders"]), everything=False).items()}[KEY_IS_UNIQUE] == 1


def test_great_expectations_judges_what_was_counted(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "raw.customers", row_id=f"crm:{SECRET}", source="crm", file_id="f", line_n=1)
    put(con, "raw.customers", row_id=f"crm:{SECRET}", source="crm", file_id="f", line_n=2)
    verdicts = run_suite(con, "raw", suite("raw"))
    assert [(v.check.table, v.check.name, v.breaches) for v in verdicts if not v.passed] == [("raw.customers", KEY_IS_UNIQUE, 1)]
    assert SECRET not in repr(verdicts)


def test_a_suite_that_cannot_run_is_an_error_not_a_pass(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        run_suite(con, "raw", [Check("raw.files", "wrong", "Names no column.", "count(no_such_column)")])


def test_a_process_of_its_own_judges_alike() -> None:
    with Judge() as judge:
        assert judge("raw", {"a": 0, "b": 3}) == {"a": True, "b": False}
        assert judge("raw", {"a": 1}) == {"a": False}


def test_when_the_judging_process_ends_the_checks_have_not_passed() -> None:
    with Judge() as judge:
        judge._process.kill()
        judge._process.wait()
        with pytest.raises(HubError, match="could not be carried out"):
            judge("raw", {"a": 0})


def test_what_cannot_be_judged_is_an_error() -> None:
    with Judge() as judge, pytest.raises(HubError, match="could not be carried out"):
        judge("raw", {})
