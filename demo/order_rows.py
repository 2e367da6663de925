"""The orders as JSON objects, one a line: header, buyer, recipient, invoice and nested lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo import catalogue, members, names, phones
from demo.clock import NEVER, iso
from demo.crm_rows import employers
from demo.draws import Bools, Ints
from demo.orders import OWN, PLATFORMS, STATUSES, WECHAT, Lives, is_marketplace, lives
from demo.recipients import Shown, recipients, shown
from demo.size import ORGANISATION, is_organisation
from demo.text import digits, join, only, pick, scramble, switch, table, where
from demo.world import World

_SHOPS = table(
    [
        "云上家居旗舰店",
        "云上母婴旗舰店",
        "云上家居京东自营店",
        "云上家居京东自营店",
        "云上生活小程序",
        "云上生活小程序",
        "云上商城",
        "云上商城",
    ]
)
_REMARKS = table([None, "请尽快发货", "工作日送货", "送前电话联系", "需要发票", "生日礼物，请勿放价格单", "放快递柜即可", "周末不在家"])


@dataclass(frozen=True)
class Buyers:
    """The buyers of some orders: who, and what the platform tells of them."""

    person: Ints  # 0 for companies
    organisation: Ints  # 0 for persons
    company: Bools
    bare: Bools  # a marketplace shows the account alone
    market: Bools


def changed(world: World) -> Ints:
    """Numbers of the orders that belong in the extract."""
    oid = np.arange(len(world.orders))
    updated = lives(world.draws, world.rates, world.orders, oid).updated(world.orders.ordered_at, world.now)
    return np.flatnonzero((updated > world.since) & (world.orders.ordered_at <= world.now))


def number(platform: Ints, oid: Ints, ordered: Ints) -> pl.Series:
    """The order number people quote, in the form of each platform."""
    serial = scramble(oid, 10, key=271_828)
    code = digits(serial, 10)
    return switch(
        platform,
        join("26", code, digits(oid * 7919 % 10**7, 7)),
        join("3", code, "1"),
        join("WX", code, digits(oid * 31 % 10**4, 4)),
        join("SO", code),
    )


def account(world: World, oid: Ints) -> pl.Series:
    """The buyer's account on the platform; everybody may have two on a marketplace."""
    holder, platform = world.orders.buyer[oid], world.orders.platform[oid]
    company = is_organisation(holder)
    second = world.draws.chance("account.second", oid, world.rates.second_account) & is_marketplace(platform) & ~company
    serial = np.where(company, 60_000_000 + (holder - ORGANISATION) * 8, holder * 8) + platform * 2 + second
    code = digits(scramble(serial, 8, key=1414), 8)
    return switch(platform, join("tb", code), join("jd_", code, "x"), join("wxu", code), join("U", code))


def render(world: World, oid: Ints) -> pl.DataFrame:
    """The extract's objects, in the order asked, as they stand at the moment of the extract."""
    orders, draws = world.orders, world.draws
    life = lives(draws, world.rates, orders, oid)
    platform, ordered = orders.platform[oid], orders.ordered_at[oid]
    goods = catalogue.lines(draws, oid, orders.shopper[oid])
    buyers = _buyers(world, oid)
    to = recipients(
        world, "order", oid, oid, orders.recipient[oid], ordered, platform,
        masked=life.masked <= world.now, uncorrected=(life.corrected < NEVER) & (life.corrected > world.now),
    )  # fmt: skip
    amount = goods.by_order(goods.amount)
    shipping = np.where(draws.chance("order.shipping", oid, 0.3), 800, 0)
    return pl.DataFrame({
        "order_no": number(platform, oid, ordered),
        "platform": pick(table(PLATFORMS), platform),
        "shop": pick(_SHOPS, platform * 2 + draws.chance("order.shop", oid, 0.3)),
        "status": pick(table(STATUSES), life.status(world.now)),
        **_times(world, ordered, life),
        "buyer": _buyer(world, oid, buyers).to_struct("buyer"),
        "recipient": _recipient(shown(world, to, platform)).to_struct("recipient"),
        "invoice": _invoice(world, oid, buyers).to_struct("invoice"),
        "amount": catalogue.yuan(amount),
        "shipping_fee": catalogue.yuan(shipping),
        "discount": catalogue.yuan(goods.by_order(goods.gross) - amount),
        "delivery": where(draws.chance("order.express", oid, 0.15), "次日达", "普通快递"),
        "remark": pick(_REMARKS, draws.head_heavy("order.remark", oid, len(_REMARKS), 5)),
        "lines": catalogue.as_lists(goods),
    })  # fmt: skip


def _times(world: World, ordered: Ints, life: Lives) -> dict[str, pl.Series]:
    def known(event: Ints) -> pl.Series:
        return iso(np.where(event <= world.now, event, NEVER))

    return {
        "created": iso(ordered),
        "paid": known(life.paid),
        "closed": known(np.minimum(life.finished, life.closed)),
        "modified": iso(life.updated(ordered, world.now)),
    }


