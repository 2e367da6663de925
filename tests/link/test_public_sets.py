"""Public person sets with a known truth: as right as docs/benchmarks.md says, without labels, at the model's own threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from benchmarks.engines import find_by_hub, link_set
from benchmarks.person_sets import DATA, PersonSet, fake_1000, febrl, historical, rldata500, truthset
from pipelines.link.files import read_table
from pipelines.link.suggest.draft import suggest_model
from quality.linkage import Evaluation, evaluate

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the public data is not here")


def own(of: PersonSet) -> Evaluation:
    """At the model's own threshold."""
    return evaluate(link_set(of)[0], "entities", "truth")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_febrl(tmp_path: Path, number: int) -> None:
    assert own(febrl(number, tmp_path)).pairs.f1 >= 0.998


@needs_data
def test_historical_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.sweep.LINES", (0.1, 0.2, 0.3))  # the best of more lines is no less
    found = find_by_hub(historical())
    assert found.own.pairs.f1 >= 0.93
    assert found.best.pairs >= 0.94
    assert found.best.b_cubed >= 0.945


@needs_data
@pytest.mark.parametrize(("of", "least"), [(historical, 0.93), (fake_1000, 0.95)])
def test_the_proposed_model_is_as_right(tmp_path: Path, of: Callable[[], PersonSet], least: float) -> None:
    con, known = duckdb.connect(), of()
    read_table(con, known.rows, "file_rows")
    path = tmp_path / "proposed.yaml"
    path.write_text(suggest_model(con, "file_rows", [known.rows]), "utf-8")
    assert own(replace(known, model=path)).pairs.f1 >= least


@needs_data
def test_small_sets(tmp_path: Path) -> None:
    assert own(rldata500(tmp_path)).pairs.f1 >= 0.98
    assert own(fake_1000()).pairs.f1 >= 0.955
    found = own(truthset(tmp_path))
    assert found.pairs.f1 >= 0.69
    assert found.b_cubed.f1 >= 0.86
