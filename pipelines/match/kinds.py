"""Kinds of values that rows of any table are compared by: how a value is brought into form, and the levels two of them may reach, the
strongest first (docs/linking-tables.md lists them).

A row that has no value is compared with nobody: no level, no evidence.
"""

from __future__ import annotations

from pipelines.match.address_levels import ADDRESS_LEVELS, prepared_address
from pipelines.match.chinese_kinds import CHINESE_LEVELS, chinese_columns
from pipelines.match.level import Level
from pipelines.match.organisation_kinds import ORGANISATION_LEVELS, organisation_columns
from pipelines.sql import literal
from schemas.table_model import Comparison, Kind, TableField

_LETTERS = "nullif(trim(regexp_replace(regexp_replace(strip_accents(lower({v})), '[^\\p{{L}} -]', '', 'g'), '[ -]+', ' ', 'g')), '')"
_ALPHANUMERIC = "nullif(regexp_replace(lower({v}), '[^\\p{{L}}\\p{{N}}]', '', 'g'), '')"
_WORDS = "nullif(trim(regexp_replace(strip_accents(lower({v})), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')), '')"
_PLAIN = "nullif(trim(lower({v})), '')"
# ISO order with any separator, or the year last with day and month in the order the column shows
_YEAR_FIRST = "'^(\\d{{4}})[-/.年]?(\\d{{1,2}})[-/.月]?(\\d{{1,2}})日?(?:[ T].*)?$'"
_YEAR_LAST = "'^(\\d{{1,2}})[-/.](\\d{{1,2}})[-/.](\\d{{4}})$'"
_ISO = "regexp_full_match({v}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"  # the usual form, which need not be taken apart

_BOTH = "l.{f} IS NOT NULL AND r.{f} IS NOT NULL"
_JW = "jaro_winkler_similarity(l.{f}, r.{f})"
_PREFIX = "starts_with(l.{f}, r.{f}) OR starts_with(r.{f}, l.{f})"
# one slip touches at most two neighbours, so that one half is left as it is; comparing halves spares nearly all of the distances
_HALF = "(least(length(l.{f}), length(r.{f})) - 2) // 2"
_SLIP = f"""abs(length(l.{{f}}) - length(r.{{f}})) <= 1
    AND (left(l.{{f}}, {_HALF}) = left(r.{{f}}, {_HALF}) OR right(l.{{f}}, {_HALF}) = right(r.{{f}}, {_HALF}))
    AND damerau_levenshtein(l.{{f}}, r.{{f}}) <= 1"""
_EXACT = Level("exact", "l.{f} = r.{f}", "the same")
_DIFFERENT = Level("different", _BOTH, "different")
_SWAPPED = Level("swapped", "l.{f} = r.{g} OR l.{g} = r.{f}", "stands where the other has the other part of the name")
_SHARED_WORDS = "len(list_intersect(l.{f}_words, r.{f}_words))"
_FEWER_WORDS = "least(len(l.{f}_words), len(r.{f}_words))"
_WORDS_SHARE = f"{_SHARED_WORDS} / (len(l.{{f}}_words) + len(r.{{f}}_words) - {_SHARED_WORDS})"
_KM = """6371 * 2 * asin(sqrt(least(1, pow(sin(radians(r.{f} - l.{f}) / 2), 2)
    + cos(radians(l.{f})) * cos(radians(r.{f})) * pow(sin(radians(r.{f}_longitude - l.{f}_longitude) / 2), 2))))"""

