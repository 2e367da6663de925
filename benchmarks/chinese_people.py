"""Invented Chinese people as a company's table has them, with the truth: namesakes, homophones, masks, slips, moves and gaps.

`python -m benchmarks.chinese_people 1000000 people.parquet` writes `record_id`, `entity_id`, `name`, `phone`, `id_number`, `birth_on`,
`province`, `city`, `address`, `email`. The same seed gives the same file. Surnames and given names are about as skewed as China's are;
a household shares its address and now and then a phone.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.chance import Draw, Ints, choose, cities, enough, gaps, keyed

RECORDS_A_PERSON = (0.55, 0.27, 0.12, 0.04, 0.02)  # share of people with 1, 2 … 5 records
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆汪范金石廖贾夏韦付"
    "方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_COMMONEST = (7.2, 7.0, 6.7, 5.1, 4.6, 3.2, 2.4, 2.0, 2.0, 1.9)  # per cent; the others as 16 / rank
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红鹏建国志文晓海林春梅小云雪婷欣怡子涵梓轩浩宇泽佳雨思宁博嘉俊家豪诗琪"
    "立新永福德成东辉斌波飞亮龙凤珍淑慧琳莉颖蕾倩楠琴瑞祥庆光荣富贵金银山水江河天宏洪鸿振震正政茂贤先仙冬栋冰兵彬宾凯恺楷琦奇祺"
    "锋峰枫丰昊皓若彤桐童铭鸣茗芸韵蓉容融莹盈颜妍燕彦岩晨辰臣程诚承乐悦月岳越阳扬旭栩煦睿锐芮义艺毅逸一依伊智之芝知植"
)
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "慕容")
_ROADS = re.findall("..", "人民解放中山建设和平新华文化胜利光明长江黄河迎宾学府滨河育才朝阳东风友谊科技工业")
_ESTATES = re.findall("..", "阳光锦绣金色翡翠幸福东方香榭绿地万科碧桂龙湖翠湖紫荆玫瑰书香江南桃源御景名门星河")
_ENDS = ("花园", "小区", "家园", "新村", "公馆", "广场")
_HOSTS = ("qq.com", "163.com", "126.com", "139.com", "sina.com", "gmail.com", "outlook.com", "foxmail.com")
_HOST_SHARES = (0.5, 0.2, 0.08, 0.07, 0.05, 0.04, 0.03, 0.03)
_LINES = (130, 131, 132, 133, 135, 136, 137, 138, 139, 150, 151, 152, 155, 158, 159, 166, 177, 180, 182, 185, 186, 187, 188, 189, 199)
_CHECK = np.array(list("10X98765432"))
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


@dataclass(frozen=True)
class _Characters:
    """Characters of names by number: surnames first, then compound surnames, then given names. `sounding`: another of the same sound, or
    itself; `alike`: one whose syllable differs by a letter."""

    text: pl.Series
    syllable: pl.Series
    sounding: Ints
    alike: Ints


@cache
def _characters() -> _Characters:
    from pypinyin import lazy_pinyin

    given = "".join(dict.fromkeys(_GIVEN))
    text = [*_SURNAMES, *_COMPOUND, *given]
    said = ["".join(lazy_pinyin(one)) for one in text]
    first = len(_SURNAMES) + len(_COMPOUND)
    sounding, alike = np.arange(len(text)), np.arange(len(text))
    for n in range(len(text)):
        pool = range(first, len(text)) if n >= first else range(len(_SURNAMES))
        same = [k for k in pool if k != n and said[k] == said[n]]
        near = [k for k in pool if said[k] != said[n] and (said[k] in (said[n] + "g", said[n][:-1], said[n][:1] + "h" + said[n][1:]))]
        sounding[n], alike[n] = (found[n % len(found)] if found else n for found in (same, near))
    return _Characters(pl.Series(text), pl.Series(said), sounding, alike)


def make_people(records: int, seed: int = 1) -> pl.DataFrame:
    """A table of `records` rows in random order; `entity_id` is the person."""
    draw = Draw(seed)
    people = _people(draw, enough(records, RECORDS_A_PERSON, 0.02))
    who = draw.whose(len(people), records, RECORDS_A_PERSON)
    true = people[who]
    columns = [_name(draw, true), _phone(draw, true), _id_number(draw, true), _birth(draw, true), *_address(draw, true), _email(draw, true)]
    return pl.DataFrame([*keyed(who), *columns])


def _people(draw: Draw, n: int) -> pl.DataFrame:
    """One row a person, everything as numbers."""
    surnames, given = len(_SURNAMES), len(_characters().text) - len(_SURNAMES) - len(_COMPOUND)
    first = surnames + len(_COMPOUND)
    shares = np.array([*_COMMONEST, *(16 / rank for rank in range(11, surnames + 1)), *(0.06,) * len(_COMPOUND)])
    skewed = 1 / np.arange(8, given + 8) ** 0.9
    turned = np.roll(skewed, given // 3)
    born = np.datetime64("1984-01-01") + (draw.of.normal(0, 14, n).clip(-40, 24) * 365.25).astype(np.int64) + draw.below(n, 365)
    months = born.astype("datetime64[M]")
    own = np.arange(n)
    home = np.where(draw.happens(n, 0.15), np.maximum(own - 1, 0), own)
    places = cities()
    city = draw.ranked(n, 1 / np.arange(3, len(places) + 3))
    line = (np.array(_LINES)[draw.below(n, len(_LINES))] * 10**8 + draw.below(n, 10**8), draw.below(n, 10**8) + 139 * 10**8)
    return pl.DataFrame({
        "surname": draw.ranked(n, shares), "g1": first + draw.ranked(n, skewed),
        "g2": np.where(draw.happens(n, 0.18), -1, first + draw.ranked(n, turned)),
        "year": months.astype("datetime64[Y]").astype(np.int64) + 1970, "month": months.astype(np.int64) % 12 + 1,
        "day": (born - months.astype("datetime64[D]")).astype(np.int64) + 1,
        "phone": np.where(draw.happens(n, 0.04), line[0][home], line[0]), "phone2": line[1],
        "serial": draw.below(n, 1000), "born_in": places["code"].to_numpy()[draw.below(n, len(places))], "city": city[home],
        "home": draw.below(n, 2**40)[home], "home2": draw.below(n, 2**40),
        "mailbox": draw.below(n, 4), "mail_number": draw.below(n, 10**9), "host": draw.ranked(n, np.array(_HOST_SHARES)),
    })  # fmt: skip


def _name(draw: Draw, true: pl.DataFrame) -> pl.Series:
    of, n = _characters(), len(true)
    parts = {name: true[name].to_numpy().copy() for name in ("surname", "g1", "g2")}
    last = np.where(parts["g2"] >= 0, 2, 1)  # a slip is in the last character as a rule
    for change, share in ((of.sounding, 0.04), (of.alike, 0.025), (draw.of.permutation(len(of.text)), 0.01)):
        hit = draw.happens(n, share)
        for place, name in ((1, "g1"), (2, "g2")):
            rows = hit & (last == place)
            parts[name][rows] = change[parts[name][rows]]
    surname, g1, g2 = (of.text.gather(np.maximum(parts[name], 0)) for name in parts)
    g2 = pl.select(pl.when(pl.Series(parts["g2"] >= 0)).then(g2).otherwise(pl.lit(""))).to_series()
    said = [of.syllable.gather(np.maximum(parts[name], 0)).str.to_titlecase() for name in parts]
    spelt2 = pl.select(pl.when(g2 == "").then(pl.lit("")).otherwise(said[2].str.to_lowercase())).to_series()
    stars = pl.select(pl.when(g2 == "").then(pl.lit("*")).otherwise(pl.lit("**"))).to_series()
    whole = surname + g1 + g2
    honorific = pl.Series(np.array(["先生", "女士", "老师"])[draw.below(n, 3)])
    hidden = [surname + "*" + g2, surname + stars, pl.Series(["*"]).gather(np.zeros(n, dtype=np.int64)) + g1 + g2]
    cases = [(0.88, whole), (0.03, whole + honorific), (0.01, surname + honorific), (0.015, said[0] + " " + said[1] + spelt2),
             (0.02, hidden[0]), (0.02, hidden[1]), (0.01, hidden[2]), (0.015, whole + "收")]  # fmt: skip
    return gaps(draw, choose(cases, draw.of.random(n)), 0.1, "name")


def _slipped(draw: Draw, number: Ints, digits: int, share: float) -> Ints:
    """In a share of the numbers one of the last `digits` wrong, or two neighbours exchanged."""
    n = len(number)
    power = 10 ** draw.below(n, digits - 1)
    low, high = number // power % 10, number // (power * 10) % 10
    wrong = (low + 1 + draw.below(n, 9)) % 10 - low
    change = np.where(draw.happens(n, 0.5), wrong * power, (low - high) * power * 9)
    return np.where(draw.happens(n, share), number + change, number)


def _phone(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n = len(true)
    now = np.where(draw.happens(n, 0.12), true["phone2"].to_numpy(), true["phone"].to_numpy())
    plain = pl.Series(_slipped(draw, now, 9, 0.03)).cast(pl.String)
    head, middle, tail = plain.str.slice(0, 3), plain.str.slice(3, 4), plain.str.slice(7, 4)
    cases = [(0.75, plain), (0.06, head + " " + middle + " " + tail), (0.03, head + "-" + middle + "-" + tail), (0.05, "+86 " + plain),
             (0.01, plain.str.slice(0, 10)), (0.06, head + "****" + tail), (0.04, "*******" + tail)]  # fmt: skip
    return gaps(draw, choose(cases, draw.of.random(n)), 0.12, "phone")


def _id_number(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n = len(true)
    dated = true["year"] * 10_000 + true["month"].cast(pl.Int64) * 100 + true["day"]
    first = true["born_in"].to_numpy() * 10**11 + dated.to_numpy() * 1_000 + true["serial"].to_numpy()
    digits = first[:, None] // 10 ** np.arange(16, -1, -1) % 10
    check = pl.Series(_CHECK[(digits * _WEIGHTS).sum(axis=1) % 11].tolist())
    whole = pl.Series(_slipped(draw, first, 10, 0.025)).cast(pl.String) + check
    cases = [(0.94, whole), (0.03, whole.str.slice(0, 6) + "********" + whole.str.slice(14, 4)), (0.02, whole.str.to_lowercase()),
             (0.01, whole.str.slice(0, 1) + "****************" + whole.str.slice(17, 1))]  # fmt: skip
    return gaps(draw, choose(cases, draw.of.random(n)), 0.3, "id_number")


def _birth(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n = len(true)
    year, month, day = (true[name].to_numpy().astype(np.int64) for name in ("year", "month", "day"))
    swapped = draw.happens(n, 0.02) & (day <= 12)
    month, day = np.where(swapped, day, month), np.where(swapped, month, day)
    year = year + np.where(draw.happens(n, 0.015), draw.below(n, 3) - 1, 0)
    day = np.where(draw.happens(n, 0.02), draw.below(n, 28) + 1, day)
    text = [pl.Series(part).cast(pl.String).str.zfill(2) for part in (year, month, day)]
    return gaps(draw, text[0] + "-" + text[1] + "-" + text[2], 0.2, "birth_on")


def _address(draw: Draw, true: pl.DataFrame) -> list[pl.Series]:
    n, places = len(true), cities()
    moved = draw.happens(n, 0.12)
    home = np.where(moved, true["home2"].to_numpy(), true["home"].to_numpy())
    city = np.where(moved & draw.happens(n, 0.3), draw.below(n, len(places)), true["city"].to_numpy())
    part = {name: home // at % end for name, at, end in
            (("road", 1, 20), ("number", 20, 300), ("estate", 6_000, 20), ("end", 120_000, 6), ("building", 720_000, 25),
             ("floor", 18_000_000, 24), ("door", 432_000_000, 4), ("district", 1_728_000_000, 600))}  # fmt: skip
    texts = {name: pl.Series(value + 1).cast(pl.String) for name, value in part.items()}
    names, provinces = places["city"].gather(city), places["province"].gather(city)
    starts = np.concatenate([[0], np.cumsum(places["districts"].list.len().to_numpy())])
    at = starts[city] + part["district"] % (starts[city + 1] - starts[city])
    district = places["districts"].explode().gather(at)
    road = pl.Series(_ROADS).gather(part["road"]) + "路" + texts["number"] + "号"
    estate = pl.Series(_ESTATES).gather(part["estate"]) + pl.Series(_ENDS).gather(part["end"])
    room = texts["floor"] + "0" + texts["door"]
    house = texts["building"] + "栋" + room
    full = district + road + estate
    cases = [(0.5, full + house + "室"), (0.15, full + texts["building"] + "号楼" + room), (0.1, district + road + house + "室"),
             (0.1, district + estate + house), (0.05, road + estate + house + "室"), (0.05, provinces + names + full + house + "室"),
             (0.05, full)]  # fmt: skip
    written = gaps(draw, choose(cases, draw.of.random(n)), 0.2, "address")
    return [gaps(draw, provinces, 0.1, "province"), gaps(draw, names, 0.1, "city"), written]


def _email(draw: Draw, true: pl.DataFrame) -> pl.Series:
    n, said = len(true), _characters().syllable
    number = np.where(draw.happens(n, 0.1), true["mail_number"].to_numpy() // 7, true["mail_number"].to_numpy())
    spelt = said.gather(true["surname"]) + said.gather(true["g1"])
    kind = pl.Series(true["mailbox"])
    short = pl.Series(number % 10_000).cast(pl.String)
    numeric = pl.Series(number + 10**8).cast(pl.String)
    mailbox = pl.select(pl.when(kind < 2).then(numeric).when(kind == 2).then(spelt + short).otherwise(spelt + "_" + short)).to_series()
    return gaps(draw, mailbox + "@" + pl.Series(_HOSTS).gather(true["host"]), 0.3, "email")


def main() -> None:
    records, path = int(sys.argv[1]), Path(sys.argv[2])
    make_people(records, int(sys.argv[3]) if len(sys.argv) > 3 else 1).write_parquet(path)


if __name__ == "__main__":
    main()
