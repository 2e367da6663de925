"""Public person sets with a known truth: as right as docs/benchmarks.md says, without labels, at the model's own threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from benchmarks.engines import find_by_hub as find
from benchmarks.person_sets import DATA, PersonSet, fake_1000, febrl, historical, rldata500, truthset
from pipelines.link.files import read_table
from pipelines.link.suggest.draft import suggest_model

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the public data is not here")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_febrl(tmp_path: Path, number: int) -> None:
    assert find(febrl(number, tmp_path)).own.pairs.f1 >= 0.998


@needs_data
def test_historical_persons() -> None:
    found = find(historical())
    assert found.own.pairs.f1 >= 0.90
    assert found.best.pairs >= 0.92
    assert found.best.b_cubed >= 0.93


@needs_data
@pytest.mark.parametrize(("of", "least"), [(historical, 0.93), (fake_1000, 0.95)])
def test_the_proposed_model_is_as_right(tmp_path: Path, of: Callable[[], PersonSet], least: float) -> None:
    con, known = duckdb.connect(), of()
    read_table(con, known.rows, "file_rows")
    path = tmp_path / "proposed.yaml"
    path.write_text(suggest_model(con, "file_rows", [known.rows]), "utf-8")
    assert find(replace(known, model=path)).own.pairs.f1 >= least


@needs_data
def test_small_sets(tmp_path: Path) -> None:
    assert find(rldata500(tmp_path)).own.pairs.f1 >= 0.98
    assert find(fake_1000()).own.pairs.f1 >= 0.93
    found = find(truthset(tmp_path)).own
    assert found.pairs.f1 >= 0.69
    assert found.b_cubed.f1 >= 0.86
