"""The model file: what is wrong in it is named; what it says is what is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.match.comparisons import LEVELS
from pipelines.match.score import check_levels
from schemas.errors import UsageError
from schemas.match_model import PERSON_MODEL, load_match_model


def test_the_shipped_model_is_valid_and_complete() -> None:
    model = load_match_model()
    check_levels(model)
    assert set(model.comparisons) == set(LEVELS)
    assert all(level.bits() > 0 for level in model.comparisons["phone"] if not level.level.endswith("different"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("merge_bits: 6.0", "merge_bitz: 6.0", "merge_bits"),
        ("merge_bits: 6.0", "merge_bits: six", "merge_bits"),
        ("version: person-3", "version: [", "not YAML"),
        ("{level: same, m: 0.98, u: 0.000000001}", "{level: same, m: 1.98, u: 0.1}", "document"),
        ("{rule: same_order, orders: true, cap: 20}", "{rule: same_order, orders: true, agree_on: [city], cap: 20}", "blocking"),
    ],
)
def test_a_broken_model_names_file_and_place(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = PERSON_MODEL.read_text("utf-8")
    assert old in text
    path = tmp_path / "model.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=complaint) as caught:
        load_match_model(path)
    assert str(path) in str(caught.value)


def test_a_level_that_is_not_implemented_is_named() -> None:
    model = load_match_model()
    phone = (model.comparisons["phone"][0].model_copy(update={"level": "quantum"}),)
    with pytest.raises(UsageError, match="quantum"):
        check_levels(model.model_copy(update={"comparisons": model.comparisons | {"phone": phone}}))


def test_another_weight_is_another_fingerprint() -> None:
    model = load_match_model()
    assert model.fingerprint != model.model_copy(update={"merge_bits": 7.0}).fingerprint
