"""A backup is whole, made while others read and write, and says what it needs."""

from __future__ import annotations

import errno
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

import operations.backup
from ledger.judgements import judge
from ledger.store import open_ledger
from operations.archive import FILE, read_archive
from operations.backup import back_up
from operations.copying import copy_hashed
from operations.restore import restore
from pipelines.publish.keyring import load_keyring
from pipelines.publish.serving_index import ServingIndex
from schemas.errors import HomeBusy, HubError, UsageError
from schemas.settings import Settings
from tests.e2e.hub import files_below
from tests.e2e.test_run_lock import hold
from tests.operations.conftest import PEOPLE, settings_of
from tests.publish.world import customer, dump, serving_folder


class Busy:
    """Threads that read every profile and judge, over and over, as long as the context lasts."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.stop, self.reads, self.judged = settings, threading.Event(), 0, 0
        self.failures: list[BaseException] = []

    def __enter__(self) -> Busy:
        self.threads = [threading.Thread(target=self.work, args=(what,)) for what in (self.read, self.judge)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(20)

    def work(self, what: object) -> None:
        try:
            assert callable(what)
            what()
        except BaseException as error:
            self.failures.append(error)

    def read(self) -> None:
        with closing(ServingIndex.open(self.settings.serving)) as index:
            while not self.stop.is_set():
                assert all(index.get(customer(n)) for n in range(PEOPLE))
                self.reads += 1

    def judge(self) -> None:
        with closing(open_ledger(self.settings.ledger)) as ledger:
            while not self.stop.is_set():
                pairs = [(f"crm:{self.judged}", f"crm:{self.judged}-{k}", "same") for k in range(3)]
                judge(ledger, pairs, by="wang")  # one act of three: in a backup all of it or nothing
                self.judged += 1


def test_it_is_whole_while_others_read_profiles_and_judge(settings: Settings, tmp_path: Path) -> None:
    with Busy(settings) as busy:
        while busy.judged < 3 or busy.reads < 3:
            assert not busy.failures
        archive = back_up(settings, tmp_path / "backup")
        at_end = busy.judged
    assert not busy.failures
    with closing(sqlite3.connect(tmp_path / "backup" / archive.folder / "ledger.db")) as con:
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ids = [n for (n,) in con.execute("SELECT judgement_id FROM judgements ORDER BY 1")]
    assert ids == list(range(1, len(ids) + 1)) and len(ids) % 3 == 0
    assert 9 <= archive.judged_up_to <= len(ids) <= 3 * (at_end + 1)
    other = settings_of(tmp_path / "other")
    load_keyring(settings.keys_dir)
    settings.keys_dir.rename(other.keys_dir)
    restore(other, tmp_path / "backup")
    assert dump(serving_folder(other.home)) == dump(serving_folder(settings.home))


def test_the_keys_and_the_history_of_dagster_are_not_in_it(settings: Settings, tmp_path: Path) -> None:
    keyring = load_keyring(settings.keys_dir)
    archive = back_up(settings, tmp_path / "backup")
    assert archive.key_fingerprint == keyring.fingerprint
    everything = files_below(tmp_path / "backup")
    for key in (keyring.token, keyring.field, keyring.api_key):
        assert not any(key.secret in content or key.secret.hex().encode() in content for content in everything.values())
    names = {path.split("/")[0] for path in (file.path for file in archive.files)}
    assert names == {"warehouse.duckdb", "ledger.db", "published", "serving", "quarantine", "landing", "models"}


def test_files_that_versions_share_are_stored_once_and_shared_again(settings: Settings, tmp_path: Path) -> None:
    archive = back_up(settings, tmp_path / "backup")
    shared = [file for file in archive.files if file.same_as]
    assert shared
    restore(settings, tmp_path / "backup", force=True)
    for folder in (tmp_path / "backup" / archive.folder, settings.home):
        assert all((folder / file.path).samefile(folder / str(file.same_as)) for file in shared)


def test_a_run_that_goes_on_is_named(settings: Settings, tmp_path: Path) -> None:
    child = hold(settings.run_lock)
    try:
        with pytest.raises(HomeBusy, match=f"hub run \\(process {child.pid}"):
            back_up(settings, tmp_path / "backup")
    finally:
        child.communicate("", timeout=20)


def test_it_goes_into_no_folder_that_holds_something(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("do not lose")
    for force in (False, True):
        with pytest.raises(UsageError, match="holds something else"):
            back_up(settings, tmp_path / "mine", force=force)
    with pytest.raises(UsageError, match="cannot lie in the home"):
        back_up(settings, settings.home / "backup")
    assert files_below(tmp_path / "mine") == {"thesis.txt": b"do not lose"}


def test_an_older_one_is_replaced_only_by_force_and_only_by_a_whole_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = back_up(settings, tmp_path / "backup")
    held = files_below(tmp_path / "backup")
    with pytest.raises(UsageError, match="--force"):
        back_up(settings, tmp_path / "backup")

    def full_disk(source: Path, target: Path) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as patched, pytest.raises(HubError, match="No space left"):
        patched.setattr(operations.backup, "copy_hashed", full_disk)
        back_up(settings, tmp_path / "backup", force=True)
    assert files_below(tmp_path / "backup") == held
    newer = back_up(settings, tmp_path / "backup", force=True)
    assert read_archive(tmp_path / "backup") == newer != older
    assert sorted(path.name for path in (tmp_path / "backup").iterdir()) == sorted([newer.folder, FILE])


def test_a_landing_file_may_be_taken_away_meanwhile_nothing_else(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, name in enumerate(("landing/crm_1.csv", "models/person.yaml")):

        def taken_away(source: Path, target: Path, name: str = name) -> tuple[int, str]:
            if source == settings.home / name:
                source.unlink()
            return copy_hashed(source, target)

        monkeypatch.setattr(operations.backup, "copy_hashed", taken_away)
        if n == 0:
            assert name not in [file.path for file in back_up(settings, tmp_path / "backup").files]
        else:
            with pytest.raises(HubError, match=r"person\.yaml: the backup was broken off"):
                back_up(settings, tmp_path / "other")


def test_what_a_run_left_half_made_is_not_in_it(settings: Settings, tmp_path: Path) -> None:
    (settings.published / ".building-v9").mkdir()
    (settings.published / ".building-v9" / "x.parquet").write_text("half")
    (settings.serving / "base-old").mkdir()
    (settings.serving / "base-old" / "data.mdb").write_text("of the version before")
    paths = [file.path for file in back_up(settings, tmp_path / "backup").files]
    assert not any("building" in path or "base-old" in path or path.endswith("lock.mdb") for path in paths)
    assert sum(path.endswith("data.mdb") for path in paths) == 1
