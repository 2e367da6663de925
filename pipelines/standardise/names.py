"""Names of people: what is not the name comes off, what looks the same becomes one, what is hidden stays visible as hidden.

| written | name | name_norm | |
| --- | --- | --- | --- |
| `李四代收`, `李四(放门口)`, `李四[1234]`, `李四先生` | 李四 | 李四 | |
| `王老师` | 王 | 王 | a surname is all that is known |
| `張*`, `*小明`, `李某某`, `王\ufffd` | 張*, *小明, 李**, 王* | 张*, *小明, 李**, 王* | masked |
| `阿卜杜拉•买买提` | 阿卜杜拉·买买提 | 阿卜杜拉·买买提 | no surname |
| `萧红`, `肖红` | as written | 肖红 | variants are folded for comparison only |
| `Mr. John Smith` | Mr. John Smith | john smith | word order kept |
| `匿名用户`, `13812345679` | none | none | nobody's name |
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pipelines.sql import literal
from pipelines.standardise.characters import HAN, has_han, plain_han, simplified, tidy
from pipelines.standardise.organisations import (
    LATIN_END,
    NOT_A_TITLE,
    end_pattern,
    is_plainly_organisation,
    names_an_organisation,
    normal_organisation,
    without_desk,
)
from pipelines.standardise.vocabulary import any_of, entries, words

if TYPE_CHECKING:
    import duckdb

_LABEL = re.compile(r"^(?:收货人|收件人|寄件人|联系人|姓名|客户|买家|会员|尊敬的)\s*(?:姓名)?\s*[::]\s*|^尊敬的")
_BRACKETS = re.compile(r"\s*[(\[【{<「『《][^()\[\]【】{}<>「」『』《》]*(?:[)\]】}>」』》]|$)")
_HIDDEN = str.maketrans(dict.fromkeys("?■□�●○◯◎※×✱✳﹡＊█▇▉", "*"))
_PICTURES = re.compile("[\u2190-\u21ff\u2300-\u25ff\u2600-\u27bf\u2900-\u2bff\U0001f000-\U0001faff~^|`]")
_PHONE = re.compile(r"(?<![0-9])1[3-9][0-9*]{9}(?![0-9])")
_TAIL_DIGITS = re.compile(rf"(?<=[{HAN}*])[\s\-_#.·]*[0-9]+$")
_TITLES = "mr|mrs|ms|miss|dr|prof|sir|madam"
_LATIN_TITLE = re.compile(rf"^(?:{_TITLES})\b\.?\s*|\s+(?:{_TITLES})\.?$", re.IGNORECASE)
_BETWEEN_HAN = re.compile(rf"(?<=[{HAN}*])\s*[.·]\s*(?=[{HAN}*])")
_NICKNAME = re.compile(r"(?:tb|jd|wx|wxid|dy|pdd|user|用户|淘宝用户|微信用户)[_\-]?[0-9a-z*_]*[0-9*][0-9a-z*_]*", re.IGNORECASE)


class Name(NamedTuple):
    """One name field, read. `text` is the name in simplified characters, lower case; None when nobody's name is in it."""

    name: str | None
    text: str | None
    is_masked: bool
    is_organisation: bool
    has_organisation_word: bool
    organisation: str | None


def read_name(value: str) -> Name:
    """Read one name as sent (a person's or an organisation's)."""
    clean = without_desk(tidy(value))
    if not clean:
        return Name(None, None, False, False, False, None)
    organisation = normal_organisation(clean)
    if is_plainly_organisation(clean):
        return Name(clean.replace(" ", "") if has_han(clean) else clean, None, "*" in clean, True, True, organisation)
    bare = _PICTURES.sub("", _PHONE.sub("", _LABEL.sub("", clean).translate(_HIDDEN))).strip()
    name = _han_name(bare) if has_han(bare) else _LATIN_TITLE.sub("", bare)
    text = _compared(name)
    if text is None:
        is_known = bool(name) and not _is_placeholder(name)
        return Name(name if is_known else None, None, False, False, False, organisation if is_known else None)
    return Name(name, text, "*" in text, False, names_an_organisation(clean), organisation)


def _han_name(bare: str) -> str:
    """A name with Han characters: brackets, courier notes, digits and forms of address off."""
    outside = _BRACKETS.sub("", bare).strip()
    name = outside if re.search(r"\w|\*", outside) else re.sub(r"[^\w*· ]", "", bare)
    name = _BETWEEN_HAN.sub("·", re.split(r"[,;:/|。、!]", name.strip(" ,;:/|。、!"))[0])
    name = _TAIL_DIGITS.sub("", _first_words(name))
    name = _notes().sub("", name) or name
    return _hidden_signs(_without_honorific(name.strip(" -·.'\"")))


def _first_words(name: str) -> str:
    """Blanks inside a Chinese name mean nothing, but a last word may be a note."""
    kept: list[str] = []
    for word in name.split(" "):
        if kept and (_notes_whole().fullmatch(word) or (not has_han(word) and word.isdecimal())):
            break
        kept.append(word)
    return "".join(kept) if all(has_han(word) or "*" in word for word in kept) else " ".join(kept)


def _without_honorific(name: str) -> str:
    bare = simplify_name(name)
    while (shorter := _honorific().sub("", bare)) != bare:
        bare = shorter
    if bare[-1:] in _bare_honorifics() and _stands_alone(bare[:-1]):
        bare = bare[:-1]
    return name[: len(bare)]


