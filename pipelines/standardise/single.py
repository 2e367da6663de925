"""One record standardised in Python, value by value, as the standardise stage does it for columns: what a customer row would say.

`std.mentions` of the role crm_customer says the same of the same row (tests/standardise/test_single.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

from pipelines.standardise.characters import HAN
from pipelines.standardise.credit_codes import normal_uscc
from pipelines.standardise.documents import read_document
from pipelines.standardise.emails import NOBODYS, normalise
from pipelines.standardise.keys import WECHAT_ID, normal_wechat, trimmed
from pipelines.standardise.names import Name, read_name
from pipelines.standardise.phones import KINDS, Phone, read_phones
from pipelines.standardise.single_address import read_address
from pipelines.standardise.vocabulary import entries
from schemas.new_record import NewRecord

Syllable = Callable[[str], str | None]
_SHORT = re.compile(f"[{HAN}][{HAN}*]{{0,3}}")
_WORDS = re.compile(f"[{HAN}]|[^{HAN} ·]+")
_HAN = re.compile(f"[{HAN}]")
_NOBODYS = re.compile(NOBODYS)
_FORMS_FILL_IN = date(1970, 1, 1)


@dataclass(frozen=True)
class Mention:
    """What a record says: `evidence` by column of `match.nodes`, and the (kind, value) of what identifies a person."""

    evidence: dict[str, object]
    identifiers: tuple[tuple[str, str], ...]


class Spelt(NamedTuple):
    """A name as compared: folded to the commonest variant of its surname, and in pinyin."""

    norm: str | None
    surname: str | None
    pinyin: str | None


def standardise_record(record: NewRecord, syllable: Syllable) -> Mention:
    """Read all values of a record; `syllable` answers the reading of a character (`readings.syllables`)."""
    is_declared = record.party_kind == "organisation"
    name = read_name(record.name or (is_declared and record.company) or "")
    code = normal_uscc(record.uscc) if record.uscc else None
    is_organisation = is_declared or name.is_organisation or (name.has_organisation_word and code is not None)
    spelt = spell(name, syllable)
    id_type, number = _document(record)
    phones = _phones(record)
    address = read_address(record.province, record.city, record.district, record.address)
    evidence: dict[str, object] = {
        "party_kind": "organisation" if is_organisation else "person",
        "name_norm": name.organisation if is_organisation else spelt.norm,
        "surname": None if is_organisation else spelt.surname,
        "name_pinyin": None if is_organisation else spelt.pinyin,
        "name_is_masked": name.is_masked,
        "former_name_norm": spell(read_name(record.former_name), syllable).norm if record.former_name else None,
        "gender": record.gender or _gender(number),
        "birth_on": _birth(record.birth_on) or _birth_of(number),
        "phone_norm": phones[0].norm if phones else None,
        "phone_kind": phones[0].kind if phones else None,
        "province": address.province,
        "city": address.city,
        "district": address.district,
        "address_norm": None if address.is_place else address.address_norm,
        "address_key": None if address.is_place else address.address_key,
    }
    return Mention(evidence, tuple(dict.fromkeys(_identifiers(record, phones, f"{id_type}:{number}" if number else None, code,
                                                              is_organisation))))  # fmt: skip


def spell(name: Name, syllable: Syllable) -> Spelt:
    """Surname, comparison form and pinyin of a name already read, as `readings.add_readings`."""
    text = name.text
    if text is None:
        return Spelt(None, None, None)
    if not _SHORT.fullmatch(text):
        words = _WORDS.findall(text) if _HAN.search(text) else [text]
        return Spelt(text, None, None if name.is_masked else " ".join(syllable(word) or word for word in words))
    compound = _compound().get(text[:2])
    reading, folded = _surnames().get(text[:1], (None, None))
    sounds = [compound] if compound else [reading or syllable(text[0]) or text[0]]
    sounds += [syllable(character) or character for character in text[2 if compound else 1 :]]
    pinyin = None if name.is_masked else " ".join(sounds)
    if compound:
        return Spelt(text, text[:2], pinyin)
    return Spelt(folded + text[1:] if folded else text, folded, pinyin)


@cache
def _surnames() -> dict[str, tuple[str | None, str]]:
    return {row["surname"]: (row["reading"] or None, row["folded"] or row["surname"]) for row in entries("surnames")}


@cache
def _compound() -> dict[str, str]:
    return {row["surname"]: row["reading"] for row in entries("compound_surnames")}


def _document(record: NewRecord) -> tuple[str | None, str | None]:
    """Type and number of a valid document."""
    found = read_document(record.id_type, record.id_number) if record.id_number else None
    return (found[0], found[1]) if found and found[2] else (None, None)


def _birth(stated: date | None) -> date | None:
    return stated if stated and stated > date(1900, 1, 1) and stated != _FORMS_FILL_IN else None


def _birth_of(number: str | None) -> date | None:
    digits = number[6:14] if number and len(number) == 18 else ""
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if digits else None


def _gender(number: str | None) -> str | None:
    if not number or len(number) != 18:
        return None
    return "male" if number[16] in "13579" else "female"


def _phones(record: NewRecord) -> list[Phone]:
    """The numbers of both fields, the one that stands for the record first: of the best kind, the first field before the second."""
    fields = [read_phones(value) for value in (record.phone, record.phone_alt) if value]
    firsts = [found[0] for found in fields if found]
    best = min(firsts, key=lambda phone: KINDS.index(phone.kind), default=None)
    others = [phone for found in fields for phone in found if phone is not best]
    return [best, *others] if best else []


def _identifiers(
    record: NewRecord, phones: list[Phone], document: str | None, code: str | None, is_organisation: bool
) -> list[tuple[str, str]]:
    found = [("phone", p.norm) for p in phones if p.is_personal and p.norm and not (is_organisation and p.norm.startswith("0"))]
    email = normalise(record.email) if record.email else None
    if email and not _NOBODYS.fullmatch(email):
        found.append(("email", email))
    wechat_id = normal_wechat(record.wechat_id) if record.wechat_id else None
    keys = {
        "id_number": document,
        "unionid": record.unionid and trimmed(record.unionid),
        "openid": record.openid and trimmed(record.openid),
        "wechat_id": wechat_id if wechat_id and re.fullmatch(WECHAT_ID, wechat_id) else None,
        "uscc": code if is_organisation else None,
    }
    return found + [(kind, value) for kind, value in keys.items() if value]
