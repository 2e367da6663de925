"""The commands as a person types them, in this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from assets.progress import Progress
from assets.stages import STAGES
from cli.main import app, tell
from cli.progress import StageBars
from cli.terminal import ago, size
from ledger.jobs import enqueue, job_counts, job_of, open_kinds
from ledger.store import open_ledger
from quality.backlog import look_into_landing
from schemas.errors import HubError, MappingError
from schemas.settings import load_settings

Hub = Callable[..., str]
SECRET = "13800138000"
NOW = datetime(2026, 1, 2, 12, 0, 0)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """`hub(*arguments)` over an own home; answers what it printed, raises what it raised."""
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUB_KEYS", str(tmp_path / "keys"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    def call(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    return call


def test_too_few_people_are_refused_in_a_sentence(hub: Hub) -> None:
    hub("init")
    assert "50" in hub("generate", "--people", "20", code=2)


def test_generated_extracts_have_settled_when_the_command_returns(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SETTLE_SECONDS", "1.5")
    hub("init")
    hub("generate", "--people", "50")
    settings = load_settings()
    with closing(open_ledger(settings.ledger)) as ledger:
        assert {file.status for file in look_into_landing(settings, ledger)} == {"new"}


def test_init_makes_a_home_once(hub: Hub, tmp_path: Path) -> None:
    assert "Made" in hub("init")
    key = (tmp_path / "keys" / "keyring.json").read_bytes()
    assert (tmp_path / "home" / "dagster" / "dagster.yaml").exists()
    assert "Nothing to do" in hub("init")
    assert (tmp_path / "keys" / "keyring.json").read_bytes() == key


def test_init_keeps_a_changed_dagster_configuration(hub: Hub, tmp_path: Path) -> None:
    hub("init")
    config = tmp_path / "home" / "dagster" / "dagster.yaml"
    config.write_text("telemetry: {enabled: false}\n")
    hub("init")
    assert config.read_text() == "telemetry: {enabled: false}\n"
    assert "differs" in hub("doctor")


@pytest.mark.parametrize("command", [("run",), ("status",), ("serve",), ("worker",), ("generate",), ("keys", "list")])
def test_without_a_home_the_way_out_is_named(hub: Hub, command: tuple[str, ...]) -> None:
    with pytest.raises(HubError, match="hub init"):
        hub(*command)


def test_doctor_without_a_home_finds_it_and_goes_on(hub: Hub) -> None:
    told = hub("doctor", code=1)
    assert "Run `hub init`" in told and "mappings" in told and "things to mend" in told


def test_doctor_finds_keys_that_others_can_read(hub: Hub, tmp_path: Path) -> None:
    hub("init")
    (tmp_path / "keys" / "keyring.json").chmod(0o644)
    assert "others may read the keys" in hub("doctor", code=1)


def test_doctor_names_files_that_no_mapping_claims(hub: Hub, tmp_path: Path) -> None:
    hub("init")
    (tmp_path / "home" / "landing" / "holiday.csv").write_text("a,b\n")
    assert "holiday.csv: no mapping claims this file" in hub("doctor", code=1).replace("\n", " ")


def test_a_key_lives_until_it_is_revoked(hub: Hub) -> None:
    hub("init")
    key = hub("keys", "issue", "--name", "desk 1").strip()
    assert key.startswith("hub_")
    listed = hub("keys", "list")
    assert "desk 1" in listed and "live" in listed and key not in listed
    hub("keys", "revoke", key)
    assert "revoked" in hub("keys", "list")
    with pytest.raises(HubError, match="no key of that id"):
        hub("keys", "revoke", "zzzzzzzz")


def test_sources_check_tells_what_is_there_and_what_is_wrong(hub: Hub, tmp_path: Path) -> None:
    assert "are valid" in hub("sources", "check")
    (tmp_path / "bad.yaml").write_text("source: x\nentity: nothing\n")
    with pytest.raises(MappingError, match=r"bad\.yaml:"):
        hub("sources", "check", str(tmp_path))


def test_sources_suggest_drafts_a_mapping(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("客户编号,姓名,手机\nC1,张三,13800138000\n", encoding="utf-8")
    drafted = hub("sources", "suggest", str(tmp_path / "customers.csv"))
    assert "entity: customers" in drafted and "13800138000" not in drafted


def test_the_worker_does_its_daily_chores_and_waits_for_tomorrow(hub: Hub) -> None:
    hub("init")
    told = hub("worker", "--once")
    assert "prune_versions" in told and "purge_runs" in told
    with closing(open_ledger(load_settings().ledger)) as ledger:
        assert job_counts(ledger) == {"open": 2, "succeeded": 2, "failed": 0}
        assert open_kinds(ledger) == {"prune_versions", "purge_runs"}
    assert hub("worker", "--once") == ""


def test_a_chore_that_fails_is_tried_again_later(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from cli import chores

    def broken(*_: object) -> str:
        raise ValueError("13800138000")

    hub("init")
    monkeypatch.setitem(chores.CHORES, "prune_versions", broken)
    told = hub("worker", "--once")
    assert "not done" in told and "13800138000" not in told
    with closing(open_ledger(load_settings().ledger)) as ledger:
        assert job_counts(ledger)["open"] == 2


def test_a_kind_the_worker_does_not_know_is_left_to_one_that_does(hub: Hub) -> None:
    hub("init")
    with closing(open_ledger(load_settings().ledger)) as ledger:
        job_id = enqueue(ledger, "of_a_later_release", {})
        hub("worker", "--once")
        job = job_of(ledger, job_id)
    assert job is not None and job.attempts == 0 and job.outcome is None


def test_errors_are_one_sentence_with_their_exit_status(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_DEBUG", raising=False)
    assert tell(HubError("it is broken", where="there", mend="Mend it")) == 1
    assert tell(MappingError("it is wrong", where="a.yaml:3")) == 2
    assert capsys.readouterr().err == "there: it is broken. Mend it.\na.yaml:3: it is wrong.\n"


def test_a_fault_shows_where_and_not_what(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_DEBUG", raising=False)
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        assert tell(error) == 1
    told = capsys.readouterr().err
    assert "test_commands.py" in told and "ValueError" in told and SECRET not in told


def test_a_traceback_is_there_for_those_who_ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DEBUG", "1")
    assert tell(HubError("it is broken")) == 1
    assert "schemas.errors.HubError" in capsys.readouterr().err


def test_a_setting_that_cannot_be_is_named_without_its_value(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PORT", "secret")
    with pytest.raises(HubError, match="HUB_PORT") as caught:
        hub("status")
    assert "secret" not in str(caught.value) and caught.value.exit_code == 2


@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_is_shown_stage_by_stage(terminal: bool) -> None:
    console = Console(record=True, force_terminal=terminal, width=100)
    with StageBars(console, STAGES, checks=1) as bars:
        bars.watch(Progress("began", "extract"))
        bars.watch(Progress("file", "extract", {"file_name": "a.csv"}))
        bars.watch(Progress("ended", "extract"))
        bars.watch(Progress("began", "raw_checks"))
        bars.watch(Progress("ended", "raw_checks"))
        bars.watch(Progress("failed", "match"))
    assert "extract" in console.export_text()


@pytest.mark.parametrize(
    ("age", "words"), [(0, "just now"), (61, "1 minute ago"), (7200, "2 hours ago"), (90_000, "1 day ago"), (-5, "just now")]
)
def test_ages_in_words(age: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=age), NOW) == words


def test_sizes_in_words() -> None:
    assert [size(n) for n in (7, 1_500, 2_500_000, 3_000_000_000)] == ["7 B", "1.5 kB", "2.5 MB", "3.0 GB"]
