"""The declaration of field classes covers the tables, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.fields import FIELDS, classes_in, load_fields
from schemas.tables import TABLES


def test_every_class_of_the_tables_is_declared_and_every_declared_one_is_used() -> None:
    assert set(load_fields().classes) == classes_in(TABLES)


def test_sensitive_values_are_never_shown_clear() -> None:
    assert [name for name, one in load_fields().classes.items() if one.sensitivity == "sensitive" and one.mask == "none"] == []


def test_every_purpose_basis_and_retention_is_used() -> None:
    fields = load_fields()
    classes = fields.classes.values()
    assert {purpose for one in classes for purpose in one.purposes} == set(fields.purposes)
    assert {basis for one in classes for basis in one.legal_basis} == set(fields.legal_bases)
    assert {one.retention for one in classes} == set(fields.retentions)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    mask: phone", "    mask: fone", "phone"),
        ("    retention: delivery", "    retention: for_ever", "undeclared retention 'for_ever'"),
        ("    sensitivity: sensitive", "    sensitivty: sensitive", "sensitiv"),
    ],
)
def test_fault_is_named_with_its_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = FIELDS.read_text("utf-8")
    assert old in text
    path = tmp_path / "fields.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError, match=says) as caught:
        load_fields(path)
    assert str(path) in str(caught.value.where)