def _buyers(world: World, oid: Ints) -> Buyers:
    party, platform = world.orders.buyer[oid], world.orders.platform[oid]
    company = is_organisation(party)
    market = is_marketplace(platform)
    bare = market & ~company & world.draws.chance("buyer.bare", oid, world.rates.bare_buyers)
    return Buyers(np.where(company, 0, party), np.where(company, party - ORGANISATION, 0), company, bare, market)


def _buyer(world: World, oid: Ints, buyers: Buyers) -> pl.DataFrame:
    draws, orders = world.draws, world.orders
    platform = orders.platform[oid]
    own_shop, mini = platform == OWN, platform == WECHAT
    person, company = buyers.person, buyers.company
    knows_crm = own_shop & draws.chance("buyer.customer_no", oid, 0.8)
    has_email = own_shop & ~company & draws.chance("buyer.email", oid, 0.4) & world.people.has_email(person)
    is_member = (own_shop | mini) & ~company & draws.chance("buyer.member_no", oid, 0.6) & members.is_member(world, person)
    has_union = mini & draws.chance("buyer.unionid", oid, 0.85)
    employed = _for_employer(world, oid, buyers)
    return pl.DataFrame({
        "account": account(world, oid),
        "type": switch(np.where(company, 1, np.where(employed, 2, 0)), "个人", "企业", "代企业采购"),
        "name": _buyer_name(world, oid, buyers, platform),
        "phone": _buyer_phone(world, oid, buyers, platform),
        "email": only(has_email, world.people.email(person)),
        "openid": only(mini & ~company, world.people.openid(person)),
        "unionid": only(has_union & ~company, world.people.unionid(person)),
        "customer_no": only(knows_crm, world.crm.first_key(orders.buyer[oid])),
        "member_no": only(is_member, members.number(person * 2)),
    })  # fmt: skip


def _buyer_name(world: World, oid: Ints, buyers: Buyers, platform: Ints) -> pl.Series:
    draws = world.draws
    own = world.people.names.take(buyers.person)
    text = names.write(own)
    share = np.array([1.0, 1.0, 0.55, 0.95])[platform]
    text = only(draws.chance("buyer.name", oid, share), text)
    hidden = where(draws.chance("buyer.masked_name", oid, 0.5), names.masked(draws, "buyer.mask", oid, own), None)
    text = where(buyers.bare, hidden, text)
    office = world.organisations.name(buyers.organisation, world.organisations.own_form(buyers.organisation))
    return where(buyers.company, office, text)


def _buyer_phone(world: World, oid: Ints, buyers: Buyers, platform: Ints) -> pl.Series:
    """Marketplaces mask a fifth of the numbers they give; a company gives its switchboard or its buyer's mobile."""
    draws = world.draws
    phone = world.people.phone_at(buyers.person, world.orders.ordered_at[oid])
    text = phones.written(draws, "buyer.phone", oid, phone, 0.01)
    text = where(buyers.market & draws.chance("buyer.masked_phone", oid, 0.2), phones.masked(draws, "buyer.phone", oid, phone), text)
    share = np.where(buyers.bare, 0.0, np.array([1.0, 1.0, 0.85, 0.95])[platform])
    office = where(
        draws.chance("buyer.switchboard", oid, 0.5), world.organisations.switchboard(buyers.organisation),
        phones.plain(world.organisations.mobile(buyers.organisation)),
    )  # fmt: skip
    return where(buyers.company, office, only(draws.chance("buyer.has_phone", oid, share), text))


def _for_employer(world: World, oid: Ints, buyers: Buyers) -> Bools:
    """Persons who buy for their company: the invoice names it."""
    return (
        ~buyers.company
        & employers(world, buyers.person)[1]
        & world.draws.chance("invoice.company", oid, min(1.0, world.rates.company_invoices / 0.25))
    )


def _invoice(world: World, oid: Ints, buyers: Buyers) -> pl.DataFrame:
    employed = _for_employer(world, oid, buyers)
    number = np.where(buyers.company, buyers.organisation, employers(world, buyers.person)[0])
    official = (buyers.company & world.draws.chance("invoice.wanted", oid, 0.8)) | employed
    form = np.where(world.draws.chance("invoice.form", oid, 0.1), 3, world.organisations.own_form(number))
    private = ~official & ~buyers.company & world.draws.chance("invoice.private", oid, 0.04)
    return pl.DataFrame({
        "title": where(official, world.organisations.name(number, form), only(private, "个人")),
        "tax_no": only(official & world.draws.chance("invoice.tax_no", oid, 0.9), world.organisations.uscc(number)),
    })  # fmt: skip


def _recipient(fields: Shown) -> pl.DataFrame:
    return pl.DataFrame({name: getattr(fields, name) for name in ("name", "phone", "province", "city", "district", "address")})
