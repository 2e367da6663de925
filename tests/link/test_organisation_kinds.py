"""Each level of the kinds of organisations, by an example a person would agree with; the laws of reading and comparing them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from pipelines.match.organisation_kinds import ORGANISATION_LEVELS
from pipelines.standardise.credit_codes import SIGNS, is_organisation_code, is_uscc, read_code
from pipelines.standardise.organisation_parts import read_organisation
from tests.link.world import levels_reached, without_example

# valid codes of nobody: made of a region, an organisation code and the check signs
CODE, OTHER = "91330106MA27A00012", "91310115MA1H00004A"
CASES = [
    ("organisation", "杭州明月科技有限公司", "杭州市明月科技有限责任公司", "exact"),
    ("organisation", "明月科技（杭州）有限公司", "杭州明月科技有限公司", "exact"),
    ("organisation", "(杭州)明月科技有限公司", "浙江省杭州市明月科技有限公司", "exact"),
    ("organisation", "發票抬頭：杭州明月科技有限公司", "杭州明月科技有限公司 91330106MA27A00012", "exact"),
    ("organisation", "華為技術有限公司", "华为技术有限公司", "exact"),
    ("organisation", "明月小吃店（个体工商户）", "明月小吃店", "exact"),
    ("organisation", "Mingyue Trading Co., Ltd.", "MINGYUE TRADING COMPANY LIMITED", "exact"),
    ("organisation", "明月贸易有限公司(原:杭州星河科技有限公司)", "杭州星河科技有限公司", "former_name"),
    ("organisation", "明月贸易有限公司【曾用名：星河科技有限公司】", "星河科技有限责任公司", "former_name"),
    ("organisation", "华为技术有限公司", "华为技术有限公司上海分公司", "branch"),
    ("organisation", "中国工商银行杭州西湖支行", "中国工商银行股份有限公司北京分行", "branch"),
    ("organisation", "明月科技", "杭州明月科技有限公司滨江分公司", "branch"),
    ("organisation", "北京明月科技", "北京明月科技杭州分公司", "branch"),
    ("organisation", "上海华为技术有限公司", "北京华为技术有限公司", "other_region"),
    ("organisation", "中国移动通信集团北京有限公司", "中国移动通信集团上海有限公司", "other_region"),
    ("organisation", "北京市朝阳区明月小学", "北京市石景山区明月小学", "other_region"),
    ("organisation", "浙江明月科技有限公司", "杭州明月科技有限公司", "other_region"),
    ("organisation", "杭州西湖区明月服装店", "杭州市明月服装店", "same_core"),
    ("organisation", "杭州明月科技有限公司", "杭州明月科技股份有限公司", "other_form"),
    ("organisation", "杭州明月贸易商行", "杭州明月贸易有限公司", "other_form"),
    ("organisation", "杭州明月科技有限公司", "明月科技", "same_core"),
    ("organisation", "上海华为技术有限公司", "华为技术有限公司", "same_core"),
    ("organisation", "杭州明月科技有限公司", "杭州铭悦科技有限公司", "homophone"),
    ("organisation", "杭州末来科技有限公司", "杭州未来科技有限公司", "lookalike"),
    ("organisation", "华为技术有限公司", "Huawei Technologies Co., Ltd.", "romanised"),
    ("organisation", "中国移动", "中国移动通信集团有限公司", "short_form"),
    ("organisation", "华为", "华为技术有限公司", "short_form"),
    ("organisation", "Huawei Technologies", "Huawei Technologies Service Ltd", "short_form"),
    ("organisation", "中石化", "中国石油化工股份有限公司", "initials"),
    ("organisation", "北大", "北京大学", "initials"),
    ("organisation", "明月园林绿化工程有限公司", "明月园林绿工程有限公司", "one_char"),
    ("organisation", "Mingyue Trading Ltd", "Mingyeu Trading Ltd", "one_char"),
    ("organisation", "华为技术有限公司", "华为终端有限公司", "other_trade"),
    ("organisation", "中国建筑股份有限公司", "中国石油化工股份有限公司", "different"),
    ("organisation", "杭州市政工程有限公司", "杭州明月工程有限公司", "different"),
    ("organisation", "明月科技有限公司", "无需发票", None),
    ("organisation", "明月科技有限公司", "杭州市", None),
    ("organisation", "明月科技有限公司", "明*科技有限公司", None),
    ("credit_code", CODE, "9133 0106-ma27a00012", "exact"),
    ("credit_code", CODE, "税号：9133O1O6MA27AOOO12", "exact"),
    ("credit_code", CODE, "330106MA27A0001", "same_organisation"),
    ("credit_code", CODE, "MA27A000-1", "same_organisation"),
    ("credit_code", "330106MA27A0001", "MA27A0001", "same_organisation"),
    ("credit_code", CODE, "91330106MA27B00012", "slip"),
    ("credit_code", CODE, "91330106MA72A00012", "slip"),
    ("credit_code", CODE, "9133010MA27A00012", "slip"),
    ("credit_code", CODE, "91330106****A00012", "masked"),
    ("credit_code", "91330106****A00012", "91330106****A00012", "masked"),
    ("credit_code", CODE, "91310115****00004A", "masked_different"),
    ("credit_code", CODE, OTHER, "contradicts"),
    ("credit_code", CODE, "MA1H00004", "contradicts"),
    ("credit_code", CODE, "2034567891", "different"),
    ("credit_code", CODE, "*****************2", None),
    ("credit_code", CODE, "000000000000000", None),
    ("credit_code", CODE, "无", None),
]


@cache
def reached() -> dict[tuple[str, str, str], tuple[str | None, str | None]]:
    """Of each case the levels, either way round."""
    found = {}
    for kind in ORGANISATION_LEVELS:
        pairs = [(left, right) for of, left, right, _ in CASES if of == kind]
        there, back = levels_reached(kind, [*pairs]), levels_reached(kind, [(right, left) for left, right in pairs])
        found |= {(kind, *pair): both for pair, both in zip(pairs, zip(there, back, strict=True), strict=True)}
    return found


@pytest.mark.parametrize(("kind", "left", "right", "level"), CASES)
def test_two_values_reach_the_level_a_person_would_say(kind: str, left: str, right: str, level: str | None) -> None:
    assert reached()[kind, left, right] == (level, level)


def test_every_level_has_an_example() -> None:
    assert not without_example(ORGANISATION_LEVELS, CASES)


REGIONS = st.sampled_from(
    ["", "", "杭州", "杭州市", "浙江省杭州市", "北京市海淀区", "义乌", "义乌市", "吉林", "中山市", "朝阳区", "上海", "中国"]
)
BRANDS = st.sampled_from(["明月", "星河", "铭悦", "青岛", "东方", "海尔", "tcl", "大", "市政", "华东"])
TRADES = st.lists(st.sampled_from(["科技", "网络", "贸易", "工程", "啤酒", "集团", "(集团)", "大学", "银行"]), max_size=2).map("".join)
PLACES = st.sampled_from(["", "", "(杭州)", "（上海市）", "北京", "(西湖)"])
FORMS = st.sampled_from(
    ["", "有限公司", "有限责任公司", "股份有限公司", "公司", "厂", "店", "经营部", "(有限合伙)", "合伙企业(有限合伙)", "(个体工商户)"]
)
BRANCHES = st.sampled_from(["", "", "滨江分公司", "上海分公司", "杭州分行西湖支行"])
CHINESE_NAMES = st.tuples(REGIONS, BRANDS, TRADES, PLACES, FORMS, BRANCHES).map("".join)
LATIN_NAMES = st.tuples(st.sampled_from(["Mingyue", "HUAWEI", "A.B."]), st.sampled_from(["", " Trading", " & Sons"]),
                        st.sampled_from(["", " Ltd", " Co., Ltd.", " Inc", " GmbH"])).map("".join)  # fmt: skip
NAMES = CHINESE_NAMES | LATIN_NAMES


@settings(max_examples=300, deadline=None)
@given(NAMES | st.text(max_size=12))
def test_a_name_read_twice_is_unchanged(name: str) -> None:
    if found := read_organisation(name):
        again = read_organisation(found.norm)
        assert again and again.norm == found.norm


@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), min_size=40, max_size=50))
def test_comparing_names_is_symmetric(pairs: list[tuple[str, str]]) -> None:
    there = levels_reached("organisation", [*pairs, ("a", "b")])
    assert there == levels_reached("organisation", [*((right, left) for left, right in pairs), ("b", "a")])
    same = [read_organisation(left) and read_organisation(left) == read_organisation(right) for left, right in pairs]
    assert all(level == "exact" for level, is_same in zip(there, same, strict=False) if is_same)


def _valid(region: int, body: str) -> str:
    """The credit code of an organisation code's eight signs."""
    organisation = next(body + sign for sign in "0123456789X" if is_organisation_code(body + sign))
    return next(code for sign in SIGNS if is_uscc(code := f"91{region}{organisation}{sign}"))


