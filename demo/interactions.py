"""The call centre's log: tab-separated UTF-16, as its tool exports it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo import names, phones
from demo.clock import DAY, INITIAL, cut, stamp
from demo.draws import Bools, Ints
from demo.text import digits, join, only, pick, scramble, switch, table, where
from demo.world import World

_SUMMARIES = table(["查询物流", "咨询优惠活动", "投诉配送慢", "回访满意度", "核对收货地址", "咨询退款进度", "修改预约时间"])
_AGENTS = table([f"坐席{n:03d}" for n in range(1, 41)])


@dataclass(frozen=True)
class Calls:
    """One entry a call or chat; `number` counts them over all days."""

    number: Ints
    person: Ints
    at: Ints

    def take(self, rows: Ints | Bools) -> Calls:
        return Calls(self.number[rows], self.person[rows], self.at[rows])


def make(world: World) -> Calls:
    """All calls up to the moment of the extract."""
    draws, size = world.draws, world.size
    n, daily = round(size.people * world.rates.interactions), round(size.people * world.rates.interactions / 400)
    number = np.arange(n + daily * size.day)
    day = np.where(number < n, 0, (number - n) // max(daily, 1) + 1)
    person = draws.below("call.person", number, size.people + size.leads)
    joined = world.people.joined_at[person]
    at = joined + (draws.uniform("call.at", number) * (INITIAL - joined)).astype(np.int64)
    return Calls(number, person, np.where(day > 0, cut(0) + (day - 1) * DAY + draws.below("call.today", number, DAY), at))


def changed(world: World, everything: Calls) -> Calls:
    """Calls since the extract before."""
    return everything.take(everything.at > world.since)


def number_text(number: Ints) -> pl.Series:
    return join("CALL", digits(scramble(number, 8, key=7071), 8))


def render(world: World, some: Calls) -> pl.DataFrame:
    """The extract's rows."""
    draws, people, number, person = world.draws, world.people, some.number, some.person
    kind = draws.choose("call.kind", number, [60, 25, 15])
    phone = _phones(world, some, kind == 2)
    own = names.write(people.names.take(person))
    return pl.DataFrame({
        "流水号": number_text(number),
        "类型": switch(kind, "来电", "去电", "在线"),
        "渠道": switch(kind, "热线", "热线", where(draws.chance("call.wechat", number, 0.6), "微信", "网页")),
        "时间": stamp(some.at, pattern="%Y/%m/%d"),
        "姓名": only(draws.chance("call.name", number, 0.55), own),
        "号码": phone,
        "OpenID": only((kind == 2) & people.has_wechat(person), people.openid(person)),
        "客户编号": only(draws.chance("call.customer_no", number, 0.25), world.crm.first_key(person)),
        "坐席": pick(_AGENTS, draws.below("call.agent", number, len(_AGENTS))),
        "时长": pl.Series(20 + draws.head_heavy("call.seconds", number, 1200, 3)).cast(pl.String),
        "摘要": pick(_SUMMARIES, draws.below("call.summary", number, len(_SUMMARIES))),
    })  # fmt: skip


def _phones(world: World, some: Calls, chat: Bools) -> pl.Series:
    """The line that rang; a household's other line sometimes; a trunk 0 before it sometimes."""
    draws, people, number = world.draws, world.people, some.number
    phone = people.phone_at(some.person, some.at)
    second = draws.chance("call.second_line", number, 0.06)
    text = phones.plain(np.where(second, people.phone(some.person, phones.SECOND_LINE), phone))
    text = where(draws.chance("call.trunk", number, world.rates.leading_zero), join("0", text), text)
    return only(~chat | draws.chance("call.chat_phone", number, 0.3), text)
