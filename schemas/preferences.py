"""Preferences and tags (`schemas/preferences.yaml`): what each may be used for, and which are worked out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from schemas.fields import load_fields
from schemas.located import load_located
from schemas.profile import Tier

PREFERENCES = Path(__file__).parent / "preferences.yaml"

StatedKind = Literal["channel", "language", "delivery_note", "do_not_contact"]
ComputedKind = Literal["tag", "service_need"]
_Count = Annotated[float, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_purpose(purpose: str, info: ValidationInfo) -> str:
    known = (info.context or {}).get("purposes")
    if known is not None and purpose not in known:
        raise ValueError(f"there is no purpose {purpose!r}; they are {', '.join(sorted(known))}")
    return purpose


class Condition(_Strict):
    """What must hold of a customer; a condition that is not given asks nothing, one on a value that is not known does not hold."""

    age_from: _Count | None = None
    age_below: _Count | None = None
    tier: tuple[Tier, ...] | None = None
    order_n_from: _Count | None = None
    order_n_below: _Count | None = None
    net_cny_from: _Count | None = None
    return_share_from: float | None = Field(default=None, ge=0, le=1)
    idle_days_from: _Count | None = None
    idle_days_below: _Count | None = None

    @field_validator("tier")
    @classmethod
    def _some(cls, tier: tuple[Tier, ...] | None) -> tuple[Tier, ...] | None:
        if tier == ():
            raise ValueError("no tier is named")
        return tier


class Computed(_Strict):
    """A tag or service need that the hub works out."""

    value: str = Field(min_length=1, max_length=40)
    kind: ComputedKind
    purpose: str
    when: Condition

    _purpose = field_validator("purpose")(_is_purpose)

    @field_validator("when")
    @classmethod
    def _asks_something(cls, when: Condition) -> Condition:
        if not when.model_dump(exclude_none=True):
            raise ValueError("it asks nothing, so everybody would have it")
        return when


class TagPurposes(_Strict):
    default: str
    of: dict[str, str] = Field(default_factory=dict)

    @field_validator("default", "of")
    @classmethod
    def _are_purposes(cls, value: str | dict[str, str], info: ValidationInfo) -> str | dict[str, str]:
        for purpose in [value] if isinstance(value, str) else value.values():
            _is_purpose(purpose, info)
        return value


class Preferences(_Strict):
    purposes: dict[StatedKind, str]
    tags: TagPurposes
    computed: tuple[Computed, ...] = ()

    @field_validator("purposes")
    @classmethod
    def _all_kinds(cls, purposes: dict[StatedKind, str], info: ValidationInfo) -> dict[StatedKind, str]:
        if missing := [kind for kind in get_args(StatedKind) if kind not in purposes]:
            raise ValueError(f"no purpose for {', '.join(missing)}")
        for purpose in purposes.values():
            _is_purpose(purpose, info)
        return purposes

    @field_validator("computed")
    @classmethod
    def _each_once(cls, computed: tuple[Computed, ...]) -> tuple[Computed, ...]:
        names = [(of.kind, of.value) for of in computed]
        if repeated := [value for kind, value in names if names.count((kind, value)) > 1]:
            raise ValueError(f"{repeated[0]!r} is declared twice")
        return computed


def load_preferences(path: Path = PREFERENCES) -> Preferences:
    """Read and check the declaration.

    Raises:
        UsageError: an unknown key, kind or purpose, a condition that asks nothing; `where` is `file:line`.
    """
    return load_located(path, Preferences, what="the declaration of preferences", context={"purposes": set(load_fields().purposes)})
