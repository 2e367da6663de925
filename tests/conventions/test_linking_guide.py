"""The guide to linking tables is true: its model is valid, and it names every key, kind and level there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipelines.match.kinds import LEVELS
from schemas.table_model import Comparison, PairingRule, TableField, TableModel, Weights

GUIDE = (Path(__file__).parents[2] / "docs" / "linking-tables.md").read_text("utf-8")


def test_the_model_of_the_guide_is_valid() -> None:
    found = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert [TableModel.model_validate(yaml.safe_load(text)).version for text in found] == ["people-1"]


@pytest.mark.parametrize("of", [TableModel, TableField, Comparison, PairingRule, Weights])
def test_every_key_is_explained(of: type[TableModel]) -> None:
    assert not [key for key in of.model_fields if f"`{key}`" not in GUIDE]


def test_defaults_are_as_said() -> None:
    said = dict(re.findall(r"^\| `(\w+)` \| .*\(([0-9.,]+)\)(?:; .*)? \|$", GUIDE, re.MULTILINE))
    defaults = {key: field.default for key, field in TableModel.model_fields.items() if type(field.default) in (int, float)}
    assert {key: float(value.replace(",", "")) for key, value in said.items()} == defaults


@pytest.mark.parametrize("kind", LEVELS)
def test_every_level_of_every_kind_is_listed(kind: str) -> None:
    listed = re.search(rf"^\| `{kind}` \| (.*) \|$", GUIDE, re.MULTILINE)
    assert listed
    assert listed.group(1).split(", ") == [level.name for level in LEVELS[kind]]  # type: ignore[index]
