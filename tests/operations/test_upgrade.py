"""A home of the released schema before this one becomes one of this, keeps what cannot be derived, and goes on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from ledger.migrate import HEAD
from ledger.runs import recent_runs
from ledger.store import open_ledger
from ledger.tables import RUNS
from operations.upgrade import upgrade
from pipelines.publish.manifest import FILE as MANIFEST
from pipelines.publish.manifest import current_version
from pipelines.publish.pointer import read_pointer, switch
from pipelines.publish.stage import publish
from pipelines.sql import quoted
from pipelines.stage import Run
from pipelines.warehouse import SCHEMA_VERSION, connect_warehouse, differing_tables, open_warehouse
from pipelines.warehouse_upgrade import OLDEST, upgrade_warehouse
from schemas.contract import Table
from schemas.errors import HomeDamaged
from schemas.publishing import PUBLISHED
from schemas.settings import Settings
from schemas.tables import TABLES
from tests.e2e.hub import hub, published
from tests.publish.world import KEYS, publish_into

SCHEMA_3 = Path(__file__).with_name("schema_3.sql")
IDS = "SELECT record_id, customer_id FROM cluster.members ORDER BY ALL"
# What the run after an upgrade may differ in: when members came was not kept then.
NOT_KEPT = {"cluster.events", "cluster.former_members"}


def write_schema_3(path: Path, of: Path) -> None:
    """A warehouse of schema 3 at `path` that holds what the one at `of` does, as far as schema 3 has a place for it."""
    with duckdb.connect(str(path)) as con:
        con.execute(SCHEMA_3.read_text(encoding="utf-8"))
        con.execute(f"ATTACH '{of}' AS now (READ_ONLY)")
        tables = con.execute(
            """SELECT schema_name, table_name, list(column_name) FROM duckdb_columns()
            WHERE database_name = current_database() GROUP BY ALL"""
        ).fetchall()
        for layer, noun, columns in tables:
            if noun != "schema_version":
                names = ", ".join(quoted(name) for name in columns)
                con.execute(f"INSERT INTO {layer}.{noun} ({names}) SELECT {names} FROM now.{layer}.{noun}")


def publish_by_another_recipe(settings: Settings) -> None:
    """Let the last run have been one of the release before: its recipe was another."""
    with closing(open_ledger(settings.ledger)) as ledger:
        [run] = recent_runs(ledger)
        stages = [{**of, "facts": {**of["facts"], "recipe": "of the release before"}} for of in run.stages]
        with ledger.write() as connection:
            connection.execute(RUNS.update().values(stages=stages))


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.mark.e2e
def test_a_home_of_schema_3_goes_on_after_its_upgrade(used: Settings) -> None:
    newer = used.warehouse.rename(used.home.with_name("newer.duckdb"))
    write_schema_3(used.warehouse, newer)
    publish_by_another_recipe(used)
    before, ids = published(used.home), rows(newer, IDS)
    refused = hub(used.home, "run")
    assert refused.returncode == 1 and "hub upgrade" in refused.stderr and "Traceback" not in refused.stderr
    told = hub(used.home, "upgrade")
    assert told.returncode == 0, told.stderr
    assert "derives everything anew" in told.stdout
    assert rows(used.warehouse, IDS) == ids
    [(known, at, decided)] = rows(used.warehouse, """
        SELECT bool_and(since_at IS NOT NULL), max(since_at), (SELECT max(ended_at) FROM meta.runs WHERE stage = 'cluster')
        FROM cluster.members""")  # fmt: skip
    assert known and at == decided
    again = hub(used.home, "run", "--allow-quarantined")
    assert again.returncode == 0, again.stderr
    assert rows(used.warehouse, IDS) == ids
    after = published(used.home)
    assert {name: after[name] for name in after if name not in NOT_KEPT} == {name: before[name] for name in before if name not in NOT_KEPT}
    assert hub(used.home, "verify").returncode == 0
    assert "Nothing new" in hub(used.home, "run").stdout
    assert hub(used.home, "upgrade").returncode == 0


def test_a_warehouse_of_another_release_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    open_warehouse(path).close()
    for version, words in ((SCHEMA_VERSION - 1, "Run `hub backup`, then `hub upgrade`"), (SCHEMA_VERSION + 1, "the release that wrote it")):
        with duckdb.connect(str(path)) as con:
            con.execute("UPDATE meta.schema_version SET version = ?", [version])
        with pytest.raises(HomeDamaged, match=words):
            open_warehouse(path)
    with closing(connect_warehouse(path)) as con, pytest.raises(HomeDamaged, match=f"schema {SCHEMA_VERSION + 1}"):
        upgrade_warehouse(con, "warehouse")
    with closing(connect_warehouse(path)) as con:
        con.execute("UPDATE meta.schema_version SET version = ?", [OLDEST - 1])
        with pytest.raises(HomeDamaged, match=f"the oldest is {OLDEST}"):
            upgrade_warehouse(con, "warehouse")


def test_a_column_that_came_without_a_new_number_is_found_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    open_warehouse(path).close()
    with duckdb.connect(str(path)) as con:
        con.execute("ALTER TABLE gold.crosswalk DROP COLUMN since_at")
    with pytest.raises(HomeDamaged, match="hub upgrade"):
        open_warehouse(path)
    with closing(connect_warehouse(path)) as con:
        done = upgrade_warehouse(con, "warehouse")
    assert done is not None and done.tables == ("gold.crosswalk",) and done.derives_anew
    open_warehouse(path).close()


COLUMNS = [(table, column.name) for table in TABLES for column in table.columns if column.nullable and len(table.columns) > 2]


@limits(deadline=None, max_examples=15)
@given(st.lists(st.sampled_from(COLUMNS), max_size=6, unique=True), st.booleans())
def test_whatever_columns_and_tables_are_new_the_rest_stays(lost: list[tuple[Table, str]], whole_table: bool) -> None:
    """Law: an upgrade gives every table its contract, wherever in it the new columns stand, and keeps the other columns' values."""
    with closing(open_warehouse(":memory:")) as con:
        con.execute("INSERT INTO cluster.members VALUES ('crm:1', 'c1', '2026-01-02')")
        con.execute("INSERT INTO raw.files (file_id, file_name, rows_read_n) VALUES ('f1', 'crm.csv', 7)")
        kept = {name: con.execute(f"FROM {name}").fetchall() for name in ("cluster.members", "raw.files")}
        for table, column in lost:
            con.execute(f"ALTER TABLE {table.name} DROP COLUMN {quoted(column)}")
        if whole_table:
            con.execute("DROP TABLE mart.lookups")
        done = upgrade_warehouse(con, ":memory:")
        assert (done is None) == (not lost and not whole_table)
        assert not differing_tables(con)
        gone = {(table.name, column) for table, column in lost}
        for table in (t for t in TABLES if t.name in kept):
            held = zip(table.column_names, kept[table.name][0], strict=True)
            expected = tuple(None if (table.name, column) in gone else value for column, value in held)
            assert con.execute(f"FROM {table.name}").fetchall() == [expected]


