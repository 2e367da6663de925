"""The match model file (`schemas/match/*.yaml`): comparisons with m and u, blocking rules, thresholds."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import UsageError

PERSON_MODEL = Path(__file__).parent / "match" / "person.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(_Strict):
    """One level of agreement. `u = "name_share"` takes the frequency of the name itself. `masked`: it is reached where one side is masked,
    and only there, so its m and u are shares among such pairs."""

    level: str
    m: float = Field(gt=0, le=1)
    u: float | Literal["name_share"]
    masked: bool = False
    contradicts: bool = False
    forbids: bool = False

    def bits(self) -> float:
        """log2(m / u), Fellegi and Sunter (1969); 0 where u depends on the value."""
        return math.log2(self.m / self.u) if isinstance(self.u, float) else 0.0


class Correlated(_Strict):
    """Levels of two comparisons that see one fact twice (Winkler 1993): the weaker one counts by `factor`."""

    levels: dict[str, tuple[str, ...]] = Field(min_length=2, max_length=2)
    factor: float = Field(ge=0, le=1)


class BlockingRule(_Strict):
    """Pairs that share an identifier of some kinds, agree on expressions over match.nodes, or are named by one order. A block above `cap`
    is divided by the expressions `refine_by`; a part that is still above it is paired with its least node only."""

    rule: str
    identifiers: tuple[str, ...] = ()
    agree_on: tuple[str, ...] = ()
    orders: bool = False
    refine_by: tuple[str, ...] = ()
    cap: int = Field(gt=1)

    @model_validator(mode="after")
    def _one_kind(self) -> BlockingRule:
        if sum((bool(self.identifiers), bool(self.agree_on), self.orders)) != 1:
            raise ValueError("give exactly one of identifiers, agree_on, orders")
        return self


class MatchModel(_Strict):
    version: str
    trained: dict[str, int | float | str] | None = None
    prior_population: float = Field(gt=1)
    merge_bits: float
    review_bits: float
    rare_name_share: float = Field(gt=0, lt=1)
    common_name_n: int = Field(ge=1)
    shared_identifier_names: int = Field(ge=1)
    identifying: dict[str, tuple[str, ...]]
    correlated: tuple[Correlated, ...] = ()
    comparisons: dict[str, tuple[Level, ...]]
    blocking: tuple[BlockingRule, ...]

    @property
    def prior_bits(self) -> float:
        return -math.log2(self.prior_population)

    @property
    def fingerprint(self) -> str:
        """Version plus a hash of everything that decides: another fingerprint means every pair is scored anew."""
        return f"{self.version}-{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]}"


def write_match_model(model: MatchModel, path: Path) -> None:
    """Write a model file that `load_match_model` reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(yaml.safe_dump(model.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True), "utf-8")
    fresh.replace(path)


def load_match_model(path: Path = PERSON_MODEL) -> MatchModel:
    """Read and check a model file.

    Raises:
        UsageError: there is no such file, or the file is not YAML, or a key is unknown, missing or of the wrong type.
    """
    try:
        return MatchModel.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise UsageError("the match model cannot be read", where=str(path), why=error.strerror) from error
    except yaml.YAMLError as error:
        raise UsageError("the match model is not YAML", where=str(path), why=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"the match model is wrong at {place}", where=str(path), why=first["msg"]) from error
