"""Names of organisations, taken apart: region, brand, trade, legal form, branch, former name.

| written | norm | region | brand | core | form | branch |
| --- | --- | --- | --- | --- | --- | --- |
| `杭州市明月科技有限责任公司`, `明月科技（杭州）有限公司` | 杭州明月科技有限公司 | 杭州 | 明月 | 明月科技 | 有限公司 | |
| `中国移动通信集团北京有限公司` | 北京中国移动通信集团有限公司 | 北京 | 中国移动 | 中国移动通信集团 | 有限公司 | |
| `明月科技有限公司滨江分公司` | as written | | 明月 | 明月科技 | 有限公司 | 滨江分公司 |
| `青岛啤酒股份有限公司` | as written | | 青岛啤酒 | 青岛啤酒 | 股份有限公司 | |
| `Mingyue Trading Co., Ltd.` | mingyue trading ltd | | mingyue | mingyue trading | ltd | |

A region is where it stands (at the beginning, in brackets, or before the legal form); without a brand beside it, it is the brand. The core
is brand and trade. `(原…)` and `(曾用名…)` hold the former name; a title's label (`发票抬头:`) and a tax number behind it come off.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pipelines.standardise.characters import HAN, has_han, simplify, tidy
from pipelines.standardise.organisation_places import (
    deeper,
    is_known,
    may_begin_with_place,
    place_at_end,
    place_at_start,
    place_called,
    region_of,
)
from pipelines.standardise.organisations import LATIN_END, NOT_A_TITLE, PUNCTUATION, without_desk
from pipelines.standardise.readings import syllables
from pipelines.standardise.vocabulary import any_of, entries, words

if TYPE_CHECKING:
    import duckdb

_LABEL = re.compile(r"^(?:发票)?(?:抬头|名称|(?:公司|单位|企业|购方|购买方|销方|客户)(?:名称|抬头)?)(?:\s*[::]\s*|\s+)")
_TAX_NUMBER = re.compile(
    r"[\s,;/:、]*(?:税号|纳税人识别号|统一社会信用代码)?[\s::]*(?<![0-9a-z])[0-9a-z]{2}[0-9]{6}[0-9a-z]{7,12}(?![0-9a-z]).*$"
)
_FORMER = re.compile(r"[(\[【]\s*(?:原名称|原名|原|曾用名|前身|更名前)\s*(?:为|是)?\s*[::]?\s*(.{2,}?)\s*[)\]】]")
_BRACKETS = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")
_PARTNERSHIP = re.compile("(?:特殊)?普通合伙|有限合伙")
_SOLE_TRADER = re.compile("个体(?:工商)?户$")
_HEAD_AND_BRANCH = re.compile(
    r"(.{2,}?(?:公司|(?:银行|集团)(?!.*公司.)))((?:.{1,12}?(?:分公司|支公司|分行|支行|分店|分厂|门店|办事处|营业部|营业厅|门市部|项目部|分部|分理处|旗舰店|专卖店))+)"
)
_OF_A_PLACE = re.compile("分公司|支公司|分行|支行|办事处")
_SAME_FORM = {
    "有限责任公司": "有限公司", "责任公司": "有限公司", "有限责任": "有限公司", "有限": "有限公司", "股份公司": "股份有限公司",
    "股份有限": "股份有限公司", "股份有限责任公司": "股份有限公司", "股份": "股份有限公司",
}  # fmt: skip
_UNSAID = ("公司", "总公司")  # says nothing of the form
_FORMS = ("有限公司", "股份有限公司", "合伙企业", "经营部", "商行", "工作室", "门市部", "服务部", "店", "厂", *_UNSAID, *_SAME_FORM)
_FORM = re.compile(rf"(?<=..){any_of(sorted(_FORMS, key=len, reverse=True))}$")
_LATIN_FORM = re.compile(rf"(?<=\S)(?: {LATIN_END})+$")
_SAME_LATIN_FORM = {"limited": "ltd", "company": "co", "corporation": "corp", "incorporated": "inc"}
_SHORT = re.compile(f"[{HAN}]{{2,6}}")


class Organisation(NamedTuple):
    """One name, read. `place`: the code of the region, of two, four or six digits. The `stem` is region and core: `signs` with one byte a
    character, for DuckDB counts edits by bytes; `sound` by syllables; `looks` with one character for all that look like it. `spelt`: the
    brand in letters. Of a name without legal form `short` is what a longer one may begin with, and `pattern` has its characters."""

    norm: str
    core: str
    brand: str
    region: str | None
    place: str | None
    form: str | None
    branch: str | None
    former: str | None
    stem: str
    signs: str
    sound: str | None
    looks: str | None
    spelt: str
    short: str | None
    pattern: str | None


def read_organisation(value: str) -> Organisation | None:
    """Read one name as sent; None for what names no organisation, and for a name that is hidden in part."""
    text = _LABEL.sub("", simplify(tidy(value)).lower())
    former = _FORMER.search(text)
    text = _TAX_NUMBER.sub("", _FORMER.sub("", text)).strip()
    if text in NOT_A_TITLE or re.search(r"[*×]", text) or not re.search(r"[^\W\d_]", text):
        return None
    before = read_organisation(former[1]) if former else None
    name = _han(text) if has_han(text) else _latin(text)
    return name and name._replace(former=before.norm if before else None)


def _han(text: str) -> Organisation | None:
    text, in_brackets, form = _without_brackets(text)
    text = unicodedata.normalize("NFC", PUNCTUATION.sub("", without_desk(text)))
    if not text or text in NOT_A_TITLE:
        return None
    head, branch = _without_branch(text)
    found = _FORM.search(head)
    written = _SAME_FORM.get(found[0], found[0]) if found else ""
    if not found and not _after_places(head, in_brackets)[1]:
        return None  # a place, and nobody in it
    region, place, core = _without_region(head[: found.start()] if found else head, in_brackets)
    brand = _brand(core)
    stem = (region or "") + core
    form = form or (written if written not in _UNSAID else None) or None
    ending = written or form or ""
    short = core if form is None and len(core) > 1 else None
    return Organisation(
        norm=stem + ending + (branch or ""),
        core=core, brand=brand, region=region, place=place, form=form, branch=branch, former=None, stem=stem, signs=_signs(stem),
        sound="".join(_syllables().get(sign, sign) for sign in stem), looks=stem.translate(_lookalikes()),
        spelt="".join(_syllables().get(sign, sign) for sign in brand), short=short,
        pattern="%".join((*short, "")) if short and _SHORT.fullmatch(short) else None,
    )  # fmt: skip


def _without_brackets(text: str) -> tuple[str, frozenset[str], str | None]:
    """The name without brackets; the place in them, and the legal form that was in them."""
    region: frozenset[str] = frozenset()
    form = None

    def inside(found: re.Match[str]) -> str:
        nonlocal region, form
        said = PUNCTUATION.sub("", found[1])
        if _PARTNERSHIP.fullmatch(said):
            form = "合伙企业"
        elif not region and (codes := place_called(said)) and is_known(codes):
            region = codes
        elif said == "集团" or (found.end() < len(text) and not _SOLE_TRADER.fullmatch(said)):
            return said
        return ""

    bare = _BRACKETS.sub(inside, text)
    return _SOLE_TRADER.sub("", bare) or bare, region, form


def _without_branch(name: str) -> tuple[str, str | None]:
    if found := _HEAD_AND_BRANCH.fullmatch(name):
        return found[1], found[2]
    if (found_at := _OF_A_PLACE.search(name)) and found_at.end() == len(name) and (place := place_at_end(name[: found_at.start()])):
        start = found_at.start() - place.length
        return name[:start], name[start:]
    return name, None


def _without_region(name: str, in_brackets: frozenset[str]) -> tuple[str | None, str | None, str]:
    """The region, its code and the core of a name without its legal form."""
    codes, rest = _after_places(name, in_brackets)
    if not codes and not may_begin_with_place(rest) and (found := place_at_end(rest)) and _has_brand(rest[: -found.length]):
        codes, rest = _after_places(rest[: -found.length], found.codes)
    if not codes:
        return None, None, rest
    region, code = region_of(codes)
    return (region, code, rest) if _has_brand(rest) else (None, None, region + rest)


def _after_places(name: str, codes: frozenset[str]) -> tuple[frozenset[str], str]:
    """The deepest of the places a name begins with, each within the one before or around it (`codes` the first), and the rest; nowhere and
    the whole name, where nothing says which of several places it is."""
    rest = name
    while found := place_at_start(rest, codes):
        codes, rest = deeper(codes, found.codes), rest[found.length :]
    return (codes, rest) if not codes or is_known(codes) else (frozenset(), name)


def _has_brand(core: str) -> bool:
    return len(_trades().sub("", core)) > 1


def _brand(core: str) -> str:
    """The core without the trades at its end; a place or a country is nobody's brand (中国建筑, 北京大学)."""
    bare = _trades().sub("", core)
    return core if len(bare) < 2 or bare == "中国" or place_called(bare) else bare


