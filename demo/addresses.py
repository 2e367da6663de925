"""Dwellings and pick-up stations, and the many ways one address is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import polars as pl

from demo.draws import AnyInts, Bools, Draws, Ints
from demo.places import MUNICIPALITIES, places
from demo.text import join, mask, pick, switch, table, where, words

_STREETS = words(
    "人民 解放 中山 建设 和平 新华 文化 光明 朝阳 友谊 胜利 长江 黄河 珠江 天山 泰山 华山 衡山 北京 上海 南京 广州 杭州 青年 育才 学府 "
    "科技 创新 创业 工业 商业 滨江 滨海 环城 迎宾 世纪 五一 八一 七一 红旗 前进 幸福 平安 安康 福寿 吉祥 如意 梧桐 银杏 樱花 桂花 玉兰 "
    "海棠 丹桂 紫荆 翠竹 松柏 文一 文二 文三 天目山 古墩 莫干山 凤起 体育场 庆春 延安 江南 江北 江东 江西 河东 河西 湖滨 西湖 东湖 南湖 "
    "月湖 镜湖 双龙 龙腾 凤凰 麒麟 金鼎 银河"
)
_ROADS = words("路 路 路 路 街 大道 东路 西路 南路 北路 大街 巷")
_ESTATES = words(
    "阳光 翠苑 金色 锦绣 万科 碧桂园 绿城 保利 恒大 龙湖 滨江 东方 世纪 康桥 御景 香榭 丽水 枫林 桃源 紫金 银泰 盛世 华庭 幸福 和睦 "
    "朝晖 德胜 三里 景芳 采荷 望江 观澜 云栖 星河 天鹅 金地 中海 华润 融创 招商 远洋 首开 城建 明珠 帝景 名仕 学林 书香 博雅 兰亭 竹韵 "
    "梅园 荷塘 柳浪 听涛 望湖"
)
_ESTATE_KINDS = words("花园 小区 家园 名苑 公寓 新村 华府 雅苑 城 佳苑 里 苑")
_STATIONS = words("菜鸟驿站 丰巢快递柜 菜鸟驿站(南门店) 妈妈驿站 丰巢智能柜 中通快递超市 菜鸟驿站")
STATIONS_PER_DISTRICT = 6
KEPT = 8  # forms of the detail that hide nothing
HIDDEN = 8  # the form that hides the room


@dataclass(frozen=True)
class Dwellings:
    """Address parts, one row a dwelling."""

    district: Ints
    street: Ints
    road: Ints
    number: Ints
    estate: Ints
    kind: Ints
    building: Ints
    unit: Ints
    room: Ints

    def take(self, rows: AnyInts | Bools) -> Dwellings:
        return Dwellings(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def city(self) -> Ints:
        return places().city_of[self.district]


def home_city(draws: Draws, root: AnyInts) -> Ints:
    """The city where a household (its root number) lives first."""
    return places().draw_city(draws, "address.city", root)


def dwellings(draws: Draws, dwelling: Ints) -> Dwellings:
    """Parts of dwelling number `root * 4 + generation`; a later generation is mostly in the same city."""
    root, generation = dwelling // 4, dwelling % 4
    city = home_city(draws, root)
    away = (generation > 0) & draws.chance("address.away", dwelling, 0.25)
    city = np.where(away, places().draw_city(draws, "address.new_city", dwelling), city)
    floor = 1 + draws.head_heavy("address.floor", dwelling, 30)
    return Dwellings(
        district=places().draw_district(draws, "address.district", dwelling, city),
        street=draws.below("address.street", dwelling, len(_STREETS)),
        road=draws.below("address.road", dwelling, len(_ROADS)),
        number=1 + draws.head_heavy("address.number", dwelling, 900),
        estate=draws.below("address.estate", dwelling, len(_ESTATES)),
        kind=draws.below("address.kind", dwelling, len(_ESTATE_KINDS)),
        building=1 + draws.head_heavy("address.building", dwelling, 45),
        unit=1 + draws.head_heavy("address.unit", dwelling, 5),
        room=floor * 100 + 1 + draws.below("address.door", dwelling, 4),
    )


def mistaken(draws: Draws, name: str, rows: AnyInts, homes: Dwellings, flags: Bools) -> Dwellings:
    """Where flagged, building or room is wrong, or another district of the city stands there."""
    kind = np.where(flags, draws.below(f"{name}.kind", rows, 3), -1)
    shift = 1 + draws.below(f"{name}.shift", rows, 5)
    district = places().draw_district(draws, f"{name}.district", rows, homes.city)
    return replace(
        homes,
        building=np.where(kind == 0, homes.building + shift, homes.building),
        room=np.where(kind == 1, homes.room + shift * 100, homes.room),
        district=np.where(kind == 2, district, homes.district),
    )


@cache
def _numbers() -> pl.Series:
    return table([str(n) for n in range(4000)])


def _number(values: Ints) -> pl.Series:
    return pick(_numbers(), values)


def detail(homes: Dwellings, form: AnyInts) -> pl.Series:
    """Street and below in one of the KEPT forms, or HIDDEN."""
    street = join(pick(_STREETS, homes.street), pick(_ROADS, homes.road))
    estate = join(pick(_ESTATES, homes.estate), pick(_ESTATE_KINDS, homes.kind))
    no, building, unit, room = (_number(v) for v in (homes.number, homes.building, homes.unit, homes.room))
    return switch(
        form,
        join(street, no, "号", estate, building, "幢", unit, "单元", room, "室"),
        join(street, no, "号", estate, building, "号楼", unit, "单元", room),
        join(street, no, "号", estate, building, "栋", unit, "单元", room, "室"),
        join(street, no, "号", estate, building, "-", unit, "-", room),
        join(estate, building, "幢", unit, "单元", room, "室"),
        join(estate, building, "-", unit, "-", room, "，", street, no, "号"),
        join(street, " ", no, "号 ", estate, " ", building, "号楼 ", unit, "单元 ", room, "室"),
        join(street, no, "号", estate, building, "#", room),
        join(street, no, "号", estate, "****"),
    )


def station(draws: Draws, district: Ints, choice: AnyInts) -> pl.Series:
    """A pick-up station or locker of the district: a place, nobody's address."""
    key = district * STATIONS_PER_DISTRICT + choice
    return join(
        pick(_STREETS, draws.below("station.street", key, len(_STREETS))), pick(_ROADS, draws.below("station.road", key, len(_ROADS))),
        _number(1 + draws.below("station.number", key, 600)), "号", pick(_STATIONS, draws.below("station.kind", key, len(_STATIONS))),
    )  # fmt: skip


