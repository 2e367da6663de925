"""Invented Chinese companies as invoices and orders name them, with the truth: name variants, titles, sister companies, branches, slips.

`python -m benchmarks.chinese_companies 100000 companies.parquet` writes `record_id`, `entity_id`, `company`, `credit_code`, `phone`,
`city`, `address`. The same seed gives the same file. An entity is one legal name. A quarter of the companies are in groups of five: the
same brand, often the same house and switchboard, with another trade, another city, or as a branch; brands that are the same by chance
occur as well.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.chance import Draw, choose, cities, enough, gaps, keyed

RECORDS_A_COMPANY = (0.45, 0.27, 0.15, 0.08, 0.05)  # share of companies with 1, 2 … 5 records
_BRAND = (
    "华中国新天大海金龙宝安泰达信德利丰盛兴隆昌荣富恒永康平和顺通联合众同创科智汇博远航宇宏伟嘉佳美雅优良正方圆明亮光辉星月日升东南西北山川河江湖云"
    "风雷瑞祥福禄寿喜春秋冬夏松柏竹梅兰凤凰鹏飞翔腾跃骏驰力胜凯旋建业成功诚立邦世纪元亿万千百益民惠普仁义礼欣悦乐怡然源泉清源洁绿青蓝紫红凌锐"
)
_TRADES = (
    "科技", "贸易", "商贸", "网络科技", "信息技术", "电子商务", "实业", "建筑工程", "装饰工程", "餐饮管理", "企业管理", "企业管理咨询",
    "文化传媒", "广告", "物流", "供应链管理", "电子科技", "机械设备", "生物科技", "医疗器械", "食品", "服饰", "农业发展", "教育咨询",
    "物业管理", "房地产开发", "汽车销售", "汽车维修", "投资管理", "人力资源", "环保科技", "新能源", "新材料", "化工", "五金制品",
    "塑料制品", "包装材料", "印务", "园林绿化", "酒店管理", "旅行社", "进出口", "智能科技", "软件", "自动化设备", "仪器", "照明",
    "家具", "纺织", "渔具", "钣金", "字画", "桶装水", "锁业", "渔业", "灯具安装",
)  # fmt: skip
_SOLE_TRADES = ("百货", "服装", "餐饮", "建材", "五金", "水果", "烟酒", "文具", "家电维修", "土特产", "美发", "童装")
_FORMS = ("有限公司", "股份有限公司", "集团有限公司", "经营部", "商行", "店", "工作室")
_FORM_SHARES = np.array([0.8, 0.05, 0.03, 0.04, 0.03, 0.03, 0.02])
_FIRST_SOLE = 3  # of _FORMS
_LOOKS = dict(zip("天大未日土人明宏末千田旭兴圆", "夭太末曰士入朋宠未干由旮兰园", strict=True))
_ENGLISH = ("Technology", "Trading", "International", "Industrial", "Electronics", "Service")
_ROADS = (
    "人民", "解放", "中山", "建设", "和平", "新华", "文化", "胜利", "光明", "长江", "科技", "创业", "工业", "滨河", "学府", "迎宾",
    "高新", "软件园",
)  # fmt: skip
_PARKS = ("创业大厦", "国际广场", "科技园", "软件园", "商务中心", "金融中心", "工业园", "产业园", "写字楼", "大厦")
_STEP = 387_420_489  # no multiple of 31: no organisation code comes twice
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # of GB 32100
_TRADITIONAL = dict(zip("华国龙宝达丰兴荣创东云飞业网电务机车乐广设备实", "華國龍寶達豐興榮創東雲飛業網電務機車樂廣設備實", strict=True))


@dataclass(frozen=True)
class _Brands:
    """Characters of brands by number. `sounding`: another of the same sound, or itself; `looking`: what it may be taken for."""

    text: pl.Series
    said: pl.Series
    sounding: pl.Series
    looking: pl.Series


@cache
def _brands() -> _Brands:
    from pypinyin import lazy_pinyin

    text = list(dict.fromkeys(_BRAND))
    said = ["".join(lazy_pinyin(one)) for one in text]
    same = [[other for other, sound in zip(text, said, strict=True) if sound == of and other != one]
            for one, of in zip(text, said, strict=True)]  # fmt: skip
    sounding = [others[0] if others else one for one, others in zip(text, same, strict=True)]
    return _Brands(pl.Series(text), pl.Series(said), pl.Series(sounding), pl.Series([_LOOKS.get(one, one) for one in text]))


def make_companies(records: int, seed: int = 1) -> pl.DataFrame:
    """A table of `records` rows in random order; `entity_id` is the company."""
    draw = Draw(seed)
    companies = _companies(draw, enough(records, RECORDS_A_COMPANY, 0.08))
    who = draw.whose(len(companies), records, RECORDS_A_COMPANY)
    true = companies[who]
    return pl.DataFrame([*keyed(who), _company(draw, true), _credit_code(draw, true), _phone(draw, true), *_address(draw, true)])


def _companies(draw: Draw, n: int) -> pl.DataFrame:
    """One row a company, of each legal name one; what its group shares is the group's."""
    own, pool, places = np.arange(n), len(_brands().text), cities()
    in_group = draw.happens(n // 5 + 1, 0.25).repeat(5)[:n]  # four others with the first of five
    of = np.where(in_group, own - own % 5, own)
    skewed = 1 / np.arange(10, pool + 10)
    brand = [draw.ranked(n, skewed)[of], draw.ranked(n, np.roll(skewed, pool // 2))[of],
             np.where(draw.happens(n, 0.75), -1, draw.ranked(n, np.roll(skewed, pool // 3)))[of]]  # fmt: skip
    trade = draw.ranked(n, 1 / np.arange(4, len(_TRADES) + 4))
    city = draw.ranked(n, 1 / np.arange(3, len(places) + 3))
    form = np.where(in_group & (of != own), 0, draw.ranked(n, _FORM_SHARES))
    is_branch = in_group & (of != own) & draw.happens(n, 0.2)
    trade = np.where(is_branch | (in_group & draw.happens(n, 0.3)), trade[of], trade)
    home = np.where(in_group & draw.happens(n, 0.5) & ~is_branch, of, own)
    frame = pl.DataFrame({
        "b1": brand[0], "b2": brand[1], "b3": brand[2], "trade": trade, "sole_trade": trade % len(_SOLE_TRADES),
        "form": np.where(is_branch, form[of], form), "is_branch": is_branch,
        "named": np.where(is_branch, city[of], city[home]), "city": np.where(is_branch, city, city[home]),
        "home": draw.below(n, 2**40)[home], "phone": draw.below(n, 10**7)[np.where(draw.happens(n, 0.5), home, own)],
        "mobile": draw.below(n, 10**8), "body": own * _STEP % 31**6, "old_trade": draw.below(n, len(_TRADES)),
    })  # fmt: skip
    legal = ["b1", "b2", "b3", "trade", "form", "named", pl.when("is_branch").then("city").alias("branch_in")]
    return frame.unique(legal, keep="first", maintain_order=True)


def _text(values: tuple[str, ...], at: pl.Series) -> pl.Series:
    return pl.Series(list(values)).gather(at)


def _when(condition: pl.Series, this: pl.Series, that: pl.Series) -> pl.Series:
    return pl.select(pl.when(condition).then(this).otherwise(that)).to_series()


def _nothing(rows: int) -> pl.Series:
    return pl.Series([""]).gather(np.zeros(rows, dtype=np.int64))


def _brand_text(true: pl.DataFrame, changed: pl.Series, slips: pl.Series) -> pl.Series:
    """The brand; where `slips`, its second character as `changed` has it."""
    text, none = _brands().text, _nothing(len(true))
    second = _when(slips, changed.gather(true["b2"]), text.gather(true["b2"]))
    third = _when(true["b3"] >= 0, text.gather(true["b3"].clip(0)), none)
    return text.gather(true["b1"]) + second + third


def _company(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n, brands, places = len(true), _brands(), cities()
    slips = [pl.Series(draw.happens(n, share)) for share in (0.03, 0.015)]
    brand = _brand_text(true, brands.sounding, slips[0])
    brand = _when(slips[1] & ~slips[0], _brand_text(true, brands.looking, slips[1]), brand)
    is_sole, none = true["form"] >= _FIRST_SOLE, _nothing(n)
    trade = _when(is_sole, _text(_SOLE_TRADES, true["sole_trade"]), _text(_TRADES, true["trade"]))
    trade = _when(pl.Series(draw.happens(n, 0.015)), trade.str.slice(0, 1) + trade.str.slice(2), trade)  # a character is missing
    form = _text(_FORMS, true["form"])
    short, full = places["short"].gather(true["named"]), places["city"].gather(true["named"])
    branch = _when(true["is_branch"], places["short"].gather(true["city"]) + "分公司", none)
    core, end = brand + trade, form + branch
    legal = short + core + end
    longer = form.str.replace("有限公司", "有限责任公司")
    old = short + brand + _text(_TRADES, true["old_trade"]) + form
    title = pl.Series(np.array(["发票抬头:", "单位名称：", "抬头 "])[draw.below(n, 3)])
    spelt = (brands.said.gather(true["b1"]) + brands.said.gather(true["b2"])).str.to_titlecase()
    english = spelt + " " + _text(_ENGLISH, true["trade"] % len(_ENGLISH)) + " Co., Ltd."
    sole = _when(is_sole, pl.Series(["（个体工商户）"]).gather(np.zeros(n, dtype=np.int64)), none)
    cases = [
        (0.44, legal), (0.05, core + "（" + short + "）" + end), (0.03, core + "(" + full + ")" + end), (0.06, full + core + end),
        (0.03, places["province"].gather(true["named"]) + full + core + end), (0.06, core + end), (0.04, short + core + longer + branch),
        (0.05, short + core + branch), (0.07, core + branch), (0.02, brand + branch), (0.02, legal + sole), (0.02, title + legal),
        (0.02, legal + "（收）"), (0.02, legal + " " + _codes(true)), (0.015, legal + "（原" + old + "）"),
        (0.02, legal.str.replace_many(_TRADITIONAL)), (0.015, english), (0.02, " " + legal.str.replace("公司", "公 司", literal=True)),
    ]  # fmt: skip
    return gaps(draw, choose(cases, draw.of.random(n)), 0.02, "company")


def _codes(true: pl.DataFrame) -> pl.Series:
    """The credit codes: registered where the company is, the organisation code checked by GB 11714, the whole by GB 32100."""
    signs, n = np.array(list(_SIGNS)), len(true)
    region = (cities()["code"].gather(true["city"]).to_numpy() + 5)[:, None] // 10 ** np.arange(5, -1, -1) % 10
    body = np.zeros((n, 8), dtype=np.int64)
    body[:, 0], body[:, 1] = _SIGNS.index("M"), _SIGNS.index("A")
    body[:, 2:] = true["body"].to_numpy()[:, None] // 31 ** np.arange(5, -1, -1) % 31
    values = np.array([int(sign, 36) for sign in _SIGNS])[body]
    check = -(values * np.array([3, 7, 9, 10, 5, 8, 4, 2])).sum(axis=1) % 11
    organisation = np.where(check == 10, _SIGNS.index("X"), check)
    first = np.column_stack([np.full((n, 2), [9, 1]), region, body, organisation])
    last = -(first * np.array([pow(3, place, 31) for place in range(17)])).sum(axis=1) % 31
    whole = np.ascontiguousarray(signs[np.column_stack([first, last])])
    return pl.Series(whole.view("U18").ravel().tolist())


def _credit_code(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n, code = len(true), _codes(true)
    wrong = code.str.slice(0, 12) + pl.Series(draw.below(n, 10)).cast(pl.String) + code.str.slice(13)
    cases = [
        (0.84, code), (0.03, code.str.to_lowercase()), (0.02, code.str.slice(0, 8) + " " + code.str.slice(8)),
        (0.03, code.str.slice(2, 15)), (0.02, code.str.slice(8, 8) + "-" + code.str.slice(16, 1)),
        (0.02, code.str.slice(0, 6) + "********" + code.str.slice(14)), (0.02, code.str.replace_all("0", "O")), (0.02, wrong),
    ]  # fmt: skip
    return gaps(draw, choose(cases, draw.of.random(n)), 0.4, "credit_code")


def _phone(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n = len(true)
    area = pl.Series(true["city"].to_numpy() % 600 + 310).cast(pl.String)
    line = pl.Series(true["phone"].to_numpy() + 80_000_000).cast(pl.String)
    mobile = pl.Series(true["mobile"].to_numpy() + 138 * 10**8).cast(pl.String)
    extension = pl.Series(draw.below(n, 900) + 100).cast(pl.String)
    cases = [(0.35, "0" + area + "-" + line), (0.1, "0" + area + line), (0.1, "0" + area + "-" + line + "-" + extension), (0.35, mobile),
             (0.1, mobile.str.slice(0, 3) + "****" + mobile.str.slice(7))]  # fmt: skip
    return gaps(draw, choose(cases, draw.of.random(n)), 0.35, "phone")


def _address(draw: Draw, true: pl.DataFrame) -> list[pl.Series]:
    n, places = len(true), cities()
    home = np.where(draw.happens(n, 0.1), draw.below(n, 2**40), true["home"].to_numpy())  # has moved
    part = {name: pl.Series(home // at % end + 1).cast(pl.String) for name, at, end in
            (("number", 1, 300), ("building", 300, 12), ("floor", 3_600, 24), ("door", 86_400, 9))}  # fmt: skip
    city = true["city"].to_numpy()
    starts = np.concatenate([[0], np.cumsum(places["districts"].list.len().to_numpy())])
    at = starts[city] + home // 777_600 % (starts[city + 1] - starts[city])
    district = places["districts"].explode().gather(at)
    road = _text(_ROADS, pl.Series(home // 10**7 % len(_ROADS))) + "路" + part["number"] + "号"
    park = _text(_PARKS, pl.Series(home // 10**8 % len(_PARKS)))
    room = part["floor"] + "0" + part["door"]
    house = district + road
    cases = [(0.5, house + park + part["building"] + "号楼" + room + "室"), (0.2, house + part["building"] + "栋" + room),
             (0.2, road + park + room), (0.1, house)]  # fmt: skip
    return [gaps(draw, places["city"].gather(true["city"]), 0.15, "city"), gaps(draw, choose(cases, draw.of.random(n)), 0.25, "address")]


def main() -> None:
    records, path = int(sys.argv[1]), Path(sys.argv[2])
    make_companies(records, int(sys.argv[3]) if len(sys.argv) > 3 else 1).write_parquet(path)


if __name__ == "__main__":
    main()