@cache
def _trades() -> re.Pattern[str]:
    return re.compile(rf"{any_of(words('trade_words'))}+$")


def _latin(text: str) -> Organisation | None:
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    text = re.sub(r"\s+", " ", re.sub(r"[,.]", "", re.sub(r"\s*[()\[\]\-_/&:;\"']+\s*", " ", text))).strip()
    found = _LATIN_FORM.search(text)
    core = text[: found.start()] if found else text
    form = _SAME_LATIN_FORM.get(last := found[0].split(" ")[-1], last) if found else None
    brand = core.split(" ")[0]
    return Organisation(
        norm=core if form is None else f"{core} {form}", core=core, brand=brand, region=None, place=None, form=form, branch=None,
        former=None, stem=core, signs=_signs(core), sound=None, looks=None, spelt=brand,
        short=f"{core} " if form is None and len(core) > 3 else None, pattern=None,
    ) if text else None  # fmt: skip


def _signs(text: str) -> str:
    """Two characters that share a sign, one pair in 94, only make an edit too few."""
    return "".join(c if c.isascii() else chr(33 + ord(c) % 94) for c in text)


@cache
def _syllables() -> dict[str, str]:
    """character -> its commonest reading, without tone."""
    return {row["character"]: row["syllable"] for row in syllables().to_pylist()}


@cache
def _lookalikes() -> dict[int, str]:
    """character -> the first of those it is easily taken for."""
    return {ord(sign): row["characters"][0] for row in entries("lookalikes") for sign in row["characters"][1:]}


def standardise_organisations(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(raw, <fields of Organisation>)` of the distinct names in temp `raw(raw)`. Answers how many went through Python: all, for
    hardly any name is written in one way."""
    from pipelines.standardise.odd import read_odd, text

    fields = [text("raw"), *map(text, Organisation._fields)]
    return read_odd(con, f"SELECT raw FROM {raw}", into, lambda name: [(name, *of)] if (of := read_organisation(name)) else [], fields)