def _stands_alone(name: str) -> bool:
    """A surname, or a full name of three characters, may carry a form of address of one character: 李工, 欧阳总, 李建国总."""
    is_surname = name in surname_table() or name in _compound_surnames()
    return is_surname or (len(name) == 3 and name[0] in surname_table() and name[:2] not in _compound_surnames())


def _hidden_signs(name: str) -> str:
    """`李某某`, `李XX` hide as `李**` does."""
    name = re.sub(rf"(?<=[{HAN}*])[xX]+$", lambda found: "*" * len(found[0]), name)
    return name[: len(name) > 1] + name[len(name) > 1 :].replace("某", "*") if len(name) <= 4 else name


def _compared(name: str) -> str | None:
    """The form for comparison: simplified, variants folded, lower case; None for placeholders and what shows no character."""
    if not name or _is_placeholder(name) or not re.search(r"[^\W\d_]", name.replace("*", "")):
        return None
    text = "".join(c for c in simplify_name(name).translate(_variants()) if c.isalnum() or c in "*· -'").lower()
    if has_han(text):
        return text.replace(" ", "").replace("-", "").replace("'", "").strip("·") or None
    folded = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    folded = re.sub(r"[,\-/·]", " ", re.sub(r"['.’`\"()\[\]]", "", unicodedata.normalize("NFC", folded)))
    return " ".join(folded.split()) or None


def simplify_name(name: str) -> str:
    """Simplified characters, but surnames that differ in the traditional script only (於, 餘) stay themselves where a surname stands."""
    if name[:1] in _surname_characters():
        return name[:1] + name[1:].translate(simplified())
    return name.translate(simplified())


def _is_placeholder(name: str) -> bool:
    plain = re.sub(r"[\s*·.,;:!\-]", "", name.lower())
    bare = re.sub(r"[0-9]+$", "", plain)
    return not bare or {name.lower(), plain, bare} & _placeholders() != set() or _NICKNAME.fullmatch(plain) is not None


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(words("name_placeholders"))


@cache
def surname_table() -> frozenset[str]:
    """Surnames of one character."""
    return frozenset(words("surnames", "surname"))


@cache
def _compound_surnames() -> frozenset[str]:
    return frozenset(words("compound_surnames", "surname"))


@cache
def _bare_honorifics() -> frozenset[str]:
    return frozenset(words("honorifics", kind="bare"))


@cache
def _surname_characters() -> frozenset[str]:
    return frozenset(words("kept_characters", "character", place="surname"))


@cache
def _variants() -> dict[int, str]:
    return {ord(row["variant"]): row["standard"] for row in entries("variants")}


@cache
def _notes() -> re.Pattern[str]:
    """From the first note on; a name of two characters must stand before it."""
    return re.compile(rf"(?<=..)(?:{any_of(words('courier_notes'))}.*|放..+|请..+)$")


@cache
def _honorific() -> re.Pattern[str]:
    return re.compile(rf"(?<=.){any_of(words('honorifics', kind='long'))}$")


@cache
def _notes_whole() -> re.Pattern[str]:
    honorifics = words("honorifics", kind="long")
    return re.compile(rf"(?:{any_of(words('courier_notes'))}.*|放.+|请.+|送.+|收|{any_of(honorifics)})")


@cache
def _common_sql() -> str:
    """SQL condition over `raw`: two to four plain characters that `read_name` would leave as they are."""
    ends = any_of(word for word in words("honorifics"))
    starts = any_of({"尊敬的", *words("kept_characters", "character", place="surname")})
    nobody = any_of({*words("name_placeholders"), *NOT_A_TITLE})
    special = "|".join([f"{ends}$", f"^{starts}", "某|放..|请..", any_of(words("courier_notes")), f"^{nobody}$", f"^{end_pattern()}$"])
    word = any_of(word for word in words("organisation_words") if len(word) > 1)
    return f"""length(raw) BETWEEN 2 AND 4 AND NOT regexp_matches(raw, '[^{plain_han()}]')
        AND NOT regexp_matches(raw, {literal(special)}) AND NOT regexp_matches(raw, '{word}')"""


_LATIN_COMMON = rf"""regexp_full_match(raw, '[A-Za-z]{{3,}}(?: [A-Za-z]{{3,}}){{1,3}}')
    AND NOT regexp_matches(lower(raw), '\b(?:{_TITLES}|{LATIN_END}|name|user|customer|provided)\b')"""


def read_names(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(raw, <fields of Name>)` of the distinct values in temp `raw(raw)`. Answers how many odd values went through Python."""
    from pipelines.standardise.odd import flag, read_odd, text

    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE names_split AS
        SELECT raw, {_common_sql()} AS is_common, {_LATIN_COMMON} AS is_latin FROM {raw}"""
    )
    fields = [text("raw"), text("name"), text("text"), flag("is_masked"), flag("is_organisation"), flag("has_organisation_word"),
              text("organisation")]  # fmt: skip
    odd = "SELECT raw FROM names_split WHERE NOT is_common AND NOT is_latin"
    odd_n = read_odd(con, odd, "names_odd", lambda value: [(value, *read_name(value))], fields)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT raw, raw AS name, raw AS text, false AS is_masked, false AS is_organisation, false AS has_organisation_word,
            raw AS organisation
        FROM names_split WHERE is_common
        UNION ALL
        SELECT raw, raw, lower(raw), false, false, false, lower(raw) FROM names_split WHERE is_latin
        UNION ALL SELECT * FROM names_odd"""
    )
    con.execute("DROP TABLE names_split; DROP TABLE names_odd")
    return odd_n
