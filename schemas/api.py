"""What the API takes and answers. Values of persons are masked in every answer, and never repeated in a problem."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from schemas.new_record import NewRecord
from schemas.profile import Profile

IdentifierType = Literal["phone", "email", "order", "waybill", "ticket", "member", "id_number", "wechat", "customer"]
MAX_HITS = 50
MAX_RECORDS = 100
MAX_CANDIDATES = 10
PROFILE_EXAMPLE: JsonDict = {
    "customer_id": "c4f1d02a9b83e675",
    "identity": {
        "party_kind": "person", "name": "张**", "phone": "138****5678", "email": "d***@example.com", "age_band": "35-44",
        "province": "浙江省", "city": "杭州市", "district": "西湖区", "record_n": 7, "source_n": 3, "confidence": 0.998,
    },
    "consents": {"marketing": False, "do_not_contact": False},
    "preferences": [
        {"kind": "channel", "value": "wechat", "purpose": "customer_service", "source": "crm", "stated_at": "2026-03-01T08:00:00Z"},
        {"kind": "tag", "value": "会员", "purpose": "customer_service", "source": "crm", "stated_at": "2026-03-01T08:00:00Z"},
    ],
    "orders": {
        "total_n": 1,
        "latest": [{
            "role": "buyer", "order_no": "20260101000001", "platform": "tmall", "shop": "旗舰店", "status": "completed",
            "ordered_at": "2026-01-01T03:12:00Z", "amount_cny": "259.00", "line_n": 2, "returned": False,
        }],
    },
    "timeline": [{"at": "2026-01-01T03:12:00Z", "kind": "order", "ref": "20260101000001", "status": "completed", "detail": "旗舰店"}],
    "provenance": [
        {"source": "crm", "record_id": "crm:C001", "event_at": "2025-11-03T00:00:00Z", "fields": {"name": "clear_over_masked"}}
    ],
    "sections": {"orders": {"as_of": "2026-11-20T23:10:00Z", "loaded_at": "2026-11-21T01:30:00Z"}},
}


class LookupRequest(BaseModel):
    """One identifier of a known type."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"type": "phone", "value": "138 1234 5678"}, {"type": "order", "value": "TM20260101000001"}]},
    )

    type: IdentifierType = Field(description="What the value is.")
    value: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The identifier as written or spoken; spaces, hyphens, full-width digits and country codes are understood."
    )


class LookupHit(BaseModel):
    """One customer found, with what tells them from the others. Facts are masked; null when the hub does not know them."""

    customer_id: str = Field(description="For `GET /v1/customers/{customer_id}`.", examples=["c4f1d02a9b83e675"])
    moved_from: str | None = Field(default=None, description="The id asked for, when it is a former one of this customer.")
    matched_type: IdentifierType = Field(description="The type of identifier that led here.")
    name: str | None = Field(default=None, description="Masked name.", examples=["张**"])
    phone: str | None = Field(default=None, description="Masked first phone.", examples=["138****5678"])
    city: str | None = Field(default=None, description="City of the first address.", examples=["杭州市"])
    record_n: int | None = Field(default=None, description="Source records that make up the profile.", examples=[7])


class LookupAnswer(BaseModel):
    """The customers an identifier leads to. None is an answer, and so are several: an order number may belong to several customers."""

    hits: list[LookupHit] = Field(description=f"At most {MAX_HITS}, those with the most records first.")
    hit_n: int = Field(description="Customers found in all.", examples=[1])
    version: str = Field(description="Published version that answered.", examples=["v20261121T020000000-3f9a1c07"])


class MatchRequest(BaseModel):
    """Records that are not in the hub yet: who is each of them?"""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"records": [{"name": "张晓明", "phone": "138 1234 5678", "city": "杭州市"}]}]}
    )

    records: list[NewRecord] = Field(min_length=1, max_length=MAX_RECORDS, description="The columns of a customer row, as written.")


class MatchEvidence(BaseModel):
    """One comparison with the most similar of the customer's records, and what it adds to the odds."""

    comparison: str = Field(description="What was compared.", examples=["phone"])
    level: str = Field(description="How far it agrees, by the model.", examples=["sole"])
    reason: str = Field(description="The same in words.", examples=["the same phone, which nobody else is known to use"])
    bits: float = Field(description="log2(m / u): below 0 it speaks against.", examples=[27.28])


