"""Opening a ledger: from nothing, from a newer release, from rubbish, from many processes at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ledger.api_keys import issue_key, list_keys
from ledger.migrate import HEAD, SCRIPTS, revision_of
from ledger.store import Ledger, open_ledger
from ledger.tables import API_KEYS, METADATA
from schemas.errors import HomeDamaged, HubError, LedgerUnavailable, UsageError
from tests.ledger.conftest import LEDGERS, postgres_is_missing


def test_the_ledger_is_tested_on_postgresql_too() -> None:
    if reason := postgres_is_missing():
        pytest.skip(f"every test of the ledger runs on SQLite only: {reason}")
    assert LEDGERS == ["sqlite", "postgresql"]


def test_an_empty_database_gets_the_whole_schema(ledger: Ledger) -> None:
    with ledger.read() as connection:
        assert revision_of(connection) == HEAD
        assert set(METADATA.tables) <= set(sa.inspect(connection).get_table_names())


def test_the_migrations_make_the_tables_as_declared(ledger: Ledger) -> None:
    with ledger.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", SCRIPTS.as_posix())
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_opening_again_keeps_what_is_there(ledger: Ledger, ledger_url: str) -> None:
    issue_key(ledger, b"pepper", "first", "agent", None)
    again = open_ledger(ledger_url)
    assert [key.name for key in list_keys(again)] == ["first"]
    again.close()


def test_a_newer_schema_is_refused_and_left_alone(ledger: Ledger, ledger_url: str) -> None:
    with ledger.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HomeDamaged, match="schema 9999"):
        open_ledger(ledger_url)
    with ledger.read() as connection:
        assert revision_of(connection) == "9999"


def test_threads_that_open_a_new_ledger_at_once_all_get_it(ledger_url: str) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            open_ledger(ledger_url).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_processes_that_open_a_new_ledger_at_once_all_get_it(tmp_path: Path) -> None:
    code = f"from ledger.store import open_ledger; open_ledger('sqlite:///{tmp_path}/ledger.db').close()"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[1] for process in started] == [""] * 4


def test_a_failed_write_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.write() as connection:
        connection.execute(API_KEYS.insert().values(key_id="x", name="n", role="agent", secret_hash=b"", created_at=sa.func.now()))
        raise RuntimeError
    assert list_keys(ledger) == []


def test_readers_do_not_wait_for_a_writer(ledger: Ledger) -> None:
    issue_key(ledger, b"pepper", "before", "agent", None)
    with ledger.write() as connection:
        connection.execute(sa.delete(API_KEYS))
        assert [key.name for key in list_keys(ledger)] == ["before"]


def test_sqlite_runs_with_wal_foreign_keys_and_owner_only_rights(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    with ledger.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert (connection.exec_driver_sql("PRAGMA busy_timeout").scalar() or 0) >= 10_000
    ledger.close()
    assert (tmp_path / "ledger.db").stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is not a database, it only looks like a file" * 100)
    with pytest.raises(HomeDamaged, match=r"ledger\.db"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.db")


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="hub init"):
        open_ledger(f"sqlite:///{tmp_path}/nowhere/ledger.db")


@pytest.mark.parametrize("url", ["", "nonsense", "oracle9://x/y", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_is_none_is_a_mistake_of_the_caller(url: str) -> None:
    with pytest.raises(UsageError, match="HUB_LEDGER_URL"):
        open_ledger(url)


def test_no_error_shows_a_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(HubError) as caught:
        open_ledger(f"postgresql://hub:canary-password@/none?host={tmp_path}&connect_timeout=1")
    assert "canary-password" not in str(caught.value)
