"""The survivorship policy (`schemas/survivorship.yaml`): a chain of rules per field, and how far each source is trusted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from schemas.located import load_located

SURVIVORSHIP = Path(__file__).parent / "survivorship.yaml"

Rule = Literal[
    "override", "clear_over_masked", "verified", "valid", "source_trust", "most_recent", "most_frequent", "most_complete", "tie_break"
]  # fmt: skip
Role = Literal["crm_customer", "member", "buyer", "recipient", "shipment_recipient", "requester", "caller"]
DecidedField = Literal[
    "party_kind", "name", "gender", "birth_on", "phone", "email", "id_number", "address", "company", "uscc",
    "customer_level", "preferred_channel", "language", "marketing_consent", "last_agent", "identifier", "attribute",
]  # fmt: skip
DECIDED_FIELDS: tuple[DecidedField, ...] = get_args(DecidedField)
Points = Annotated[int, Field(ge=0, le=1000)]
HalfLife = Annotated[float, Field(gt=0, le=36_500)]


def _decides(chain: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if len(set(chain)) < len(chain):
        raise ValueError("a rule stands twice in the chain")
    if not chain or chain[-1] != "tie_break":
        raise ValueError("the chain must end with tie_break, or the result would depend on the order of rows")
    if "override" in chain[1:]:
        raise ValueError("override must come first: a rule before it would outvote the steward")
    return chain


Chain = Annotated[tuple[Rule, ...], AfterValidator(_decides)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trust(_Strict):
    """How far a speaker is believed. With `half_life_days` it halves each time the customer's newest record is that much newer."""

    trust: Points
    half_life_days: HalfLife | None = None


class Voice(Trust):
    """Trust in one speaker, with exceptions per field."""

    fields: dict[DecidedField, Points | Trust] = Field(default_factory=dict)

    def of(self, field: DecidedField) -> Trust:
        said = self.fields.get(field, self)
        return Trust(trust=said) if isinstance(said, int) else Trust(trust=said.trust, half_life_days=said.half_life_days)


class SourceVoice(Voice):
    """Trust in the sources whose name fits the pattern `source`."""

    source: str

    @field_validator("source")
    @classmethod
    def _is_pattern(cls, pattern: str, info: ValidationInfo) -> str:
        if not re.fullmatch(r"[\w.*?-]+", pattern):
            raise ValueError("a source pattern holds letters, digits, `_`, `-`, `.`, `*` and `?` only")
        known: Collection[str] | None = (info.context or {}).get("sources")
        if known is not None and not any(fnmatchcase(source, pattern) for source in known):
            raise ValueError(f"no source fits the pattern {pattern!r}; the sources are {', '.join(sorted(known)) or 'none'}")
        return pattern


class TrustTable(_Strict):
    default: Points
    roles: dict[Role, Points | Voice] = Field(default_factory=dict)
    sources: tuple[SourceVoice, ...] = ()

    @model_validator(mode="after")
    def _each_pattern_once(self) -> TrustTable:
        patterns = [voice.source for voice in self.sources]
        repeated = {pattern for pattern in patterns if patterns.count(pattern) > 1}
        if repeated:
            raise ValueError(f"source pattern {min(repeated)!r} is declared twice")
        return self


class Survivorship(_Strict):
    """The whole policy. Every field that golden decides has a chain."""

    version: int
    trust: TrustTable
    fields: dict[DecidedField, Chain]
    attributes: dict[str, Chain] = Field(default_factory=dict)

    @field_validator("fields")
    @classmethod
    def _none_missing(cls, chains: dict[DecidedField, Chain]) -> dict[DecidedField, Chain]:
        missing = [field for field in DECIDED_FIELDS if field not in chains]
        if missing:
            raise ValueError(f"no chain for {', '.join(missing)}")
        return chains

    @field_validator("attributes")
    @classmethod
    def _are_mapped(cls, chains: dict[str, Chain], info: ValidationInfo) -> dict[str, Chain]:
        known: Collection[str] | None = (info.context or {}).get("attributes")
        for attribute in chains:
            if known is not None and attribute not in known:
                raise ValueError(f"no mapping carries an attribute {attribute!r}; they carry {', '.join(sorted(known)) or 'none'}")
        return chains

    @model_validator(mode="after")
    def _decay_is_looked_at(self) -> Survivorship:
        for voice in (*self.trust.sources, *self.trust.roles.values()):
            for field in DECIDED_FIELDS:
                said = voice.fields.get(field) if isinstance(voice, Voice) else None
                if isinstance(said, Trust) and said.half_life_days and "source_trust" not in self.fields[field]:
                    raise ValueError(f"trust in {field} decays, but the chain of {field} has no source_trust that would look at it")
        return self

    def trust_in(self, source: str, role: str, field: DecidedField) -> Trust:
        """How far `source` speaking in `role` is believed about `field`."""
        for voice in self.trust.sources:
            if fnmatchcase(source, voice.source):
                return voice.of(field)
        spoken = {str(name): voice for name, voice in self.trust.roles.items()}.get(role, self.trust.default)
        return spoken.of(field) if isinstance(spoken, Voice) else Trust(trust=spoken)

    def chain_of_attribute(self, attribute: str) -> Chain:
        """The chain of a custom attribute: its own, else that of `attribute`."""
        return self.attributes.get(attribute, self.fields["attribute"])

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when a record could be decided otherwise."""
        return hashlib.sha256(self.model_dump_json(exclude={"version"}).encode()).hexdigest()[:16]


def load_survivorship(
    path: Path = SURVIVORSHIP, *, sources: Collection[str] | None = None, attributes: Collection[str] | None = None
) -> Survivorship:
    """Read and check the policy; with `sources` and `attributes` (those of the mappings in use) also that each it names is one of them.

    Raises:
        UsageError: an unknown field, rule, role, source pattern or attribute, a missing chain, rules that contradict each other; `where` is
            `file:line`.
    """
    return load_located(path, Survivorship, what="the survivorship policy", context={"sources": sources, "attributes": attributes})