def test_the_ledger_is_migrated_and_a_newer_one_refused(settings: Settings) -> None:
    with closing(open_ledger(settings.ledger)) as ledger, ledger.write() as connection:
        for table in ("judgements", "overrides", "subject_keys", "change_order_acts", "change_orders"):
            connection.execute(sa.text(f"DROP TABLE {table}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert {(of.store, of.before, of.after) for of in upgrade(settings)} >= {("ledger", "0001", HEAD)}
    with closing(open_ledger(settings.ledger)) as ledger, ledger.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HomeDamaged, match="9999"):
        upgrade(settings)


def test_an_older_serving_index_and_version_are_made_anew_by_the_next_run(settings: Settings, tmp_path: Path) -> None:
    home = tmp_path / "made"
    with closing(open_warehouse(settings.warehouse)) as con:
        publish_into(home, con, full=True)
        version = current_version(home / "published")
        assert version is not None
        manifest = orjson.loads((version / MANIFEST).read_bytes())
        (version / MANIFEST).write_bytes(orjson.dumps(manifest | {"schema_version": 0}))
        pointer = read_pointer(home / "serving")
        switch(home / "serving", {**(pointer or {}), "schema": 0})
        notes = {of.store: of.note for of in upgrade(settings.model_copy(update={"home": home}))}
        assert "next `hub run`" in notes["serving index"] and "next `hub run`" in notes["published version"]
        facts = publish(
            con, Run("run-0002"), published=home / "published", serving=home / "serving", keyring=KEYS, keep_versions=3
        )
    assert facts["mode"] == "full" and facts["tables"] == {"written": len(PUBLISHED), "linked": 0}
