"""The classes of personal values (`schemas/fields.yaml`): meaning, sensitivity, purposes, legal basis, retention, mask."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.contract import Table
from schemas.located import load_located

FIELDS = Path(__file__).parent / "fields.yaml"

Sensitivity = Literal["none", "personal", "sensitive"]
Mask = Literal["name", "phone", "email", "id_number", "address", "last4", "hidden", "none"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """One meaning in both languages."""

    en: str
    zh: str


class LegalBasis(Words):
    article: str


class FieldClass(_Strict):
    """One class. `infers`: the sensitive fact a value may disclose although its class is not about that."""

    meaning: Words
    sensitivity: Sensitivity
    infers: str | None = None
    purposes: tuple[str, ...]
    legal_basis: tuple[str, ...]
    retention: str
    mask: Mask


class FieldClasses(_Strict):
    legal_bases: dict[str, LegalBasis]
    purposes: dict[str, Words]
    retentions: dict[str, Words]
    classes: dict[str, FieldClass]

    @model_validator(mode="after")
    def _names_are_declared(self) -> FieldClasses:
        for name, one in self.classes.items():
            for kind, used, declared in (
                ("purpose", one.purposes, self.purposes),
                ("legal basis", one.legal_basis, self.legal_bases),
                ("retention", (one.retention,), self.retentions),
            ):
                unknown = set(used) - set(declared)
                if unknown:
                    raise ValueError(f"class {name} names the undeclared {kind} {min(unknown)!r}")
                if not used:
                    raise ValueError(f"class {name} names no {kind}")
        return self


def load_fields(path: Path = FIELDS) -> FieldClasses:
    """Read and check the declaration.

    Raises:
        UsageError: an unknown key or an undeclared purpose, basis or retention; `where` is `file:line`.
    """
    return load_located(path, FieldClasses, what="the declaration of field classes")


def classes_in(tables: tuple[Table, ...]) -> set[str]:
    """The classes that columns of `tables` name."""
    return {column.field_class for table in tables for column in table.columns if column.field_class}
