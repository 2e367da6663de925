"""What stewards judged corrects the weights: tried on judgements held back, written when better, used when adopted."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from ledger.judgements import judge
from ledger.store import open_ledger
from schemas.match_model import MatchModel, load_match_model
from schemas.settings import Settings
from tests.e2e.hub import hub

pytestmark = pytest.mark.e2e
SAME_ORDER = "levels >> 36 & 15 = 1"  # the tenth comparison of the model


def _done(home: Path, *arguments: str, code: int = 0) -> str:
    done = hub(home, *arguments)
    assert done.returncode == code, done.stderr
    return " ".join((done.stdout + done.stderr).split())


def _judge_doubtful_pairs(home: Path) -> int:
    """As stewards would for whom the names on one order are those of several persons; answers how many pairs were judged."""
    con = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    rows = con.execute(
        f"""WITH named AS (SELECT node_id, min(record_id) AS record_id FROM match.node_records GROUP BY node_id)
        SELECT a.record_id, b.record_id, CASE WHEN {SAME_ORDER} THEN 'different' ELSE 'same' END
        FROM match.pairs JOIN named a ON a.node_id = node_a JOIN named b ON b.node_id = node_b WHERE bits BETWEEN 0 AND 9"""
    ).fetchall()
    con.close()
    with closing(open_ledger(Settings(home=home).ledger)) as ledger:
        return judge(ledger, rows, by="wang")


def _same_order(model: MatchModel) -> float:
    assert list(model.comparisons).index("order") == 9
    return model.comparisons["order"][0].bits()


def test_judgements_correct_a_weight_in_a_model_file_that_is_then_adopted(used: Path) -> None:
    assert "0 pairs judged same and 0 judged different are too few" in _done(used, "model", "refit", code=1)
    judged = _judge_doubtful_pairs(used)
    _done(used, "run")
    told = _done(used, "model", "refit")
    assert "judged pairs held back" in told and "not drawn at random" in told and "would stay as they are" in told
    (path,) = (used / "models").glob("*.yaml")
    shipped, fitted = load_match_model(), load_match_model(path)
    assert fitted.trained is not None and fitted.trained["from"] == shipped.fingerprint
    assert 0 < int(fitted.trained["judged_same"]) + int(fitted.trained["judged_different"]) <= judged
    assert _same_order(fitted) < _same_order(shipped) - 1
    _done(used, "model", "refit", "--out", str(used / "again.yaml"))
    assert load_match_model(used / "again.yaml") == fitted, "the same seed and judgements give the same model"
    _done(used, "model", "adopt", str(path))
    assert "Run `hub run` first" in _done(used, "model", "refit", code=1), "the pairs are still those of the model before"
    _done(used, "run")
