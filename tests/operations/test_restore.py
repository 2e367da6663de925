"""A restore brings back what was backed up, whole or not at all, and keeps what people did since."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson
import pytest

from ledger.api_keys import issue_key, list_keys, revoke_key
from ledger.judgements import judge
from ledger.runs import start_run
from ledger.store import open_ledger
from operations.archive import FILE, read_archive, write_archive
from operations.backup import back_up
from operations.restore import restore
from pipelines.files import hash_file
from pipelines.home_use import SWITCHING, served_by_nobody, serving_from
from pipelines.publish.keyring import create_keyring, load_keyring
from pipelines.warehouse import open_warehouse
from schemas.errors import HomeBusy, HomeDamaged, HubError, LedgerUnavailable, UsageError
from schemas.settings import Settings
from tests.e2e.hub import files_below, hub, served
from tests.operations.conftest import judged, settings_of
from tests.publish.world import change

PEPPER = b"p" * 32
OF_THE_LEDGER_AND_LOCKS = ("ledger.db", "run.lock", "serve.lock")


def content(home: Path) -> dict[str, bytes]:
    """Every file of the home but the ledger's and locks."""
    found = files_below(home)
    return {name: held for name, held in found.items() if not name.startswith(OF_THE_LEDGER_AND_LOCKS) and not name.endswith("lock.mdb")}


def edit(settings: Settings) -> None:
    """What may happen after a backup: other customers, another landing file, another model."""
    with closing(open_warehouse(settings.warehouse)) as con:
        change(con, {1: 77})
    (settings.landing / "crm_2.csv").write_text("later")
    (settings.match_model_folder / "person.yaml").write_text("another")


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    back_up(settings, tmp_path / "backup")
    return tmp_path / "backup"


def test_everything_comes_back_to_the_byte(settings: Settings, backup: Path) -> None:
    before = content(settings.home)
    at = (settings.landing / "crm_1.csv").stat().st_mtime_ns
    edit(settings)
    (settings.landing / "crm_1.csv").unlink()
    restore(settings, backup, force=True)
    assert content(settings.home) == before | {"landing/crm_2.csv": b"later"}
    assert (settings.landing / "crm_1.csv").stat().st_mtime_ns == at, "the file's time is part of what the hub knows it by"
    assert (settings.published / "current").resolve().is_dir()
    assert not [path for path in settings.home.iterdir() if path.name.startswith((".", SWITCHING))]


def test_it_fills_a_home_that_is_not_there(settings: Settings, backup: Path, tmp_path: Path) -> None:
    other = settings_of(tmp_path / "new" / "home").model_copy(update={"keys": settings.keys_dir})
    done = restore(other, backup)
    assert done.archive.published == read_archive(backup).published
    wanted = {name: held for name, held in content(settings.home).items() if not name.startswith("dagster")}
    assert content(other.home) == wanted


def test_a_live_home_is_not_replaced_without_force(settings: Settings, backup: Path, tmp_path: Path) -> None:
    edit(settings)
    before = content(settings.home)
    with pytest.raises(UsageError, match=r"a home here already.*warehouse\.duckdb.*--force"):
        restore(settings, backup)
    assert content(settings.home) == before
    other = settings_of(tmp_path / "other").model_copy(update={"keys": settings.keys_dir})
    other.home.mkdir()
    with closing(open_ledger(other.ledger)) as ledger:
        start_run(ledger, "r1")
    with pytest.raises(UsageError, match="its ledger is in use"):
        restore(other, backup)


def test_a_home_that_is_served_is_not_restored_and_one_that_is_restored_not_served(settings: Settings, backup: Path) -> None:
    with serving_from(settings.home), serving_from(settings.home), pytest.raises(HomeBusy, match="being served"):
        restore(settings, backup, force=True)
    with served_by_nobody(settings.home), pytest.raises(HomeBusy, match="being restored"), serving_from(settings.home):
        pass
    restore(settings, backup, force=True)


def test_other_keys_are_refused(settings: Settings, backup: Path, tmp_path: Path) -> None:
    other = settings_of(tmp_path / "other")
    create_keyring(other.keys_dir)
    with pytest.raises(HubError, match="other keys"):
        restore(other, backup)
    assert not other.home.exists()


def test_half_a_backup_is_refused(settings: Settings, backup: Path) -> None:
    archive = read_archive(backup)
    before = content(settings.home)
    (backup / FILE).rename(backup / "kept")
    with pytest.raises(HubError, match=r"no whole backup.*backup\.json"):
        restore(settings, backup, force=True)
    (backup / "kept").rename(backup / FILE)
    stored = backup / archive.folder / "warehouse.duckdb"
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1])
    with pytest.raises(HubError, match=r"warehouse\.duckdb.*bytes and should have"):
        restore(settings, backup, force=True)
    stored.unlink()
    with pytest.raises(HubError, match=r"warehouse\.duckdb.*missing"):
        restore(settings, backup, force=True)
    assert content(settings.home) == before


