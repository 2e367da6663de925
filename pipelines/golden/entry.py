"""What a steward enters as a value, standardised as a source's would be, and refused where it cannot be one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pipelines.standardise.credit_codes import normal_uscc
from pipelines.standardise.documents import read_document
from pipelines.standardise.emails import normalise as normal_email
from pipelines.standardise.names import read_name
from pipelines.standardise.phones import read_phones
from pipelines.standardise.single_address import read_address
from schemas.errors import UsageError
from schemas.overrides import ATTRIBUTE, OVERRIDABLE, PART_SEPARATOR

_YES, _NO = ("true", "yes", "是", "1"), ("false", "no", "否", "0")


def read_entry(field: str, text: str) -> str:
    """The standardised value of `field`; an address may be written as one text with its region.

    Raises:
        UsageError: no such field, or the text is no value of it; the text is not repeated.
    """
    if not field.startswith(ATTRIBUTE) and field not in OVERRIDABLE:
        raise UsageError(
            f"there is no field {field!r} to enter a value for", mend=f"Use one of {', '.join(OVERRIDABLE)} or {ATTRIBUTE}<name>"
        )
    value = _READERS.get(field, _text)(text.strip())
    if not value:
        raise UsageError(f"this is no value of {field}", mend=_HELP.get(field))
    return value


def _text(text: str) -> str | None:
    return text or None


def _name(text: str) -> str | None:
    name = read_name(text)
    return None if name.is_masked else name.organisation if name.is_organisation else name.name


def _phone(text: str) -> str | None:
    found = read_phones(text)
    return found[0].norm if len(found) == 1 and found[0].kind in ("mobile", "landline", "foreign") else None


def _document(text: str) -> str | None:
    id_type, _, number = text.rpartition(":")
    found = read_document(id_type or None, number)
    return f"{found[0]}:{found[1]}" if found and found[2] and found[0] else None


def _place(text: str) -> str | None:
    place = read_address(None, None, None, text)
    parts = (place.province, place.city, place.district, place.address_norm)
    return PART_SEPARATOR.join(part or "" for part in parts) if place.city or place.address_norm else None


def _date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _bool(text: str) -> str | None:
    return "true" if text.lower() in _YES else "false" if text.lower() in _NO else None


def _organisation(text: str) -> str | None:
    return read_name(text).organisation


_READERS: dict[str, Callable[[str], str | None]] = {
    "party_kind": lambda text: text if text in ("person", "organisation") else None,
    "name": _name,
    "gender": lambda text: text if text in ("male", "female") else None,
    "birth_on": _date,
    "phone": _phone,
    "email": normal_email,
    "id_number": _document,
    "address": _place,
    "company": _organisation,
    "uscc": normal_uscc,
    "marketing_consent": _bool,
}
_HELP = {
    "party_kind": "Write person or organisation",
    "name": "Write it whole, no character hidden",
    "gender": "Write male or female",
    "birth_on": "Write it like 1986-03-04",
    "phone": "Write one whole number",
    "email": "Write it like name@domain",
    "id_number": "Write a valid number, with its type before it if it is no resident's: passport:E12345678",
    "address": "Write region and street in one line",
    "uscc": "Write the 18 characters of a valid code",
    "marketing_consent": "Write yes or no",
}
