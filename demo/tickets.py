"""The service desk's tickets, exported from its tool as Excel workbooks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo import names, order_rows, phones
from demo.clock import DAY, INITIAL, NEVER, cut, excel_serial, stamp
from demo.draws import Bools, Ints
from demo.size import ORGANISATION, is_organisation
from demo.text import digits, join, only, pick, scramble, switch, table, where, words
from demo.world import World

SHEET = "工单"
_CHANNELS = words("电话 在线客服 邮件 微信 App")
_CATEGORIES = ("物流查询", "退换货", "商品咨询", "发票", "质量投诉", "会员权益")
_SUBJECTS = table(["物流一直不更新", "申请退货退款", "咨询商品规格", "补开发票", "商品有破损", "积分没有到账"])
_BODIES = table([
    "客户反映快递三天没有更新，请核实物流",
    "客户要求七天无理由退货，商品未拆封", "咨询尺寸和材质，已发送说明", "需要补开增值税发票，抬头见订单",
    "收到时外包装破损，客户要求换货", "上月订单积分未到账，请技术核查",
])  # fmt: skip
_RESOLUTIONS = table(["已联系快递加急派送", "已办理退款", "已解答", "发票已补开并发送邮箱", "已补发", "积分已补录"])
_PRIORITIES = words("低 中 高 紧急")
_AGENTS = table([f"{s}{t}" for s in "陈林吴郑孙" for t in ("组长", "客服1", "客服2", "客服3")])


@dataclass(frozen=True)
class Tickets:
    """One entry a ticket, those of the first extract first, then day by day."""

    number: Ints
    party: Ints
    oid: Ints  # -1 when it is about no order
    created_at: Ints
    answered_at: Ints
    resolved_at: Ints

    def __len__(self) -> int:
        return len(self.number)

    def updated(self, at: int) -> Ints:
        latest = self.created_at
        for event in (self.answered_at, self.resolved_at):
            latest = np.maximum(latest, np.where(event <= at, event, 0))
        return latest

    def take(self, rows: Ints | Bools) -> Tickets:
        return Tickets(*(getattr(self, name)[rows] for name in Tickets.__dataclass_fields__))


def make(world: World) -> Tickets:
    """All tickets up to the moment of the extract, in the order of their numbers."""
    draws, size, orders = world.draws, world.size, world.orders
    n, daily = round(size.people * world.rates.tickets), round(size.people * world.rates.tickets / 400)
    number = np.arange(n + daily * size.day)
    day = np.where(number < n, 0, (number - n) // max(daily, 1) + 1)
    today = day > 0
    placed = int(np.searchsorted(orders.ordered_at, INITIAL))  # orders of the first extract
    oid = np.where(
        today, placed - 1 - draws.below("ticket.fresh_order", number, max(placed // 20, 1)), draws.below("ticket.order", number, placed)
    )
    about = draws.chance("ticket.has_order", number, 0.65)
    by_buyer = draws.chance("ticket.by_buyer", number, 0.8)
    party = np.where(
        about, np.where(by_buyer, orders.buyer[oid], orders.recipient[oid]), draws.below("ticket.person", number, size.people + size.leads)
    )
    start = np.where(about, orders.ordered_at[oid], world.people.joined_at[np.where(is_organisation(party), 0, party)])
    room = np.where(about, np.minimum(25 * DAY, INITIAL - start), INITIAL - start)
    created = start + (draws.uniform("ticket.created", number) * room).astype(np.int64)
    created = np.where(today, cut(0) + (day - 1) * DAY + draws.below("ticket.today", number, DAY), created)
    answered = created + 60 + draws.head_heavy("ticket.answered", number, 8 * 3600)
    resolved = answered + 600 + draws.head_heavy("ticket.resolved", number, 5 * DAY)
    resolved = np.where(draws.chance("ticket.stays_open", number, 0.02), NEVER, resolved)
    return Tickets(number, party, np.where(about, oid, -1), created, answered, resolved)


def number_texts(number: Ints) -> pl.Series:
    return join("T", digits(scramble(number, 8, key=2236), 8))


def changed(world: World, everything: Tickets) -> Tickets:
    """Tickets that belong in the extract."""
    return everything.take(everything.updated(world.now) > world.since)


def render(world: World, some: Tickets) -> tuple[pl.DataFrame, Bools]:
    """The extract's rows and, beside them, which phones the tool holds as numbers. 创建时间 is Excel's day number."""
    draws, now, number = world.draws, world.now, some.number
    company = is_organisation(some.party)
    answered, resolved = some.answered_at <= now, some.resolved_at <= now
    topic = draws.head_heavy("ticket.topic", number, len(_CATEGORIES))
    phone, numeric = _phones(world, some, company)
    person = np.where(company, 0, some.party)
    has_email = draws.chance("ticket.email", number, 0.15) & ~company & world.people.has_email(person)
    frame = pl.DataFrame({
        "工单号": number_texts(number),
        "订单号": _order_numbers(world, some),
        "客户编号": only(draws.chance("ticket.customer_no", number, 0.2), world.crm.first_key(some.party)),
        "客户姓名": _names(world, some, company),
        "联系电话": phone,
        "邮箱": only(has_email, world.people.email(person)),
        "渠道": pick(_CHANNELS, draws.head_heavy("ticket.channel", number, len(_CHANNELS))),
        "分类": pick(table(_CATEGORIES), topic),
        "标题": pick(_SUBJECTS, topic),
        "描述": _bodies(world, some, topic, phone),
        "优先级": pick(_PRIORITIES, draws.choose("ticket.priority", number, [25, 55, 16, 4])),
        "状态": switch(np.where(resolved, 2, np.where(answered, 1, 0)), "待处理", "处理中", "已关闭"),
        "处理结果": only(resolved, pick(_RESOLUTIONS, topic)),
        "客服": only(answered, pick(_AGENTS, draws.below("ticket.agent", number, len(_AGENTS)))),
        "创建时间": pl.Series(excel_serial(some.created_at)),
        "首次响应时间": stamp(np.where(answered, some.answered_at, NEVER)),
        "解决时间": stamp(np.where(resolved, some.resolved_at, NEVER)),
        "满意度": pl.Series(5 - draws.head_heavy("ticket.satisfaction", number, 5)).zip_with(
            pl.Series(resolved & draws.chance("ticket.rated", number, 0.5)), pl.Series([None] * len(number), dtype=pl.Int64)
        ),
        "更新时间": stamp(some.updated(now)),
    })  # fmt: skip
    return frame, numeric


def _order_numbers(world: World, some: Tickets) -> pl.Series:
    """Some agents forget the number, some mistype it: it is then of no order."""
    about, oid = some.oid >= 0, np.maximum(some.oid, 0)
    wrong = world.draws.chance("ticket.wrong_order", some.number, 0.01)
    oid_written = np.where(wrong, 90_000_000 + some.number, oid)
    text = order_rows.number(world.orders.platform[oid], oid_written, world.orders.ordered_at[oid])
    return only(about & world.draws.chance("ticket.order_written", some.number, 0.92), text)


def _names(world: World, some: Tickets, company: Bools) -> pl.Series:
    """Full names, or what an agent hears on the phone: 张女士."""
    draws, number = world.draws, some.number
    person = np.where(company, 0, some.party)
    own = world.people.names.take(person)
    polite = join(names.surname(own), where(world.people.woman[person], "女士", "先生"))
    text = where(draws.chance("ticket.polite", number, 0.15) & own.is_han, polite, names.write(own))
    organisation = np.where(company, some.party - ORGANISATION, 0)
    office = world.organisations.name(organisation, world.organisations.own_form(organisation))
    return only(company | draws.chance("ticket.name", number, 0.88), where(company, office, text))


def _phones(world: World, some: Tickets, company: Bools) -> tuple[pl.Series, Bools]:
    draws, number = world.draws, some.number
    person = np.where(company, 0, some.party)
    phone = np.where(
        company, world.organisations.mobile(np.where(company, some.party - ORGANISATION, 0)), world.people.phone_at(person, some.created_at)
    )
    numeric = draws.chance("ticket.numeric", number, world.rates.numeric_phones)
    text = where(numeric, phones.plain(phone), phones.written(draws, "ticket.phone", number, phone, world.rates.phone_formats * 0.5))
    shown = draws.chance("ticket.has_phone", number, 0.85)
    return only(shown, text), numeric & shown


def _bodies(world: World, some: Tickets, topic: Ints, phone: pl.Series) -> pl.Series:
    """Free text; some of it repeats the phone."""
    text = pick(_BODIES, topic)
    repeats = world.draws.chance("ticket.phone_in_text", some.number, 0.1) & phone.is_not_null().to_numpy()
    return where(repeats, join(text, "，回电", phone), text)