LEVELS: dict[Kind, tuple[Level, ...]] = {
    "given_name": (
        _EXACT,
        Level("initial", "least(length(l.{f}), length(r.{f})) = 1 AND left(l.{f}, 1) = left(r.{f}, 1)", "one is the initial of the other"),
        Level("variant", f"{_PREFIX} OR {_JW} >= 0.9", "a short form or a slip"),
        _SWAPPED,
        Level("same_initial", "left(l.{f}, 1) = left(r.{f}, 1)", "the same initial"),
        _DIFFERENT,
    ),
    "family_name": (
        _EXACT,
        Level("similar", f"{_PREFIX} OR {_JW} >= 0.93", "a slip, or the beginning of the other"),
        _SWAPPED,
        Level("alike", f"{_JW} >= 0.83", "alike"),
        _DIFFERENT,
    ),
    "full_name": (
        _EXACT,
        Level("reordered", "l.{f}_words = r.{f}_words", "the same words in another order"),
        Level("contained", f"{_FEWER_WORDS} > 1 AND {_SHARED_WORDS} > 1 AND {_SHARED_WORDS} = {_FEWER_WORDS}", "a part of the other"),
        Level("similar", f"{_JW} >= 0.92", "a slip"),
        Level("one_in_common", "list_has_any(l.{f}_words, r.{f}_words)", "a word in common"),
        _DIFFERENT,
    ),
    "date": (
        _EXACT,
        Level(
            "one_part",
            "l.{f}_year = r.{f}_year AND (l.{f}_month = r.{f}_month OR l.{f}_day = r.{f}_day "
            "OR l.{f}_month = r.{f}_day AND l.{f}_day = r.{f}_month) "
            "OR l.{f}_month = r.{f}_month AND l.{f}_day = r.{f}_day AND damerau_levenshtein(l.{f}_year, r.{f}_year) = 1",
            "differs in one part, or day and month are exchanged",
        ),
        Level("within_a_month", "abs(l.{f}_on - r.{f}_on) <= 31", "up to 31 days apart"),
        Level("anniversary", "l.{f}_month = r.{f}_month AND l.{f}_day = r.{f}_day", "the same day of another year"),
        Level("within_a_year", "l.{f}_year = r.{f}_year OR abs(l.{f}_on - r.{f}_on) <= 366", "the same year, or up to a year apart"),
        Level(
            "slip",
            # two slips leave one of the three parts alone
            "(l.{f}_year = r.{f}_year OR l.{f}_month = r.{f}_month OR l.{f}_day = r.{f}_day) AND damerau_levenshtein(l.{f}, r.{f}) <= 2",
            "up to two figures differ",
        ),
        _DIFFERENT,
    ),
    "postcode": (
        _EXACT,
        Level("slip", _SLIP, "one character differs"),
        Level("sector", "left(l.{f}, length(l.{f}) - 2) = left(r.{f}, length(r.{f}) - 2)", "all but the last two agree"),
        Level("district", "left(l.{f}, length(l.{f}) - 3) = left(r.{f}, length(r.{f}) - 3)", "all but the last three agree"),
        Level("area", "left(l.{f}, 2) = left(r.{f}, 2)", "the same beginning"),
        _DIFFERENT,
    ),
    "code": (_EXACT, Level("slip", f"least(length(l.{{f}}), length(r.{{f}})) >= 5 AND {_SLIP}", "one character differs"), _DIFFERENT),
    "email": (
        _EXACT,
        Level("same_mailbox", "length(l.{f}_mailbox) > 2 AND l.{f}_mailbox = r.{f}_mailbox", "the same name at another host"),
        Level("slip", f"{_JW} >= 0.95", "a slip"),
        _DIFFERENT,
    ),
    "category": (_EXACT, _DIFFERENT),
    "text": (_EXACT, Level("similar", f"{_PREFIX} OR {_JW} >= 0.88", "alike"), _DIFFERENT),
    "number": (
        _EXACT,
        Level("within_1_percent", "abs(l.{f} - r.{f}) <= 0.01 * greatest(abs(l.{f}), abs(r.{f}))", "within one percent"),
        Level("within_10_percent", "abs(l.{f} - r.{f}) <= 0.1 * greatest(abs(l.{f}), abs(r.{f}))", "within ten percent"),
        _DIFFERENT,
    ),
    "address": (
        _EXACT,
        Level("most_words", f"{_WORDS_SHARE} >= 0.7", "most words in common"),
        Level("half_the_words", f"{_WORDS_SHARE} >= 0.4", "about half the words in common"),
        Level("some_words", f"{_WORDS_SHARE} >= 0.2", "some words in common"),
        _DIFFERENT,
    ),
    "zh_address": (_EXACT, *(Level(*level) for level in ADDRESS_LEVELS), _DIFFERENT),
    "lat_lon": (
        Level("within_100_m", f"{_KM} <= 0.1", "within 100 m"),
        Level("within_1_km", f"{_KM} <= 1", "within 1 km"),
        Level("within_10_km", f"{_KM} <= 10", "within 10 km"),
        _DIFFERENT,
    ),
    "list": (Level("in_common", "list_has_any(l.{f}, r.{f})", "a value in common"), _DIFFERENT),
    **CHINESE_LEVELS,
    **ORGANISATION_LEVELS,
}
CHINESE = (*CHINESE_LEVELS, *ORGANISATION_LEVELS)
_NAMES: tuple[Kind, ...] = ("given_name", "family_name")
# kinds whose values have no rarity: nothing is exactly shared, or sharing it says the same for every value
_WITHOUT_RARITY: tuple[Kind, ...] = ("number", "lat_lon", "list")


