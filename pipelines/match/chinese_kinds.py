"""Kinds of values of Chinese people, as the standardise stage reads them (pipelines/standardise).

| kind | prepared columns |
| --- | --- |
| `zh_name` | the clear name, its `_surname` and `_pinyin`; `_shown` with `*` for what is hidden; `_spelt`, the pinyin in one word |
| | `_turned`, a name in letters as one word, the last word first |
| `phone` | the clear number of somebody's own; `_shown` with `*` for hidden digits |
| `id_number` | the clear number, 18 digits of 15; `_shown` with `*`; `_type` of a valid one |

A surname alone (王先生) is a name of which the rest is hidden. A relay number or a service line is nobody's and no value.
"""

from __future__ import annotations

from pipelines.match.level import Level
from pipelines.match.nodes import mask_agrees
from pipelines.sql import literal
from pipelines.standardise.phones import PLACEHOLDER
from schemas.table_model import Kind

BOTH_SHOWN = "l.{f}_shown IS NOT NULL AND r.{f}_shown IS NOT NULL"
_MASKED = f"(l.{{f}} IS NULL OR r.{{f}} IS NULL) AND {BOTH_SHOWN}"
AGREES = f"{_MASKED} AND {mask_agrees('l.{f}_shown', 'r.{f}_shown')}"
VISIBLE = "least(length(replace(l.{f}_shown, '*', '')), length(replace(r.{f}_shown, '*', '')))"
_SAME_LENGTH = "length(l.{f}) = length(r.{f})"
_OTHER_CHARACTERS = " + ".join(f"(substr(l.{{f}}, {i}, 1) <> substr(r.{{f}}, {i}, 1))::INT" for i in range(1, 5))
_DIFFERS = f"{_MASKED} AND NOT {mask_agrees('l.{f}_shown', 'r.{f}_shown')}"
MASKED_DIFFERENT = Level("masked_different", _DIFFERS, "what is visible differs", True)


def slip(left: int, right: int) -> str:
    """One slip leaves alone the first `left` or the last `right` signs of a whole number; comparing these first spares most distances."""
    return (
        f"(left(l.{{f}}, {left}) = left(r.{{f}}, {left}) OR right(l.{{f}}, {right}) = right(r.{{f}}, {right})) "
        "AND damerau_levenshtein(l.{f}, r.{f}) = 1"
    )


