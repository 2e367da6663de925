"""Places in the names of organisations: which province, city or county city a name begins or ends with.

Provinces and cities may stand without their rank (杭州), as may county cities (义乌), but not those that are words, too (东方, 永康): these
count with their rank only, as do districts and counties (西湖区).
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pipelines.standardise.divisions import divisions, place_of
from pipelines.standardise.vocabulary import entries, words

_NO_RANK = re.compile("市(?:[政场民容区]|[南北中]区)")  # 杭州市政工程 begins with 杭州, and not with 杭州市; so does 青岛市南区
_LONGEST = 12
_BEFORE_A_PLACE = 2  # characters


class Found(NamedTuple):
    """A place at the end or the beginning of a name: the divisions it may be, and how many characters it takes."""

    codes: frozenset[str]
    length: int


@cache
def _texts() -> dict[str, frozenset[str]]:
    """What places are written like -> the divisions of that name."""
    found: dict[str, set[str]] = {}
    also_words = set(words("place_words"))
    for row in entries("division_aliases"):
        found.setdefault(row["name"], set()).add(row["code"])
    for code, row in divisions().items():
        is_county = row["level"] == "district" and not row["name"].endswith("市")
        short = [] if is_county or row["short"] in also_words else [row["short"]]
        for text in (row["name"], f"{row['short']}{row['name'][-1]}", *short):  # 延边朝鲜族自治州, 延边州, 延边
            if len(text) >= 2 + is_county:
                found.setdefault(text, set()).add(code)
    return {text: frozenset(codes) for text, codes in found.items()}


@cache
def _below() -> dict[str, frozenset[str]]:
    """Names without rank that count behind a place they lie in only."""
    found: dict[str, set[str]] = {}
    for code, row in divisions().items():
        if len(row["short"]) >= 2 and not row["name"].endswith("区"):
            found.setdefault(row["short"], set()).add(code)
    return {text: frozenset(codes) for text, codes in found.items()}


def place_at_start(name: str, within: frozenset[str] = frozenset()) -> Found | None:
    """The longest place that `name` begins with; of `within`, divisions read before it, only what lies in them, or they in it."""
    for length in range(min(_LONGEST, len(name)), 1, -1):
        text = name[:length]
        if text[-1] == "市" and _NO_RANK.match(name, length - 1):
            continue
        codes = _texts().get(text, frozenset())
        if within:
            codes = related(codes | _below().get(text, frozenset()), within)
        if codes:
            is_repeated = text[-1] == "市" == name[length : length + 1] and not _NO_RANK.match(name, length)
            return Found(codes, length + is_repeated)
    return None


def place_at_end(name: str) -> Found | None:
    """The longest place that `name` ends with behind something else, no district."""
    for length in range(min(_LONGEST, len(name) - _BEFORE_A_PLACE), 1, -1):
        if (codes := _texts().get(name[-length:])) and not name.endswith("区"):
            return Found(codes, length)
    return None


def may_begin_with_place(name: str) -> bool:
    """Whether `name` begins with what a place is called, be it a word, too."""
    return any(place_called(name[:length]) for length in range(2, _LONGEST))


def place_called(text: str) -> frozenset[str]:
    """The divisions that are called so, with or without their rank; a name that is a word, too, does for a place in brackets."""
    return _texts().get(text) or _below().get(text, frozenset())


def related(codes: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Of `codes`, those that are one of `others`, lie in one or hold one."""
    return frozenset(code for code in codes if any(code in place_of(other) or other in place_of(code) for other in others))


def deeper(codes: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Of two places, one within the other, the inner one; the first may be nowhere yet."""
    if not codes:
        return others
    return max(related(codes, others), others, key=lambda of: len(_significant(min(of))))


def is_known(codes: frozenset[str]) -> bool:
    """Whether it is one place: several cities have a 朝阳区, while 吉林 is the province or its city."""
    return len(codes) == 1 or not divisions()[min(codes)]["name"].endswith("区")


def region_of(codes: frozenset[str]) -> tuple[str, str]:
    """The name without rank of a province, city, county or county city, of a district behind that of its city; and its code, as far as it
    says something."""
    code = min(codes)
    row = divisions()[code]
    if row["level"] != "district" or not row["name"].endswith("区"):
        return row["short"], _significant(code)
    city = divisions()[row["parent"]]["short"]
    return row["name"] if row["name"].startswith(city) else f"{city}{row['name']}", _significant(code)


def _significant(code: str) -> str:
    """The two digits of a province, four of a city, six of a district; of a municipality those of its one city."""
    place = place_of(code)
    return place.district or (place.city[:4] if place.city else code[:2])
