"""Small homes with keys: one made of invented tables in a moment, and one that went through a real run, made once and copied."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from ledger.store import open_ledger
from pipelines.publish.keyring import create_keyring
from schemas.settings import Settings
from tests.e2e.hub import copy, hub
from tests.publish.world import change, new_world, publish_into

PEOPLE = 40


def settings_of(home: Path) -> Settings:
    return Settings(home=home, keys=home.with_name(f"{home.name}-keys"), memory="1GB", threads=2)


@pytest.fixture(autouse=True)
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that the system has; only a power cut would, and no test can make one."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two published versions that share files, a landing file, something set aside, an adopted model and a ledger."""
    settings = settings_of(tmp_path_factory.mktemp("made") / "home")
    settings.home.mkdir()
    keyring = create_keyring(settings.keys_dir, home=settings.home)
    con = new_world(PEOPLE, settings.warehouse)
    publish_into(settings.home, con, keys=keyring)
    change(con, dict.fromkeys(range(3), 5))
    publish_into(settings.home, con, keys=keyring)
    con.close()
    for name in ("landing/crm_1.csv", "quarantine/crm/f1/rows.csv", "models/person.yaml", "dagster/history/runs.db"):
        (settings.home / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.home / name).write_text(f"{name}\n" * 100)
    open_ledger(settings.ledger).close()
    return settings.home


@pytest.fixture
def settings(made_once: Path, tmp_path: Path) -> Settings:
    """One like it, files shared as there, that a test may use."""
    home = copy(made_once, tmp_path / "home")
    first: dict[int, Path] = {}
    for path in sorted(made_once.rglob("*.parquet")):
        mine = home / path.relative_to(made_once)
        original = first.setdefault(path.stat().st_ino, mine)
        if original != mine:
            mine.unlink()
            mine.hardlink_to(original)
    return settings_of(home)


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a run over the demo's extracts."""
    home = tmp_path_factory.mktemp("run") / "home"
    for arguments in (("init",), ("generate", "--people", "120", "--seed", "7"), ("run", "--allow-quarantined")):
        done = hub(home, *arguments)
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def used(run_once: Path, tmp_path: Path) -> Settings:
    """One like it that a test may damage."""
    return settings_of(copy(run_once, tmp_path / "used"))


def judged(settings: Settings) -> list[tuple[int, str, str]]:
    from ledger.judgements import recent_judgements

    with closing(open_ledger(settings.ledger)) as ledger:
        return [(of.judgement_id, of.record_a, str(of.verdict)) for of in reversed(recent_judgements(ledger))]
