"""The write-back policy: what is wrong in it is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.writeback import ASKED, KINDS, REASONS, WRITEBACK, load_writeback

TEXT = WRITEBACK.read_text("utf-8")


def test_the_policy_that_comes_with_the_hub_uses_every_field_reason_and_word() -> None:
    policy = load_writeback()
    assert {field: tuple(reasons) for field, reasons in policy.correct.fields.items()} == REASONS
    assert tuple(policy.ask.fields) == ASKED
    assert set(KINDS) < set(policy.words.actions)
    assert policy.takes(["members", "crm"]) == ["crm", "members"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("id_number: {invalid: 0.95}", "id_number: {slip: 0.95}", r"policy.yaml:\d+: .*id_number is not corrected for 'slip'"),
        ("id_number: 0.95}", "gender: 0.95}", r"policy.yaml:\d+: .*gender has no check"),
        ("merge: {least: 0.985}", "merge: {least: 1.5}", r"policy.yaml:\d+: .*less than or equal to 1"),
        ("order: 指令编号, ", "", "no word for the column order"),
        ("field: 字段", "field: 动作", "two columns have the same word"),
        ("merged: [merged]", "merged: [merged]\nsent: [all]", r"policy.yaml:\d+: .*sent"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=says):
        load_writeback(path)


def test_the_fingerprint_follows_what_decides_and_not_the_words(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace("合并, correct", "归并, correct"), "utf-8")
    assert load_writeback(path).fingerprint == load_writeback().fingerprint
    path.write_text(TEXT.replace("least: 0.985", "least: 0.99"), "utf-8")
    assert load_writeback(path).fingerprint != load_writeback().fingerprint
