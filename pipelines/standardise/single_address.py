"""One address read in Python, as `standardise_addresses` reads a column of them in SQL: the same tables, patterns and steps."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pipelines.standardise.addresses import (
    HIDDEN_PARTS,
    NO_DISTRICT,
    NOT_A_DIVISION,
    NUMBERED_PARTS,
    REWRITES,
    SEVERAL_NUMBERS,
    TWO_SIGNS,
    Spelt,
    country_pattern,
    division_forms,
    read_fields,
    tidy_address,
)
from pipelines.standardise.divisions import Place, names_of, place_of
from pipelines.standardise.vocabulary import any_of, words


class Address(NamedTuple):
    """The columns of an address as they stand in `std.mentions`."""

    province: str | None
    city: str | None
    district: str | None
    address_norm: str | None
    address_key: str | None
    is_place: bool


NOWHERE = Address(None, None, None, None, None, False)


def read_address(province: str | None, city: str | None, district: str | None, address: str | None) -> Address:
    """Read one address, its region fields as sent.

    >>> read_address(None, None, None, "浙江省杭州市西湖区文三路86号 3号楼二单元301")[:4]
    ('浙江', '杭州', '西湖区', '文三路86号3栋2单元301室')
    """
    if not any((province, city, district, address)):
        return NOWHERE
    _, _, _, *found = read_fields(province, city, district)[0]
    field, sent = Place(*found[:3]), found[3:]
    whole = _without_country(tidy_address(address)) if address is not None else None
    place, text = _agreed(field, whole)
    code = place.district or place.city or place.province
    named = names_of(place_of(code)) if code else (None, None, None)
    province, city, district = (name or as_sent for name, as_sent in zip(named, sent, strict=True))
    norm, is_hidden = _unified(text, sent[2]) if text is not None else (None, False)
    key = _numbers(norm) if norm and not is_hidden else None
    return Address(province, city, district, norm, key, whole is not None and _pickup().search(whole) is not None)


def _agreed(field: Place, whole: str | None) -> tuple[Place, str | None]:
    """The place that fields and text name together, and the text behind it as far as the two agree."""
    if whole is None:
        return field, None
    found, texts = Place(None, None, None), [whole]
    for level in ("province", "city", "district"):
        form = _form(level, _scope(level, found, field), texts[-1])
        texts.append(texts[-1][len(str(form["text"])) :] if form else texts[-1])
        if form:
            found = Place(*(_code(form, rank) or getattr(found, rank) for rank in Place._fields))
    place, behind = field, 0
    for rank in Place._fields:
        mine, theirs = getattr(field, rank), getattr(found, rank)
        place = place._replace(**{rank: mine or theirs})
        if mine and theirs and mine != theirs:
            break
        behind += 1
    return place, texts[behind]


def _scope(level: str, found: Place, field: Place) -> str:
    """The division in which the name of the next rank is looked for."""
    province, city = found.province or field.province, found.city or field.city
    return {"province": "", "city": province or "", "district": city or province or ""}[level]


def _code(form: Spelt, rank: str) -> str | None:
    code = form[rank]
    return str(code) if code else None


def _form(level: str, scope: str, text: str) -> Spelt | None:
    """The longest form that `text` begins with, unless it is a short one and what stands behind it makes it something else."""
    for form in division_forms().get((level, scope, text[:2]), ()):
        if text.startswith(str(form["text"])):
            return None if form["is_short"] and _elsewhere().search(text[len(str(form["text"])) :]) else form
    return None


@cache
def _elsewhere() -> re.Pattern[str]:
    return re.compile(NOT_A_DIVISION)


def _without_country(text: str) -> str:
    return re.sub(country_pattern(), r"\1", text) if text.startswith("中") else text


@cache
def _pickup() -> re.Pattern[str]:
    return re.compile(any_of(words("pickup_words")))


def _unified(text: str, district_sent: str | None) -> tuple[str | None, bool]:
    """The text in one spelling, None where it is too little; and whether a part is hidden."""
    for repeated in (district_sent, NO_DISTRICT):
        if repeated and text.startswith(repeated):
            text = text[len(repeated) :]
            break
    for when, pattern, replacement in REWRITES:
        if re.search(when, text):
            text = re.sub(pattern, replacement, text)
    is_hidden = "*" in text
    norm = re.sub(HIDDEN_PARTS, "*", text).rstrip("*-") if is_hidden else text
    return norm if re.search(TWO_SIGNS, norm) else None, is_hidden


def _numbers(norm: str) -> str | None:
    """The numbers of house, building, unit and room; None where there are fewer than two."""
    chain = "-".join(re.findall(NUMBERED_PARTS, norm)) if re.search(SEVERAL_NUMBERS, norm) else ""
    return chain if "-" in chain else None
