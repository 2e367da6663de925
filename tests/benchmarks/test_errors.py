"""The error analysis sorts exactly the pairs that are wrong, each under one cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from benchmarks.engines import find_by_hub
from benchmarks.errors import find_errors, rows_of
from benchmarks.person_sets import MODELS, PersonSet, febrl


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> PersonSet:
    """FEBRL 1 by little evidence and low lines, so that much is missed and something is false."""
    folder = tmp_path_factory.mktemp("febrl")
    model = yaml.safe_load((MODELS / "febrl.yaml").read_text("utf-8"))
    kept = ("family", "suburb")
    model["comparisons"] = {name: {"of": name} for name in kept}
    model |= {"link_probability": 0.01, "merge_probability": 0.01}
    model["pairing"] = [{"agree_on": ["suburb"]}]
    path = folder / "model.yaml"
    path.write_text(yaml.safe_dump(model), "utf-8")
    return replace(febrl(1, folder), model=path)


def test_all_wrong_pairs_are_sorted_and_no_others(known: PersonSet) -> None:
    errors, found = find_errors(known), find_by_hub(known).own.pairs
    true_pairs = 500
    missed, false = sum(errors.missed.values()), sum(errors.false.values())
    assert missed and false
    assert found.recall == pytest.approx(1 - missed / true_pairs)
    assert found.precision == pytest.approx((true_pairs - missed) / (true_pairs - missed + false))


def test_what_no_rule_proposed_is_told_apart(known: PersonSet) -> None:
    """The only rule is on the suburb, which is misspelt or missing in some rows."""
    errors = find_errors(known)
    unproposed = errors.missed["no rule, enough evidence"] + errors.missed["no rule, too little"]
    assert 0 < unproposed <= sum(errors.missed.values())


def test_a_set_without_errors_is_a_row_of_noughts(tmp_path: Path) -> None:
    of = febrl(1, tmp_path)
    assert rows_of(of, find_errors(of)) == ("| FEBRL 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |", [])
