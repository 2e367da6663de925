"""Places in the names of organisations: which province, city or county city a name begins or ends with.

Provinces and cities may stand without their rank (杭州), as may county cities (义乌), but not those that are words, too (东方, 永康): these
count with their rank only. Districts and counties count with it (西湖区), and say no more than their city.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from pipelines.standardise.divisions import divisions, place_of
from pipelines.standardise.vocabulary import words

_NOT_A_RANK = "政场民容区"  # behind 市: 杭州市政工程 begins with 杭州, and not with 杭州市
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
        text, behind = name[:length], name[length : length + 1]
        if behind and text[-1] == "市" and behind in _NOT_A_RANK:
            continue
        codes = _texts().get(text, frozenset())
        if within:
            codes = related(codes | _below().get(text, frozenset()), within)
        if codes:
            return Found(codes, length)
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


def region_of(codes: frozenset[str]) -> str | None:
    """The name without rank of a province, city, county or county city; for a district that of its city, if no other is called so."""
    first = divisions()[min(codes)]
    if first["level"] != "district" or not first["name"].endswith("区"):
        return first["short"]
    return divisions()[first["parent"]]["short"] if len(codes) == 1 else None
