"""The model of a table whose rows are to be linked (`hub dedupe`): what its columns mean, what is compared, what is paired.

Weights (m and u) are learned from the table itself where the model gives none (pipelines/match/learn.py).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import UsageError

Kind = Literal[
    "given_name", "family_name", "full_name", "date", "postcode", "code", "email", "category", "text", "number", "address", "lat_lon",
    "list", "zh_name", "phone", "id_number", "zh_address", "organisation", "credit_code",
]  # fmt: skip
OWN_NAMES = frozenset({"n", "record_id", "source_n", "a", "b", "levels", "rarity"})  # of columns that the engine makes beside the fields
JOINED: tuple[Kind, ...] = ("full_name", "text", "address")  # kinds that may stand in several columns


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableField(_Strict):
    """A field of the rows: the column it is in (`lat_lon`: latitude and longitude) and what kind of value that is. A name, text or address
    that stands in several columns is read as one, joined by spaces. `separator` parts the values of a `list` that is one text."""

    column: str | tuple[str, ...]
    kind: Kind
    separator: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,) if isinstance(self.column, str) else self.column

    @model_validator(mode="after")
    def _two_columns(self) -> TableField:
        if self.kind == "lat_lon" and len(self.columns) != 2:
            raise ValueError("a lat_lon has two columns")
        if not self.columns or (len(self.columns) > 1 and self.kind not in ("lat_lon", *JOINED)):
            raise ValueError(f"a {self.kind} has one column; several may make a lat_lon, {', '.join(JOINED)}")
        return self


class Weights(_Strict):
    """Of one level: `m` is the share of true pairs that reach it, `u` that of random pairs (Fellegi and Sunter 1969)."""

    m: float = Field(gt=0, le=1)
    u: float = Field(gt=0, le=1)


class Comparison(_Strict):
    """One field compared. `swapped_with`: the other part of the name, for names whose parts were exchanged. `rarity`: that two rows agree
    on a rare value says more than on a common one. `weights`: by level, all levels of the kind, or none to have them learned."""

    of: str
    swapped_with: str | None = None
    rarity: bool = True
    weights: dict[str, Weights] | None = None


class PairingRule(_Strict):
    """Pairs of rows that agree on all of `agree_on`: fields, or SQL over prepared fields such as `left(family, 3)` or `born_year`. A
    block of more than `cap` rows proposes no pair by this rule, and is reported."""

    agree_on: tuple[str, ...] = Field(min_length=1)
    cap: int = Field(default=200, gt=1)


class TableModel(_Strict):
    """`link_probability`: pairs above it put rows into one neighbourhood, in which all pairs are scored. `merge_probability`: two groups
    are one entity while the mean probability over the pairs across them reaches it. `link_only`: rows of one source are never one; true
    where each file is a source, or the column that tells it."""

    version: str
    record_id: str | None = None
    fields: dict[str, TableField]
    comparisons: dict[str, Comparison]
    pairing: tuple[PairingRule, ...] = Field(min_length=1)
    link_only: bool | str = False
    seed: int = 1
    random_pairs: int = Field(default=300_000, ge=1_000)
    rare_share: float = Field(default=0.00001, gt=0, lt=1)
    link_probability: float = Field(default=0.8, gt=0, lt=1)
    merge_probability: float = Field(default=0.5, gt=0, lt=1)
    pairs_at_most: int = Field(default=100_000_000, gt=0)

    @model_validator(mode="after")
    def _names_what_it_has(self) -> TableModel:
        if not 0 < len(self.comparisons) <= 16:
            raise ValueError("give 1 to 16 comparisons")
        for name, comparison in self.comparisons.items():
            for field in (comparison.of, comparison.swapped_with):
                if field is not None and field not in self.fields:
                    raise ValueError(f"comparison {name!r} is of {field!r}, which is not among the fields {', '.join(self.fields)}")
        bad = [name for name in (*self.fields, *self.comparisons) if not name.isidentifier() or name != name.lower()]
        if bad:
            raise ValueError(f"{bad[0]!r} is not a name of small letters, digits and underscores")
        if own := sorted(OWN_NAMES & set(self.fields)):
            raise ValueError(f"a field cannot be named {own[0]!r}: the engine has a column of that name")
        return self

    @property
    def fingerprint(self) -> str:
        """Version plus a hash of everything that decides."""
        return f"{self.version}-{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]}"


def load_table_model(path: Path) -> TableModel:
    """Read and check a model file.

    Raises:
        UsageError: there is no such file, it is not YAML, or a key is unknown, missing or of the wrong type.
    """
    try:
        return TableModel.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise UsageError("the model cannot be read", where=str(path), why=error.strerror) from error
    except yaml.YAMLError as error:
        raise UsageError("the model is not YAML", where=str(path), why=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"the model is wrong at {place}" if place else "the model is wrong", where=str(path), why=first["msg"]) from error