class MatchCandidate(BaseModel):
    """A customer the record may be, with masked facts that tell them from others."""

    customer_id: str = Field(description="For `GET /v1/customers/{customer_id}`.", examples=["c4f1d02a9b83e675"])
    joins: bool = Field(description="The record would become one with this customer.")
    probability: float = Field(description="Of the strongest pair alone.", examples=[0.998])
    bits: float = Field(description="Log2 of its odds, before anything else is known (prior) included.", examples=[9.1])
    evidence: list[MatchEvidence] = Field(description="What these bits consist of, but for the prior.")
    name: str | None = Field(default=None, description="Masked name.", examples=["张**"])
    phone: str | None = Field(default=None, description="Masked first phone.", examples=["138****5678"])
    city: str | None = Field(default=None, description="City of the first address.", examples=["杭州市"])


class MatchResult(BaseModel):
    """Who one record is."""

    decision: Literal["match", "review", "new"] = Field(
        description="`match`: it would join the first candidate. `review`: somebody is similar enough to be looked at. `new`: nobody."
    )
    candidates: list[MatchCandidate] = Field(description=f"At most {MAX_CANDIDATES}: those it joins first, then by bits.")
    candidate_n: int = Field(description="Candidates found in all.", examples=[1])


class MatchAnswer(BaseModel):
    """One result a record, in the order of the request."""

    results: list[MatchResult]
    version: str = Field(description="Published version that answered.", examples=["v20261121T020000000-3f9a1c07"])


class SectionAge(BaseModel):
    """How fresh a section is."""

    as_of: datetime | None = Field(default=None, description="Newest event the hub has of this section (UTC).")
    loaded_at: datetime | None = Field(default=None, description="When its newest file was read (UTC).")


class ProfileAnswer(Profile):
    """The whole customer, masked, with what was true of the answer at the moment it was given."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROFILE_EXAMPLE]})

    sections: dict[str, SectionAge] = Field(description="How fresh each section is: orders as of …")
    moved_from: str | None = Field(default=None, description="The id asked for, when it was merged into `customer_id`.")


SECTIONS = frozenset(Profile.model_fields) - {"customer_id"}


class BatchRequest(BaseModel):
    """Ids of customers, current or former."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"customer_ids": ["c4f1d02a9b83e675"], "sections": ["identity"]}]}
    )

    customer_ids: list[Annotated[str, StringConstraints(min_length=1, max_length=200)]] = Field(min_length=1, max_length=MAX_RECORDS)
    sections: list[str] | None = Field(default=None, min_length=1, max_length=50, description="Only these sections; default: all.")


class BatchAnswer(BaseModel):
    """Profiles of one published version."""

    customers: list[ProfileAnswer] = Field(description="Each as `GET /v1/customers/{customer_id}` answers it, in the order of the request.")
    missing: list[str] = Field(description="Ids that lead to nobody now, or to several customers.", examples=[["c000000000000000"]])
    version: str = Field(description="Published version that answered.", examples=["v20261121T020000000-3f9a1c07"])


class Me(BaseModel):
    """Whose key this is."""

    key_id: str = Field(description="Public part of the API key.", examples=["k7d02f1a"])
    role: str = Field(description="Role of the key.", examples=["agent"])
    scopes: list[str] = Field(description="What it may do.", examples=[["customers:read"]])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The process can answer lookups."""

    status: Literal["ready"] = "ready"
    version: str = Field(description="Published version being served.", examples=["v20261121T020000000-3f9a1c07"])
    published_at: datetime | None = Field(default=None, description="When it was published (UTC).")
    age_seconds: float | None = Field(default=None, description="Time since then.", examples=[3600.0])
    counts: dict[str, int] = Field(description="What the version holds.", examples=[{"profiles": 20000, "tokens": 101234, "aliases": 312}])
    sections: dict[str, SectionAge] = Field(description="How fresh each section is.")


class InvalidMember(BaseModel):
    """One thing wrong with a request. The value sent is never repeated."""

    pointer: str = Field(description="JSON pointer into the body, or the name of a header or parameter.", examples=["/value"])
    code: str = Field(description="Stable code.", examples=["missing"])
    detail: str = Field(description="What is wrong and what would be right.", examples=["is missing"])


class Problem(BaseModel):
    """An error, as RFC 9457 describes it (`application/problem+json`)."""

    type: str = Field(description="Kind of problem; stable.", examples=["urn:hub:problem:invalid-input"])
    title: str = Field(description="The kind in words; the same for every problem of the type.", examples=["Invalid request"])
    status: int = Field(description="HTTP status.", examples=[422])
    detail: str = Field(description="What happened here and what to do.", examples=["1 thing to mend in the request: see `errors`."])
    instance: str = Field(
        description="This occurrence: the id of the request, also in `X-Request-ID` and in the log.",
        examples=["urn:uuid:7f0c7c39-3c3f-4a0e-9f0c-6d3b0f6f1a10"],
    )
    errors: list[InvalidMember] | None = Field(default=None, description="What is wrong with the request, member by member.")