CHINESE_LEVELS: dict[Kind, tuple[Level, ...]] = {
    "zh_name": (
        Level("exact", "l.{f} = r.{f}", "the same"),
        Level("homophone", f"l.{{f}}_pinyin = r.{{f}}_pinyin AND {_SAME_LENGTH}", "the same sound in other characters"),
        Level("masked_given", f"{AGREES} AND {VISIBLE} >= 2", "all that is visible agrees, a character of the given name with it", True),
        Level("masked_surname", AGREES, "all that is visible agrees, which is one character", True),
        MASKED_DIFFERENT,
        Level("romanised", "l.{f}_spelt = r.{f}_spelt OR l.{f}_spelt = r.{f}_turned OR l.{f}_turned = r.{f}_spelt", "its pinyin"),
        # a syllable of a name whose surname stands, or a letter of a name in letters
        Level(
            "similar_char",
            f"l.{{f}}_surname = r.{{f}}_surname AND {_SAME_LENGTH} AND abs(length(l.{{f}}_pinyin) - length(r.{{f}}_pinyin)) <= 1 "
            "AND damerau_levenshtein(l.{f}_pinyin, r.{f}_pinyin) = 1 "
            "OR l.{f}_surname IS NULL AND r.{f}_surname IS NULL AND jaro_winkler_similarity(l.{f}, r.{f}) >= 0.94",
            "a syllable sounds nearly the same",
        ),
        Level(
            "one_char",
            f"{_SAME_LENGTH} AND length(l.{{f}}) BETWEEN 3 AND 4 AND {_OTHER_CHARACTERS} = 1",
            "one character of three or four differs",
        ),
        Level("same_surname", "l.{f}_surname = r.{f}_surname", "only the surname is the same"),
        Level("different", BOTH_SHOWN, "different"),
    ),
    "phone": (
        Level("exact", "l.{f} = r.{f}", "the same"),
        Level("slip", slip(5, 5), "one digit is wrong, missing or exchanged with its neighbour"),
        Level(
            "masked_7",
            f"{AGREES} AND left(l.{{f}}_shown, 3) = left(r.{{f}}_shown, 3) AND right(l.{{f}}_shown, 4) = right(r.{{f}}_shown, 4) "
            "AND position('*' IN left(l.{f}_shown, 3) || right(l.{f}_shown, 4)) = 0",
            "the first three and the last four digits agree, the others are hidden",
            True,
        ),
        Level("masked_4", f"{AGREES} AND {VISIBLE} >= 4", "four or more digits are visible and agree", True),
        MASKED_DIFFERENT,
        Level("different", "l.{f} IS NOT NULL AND r.{f} IS NOT NULL", "different"),
    ),
    "id_number": (
        Level("exact", "l.{f} = r.{f}", "the same"),
        Level("slip", f"least(length(l.{{f}}), length(r.{{f}})) >= 8 AND {slip(8, 8)}", "one sign is wrong, missing or exchanged"),
        Level("masked", f"{AGREES} AND {VISIBLE} >= 4", "all that is visible agrees, four signs or more", True),
        MASKED_DIFFERENT,
        # two documents of different types do not contradict each other
        Level("different", "l.{f} IS NOT NULL AND r.{f} IS NOT NULL AND coalesce(l.{f}_type = r.{f}_type, true)", "different"),
    ),
}


def chinese_columns(kind: Kind, name: str) -> dict[str, str] | None:
    """SQL of the columns a Chinese field is prepared into, over its joined values `value_of_<name>` (pipelines/link/standardised.py); None
    for any other kind."""
    v = f"value_of_{name}"
    if kind == "zh_name":
        is_alone = f"{v}.name_norm IS NOT DISTINCT FROM {v}.surname"
        clear = f"NOT ({v}.is_masked OR {is_alone})"
        latin = f"string_split({v}.name_pinyin, ' ')"
        return {
            name: f"CASE WHEN {clear} THEN {v}.name_norm END",
            f"{name}_shown": f"CASE WHEN {is_alone} THEN left({v}.name_norm, 1) || '*' ELSE {v}.name_norm END",
            f"{name}_surname": f"CASE WHEN {clear} THEN {v}.surname END",
            f"{name}_pinyin": f"CASE WHEN {clear} THEN {v}.name_pinyin END",
            f"{name}_spelt": f"CASE WHEN {clear} THEN replace({v}.name_pinyin, ' ', '') END",
            f"{name}_turned": f"CASE WHEN {clear} AND {v}.name_norm = {v}.name_pinyin AND len({latin}) > 1 "
            f"THEN {latin}[-1] || array_to_string({latin}[:-2], '') END",
        }
    if kind == "phone":
        # nearly a mobile number: one digit is missing or too many
        nearly = rf"{v}.kind = 'invalid' AND regexp_full_match({v}.value, '1[3-9][0-9]{{8}}([0-9]{{2}})?')"
        own = f"({v}.is_personal AND NOT {v}.is_masked OR {nearly} AND NOT regexp_matches({v}.value, {literal(PLACEHOLDER)}))"
        return {name: f"CASE WHEN {own} THEN {v}.value END", f"{name}_shown": f"CASE WHEN {own} OR {v}.is_masked THEN {v}.value END"}
    if kind == "id_number":
        return {
            name: f"CASE WHEN NOT {v}.is_masked THEN {v}.number END",
            f"{name}_shown": f"{v}.number",
            f"{name}_type": f"CASE WHEN {v}.is_valid THEN {v}.id_type END",
        }
    return None
