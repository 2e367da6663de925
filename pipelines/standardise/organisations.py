"""Organisations: is a name plainly one, and its form for comparison."""

from __future__ import annotations

import re
from functools import cache

from pipelines.standardise.characters import has_han, simplify
from pipelines.standardise.vocabulary import any_of, entries, words

LATIN_END = r"(?:co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|plc|gmbh|ag|s\.?a|pte|group)"
_BRACKET_AT_END = re.compile(r"\s*[(\[【][^()\[\]【】]*[)\]】]$")
_DESK = re.compile(
    r"[\s\-]*(?:前台|总台|门卫|门岗|保安室|收发室|传达室|值班室|仓库|办公室|行政部|人事部|财务部|财务室|采购部|市场部|销售部|代收|收)$"
)
_PLACE_IN_BRACKETS = re.compile(r"(.+)[(\[【]([^()\[\]【】]{2,4})[)\]】](.+)")
PUNCTUATION = re.compile(r"[\s()\[\]【】《》<>\"'“”‘’,.，。·、\-_/&:;]+")
NOT_A_TITLE = {
    "个人", "无", "无需发票", "不需要", "不开发票", "暂无", "个人发票", "增值税普通发票", "-", "null", "none", "personal", "na", "n/a",
}  # fmt: skip


@cache
def end_pattern() -> str:
    """RE2 and Python: a name of sufficient length that ends as organisations' do."""
    by_length: dict[int, list[str]] = {}
    for row in entries("organisation_words"):
        by_length.setdefault(int(row["length"]) - len(row["word"]), []).append(row["word"])
    ends = "|".join(f".{{{before},}}{any_of(ends)}" for before, ends in sorted(by_length.items()))
    return rf"(?:{ends})"


@cache
def _end() -> re.Pattern[str]:
    return re.compile(end_pattern())


@cache
def _latin_end() -> re.Pattern[str]:
    return re.compile(rf".*\w.*[\s,.]{LATIN_END}\.?", re.IGNORECASE)


@cache
def _compound() -> frozenset[str]:
    return frozenset(words("compound_surnames", "surname"))


@cache
def _places() -> frozenset[str]:
    return frozenset(row["short"] for row in entries("divisions") if row["level"] != "district")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(any_of(word for word in words("organisation_words") if len(word) > 1))


def without_desk(name: str) -> str:
    """A tidy name without the desk or note behind an organisation: `明月有限公司前台`, `明月有限公司(收)`; any other name as it is."""
    bare = _DESK.sub("", _BRACKET_AT_END.sub("", name)).strip()
    return bare if bare != name and is_plainly_organisation(bare) else name


def is_plainly_organisation(name: str) -> bool:
    """Whether a tidy name ends as organisations' do."""
    bare = simplify(name)
    if _latin_end().fullmatch(bare):
        return True
    if len(bare) == 4 and bare[:2] in _compound():  # 欧阳中学: a compound surname and a given name
        return False
    return _end().fullmatch(bare.replace(" ", "")) is not None


def names_an_organisation(name: str) -> bool:
    """Whether an organisation word is anywhere in a tidy name: proof together with a credit code only."""
    return _word().search(simplify(name)) is not None


def normal_organisation(name: str) -> str | None:
    """A tidy organisation name for comparison; None for words that stand for no organisation.

    >>> normal_organisation("明月科技(杭州)有限责任公司(个体工商户)")
    '杭州明月科技有限公司'
    """
    if name.lower() in NOT_A_TITLE:
        return None
    text = without_desk(re.sub(r"[(\[]?个体工商户[)\]]?$", "", simplify(name).lower()) or name)
    if (placed := _PLACE_IN_BRACKETS.fullmatch(text)) and placed[2].removesuffix("市") in _places():
        text = placed[2].removesuffix("市") + placed[1] + placed[3]
    if not has_han(text):
        text = re.sub(r"[,.]", "", re.sub(r"\s*[()\[\]\-_/&:;\"']+\s*", " ", text))
        return re.sub(r"\s+", " ", text).strip() or None
    text = PUNCTUATION.sub("", text).replace("有限责任公司", "有限公司")
    return text if text and text not in NOT_A_TITLE else None
