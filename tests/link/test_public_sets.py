"""Public person sets with a known truth: as right as docs/benchmarks.md says, without labels, at the model's own threshold."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.identity import find
from benchmarks.public_sets import DATA, fake_1000, febrl, historical, rldata500

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the public data is not here")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_febrl(tmp_path: Path, number: int) -> None:
    assert find(febrl(number, tmp_path)).own.pairs.f1 >= 0.998


@needs_data
def test_historical_persons() -> None:
    found = find(historical())
    assert found.own.pairs.f1 >= 0.90
    assert found.best_pairs >= 0.92
    assert found.best_b_cubed >= 0.93


@needs_data
def test_small_sets(tmp_path: Path) -> None:
    assert find(rldata500(tmp_path)).own.pairs.f1 >= 0.98
    assert find(fake_1000()).own.pairs.f1 >= 0.93