def test_one_changed_byte_anywhere_is_refused(settings: Settings, backup: Path) -> None:
    before = content(settings.home)
    paths = [path for path in sorted(backup.rglob("*")) if path.is_file()]
    assert len(paths) > 20
    for path in paths:
        whole = path.read_bytes()
        path.chmod(0o600)
        for place in {0, len(whole) // 2, len(whole) - 1} if path.name == FILE else {len(whole) // 2}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(HubError, match="damaged"):
                restore(settings, backup, force=True)
        path.write_bytes(whole)
    assert content(settings.home) == before
    restore(settings, backup, force=True)


def test_a_backup_that_names_places_outside_is_refused(settings: Settings, backup: Path) -> None:
    from operations.archive import _seal

    document = orjson.loads((backup / FILE).read_bytes())
    document.pop("seal")
    document["files"][0]["path"] = "../outside"
    (backup / FILE).write_bytes(orjson.dumps({**document, "seal": _seal(document)}))
    with pytest.raises(HubError, match="damaged"):
        restore(settings, backup, force=True)


def test_a_backup_of_a_later_release_is_refused(settings: Settings, tmp_path: Path) -> None:
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("UPDATE meta.schema_version SET version = 999")
    back_up(settings, tmp_path / "later")
    with pytest.raises(HomeDamaged, match="schema 999"):
        restore(settings, tmp_path / "later", force=True)


def test_a_ledger_of_a_later_release_is_refused_before_anything_is_exchanged(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup")
    archive = read_archive(tmp_path / "backup")
    stored = tmp_path / "backup" / archive.folder / "ledger.db"
    with closing(sqlite3.connect(stored)) as con, con:
        con.execute("UPDATE alembic_version SET version_num = '9999'")
    files = tuple(replace(f, bytes=stored.stat().st_size, sha256=hash_file(stored)) if f.path == "ledger.db" else f for f in archive.files)
    write_archive(tmp_path / "backup", replace(archive, files=files))
    before = content(settings.home)
    with pytest.raises(HomeDamaged, match="9999"):
        restore(settings, tmp_path / "backup", force=True)
    assert content(settings.home) == before and not (settings.home / SWITCHING).exists()


def test_a_ledger_that_does_not_answer_ends_a_restore_in_time(settings: Settings, backup: Path, tmp_path: Path) -> None:
    before = content(settings.home)
    with pytest.raises(LedgerUnavailable):
        restore(settings.model_copy(update={"ledger_url": f"sqlite:///{tmp_path}/not/there/ledger.db"}), backup, force=True)
    assert content(settings.home) == before and not (settings.home / SWITCHING).exists()


def test_what_people_did_since_survives(settings: Settings, tmp_path: Path) -> None:
    with closing(open_ledger(settings.ledger)) as ledger:
        judge(ledger, [("a", "b", "same")], by="wang")
        early, late = (issue_key(ledger, PEPPER, name, "agent", None) for name in ("revoked later", "stays"))
    back_up(settings, tmp_path / "backup")
    with closing(open_ledger(settings.ledger)) as ledger:
        judge(ledger, [("a", "b", "withdrawn"), ("c", "d", "different")], by="li")
        revoke_key(ledger, early.split("_")[1])
        new = issue_key(ledger, PEPPER, "after the backup", "admin", None)
        start_run(ledger, "after-the-backup")
    expected = judged(settings)
    for _ in range(2):
        done = restore(settings, tmp_path / "backup", force=True)
        assert {what: n for what, n in done.kept.items() if n} == {"judgements": 2, "revoked keys": 1}
        assert judged(settings) == expected
    with closing(open_ledger(settings.ledger)) as ledger:
        keys = {key.key_id: key for key in list_keys(ledger)}
    now = datetime.now(UTC).replace(tzinfo=None)
    assert {key for key, of in keys.items() if of.is_live(now)} == {late.split("_")[1]}
    assert new.split("_")[1] not in keys


def test_acts_of_another_ledger_survive_too(settings: Settings, backup: Path, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere"})
    elsewhere.home.mkdir()
    with closing(open_ledger(elsewhere.ledger)) as ledger:
        judge(ledger, [("x", "y", "same")], by="li")
    shutil.rmtree(settings.home)
    done = restore(settings, backup, ledgers=[elsewhere.ledger])
    assert done.kept["judgements"] == 1 and judged(settings) == [(1, "x", "same")]


@pytest.mark.e2e
def test_the_commands_bring_a_lost_home_back(used: Settings, tmp_path: Path) -> None:
    served_before = served(used.home)
    told = hub(used.home, "backup", str(tmp_path / "backup"))
    assert told.returncode == 0 and "secret keys" in told.stdout and load_keyring(used.keys_dir).fingerprint in told.stdout
    shutil.rmtree(used.home)
    back = hub(used.home, "restore", str(tmp_path / "backup"))
    assert back.returncode == 0, back.stderr
    assert served(used.home) == served_before
    assert hub(used.home, "verify").returncode == 0
    assert "Nothing new" in hub(used.home, "run").stdout
    again = hub(used.home, "restore", str(tmp_path / "backup"))
    assert again.returncode == 2 and "--force" in again.stderr and again.stderr.count("\n") == 1


def test_a_ledger_that_is_none_any_more_is_put_aside(settings: Settings, backup: Path) -> None:
    ledger = settings.home / "ledger.db"
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (settings.home / name).unlink(missing_ok=True)
    ledger.write_bytes(b"not a database, but 4 kB of something" * 200)
    broken = ledger.read_bytes()
    with pytest.raises(UsageError):
        restore(settings, backup)
    done = restore(settings, backup, force=True)
    assert done.ledger_aside is not None and done.ledger_aside.read_bytes() == broken
    assert judged(settings) == []
