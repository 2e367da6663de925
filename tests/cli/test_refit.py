"""`hub model refit` as a person types it, where the refit is no better."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from pipelines.warehouse import close_warehouse, open_warehouse
from quality.refit import Scores, Trial
from schemas.match_model import load_match_model
from schemas.settings import load_settings


def test_a_refit_that_is_not_better_is_shown_and_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUB_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr("cli.terminal.out.width", 200)
    CliRunner().invoke(app, ["init"], catch_exceptions=False)
    settings = load_settings()
    close_warehouse(open_warehouse(settings.warehouse))
    share = {"share": 0.9, "low": 0.8, "high": 0.95, "of": 40}
    before, after = (Scores(loss, 1, 2, share, None, share) for loss in (0.25, 0.26))
    tried = Trial(load_match_model(), (60, 50), (30, 25), before, after, (-0.01, -0.03, 0.01))
    monkeypatch.setattr("quality.refit.try_refit", lambda con, model, *, seed: tried)
    told = CliRunner().invoke(app, ["model", "refit", "--out", str(tmp_path / "fitted.yaml")], catch_exceptions=False)
    assert told.exit_code == 0
    printed = " ".join(told.output.split())
    assert "0.900 (0.800 to 0.950)" in printed and "0.260" in printed and "-0.010 bits a pair (-0.030 to +0.010)" in printed
    assert "nothing was written" in printed
    assert not (tmp_path / "fitted.yaml").exists() and not list(settings.match_model_folder.glob("*"))
