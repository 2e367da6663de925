"""The loyalty programme: a CSV in UTF-8 with a byte order mark."""

from __future__ import annotations

import numpy as np
import polars as pl

from demo import names, phones
from demo.clock import DAY, INITIAL, cut, date_text, stamp
from demo.draws import Bools, Ints
from demo.text import digits, join, only, pick, scramble, where, words
from demo.world import World

_LEVELS = words("普卡 银卡 金卡 黑卡")


def is_member(world: World, person: Ints) -> Bools:
    """Customers and, later, new people; neither leads nor those who only get gifts."""
    size = world.size
    customer = (person < size.people) | (person >= size.base_persons)
    return customer & world.people.has("member", person, world.rates.members)


def number(key: Ints) -> pl.Series:
    """Member number of membership `key` = person * 2, + 1 for a second membership."""
    return join("M", digits(scramble(key, 9, key=3141), 9))


def memberships(world: World) -> Ints:
    """Keys of all memberships there are."""
    person = np.flatnonzero(is_member(world, world.people.numbers))
    again = person[world.people.has("second_membership", person, world.rates.second_membership)]
    keys = np.sort(np.concatenate([person * 2, again * 2 + 1]))
    return keys[joined(world, keys) <= world.now]


def joined(world: World, key: Ints) -> Ints:
    """When the person joined the programme: some time after the first contact."""
    start = world.people.joined_at[key // 2]
    end = np.where(start < INITIAL, INITIAL, start + 1)
    return np.asarray(start + (world.draws.uniform("member.joined", key) * (end - start)).astype(np.int64))


def updated(world: World, key: Ints) -> Ints:
    """Time of the last change of points up to the moment of the extract."""
    base = joined(world, key)
    latest = base + (world.draws.uniform("member.updated", key) * np.maximum(INITIAL - base, 0)).astype(np.int64)
    for day in range(1, world.day + 1):
        today = world.draws.chance(f"member.today.{day}", key, world.rates.changed)
        at = cut(day - 1) + world.draws.below(f"member.at.{day}", key, DAY)
        latest = np.where(today & (at > base), at, latest)
    return np.asarray(latest)


def changed(world: World) -> Ints:
    """Memberships that belong in the extract."""
    keys = memberships(world)
    return keys[updated(world, keys) > world.since]


def render(world: World, key: Ints) -> pl.DataFrame:
    """The extract's rows; a member who changed the number gives the one of the last change."""
    draws, people = world.draws, world.people
    person, changed_at = key // 2, updated(world, key)
    version = changed_at - INITIAL
    points = draws.below("member.points", key, 20_000) + np.where(version > 0, version % 500, 0)
    name = names.write(people.names.take(person), draws.choose("member.middot", key, [80, 10, 5, 3, 2]))
    return pl.DataFrame({
        "会员号": number(key),
        "CRM客户号": only(draws.chance("member.customer_no", key, 0.35), world.crm.first_key(person)),
        "姓名": only(draws.chance("member.name", key, 0.9), name),
        "性别": only(draws.chance("member.gender", key, 0.7), where(people.woman[person], "F", "M")),
        "生日": only(draws.chance("member.birth", key, 0.5), date_text(people.birth[person], "%Y%m%d")),
        "手机号": phones.written(draws, "member.phone", key, people.phone_at(person, changed_at), 0.02),
        "邮箱": only(draws.chance("member.email", key, 0.5) & people.has_email(person), people.email(person)),
        "OpenID": only(people.has_wechat(person) & draws.chance("member.openid", key, 0.5), people.openid(person)),
        "UnionID": only(people.has_wechat(person) & draws.chance("member.unionid", key, 0.5), people.unionid(person)),
        "等级": pick(_LEVELS, draws.head_heavy("member.level", key, len(_LEVELS))),
        "积分": pl.Series(points).cast(pl.String),
        "状态": where(draws.chance("member.closed", key, 0.02), "0", "1"),
        "入会时间": stamp(joined(world, key)),
        "更新时间": stamp(changed_at),
    })  # fmt: skip
