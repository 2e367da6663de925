"""The write-back policy (`schemas/writeback.yaml`): which repairs are proposed to which sources, how surely, in which words."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.located import load_located

WRITEBACK = Path(__file__).parent / "writeback.yaml"

Kind = Literal["merge", "correct", "ask"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CorrectedField = Literal["name", "phone", "phone_alt", "email", "id_number", "birth_on", "gender"]
Reason = Literal["same_party", "slip", "invalid", "unreadable", "dressed", "not_as_document", "no_valid_value", "kept"]
ActionWord = Literal["merge", "correct", "ask", "keep"]
ColumnWord = Literal["order", "action", "into", "field", "old", "new", "reason", "confidence"]
Share = Annotated[float, Field(gt=0, le=1)]
REASONS: dict[CorrectedField, tuple[Reason, ...]] = {
    "name": ("slip", "unreadable", "dressed"), "phone": ("slip", "invalid"), "phone_alt": ("slip", "invalid"),
    "email": ("slip", "invalid"), "id_number": ("invalid",), "birth_on": ("not_as_document",), "gender": ("not_as_document",),
}  # fmt: skip
ASKED: tuple[CorrectedField, ...] = ("name", "phone", "phone_alt", "email", "id_number")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Merging(_Strict):
    least: Share


class Correcting(_Strict):
    least: Share
    fields: dict[CorrectedField, dict[Reason, Share]]

    @model_validator(mode="after")
    def _reasons_that_there_are(self) -> Correcting:
        for field, shares in self.fields.items():
            if unknown := set(shares) - set(REASONS[field]):
                raise ValueError(f"{field} is not corrected for {min(unknown)!r}; it may be for {', '.join(REASONS[field])}")
        return self


class Asking(_Strict):
    least: Share
    fields: dict[CorrectedField, Share]

    @model_validator(mode="after")
    def _fields_with_checks(self) -> Asking:
        if unknown := set(self.fields) - set(ASKED):
            raise ValueError(f"{min(unknown)} has no check it could fail; those that have are {', '.join(ASKED)}")
        return self


class FileWords(_Strict):
    """What stands in a change-order file: headers, actions and reasons."""

    columns: dict[ColumnWord, str]
    actions: dict[ActionWord, str]
    reasons: dict[Reason, str]

    @model_validator(mode="after")
    def _none_missing(self) -> FileWords:
        known: dict[str, tuple[Any, Collection[str]]] = {
            "column": (ColumnWord, self.columns), "action": (ActionWord, self.actions), "reason": (Reason, self.reasons),
        }  # fmt: skip
        for what, (names, said) in known.items():
            if missing := [name for name in get_args(names) if name not in said]:
                raise ValueError(f"no word for the {what} {missing[0]}")
        if len(set(self.columns.values())) < len(self.columns):
            raise ValueError("two columns have the same word")
        return self


class Writeback(_Strict):
    """The whole policy."""

    version: int
    sources: tuple[str, ...]
    merged: tuple[str, ...]
    merge: Merging
    correct: Correcting
    ask: Asking
    statements: dict[CorrectedField, Annotated[int, Field(ge=1)]]
    words: FileWords

    def takes(self, sources: Iterable[str]) -> list[str]:
        """Those of `sources` that take change orders, in order."""
        return sorted({source for source in sources if any(fnmatchcase(source, pattern) for pattern in self.sources)})

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when other proposals would be made."""
        return hashlib.sha256(self.model_dump_json(exclude={"words"}).encode()).hexdigest()[:16]


def load_writeback(path: Path = WRITEBACK) -> Writeback:
    """Read and check the policy.

    Raises:
        UsageError: an unknown field or reason, a missing word, a share out of range; `where` is `file:line`.
    """
    return load_located(path, Writeback, what="the write-back policy")