def region(district: Ints, form: AnyInts) -> pl.Series:
    """What stands before the street: 0 in full, 1 without province, 2 short (浙江杭州西湖区), 3 nothing."""
    p = places()
    city = p.city_of[district]
    own = mask(np.isin(city, _municipal_cities()))
    province = pick(p.province, city).zip_with(~own, pl.Series([""] * len(district), dtype=pl.String))
    short = pick(p.province_short, city).zip_with(~own, pl.Series([""] * len(district), dtype=pl.String))
    name = pick(p.district, district)
    return switch(
        form, join(province, pick(p.city, city), name), join(pick(p.city, city), name), join(short, pick(p.city_short, city), name), ""
    )


@cache
def _municipal_cities() -> Ints:
    return np.flatnonzero(places().city.is_in(list(MUNICIPALITIES)).to_numpy())


def columns(district: Ints, form: AnyInts) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Province, city and district columns: 0 official names, 1 short names, 2 null (all of it stands in the address)."""
    p = places()
    city = p.city_of[district]
    return (
        switch(form, pick(p.province, city), pick(p.province_short, city), None),
        switch(form, pick(p.city, city), pick(p.city_short, city), None),
        where(form == 2, None, pick(p.district, district)),
    )


def written(draws: Draws, name: str, rows: AnyInts, homes: Dwellings, in_columns: AnyInts, form: AnyInts) -> pl.Series:
    """Detail behind as much of the region as people write: a lot where the columns are empty, mostly none where they are filled."""
    empty = draws.choose(f"{name}.region_in_text", rows, [50, 25, 20, 5])
    filled = draws.choose(f"{name}.region_repeated", rows, [10, 5, 3, 82])
    return join(region(homes.district, np.where(in_columns == 2, empty, filled)), detail(homes, form))
