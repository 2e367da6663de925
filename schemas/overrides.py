"""What a steward may enter as the value of a customer, and how the parts of a place are written into one text."""

from __future__ import annotations

from schemas.survivorship import DecidedField

OVERRIDABLE: tuple[DecidedField, ...] = (
    "party_kind", "name", "gender", "birth_on", "phone", "email", "id_number", "address", "company", "uscc", "customer_level",
    "preferred_channel", "language", "marketing_consent", "last_agent",
)  # fmt: skip
ATTRIBUTE = "attribute:"  # before the name of a custom attribute
PLACE = ("province", "city", "district", "address")
PART_SEPARATOR = "\x1f"
