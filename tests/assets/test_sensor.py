"""The sensor asks once for complete new files, and not while a run goes on."""

from __future__ import annotations

import os
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.sensors import new_files_sensor
from ledger.files import put_files
from ledger.store import open_ledger
from pipelines.run_lock import run_lock
from quality.backlog import look_into_landing
from schemas.settings import Settings, load_settings

MAPPING = """
source: crm
entity: customers
files: "crm*.csv"
format: csv
update: {mode: upsert}
key: [id]
fields: {name: name}
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("home/landing", "sources"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "sources" / "crm.yaml").write_text(MAPPING)
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUB_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("HUB_SETTLE_SECONDS", "60")
    settings = load_settings()
    open_ledger(settings.ledger).close()
    return settings


def land(settings: Settings, name: str, text: str = "id,name\n1,x\n", *, settled: bool = True) -> Path:
    path = settings.landing / name
    path.write_text(text)
    if settled:
        long_ago = time.time() - 600
        os.utime(path, (long_ago, long_ago))
    return path


def ask(cursor: str | None = None) -> tuple[dg.SkipReason | dg.RunRequest, str | None]:
    context = dg.build_sensor_context(cursor=cursor)
    answer = new_files_sensor(context)
    assert isinstance(answer, dg.SkipReason | dg.RunRequest)
    return answer, context.cursor


def test_an_empty_landing_folder_asks_for_nothing(settings: Settings) -> None:
    assert isinstance(ask()[0], dg.SkipReason)


def test_a_complete_new_file_asks_for_a_run_once(settings: Settings) -> None:
    land(settings, "crm_1.csv")
    answer, cursor = ask()
    assert isinstance(answer, dg.RunRequest)
    assert isinstance(ask(cursor)[0], dg.SkipReason)


def test_a_further_file_asks_again(settings: Settings) -> None:
    land(settings, "crm_1.csv")
    _, cursor = ask()
    land(settings, "crm_2.csv", "id,name\n2,y\n")
    assert isinstance(ask(cursor)[0], dg.RunRequest)


def test_a_growing_file_waits(settings: Settings) -> None:
    land(settings, "crm_1.csv", settled=False)
    assert isinstance(ask()[0], dg.SkipReason)


def test_a_file_that_was_read_asks_for_nothing(settings: Settings) -> None:
    land(settings, "crm_1.csv")
    with closing(open_ledger(settings.ledger)) as ledger:
        file = look_into_landing(settings, ledger)[0]
        assert file.status == "new"
        loaded_at = datetime.now(UTC).replace(tzinfo=None)
        put_files(ledger, [{"file_id": file.file_id, "source": "crm", "file_name": file.name, "outcome": "loaded", "loaded_at": loaded_at}])
    assert isinstance(ask()[0], dg.SkipReason)


def test_no_run_is_asked_for_while_one_goes_on(settings: Settings) -> None:
    land(settings, "crm_1.csv")
    with run_lock(settings.run_lock, "hub run"):
        answer, cursor = ask()
    assert isinstance(answer, dg.SkipReason) and "hub run (process" in str(answer.skip_message)
    assert cursor is None, "it is asked for afterwards"
