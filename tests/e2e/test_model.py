"""A model is learned from the mentions there are, shows what it would change, and is adopted or declined."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from schemas.match_model import load_match_model
from tests.e2e.hub import hub, version

pytestmark = pytest.mark.e2e


def _state(home: Path) -> list[tuple[str, ...]]:
    con = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    rows = con.execute("SELECT record_id, customer_id FROM cluster.members ORDER BY ALL").fetchall()
    rows += con.execute("SELECT model_version, '' FROM match.models").fetchall()
    con.close()
    return rows


def _partition(state: list[tuple[str, ...]]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for record, customer in state[:-1]:
        groups.setdefault(customer, set()).add(record)
    return {frozenset(group) for group in groups.values()}


def _done(home: Path, *arguments: str, code: int = 0) -> str:
    done = hub(home, *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_training_changes_nothing_until_the_model_is_adopted_and_reverting_goes_back(used: Path) -> None:
    before, first = _state(used), version(used)
    told = _done(used, "model", "train")
    assert "would stay as they are" in told and "CNY net would change" in told and "bits learned" in told
    (path,) = (used / "models").glob("*.yaml")
    learned, shipped = load_match_model(path), load_match_model()
    assert learned.trained is not None and learned.trained["from"] == shipped.fingerprint
    assert learned.version == f"{shipped.version}-learned"
    for name, levels in learned.comparisons.items():
        declared = {level.level: level for level in shipped.comparisons[name]}
        assert all(level == declared[level.level] for level in levels if level.contradicts), "what guards against chains is not learned"
    assert _state(used) == before
    assert "Nothing new" in _done(used, "run"), "declined by doing nothing"
    _done(used, "model", "train", "--out", str(used / "again.yaml"))
    assert load_match_model(used / "again.yaml") == learned, "the same seed and mentions give the same model"

    _done(used, "model", "adopt", str(path))
    _done(used, "run")
    assert version(used) != first
    assert _state(used)[-1][0] == learned.fingerprint
    _done(used, "model", "revert")
    _done(used, "run")
    assert _partition(_state(used)) == _partition(before), "clusters are a function of records, judgements and model"


def test_a_file_that_is_no_model_is_refused(used: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("version: x\n")
    assert "the match model is wrong" in _done(used, "model", "adopt", str(tmp_path / "wrong.yaml"), code=2)
    assert "cannot be read" in _done(used, "model", "churn", str(tmp_path / "none.yaml"), code=2)
