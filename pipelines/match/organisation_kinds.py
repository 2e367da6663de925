"""Kinds of values of organisations, as the standardise stage reads them (pipelines/standardise/organisation_parts.py, credit_codes.py).

| kind | prepared columns |
| --- | --- |
| `organisation` | the name in one form; its `_core` (brand and trade), `_brand`, `_region` and that one's code `_place`, `_form`, |
| | `_branch`, and `_former` name |
| | `_stem` (region and core): with one byte a character, `_signs`; how it sounds, `_sound`; how it looks, `_looks` |
| | `_spelt`, the brand in letters; of a name without legal form `_short`, to begin a longer one, and `_pattern`, to abbreviate one |
| `credit_code` | the clear code; `_shown` with `*` for hidden signs; `_is_valid` by its check sign; `_organisation`, the code in it |
"""

from __future__ import annotations

from pipelines.match.chinese_kinds import AGREES, MASKED_DIFFERENT, VISIBLE, slip
from pipelines.match.level import Level
from schemas.table_model import Kind

# the same, or a city and what lies in it; a province holds so much that it is another region
_SAME_REGION = (
    "(l.{f}_place = r.{f}_place OR left(l.{f}_place, 4) = left(r.{f}_place, 4) AND least(length(l.{f}_place), length(r.{f}_place)) = 4)"
)
_SAME_LENGTH = "length(l.{f}_stem) = length(r.{f}_stem)"
_BEGINS = "coalesce(starts_with(r.{f}_core || ' ', l.{f}_short) OR starts_with(l.{f}_core || ' ', r.{f}_short), false)"
# `x OR y` alone would be no answer where one of the two is a full name, which has no short form
_INITIALS = (
    "coalesce(length(r.{f}_stem) > length(l.{f}_core) + 1 AND r.{f}_stem LIKE l.{f}_pattern, false) "
    "OR coalesce(length(l.{f}_stem) > length(r.{f}_core) + 1 AND l.{f}_stem LIKE r.{f}_pattern, false)"
)
_ONE_CHARACTER = (
    "least(length(l.{f}_signs), length(r.{f}_signs)) >= 4 AND abs(length(l.{f}_signs) - length(r.{f}_signs)) <= 1 "
    # one slip leaves the first or the last character alone
    "AND (left(l.{f}_signs, 1) = left(r.{f}_signs, 1) OR right(l.{f}_signs, 1) = right(r.{f}_signs, 1)) "
    "AND damerau_levenshtein(l.{f}_signs, r.{f}_signs) = 1"
)
_BOTH_VALID = "l.{f}_is_valid AND r.{f}_is_valid"

ORGANISATION_LEVELS: dict[Kind, tuple[Level, ...]] = {
    "organisation": (
        Level("exact", "l.{f} = r.{f}", "the same"),
        Level("former_name", "l.{f}_former = r.{f} OR l.{f} = r.{f}_former", "the former name of the other"),
        Level(
            "branch",
            f"l.{{f}}_branch IS DISTINCT FROM r.{{f}}_branch AND (l.{{f}}_core = r.{{f}}_core OR {_BEGINS})",
            "one is a branch of the other, or another branch", tells_apart=True,
        ),
        Level("other_region", f"l.{{f}}_core = r.{{f}}_core AND NOT {_SAME_REGION}", "the same name elsewhere", tells_apart=True),
        Level("other_form", "l.{f}_core = r.{f}_core AND l.{f}_form <> r.{f}_form", "the same name, but another legal form"),
        Level("same_core", "l.{f}_core = r.{f}_core", "the same but for a place or legal form that one leaves out"),
        Level("homophone", f"l.{{f}}_sound = r.{{f}}_sound AND {_SAME_LENGTH}", "the same sound in other characters"),
        Level("lookalike", "l.{f}_looks = r.{f}_looks", "characters that are taken for each other"),
        Level("romanised", "l.{f}_spelt = r.{f}_spelt AND (l.{f}_sound IS NULL) <> (r.{f}_sound IS NULL)", "its brand in pinyin"),
        Level("short_form", f"{_BEGINS} AND coalesce({_SAME_REGION}, true)", "the beginning of the other, as names are shortened"),
        Level("initials", _INITIALS, "some characters of the other in their order, as names are abbreviated"),
        Level("one_char", _ONE_CHARACTER, "one character is wrong, missing or exchanged with its neighbour"),
        Level("other_trade", "l.{f}_brand = r.{f}_brand", "the same brand in another trade", tells_apart=True),
        Level("different", "l.{f} IS NOT NULL AND r.{f} IS NOT NULL", "different"),
    ),
    "credit_code": (
        Level("exact", "l.{f} = r.{f}", "the same"),
        Level("same_organisation", "l.{f}_organisation = r.{f}_organisation", "the same organisation code in another number"),
        # one wrong sign makes a code invalid: of two valid ones, none is a slip of the other
        Level("slip", f"NOT ({_BOTH_VALID}) AND least(length(l.{{f}}), length(r.{{f}})) >= 8 AND {slip(4, 4)}",
              "one sign is wrong, missing or exchanged"),
        Level("masked", f"{AGREES} AND {VISIBLE} >= 4", "all that is visible agrees, four signs or more", True),
        MASKED_DIFFERENT,
        Level("contradicts", _BOTH_VALID, "two valid codes of two organisations", tells_apart=True),
        Level("different", "l.{f} IS NOT NULL AND r.{f} IS NOT NULL", "different"),
    ),
}  # fmt: skip
OF_NAME = ("core", "brand", "region", "place", "form", "branch", "former", "stem", "signs", "sound", "looks", "spelt", "short", "pattern")
OF_CODE = ("shown", "organisation", "is_valid")


def organisation_columns(kind: Kind, name: str) -> dict[str, str] | None:
    """SQL of the columns a field of an organisation is prepared into, over its joined values `value_of_<name>`
    (pipelines/link/standardised.py); None for any other kind."""
    v = f"value_of_{name}"
    if kind == "organisation":
        return {name: f"{v}.norm", **{f"{name}_{part}": f"{v}.{part}" for part in OF_NAME}}
    if kind == "credit_code":
        return {
            name: f"CASE WHEN NOT {v}.is_masked THEN {v}.value END", f"{name}_shown": f"{v}.value",
            f"{name}_organisation": f"{v}.organisation", f"{name}_is_valid": f"{v}.is_valid",
        }  # fmt: skip
    return None
