"""Addresses: region from fields and text, one spelling below it, numbers for blocking, places that identify nobody."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.standardise.addresses import standardise_addresses, tidy_address
from pipelines.standardise.characters import simplify, tidy
from pipelines.standardise.divisions import divisions, names_of, place_of, resolve
from pipelines.standardise.vocabulary import entries
from tests.standardise.columns import standardised

WEST_LAKE = ("浙江", "杭州", "西湖区")


def read(address: str | None, province: str | None = None, city: str | None = None, district: str | None = None) -> dict[str, Any]:
    (row,) = standardised(
        standardise_addresses, [("k", province, city, district, address)], "key", "province", "city", "district", "address"
    )
    return row


def region(row: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    return row["province"], row["city"], row["district"]


@pytest.mark.parametrize(
    "address",
    [
        "浙江省杭州市西湖区文三路86号3幢2单元301室",
        "浙江杭州西湖文三路86号3号楼二单元301",
        "浙江省 杭州市 西湖区 文三路８６号３栋２单元301室",
        "杭州市西湖区文三路86号三号楼2单元301",
        "中国浙江省杭州市西湖区文三路86号3#楼2单元301室",
        "浙江省杭州市西湖区文三路86号3栋2单元301室（放门口）",
        "浙江省,杭州市,西湖区,文三路86号,3栋2单元301室",
        "浙江省/杭州市/西湖区/文三路86号3栋2单元301室",
        "浙江省杭州市西湖区文三路86号3-2-301",
    ],
)
def test_one_address_in_many_spellings_is_one(address: str) -> None:
    row = read(address)
    assert region(row) == WEST_LAKE
    assert (row["address_norm"], row["address_key"], row["is_place"]) == ("文三路86号3栋2单元301室", "86-3-2-301", False)


@pytest.mark.parametrize(
    "fields",
    [("浙江省", "杭州市", "西湖区"), ("浙江", "杭州", "西湖"), (None, "杭州", "西湖区"), (None, None, "西湖区"), (None, None, None)],
)
@pytest.mark.parametrize("address", ["浙江省杭州市西湖区文三路86号", "杭州市西湖区文三路86号"])
def test_a_region_in_text_and_fields_is_said_once(fields: tuple[str | None, ...], address: str) -> None:
    row = read(address, *fields)
    assert (*region(row), row["address_norm"]) == (*WEST_LAKE, "文三路86号")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("上海浦东新区东方路1365号", ("上海", "上海", "浦东新区", "东方路1365号")),
        ("上海市沪松公路1136弄", ("上海", "上海", None, "沪松公路1136弄")),
        ("重庆市渝北区龙溪街道1号", ("重庆", "重庆", "渝北区", "龙溪街道1号")),
        ("徐汇区虹漕路461号", ("上海", "上海", "徐汇区", "虹漕路461号")),
        ("吉林市船营区北京路1号", ("吉林", "吉林", "船营区", "北京路1号")),
        ("义乌市稠州北路1号", ("浙江", "金华", "义乌市", "稠州北路1号")),
        ("湖北省仙桃市沔阳大道1号", ("湖北", "仙桃", None, "沔阳大道1号")),
        ("海南藏族自治州共和县1号", ("青海", "海南", "共和县", "1号")),
        ("内蒙古锡林郭勒盟东乌珠穆沁旗1号", ("内蒙古", "锡林郭勒", "东乌珠穆沁旗", "1号")),
        ("杭州市江干区庆春路1号", ("浙江", "杭州", "上城区", "庆春路1号")),
        ("北京路123号", (None, None, None, "北京路123号")),
        ("朝阳区工体北路1号", (None, None, None, "朝阳区工体北路1号")),
        ("上海大厦3楼", (None, None, None, "上海大厦3层")),
    ],
)
def test_regions_are_looked_up_not_guessed(address: str, expected: tuple[str | None, ...]) -> None:
    row = read(address)
    assert (*region(row), row["address_norm"]) == expected


@pytest.mark.parametrize(
    "address",
    ["明月小区3-2-301，文三路86号", "浙江省杭州市西湖区明月小区3栋2单元301室，文三路86号", "杭州西湖明月小区3幢2单元301, 文三路86号"],
)
def test_a_street_behind_the_house_is_turned_round(address: str) -> None:
    row = read(address, *WEST_LAKE)
    assert (row["address_norm"], row["address_key"]) == ("文三路86号明月小区3栋2单元301室", "86-3-2-301")


def test_a_road_named_after_a_city_is_no_region() -> None:
    assert region(read("南京西路100号", "上海市", "上海市", "静安区")) == ("上海", "上海", "静安区")


def test_where_text_and_fields_contradict_the_fields_count_and_the_text_is_kept() -> None:
    row = read("浙江省杭州市余杭区文一西路969号", *WEST_LAKE)
    assert (*region(row), row["address_norm"]) == (*WEST_LAKE, "余杭区文一西路969号")
    assert read("江苏省苏州市1号", "浙江", "杭州")["address_norm"] == "江苏省苏州市1号"


def test_a_region_the_table_does_not_know_stays_as_sent() -> None:
    row = read("高新区文三路1号2栋", "浙江", "杭州", "高新区")
    assert (*region(row), row["address_norm"]) == ("浙江", "杭州", "高新区", "文三路1号2栋")
    row = read("高新区明月小区3-2-301，文三路86号", "浙江", "杭州", "高新区")
    assert row["address_norm"] == "文三路86号明月小区3栋2单元301室"


def test_fields_that_name_no_place_are_empty() -> None:
    assert region(read("文三路1号", "浙江省", "市辖区", "其他区")) == ("浙江", None, None)
    assert region(read("文三路1号", "浙江省", "苏州市", None)) == ("浙江", None, None)


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        ("十二楼", "12楼"),
        ("二十三号楼", "23号楼"),
        ("一百零三室", "103室"),
        ("三〇一室", "301室"),
        ("第三栋", "3栋"),
        ("文三路", "文三路"),
        ("中山三路一号", "中山三路1号"),
        ("Ｂ座 ２楼", "B座2楼"),
        ("忠孝東路1號", "忠孝东路1号"),
        ("17、18楼", "17-18楼"),
        ("86号 3 301", "86号3-301"),
        ("文三路86号 请放门口谢谢", "文三路86号"),
    ],
)
def test_numbers_and_characters_have_one_spelling(written: str, tidied: str) -> None:
    assert tidy_address(written) == tidied


@pytest.mark.parametrize(
    ("address", "norm", "key"),
    [
        ("文三路86号3-2-301", "文三路86号3栋2单元301室", "86-3-2-301"),
        ("文三路86号", "文三路86号", None),
        ("东方路1365号5号楼24B", "东方路1365号5栋24B", "1365-5"),
        ("天元港中心B座2503", "天元港中心B栋2503室", None),
        ("科技园D2楼四层", "科技园D2栋4层", None),
        ("虹漕路461号58号楼5楼", "虹漕路461号58栋5层", "461-58"),
        ("文三路9-1号2栋", "文三路9-1号2栋", "9-1-2"),
    ],
)
def test_the_key_is_the_numbers_of_house_building_unit_and_room(address: str, norm: str, key: str | None) -> None:
    row = read(address, *WEST_LAKE)
    assert (row["address_norm"], row["address_key"]) == (norm, key)


@pytest.mark.parametrize(
    ("address", "norm"),
    [
        ("文三路86号***", "文三路86号"),
        ("文三路86号****室", "文三路86号"),
        ("文三路**号**室", "文三路"),
        ("***", None),
        ("浙江省杭州市西湖区****", None),
        ("文三路86号3栋*单元***室", "文三路86号3栋"),
    ],
)
def test_hidden_parts_leave_what_is_visible_and_no_key(address: str, norm: str | None) -> None:
    row = read(address, *WEST_LAKE)
    assert (row["address_norm"], row["address_key"]) == (norm, None)


@pytest.mark.parametrize(
    "address", ["文三路86号菜鸟驿站", "浙大宿舍3栋301", "西溪花园丰巢快递柜", "明月大厦前台", "工业园门卫收发室", "自提点"]
)
def test_pick_up_places_identify_nobody(address: str) -> None:
    assert read(address, *WEST_LAKE)["is_place"]


def test_a_note_to_the_courier_does_not_make_a_home_a_place() -> None:
    assert not read("文三路86号3栋301室(放丰巢)", *WEST_LAKE)["is_place"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (("上海市", "市辖区", "浦东新区"), ("上海", "上海", "浦东新区")),
        (("湖北省", "省直辖县级行政区划", "仙桃市"), ("湖北", "仙桃", None)),
        (("浙江", "义乌", None), ("浙江", "金华", "义乌市")),
        (("臺灣", "台北市", None), ("台湾", "台北", None)),
        (("北京", "朝阳区", None), ("北京", "北京", "朝阳区")),
        (("浙江", "苏州", None), ("浙江", None, None)),
        (("云南", "大理州", "大理市"), ("云南", "大理", "大理市")),
    ],
)
def test_fields_may_be_short_or_one_rank_off(fields: tuple[str | None, str | None, str | None], names: tuple[str | None, ...]) -> None:
    assert names_of(resolve(*fields)) == names


def test_the_division_table_is_whole() -> None:
    table = divisions()
    assert len([row for row in table.values() if row["level"] == "province"]) == 34
    for code, row in table.items():
        assert tidy(simplify(row["name"])) == row["name"]
        assert row["level"] == "province" or row["parent"] in table
        place = place_of(code)
        assert place.province and (row["level"] == "province" or place.city)
    assert all(row["code"] in table for row in entries("division_aliases"))