VALID = st.builds(_valid, st.integers(110101, 659009), st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))


@settings(max_examples=300, deadline=None)
@given(VALID, st.sampled_from(["{}", " {} ", "税号:{}", "{}\u3000"]), st.integers(1, 17))
def test_a_valid_code_survives(code: str, written: str, at: int) -> None:
    spaced = f"{code[:at]} {code[at:]}".lower()
    for text in (code, spaced, code.replace("0", "O").replace("1", "I")):
        found = read_code(written.format(text))
        assert found
        assert (found.value, found.is_valid, found.organisation) == (code, True, code[8:17])
    assert uscc.is_valid(code)


@settings(max_examples=300, deadline=None)
@given(VALID, st.integers(0, 17), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_seen(code: str, at: int, sign: str) -> None:
    wrong = code[:at] + sign + code[at + 1 :]
    assert is_uscc(wrong) == (wrong == code)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(VALID, VALID), min_size=30, max_size=50))
def test_valid_codes_of_two_organisations_always_contradict(pairs: list[tuple[str, str]]) -> None:
    there = levels_reached("credit_code", pairs)
    assert there == levels_reached("credit_code", [(right, left) for left, right in pairs])
    for (left, right), level in zip(pairs, there, strict=True):
        assert level == ("exact" if left == right else "same_organisation" if left[8:17] == right[8:17] else "contradicts")
