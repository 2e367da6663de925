"""The companies: names and their variants, credit codes, switchboards, offices."""

from __future__ import annotations

import polars as pl

from demo import documents, phones
from demo.addresses import Dwellings, dwellings
from demo.draws import AnyInts, Draws, Ints
from demo.places import places
from demo.text import join, pick, switch, table, words

_FIRST = table(list("云新华天金宏鑫瑞恒盛嘉博远创智星海东中安泰永信诚百联众优德利康源启明卓凯锐拓朗汇"))
_SECOND = table(list("帆达源创泰盛峰通科联信恒腾图胜美德隆润丰硕诺森航尚洋辰凌维锐途讯邦元熙翔耀"))
_TRADES = words(
    "科技 网络科技 贸易 商贸 电子商务 信息技术 食品 服饰 家居 建筑工程 文化传媒 广告 医药 机械 物流 餐饮管理 教育咨询 环保科技 新能源 "
    "装饰工程"
)
ROOT = 2**40  # organisations' dwellings are numbered from here, so that nobody lives in one


class Organisations:
    """Columns by organisation number (0-based)."""

    def __init__(self, draws: Draws, n: int) -> None:
        self.draws = draws
        self.n = n

    def office(self, number: Ints) -> Dwellings:
        return dwellings(self.draws, (ROOT + number) * 4)

    def name(self, number: Ints, form: AnyInts) -> pl.Series:
        """0 registered name, 1 city in brackets behind, 2 without the legal form, 3 有限责任公司, 4 half-width brackets."""
        city = pick(places().city_short, self.office(number).city)
        brand = join(
            pick(_FIRST, self.draws.below("org.first", number, len(_FIRST))),
            pick(_SECOND, self.draws.below("org.second", number, len(_SECOND))),
        )
        trade = pick(_TRADES, self.draws.head_heavy("org.trade", number, len(_TRADES)))
        return switch(
            form, join(city, brand, trade, "有限公司"), join(brand, trade, "（", city, "）有限公司"), join(city, brand, trade),
            join(city, brand, trade, "有限责任公司"), join(brand, trade, "(", city, ")有限公司"),
        )  # fmt: skip

    def own_form(self, number: Ints) -> Ints:
        """The form of the registered name: with the city before or in brackets."""
        return self.draws.choose("org.form", number, [3, 1])

    def uscc(self, number: Ints) -> pl.Series:
        return documents.uscc(self.draws, number, places().code[self.office(number).district])

    def switchboard(self, number: Ints) -> pl.Series:
        return phones.landline(pick(places().area, self.office(number).city), number)

    def mobile(self, number: Ints) -> Ints:
        """The mobile of whoever buys for the company."""
        return phones.number(self.draws, number + 2 * 10**7, 0)
