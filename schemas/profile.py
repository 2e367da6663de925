"""The 360° document of a customer (`mart.profiles.document`), as served.

Masked, and stable: what would change for everybody every day (share of revenue, days since the last order, age in years) is in the tables,
and the document carries what follows from it (tier, scores, dates, age band). Keys without a value are left out. Lists are bounded
(`LATEST`, `TIMELINE`, `CONTACTS`); the tables hold all. Times are UTC, money is in yuan. How fresh each section is comes with the answer
of the API (`sections`), not with the document.

Forms: name 张** · phone 138****1234, landline area code and last two digits · e-mail d***@domain · document number first one, last two
· address province, city, district · accounts and WeChat ids first and last character · birth date as an age band · organisations, order
numbers and waybills clear · text that people wrote left out, ticket subjects without digits and e-mail addresses.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LATEST = 10
TIMELINE = 50
CONTACTS = 20
PREFERENCES = 40
LOST = 20
LOST_A_FIELD = 4
RELATIONS = 20

Tier = Literal["A", "B", "C"]
TIER_MEANING: dict[Tier, str] = {  # Pareto's 20/80: few customers bring most of the revenue
    "A": "brings the first 80 % of net revenue",
    "B": "brings the next 15 % of net revenue",
    "C": "brings the last 5 % of net revenue, or none",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Identity(_Part):
    party_kind: Literal["person", "organisation"]
    name: str | None = Field(None, description="Masked; clear for an organisation.", examples=["张**"])
    gender: Literal["male", "female"] | None = None
    age_band: str | None = Field(None, description="Completed years at the last run.", examples=["35-44"])
    phone: str | None = Field(None, description="First phone, masked.", examples=["138****5678"])
    email: str | None = Field(None, description="First e-mail, masked.", examples=["d***@example.com"])
    province: str | None = None
    city: str | None = None
    district: str | None = None
    company: str | None = Field(None, description="Organisation named on the records.")
    uscc: str | None = Field(None, description="Its unified social credit code.")
    customer_level: str | None = Field(None, description="Level given by the CRM or loyalty programme.")
    record_n: int = Field(description="Source records that make up the profile.")
    source_n: int = Field(description="Sources that know the customer.")
    confidence: float | None = Field(None, description="Probability of the weakest join that holds the records together.")
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None


class Contact(_Part):
    value: str = Field(description="Masked.")
    is_valid: bool
    is_personal: bool = Field(description="Not a relay number, service line or switchboard.")
    record_n: int = Field(description="Records that carry it.")
    last_seen_at: datetime | None = None


class Contacts(_Part):
    phones: list[Contact] | None = None
    emails: list[Contact] | None = None


class Address(_Part):
    is_place: bool = Field(description="Pick-up station, locker, dormitory, reception.")
    province: str | None = None
    city: str | None = None
    district: str | None = None
    record_n: int
    last_seen_at: datetime | None = None


class Identifier(_Part):
    kind: Literal["account", "customer", "id_number", "member", "openid", "unionid", "uscc", "wechat_id"]
    namespace: str | None = Field(None, description="Platform, app, document type or source.", examples=["tmall", "resident", "crm"])
    value: str = Field(description="Masked; member numbers and record keys are clear.")
    is_valid: bool
    last_seen_at: datetime | None = None


class Consents(_Part):
    marketing: bool = Field(description="False unless the newest statement says yes.")
    marketing_stated_at: datetime | None = None
    do_not_contact: bool = Field(description="Any source says so.")


class Preference(_Part):
    """What the customer prefers or asks for, and tags; each with what it may be used for."""

    kind: Literal["channel", "language", "delivery_note", "do_not_contact", "service_need", "tag"]
    value: str = Field(description="A delivery note stands without long digits and e-mail addresses.")
    purpose: str = Field(description="A purpose of the register (schemas/fields.yaml).")
    source: str = Field(description="Who says so: a source, a steward, or the hub itself.")
    stated_at: datetime | None = Field(None, description="When it was last said; null for the hub's own, which hold as of the last run.")


class Attribute(_Part):
    """A column that a mapping carries along."""

    attribute: str
    value: str = Field(description="Without long digits and e-mail addresses.")
    source: str


class Relation(_Part):
    """Who has to do with the customer. Relations are never merges."""

    kind: Literal["contact_of", "household", "shared_phone", "shared_account"]
    role: str | None = Field(None, description="contact_of: the role in which the customer names the organisation.")
    customer_id: str | None = Field(None, description="The other person.")
    organisation_id: str | None = Field(None, description="The organisation.")
    name: str | None = Field(None, description="Masked; clear for an organisation.")
    uscc: str | None = None
    evidence_n: int = Field(description="Records that say so.")
    since_at: datetime | None = None
    until_at: datetime | None = Field(None, description="Last time it was seen.")


class Value(_Part):
    """Order statistics. Orders that are closed or refunded do not count; refunds of the others are taken off."""

    tier: Tier
    tier_meaning: str = Field(description="Group of customers, largest net revenue first, that brings this part of it together.")
    order_n: int
    gross_cny: Decimal
    refund_cny: Decimal
    net_cny: Decimal
    average_basket_cny: Decimal | None = None
    return_n: int
    first_order_on: date | None = None
    last_order_on: date | None = Field(None, description="Recency, as a date.")
    recency_score: int | None = Field(None, ge=1, le=5, description="Quintile, 5 best (RFM).")
    frequency_score: int | None = Field(None, ge=1, le=5)
    monetary_score: int | None = Field(None, ge=1, le=5)


class Order(_Part):
    role: Literal["buyer", "recipient"]
    order_no: str | None = None
    platform: str | None = None
    shop: str | None = None
    status: str | None = None
    ordered_at: datetime | None = None
    amount_cny: Decimal | None = Field(None, description="Only for the buyer.")
    line_n: int | None = None
    returned: bool = Field(description="A return is linked.")


class Orders(_Part):
    total_n: int
    latest: list[Order]


class Shipment(_Part):
    role: Literal["recipient", "buyer"]
    order_no: str | None = None
    carrier: str | None = None
    waybills: list[str] | None = None
    status: str | None = None
    shipped_at: datetime | None = None
    promised_at: datetime | None = None
    delivered_at: datetime | None = None
    is_late: bool
    delay_days: float | None = Field(None, description="Days after the promise, once delivered; an open one is late since promised_at.")


class Shipments(_Part):
    total_n: int
    open: list[Shipment] | None = None
    recent: list[Shipment] | None = Field(None, description="Not open any more.")


class Ticket(_Part):
    ticket_no: str
    order_no: str | None = None
    subject: str | None = Field(None, description="Without digits and e-mail addresses.")
    channel: str | None = None
    category: str | None = None
    priority: str | None = None
    status: str | None = None
    agent: str | None = None
    created_at: datetime | None = None
    resolved_at: datetime | None = None
    satisfaction: float | None = None


class Tickets(_Part):
    total_n: int
    open: list[Ticket] | None = None
    recent: list[Ticket] | None = Field(None, description="Closed ones.")


class Interaction(_Part):
    kind: str
    channel: str | None = None
    happened_at: datetime | None = None
    agent: str | None = None
    seconds: float | None = None


class Interactions(_Part):
    total_n: int
    latest: list[Interaction]


class LastAgent(_Part):
    agent: str
    via: Literal["ticket", "interaction", "crm"]
    at: datetime | None = None


class Event(_Part):
    at: datetime
    kind: Literal["order", "shipment", "return", "ticket", "interaction"]
    ref: str | None = Field(None, description="Order number, waybill or ticket number.")
    status: str | None = None
    detail: str | None = Field(None, description="Shop or platform, carrier, reason, category, channel.")


class Provenance(_Part):
    """A record and the fields it gave. Every field of identity, consents and preferences stands with exactly one record; `address` includes
    the region, `id_number` its type."""

    source: str
    record_id: str = Field(description="Hidden where it holds the person's phone, e-mail or document number.", examples=["crm:C001"])
    file: str | None = Field(None, description="Landing file that brought the record; null for what a steward entered.")
    line: int | None = Field(None, description="Its line there.")
    event_at: datetime | None = Field(None, description="When the source knew it.")
    fields: dict[str, str] = Field(
        description="Field -> survivorship rule that decided; only_value when nothing contradicts.",
        examples=[{"name": "clear_over_masked", "phone": "most_recent"}],
    )


class LostValue(_Part):
    """A value that did not survive. Hidden values beside clear ones are left out."""

    field: str
    value: str | None = Field(None, description="Masked as the field is.")
    lost_by: str = Field(description="The survivorship rule that put the surviving value before it.")
    source: str
    record_id: str = Field(description="Best record that says it; hidden where it holds a personal value.")
    event_at: datetime | None = None


class Profile(_Part):
    """The whole customer, masked."""

    customer_id: str
    identity: Identity
    contacts: Contacts | None = None
    addresses: list[Address] | None = None
    identifiers: list[Identifier] | None = None
    consents: Consents
    preferences: list[Preference] | None = None
    attributes: list[Attribute] | None = None
    relations: list[Relation] | None = None
    value: Value | None = Field(None, description="Null for a customer without orders.")
    orders: Orders | None = None
    shipments: Shipments | None = None
    tickets: Tickets | None = None
    interactions: Interactions | None = None
    last_agent: LastAgent | None = None
    timeline: list[Event] | None = Field(None, description="Latest events of all kinds, newest first.")
    provenance: list[Provenance]
    lost: list[LostValue] | None = Field(None, description="Other values that were said of decided fields, best first by field.")