def levels_of(comparison: Comparison, field: TableField) -> tuple[Level, ...]:
    """The levels of a comparison; a name part without its counterpart is never swapped."""
    levels = LEVELS[field.kind]
    return levels if comparison.swapped_with else tuple(level for level in levels if level is not _SWAPPED)


def begins_exact(field: TableField) -> bool:
    """Whether the strongest level is that the prepared values are the same."""
    return LEVELS[field.kind][0].name == "exact"


def has_rarity(comparison: Comparison, field: TableField) -> bool:
    """Whether agreeing exactly weighs by how rare the value is."""
    return comparison.rarity and field.kind not in _WITHOUT_RARITY


def shown(name: str, field: TableField) -> str:
    """The prepared column that has something wherever the field has, be it hidden in part."""
    return f"{name}_shown" if any(level.is_of_masked for level in LEVELS[field.kind]) else name


def holds(level: Level, comparison: Comparison) -> str:
    """SQL over `l` and `r`: the two rows reach the level (unless one before it was reached)."""
    return level.holds.format(f=comparison.of, g=comparison.swapped_with)


def prepared(name: str, field: TableField, cells: tuple[str, ...], *, day_first: bool) -> dict[str, str]:
    """SQL of the columns a field is prepared into, by their name; `cells` is the SQL of its raw columns as texts."""
    if columns := chinese_columns(field.kind, name) or organisation_columns(field.kind, name):
        return columns
    cell = cells[0]
    if field.kind in (*_NAMES, "full_name"):
        made = {name: _LETTERS.format(v=cell)}
        return made | ({f"{name}_words": f"list_sort(string_split({made[name]}, ' '))"} if field.kind == "full_name" else {})
    if field.kind == "date":
        return _date(name, cell, day_first=day_first)
    if field.kind == "email":
        return {name: _PLAIN.format(v=cell), f"{name}_mailbox": f"split_part({_PLAIN.format(v=cell)}, '@', 1)"}
    if field.kind == "number":
        return {name: f"try_cast({cell} AS DOUBLE)"}
    if field.kind == "lat_lon":
        return {name: f"try_cast({cell} AS DOUBLE)", f"{name}_longitude": f"try_cast({cells[1]} AS DOUBLE)"}
    if field.kind == "address":
        return {name: _WORDS.format(v=cell), f"{name}_words": f"list_distinct(string_split({_WORDS.format(v=cell)}, ' '))"}
    if field.kind == "zh_address":
        return prepared_address(name)
    if field.kind in ("postcode", "code"):
        return {name: _ALPHANUMERIC.format(v=cell)}
    if field.kind == "list":
        values = f"string_split({cell}, {literal(field.separator)})" if field.separator else f"try_cast({cell} AS VARCHAR[])"
        said = "list_filter(list_transform({0}, lambda v: trim(lower(v))), lambda v: v <> '')"
        return {name: f"nullif({said.format(values)}, [])"}
    return {name: _PLAIN.format(v=cell)}


def _date(name: str, cell: str, *, day_first: bool) -> dict[str, str]:
    first, last = _YEAR_FIRST.format(), _YEAR_LAST.format()
    day, month = (1, 2) if day_first else (2, 1)

    def part(in_first: int, in_last: int, start: int, width: int) -> str:
        found = f"coalesce(nullif(regexp_extract({cell}, {first}, {in_first}), ''), nullif(regexp_extract({cell}, {last}, {in_last}), ''))"
        return f"CASE WHEN {_ISO.format(v=cell)} THEN substr({cell}, {start}, {width}) ELSE lpad({found}, {width}, '0') END"

    parts = {f"{name}_year": part(1, 3, 1, 4), f"{name}_month": part(2, month, 6, 2), f"{name}_day": part(3, day, 9, 2)}
    whole = " || '-' || ".join(parts.values())
    return {name: whole, f"{name}_on": f"try_cast({whole} AS DATE)", **parts}
