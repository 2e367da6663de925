"""Names: notes and honorifics off, hidden characters visible as hidden, surnames read as surnames; SQL and Python say the same."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.standardise.characters import simplified
from pipelines.standardise.names import read_name, read_names
from pipelines.standardise.readings import add_readings, lay_out_readings
from pipelines.standardise.vocabulary import words
from tests.standardise.columns import connection, standardised


@cache
def _readings() -> None:
    lay_out_readings(connection())


def _whole(con: Any, raw: str, into: str) -> None:
    _readings()
    read_names(con, raw, "read")
    add_readings(con, "read", into)


def whole(*values: str) -> dict[str, dict[str, Any]]:
    return {row["raw"]: row for row in standardised(_whole, values)}


@pytest.mark.parametrize(
    "value",
    [
        "李四代收",
        "李四(放门口)",
        "李四（放门口",
        "李四[1234]",
        "李四1234",
        "李四-1",
        "李四先生",
        "李四 女士",
        "李四老师",
        "李四，放驿站",
        "李四 收",
        "李四(收)",
        "收件人：李四",
        "李 四",
        "李　四",
        "（李四）",
        "李四 13812345679",
        "李四转交",
        "李四🌸",
        "李四/王五",
        "尊敬的李四先生",
        "李\u200b四",
    ],
)
def test_what_is_not_the_name_comes_off(value: str) -> None:
    assert read_name(value)[:3] == ("李四", "李四", False)


@pytest.mark.parametrize(
    ("value", "name"), [("王老师", "王"), ("张总", "张"), ("欧阳经理", "欧阳"), ("李工", "李"), ("李建国总", "李建国")]
)
def test_a_form_of_address_may_leave_a_surname(value: str, name: str) -> None:
    assert read_name(value).name == name


@pytest.mark.parametrize("name", ["张丰收", "王建总", "张放", "李大学", "欧阳大学", "买买提", "陈方安生"])
def test_given_names_that_look_like_notes_stay(name: str) -> None:
    assert read_name(name)[:2] == (name, name)
    assert not read_name(name).is_organisation


@pytest.mark.parametrize(
    ("value", "norm"),
    [
        ("张**", "张**"),
        ("*小明", "*小明"),
        ("张*", "张*"),
        ("张＊", "张*"),
        ("李某某", "李**"),
        ("李某", "李*"),
        ("王??", "王**"),
        ("王■", "王*"),
        ("王\ufffd", "王*"),
        ("王\ue000", "王*"),
        ("张XX", "张**"),
        ("張*", "张*"),
    ],
)
def test_hidden_and_ruined_characters_are_masks(value: str, norm: str) -> None:
    row = whole(value)[value]
    assert (row["name_norm"], row["is_masked"], row["name_pinyin"]) == (norm, True, None)
    assert row["surname"] == (norm[0] if norm[0] != "*" else None)


@pytest.mark.parametrize(
    "value",
    [
        "匿名",
        "未知",
        "测试",
        "无名氏",
        "客户",
        "淘宝用户123",
        "tb12345_2012",
        "先生",
        "**",
        "■■",
        "?",
        "13812345679",
        "null",
        "N/A",
        "测试1",
        "某先生",
        "个人",
    ],
)
def test_placeholders_are_nobodys_name(value: str) -> None:
    row = whole(value)[value]
    assert (row["name"], row["name_norm"], row["surname"]) == (None, None, None)


@pytest.mark.parametrize("dot", ["·", "•", "・", "‧", "∙", ".", "·"])
def test_the_middots_are_one_and_such_names_have_no_surname(dot: str) -> None:
    value = f"阿卜杜拉{dot}买买提"
    row = whole(value)[value]
    assert (row["name_norm"], row["surname"], row["name_pinyin"]) == ("阿卜杜拉·买买提", None, "a bo du la mai mai ti")


@pytest.mark.parametrize(
    ("name", "surname", "pinyin"),
    [
        ("单雄信", "单", "shan xiong xin"),
        ("曾国藩", "曾", "zeng guo fan"),
        ("解晓东", "解", "xie xiao dong"),
        ("仇英", "仇", "qiu ying"),
        ("查良镛", "查", "zha liang yong"),
        ("盖叫天", "盖", "ge jiao tian"),
        ("朴树", "朴", "piao shu"),
        ("尉迟恭", "尉迟", "yu chi gong"),
        ("万俟卨", "万俟", "mo qi xie"),
        ("欧阳修", "欧阳", "ou yang xiu"),
        ("任我行", "任", "ren wo xing"),
        ("区海伦", "区", "ou hai lun"),
        ("吕布", "吕", "lv bu"),
        ("王䶮", "王", "wang yan"),
        ("王\ue863", "王", "wang yan"),
        ("张三fang", None, "zhang san fang"),
    ],
)
def test_surnames_are_read_as_surnames(name: str, surname: str | None, pinyin: str) -> None:
    row = whole(name)[name]
    assert (row["surname"], row["name_pinyin"]) == (surname, pinyin)


@pytest.mark.parametrize(
    ("one", "other"), [("萧红", "肖红"), ("蕭紅", "肖红"), ("闫锡山", "阎锡山"), ("傅雷", "付雷"), ("王喆", "王哲"), ("張三豐", "张三丰")]
)
def test_variants_and_scripts_are_folded_for_comparison_only(one: str, other: str) -> None:
    rows = whole(one, other)
    assert rows[one]["name_norm"] == rows[other]["name_norm"]
    assert (rows[one]["name"], rows[other]["name"]) == (one, other)
    assert rows[one]["name_pinyin"] == rows[other]["name_pinyin"]


def test_surnames_that_only_the_traditional_script_tells_apart_stay_apart() -> None:
    rows = whole("於丹", "于丹", "餘华", "余华", "陳有餘", "陈有余")
    assert rows["於丹"]["name_norm"] != rows["于丹"]["name_norm"]
    assert rows["餘华"]["name_norm"] != rows["余华"]["name_norm"]
    assert rows["陳有餘"]["name_norm"] == rows["陈有余"]["name_norm"]


def test_folding_a_surname_leaves_given_names_alone() -> None:
    rows = whole("李蓝", "李兰", "蓝天", "兰天")
    assert rows["李蓝"]["name_norm"] != rows["李兰"]["name_norm"]
    assert rows["蓝天"]["name_norm"] == rows["兰天"]["name_norm"]


@pytest.mark.parametrize(
    ("value", "norm"),
    [
        ("Mr. John Smith", "john smith"),
        ("SMITH, John", "smith john"),
        ("Müller Jürgen", "muller jurgen"),
        ("O'Brien", "obrien"),
        ("Zhang San", "zhang san"),
    ],
)
def test_latin_names_are_lower_case_in_their_order(value: str, norm: str) -> None:
    row = whole(value)[value]
    assert (row["name_norm"], row["name_pinyin"], row["surname"]) == (norm, norm, None)


@pytest.mark.parametrize(
    "value",
    [
        "杭州明月有限公司",
        "明月集团",
        "北京大学",
        "杭州明月有限公司(前台)",
        "明月（杭州）有限公司前台",
        "杭州明月科技",
        "張記餐廳",
        "明月个体工商户",
        "Foo Bar Inc.",
        "星巴克 Co., Ltd.",
        "西湖中心小学",
        "明月律师事务所",
    ],
)
def test_plain_company_names_are_organisations(value: str) -> None:
    assert read_name(value).is_organisation


_PLAIN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=6)
_COMMON = st.text(
    "王李张刘陈赵欧阳上官伟芳娜秀英敏静建国萧肖付傅单曾解先生代收总某公司大学小明店放门口请勿个人客户於餘乾", min_size=1, max_size=6
)
_LATIN = st.lists(
    st.sampled_from(["John", "mary", "SMITH", "Co", "Ltd", "Mr", "test", "user", "customer", "inc", "Anne", "Lee"]), min_size=1, max_size=4
).map(" ".join)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(_PLAIN, _COMMON, _LATIN, st.text(max_size=8)), min_size=1, max_size=150))
def test_sql_and_python_agree(values: list[str]) -> None:
    values = [value for value in values if "\x00" not in value]
    fields = ("name", "text", "is_masked", "is_organisation", "has_organisation_word", "organisation")
    found = {row["raw"]: tuple(row[f] for f in fields) for row in standardised(read_names, values)}
    assert found == {value: tuple(read_name(value)) for value in values}


def test_every_traditional_form_of_a_surname_leads_to_the_surname() -> None:
    kept = set(words("kept_characters", "character"))
    surnames = set(words("surnames", "surname"))
    assert {chr(old) for old, new in simplified().items() if new in surnames} - kept >= set("張劉陳楊黃趙吳馬許葉蘇蔣鄭謝韓馮鄧蕭範")
    assert not [surname for surname in surnames - kept if ord(surname) in simplified()]
