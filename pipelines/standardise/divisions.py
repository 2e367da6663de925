"""Provinces, cities (prefectures) and districts: what their names are written like and what belongs to what.

A `Place` is the codes of the three ranks, as far as known. Municipalities are a province and its one city; counties that report to
their province directly (仙桃, 济源, 澄迈) are cities. Names no longer in use lead to the division that took them over.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pipelines.standardise.characters import simplify, tidy
from pipelines.standardise.vocabulary import entries

_SUFFIX = re.compile("(?:自治区|特别行政区|自治州|自治县|自治旗|地区|新区|林区|特区|省|市|盟|州|区|县|旗)$")
_NO_PLACE = re.compile(
    "(?:市辖区|市辖县|县|郊县|(?:省|自治区)?直辖(?:县级?)?(?:行政(?:区划|单位))?|其他?区?|其它区?|全境|-|无|null|none|不详|未知)",
    re.IGNORECASE,
)
_ONE_CITY = {"110000", "120000", "310000", "500000", "810000", "820000"}


class Place(NamedTuple):
    """Codes of province, city and district; None where unknown. A known rank's superiors are always known."""

    province: str | None
    city: str | None
    district: str | None


class Form(NamedTuple):
    """One way to write a division. `is_short`: without its rank, so a road or a building may be named so too."""

    text: str
    code: str
    is_short: bool


NOWHERE = Place(None, None, None)


@cache
def divisions() -> dict[str, dict[str, str]]:
    """code -> row of `divisions.csv`."""
    return {row["code"]: row for row in entries("divisions")}


@cache
def place_of(code: str) -> Place:
    """A division with its superiors; a municipality's one city is known with it."""
    row = divisions()[code]
    if row["level"] == "province":
        return Place(code, f"{code[:2]}0100" if code in _ONE_CITY else None, None)
    if row["level"] == "city":
        return Place(row["parent"], code, None)
    return Place(divisions()[row["parent"]]["parent"], row["parent"], code)


@cache
def forms(*, in_field: bool) -> dict[tuple[str, str], dict[str, Form]]:
    """(rank, scope) -> the ways to write the divisions of that rank below a scope (a code, or "" for the country).

    Each stands for one division only: a name that several share is left out. In the text of an address districts without their rank
    count below their city only, county cities also below their province; in a field of its own any may stand without it.
    """
    found: dict[tuple[str, str], dict[str, list[tuple[int, Form]]]] = {}
    for code, row in divisions().items():
        place = place_of(code)
        above = {"province": (), "city": (place.province,), "district": (place.province, place.city)}[row["level"]]
        for scope in ("", *above):
            for preference, form in _ways_to_write(code, row, scope or "", in_field):
                found.setdefault((row["level"], scope or ""), {}).setdefault(form.text, []).append((preference, form))
    return {key: {text: only for text, ways in texts.items() if (only := _only(ways))} for key, texts in found.items()}


def _only(ways: list[tuple[int, Form]]) -> Form | None:
    """The division that the most official of these ways stands for, if it is one."""
    best = min(preference for preference, _ in ways)
    chosen = [form for preference, form in ways if preference == best]
    return min(chosen, key=lambda form: form.is_short) if len({form.code for form in chosen}) == 1 else None


def _ways_to_write(code: str, row: dict[str, str], scope: str, in_field: bool) -> list[tuple[int, Form]]:
    """(preference, form), preference 0 the official name."""
    name, short, level = row["name"], row["short"], row["level"]
    ways = [(0, Form(name, code, name == short))]
    ways += [(1, Form(old, code, False)) for old in _former().get(code, ())]
    ranks = {"province": ("省", "自治区"), "city": ("市", "州", "地区"), "district": ("区", "县", "市")}[level]
    ways += [(2, Form(f"{short}{rank}", code, False)) for rank in ranks if len(short) >= 2]
    is_near = in_field or level != "district" or scope == row["parent"] or scope in _ONE_CITY
    if is_near or (scope and name.endswith("市")):
        bare = _SUFFIX.sub("", name)
        ways += [(3, Form(text, code, True)) for text in {short, bare} if len(text) >= 2]
    if short == "内蒙古":
        ways.append((3, Form("内蒙", code, True)))
    return ways


@cache
def _former() -> dict[str, list[str]]:
    former: dict[str, list[str]] = {}
    for row in entries("division_aliases"):
        former.setdefault(row["code"], []).append(row["name"])
    return former


def resolve(province: str | None, city: str | None, district: str | None) -> Place:
    """The place that three region fields name together; what they name wrongly or not at all stays None.

    A county of city rank may stand in the city's field (义乌 for 金华/义乌).
    """
    first, second, third = field_name(province), field_name(city), field_name(district)
    found = NOWHERE
    if first:
        found = _within("province", first, found) or _within("city", first, found) or found
    if second:
        found = _within("city", second, found) or _within("district", second, found) or found
    if third:
        found = _within("district", third, found) or (None if found.city else _within("city", third, found)) or found
    return found


def _within(level: str, name: str, outer: Place) -> Place | None:
    scope = {"province": "", "city": outer.province, "district": outer.city or outer.province}[level]
    form = forms(in_field=True).get((level, scope or ""), {}).get(name)
    return place_of(form.code) if form else None


def field_name(name: str | None) -> str | None:
    """What a region field says, in simplified characters; None for what names no place (市辖区, 其他)."""
    text = simplify(tidy(name)).replace(" ", "") if name else ""
    return None if not text or _NO_PLACE.fullmatch(text) else text


def names_of(place: Place) -> tuple[str | None, str | None, str | None]:
    """Province and city in their short form, district with its official name."""
    table = divisions()
    return (
        table[place.province]["short"] if place.province else None,
        table[place.city]["short"] if place.city else None,
        table[place.district]["name"] if place.district else None,
    )
