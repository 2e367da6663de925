"""A record that is not in the hub yet, as it is handed over to be resolved: the columns of a customer row (`raw.customers`)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_Text = Field(default=None, max_length=500)


class NewRecord(BaseModel):
    """Values as they were written; they are standardised as those of a source are. An openid or unionid stands behind its namespace
    (`<app>:<openid>`), as the mapping of its source says."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    party_kind: Literal["person", "organisation"] | None = None
    name: str | None = _Text
    former_name: str | None = _Text
    gender: Literal["male", "female"] | None = None
    birth_on: date | None = None
    phone: str | None = _Text
    phone_alt: str | None = _Text
    email: str | None = _Text
    wechat_id: str | None = _Text
    unionid: str | None = _Text
    openid: str | None = _Text
    id_type: str | None = _Text
    id_number: str | None = _Text
    company: str | None = _Text
    uscc: str | None = _Text
    province: str | None = _Text
    city: str | None = _Text
    district: str | None = _Text
    address: str | None = _Text

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_nothing(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value
