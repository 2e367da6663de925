"""The orders: who buys for whom, where and when, and what becomes of each order over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.clock import DAY, HOUR, INITIAL, NEVER, cut
from demo.draws import AnyInts, Bools, Draws, Ints
from demo.people import People
from demo.rates import Rates
from demo.size import ORGANISATION, Size, is_organisation

PLATFORMS = ("tmall", "jd", "wechat", "own")
TMALL, JD, WECHAT, OWN = range(4)
_TASTE = [0.36, 0.24, 0.20, 0.20]
_TAIL, _MOST = 1.25, 60  # Pareto exponent and cap of orders per buyer
PER_PERSON = 2.5
STATUSES = ("WAIT_PAY", "PAID", "SHIPPED", "SIGNED", "FINISHED", "REFUNDED", "CLOSED")


@dataclass(frozen=True)
class Orders:
    """One entry an order, numbered in the order they were made. Parties are persons or, from ORGANISATION on, companies."""

    shopper: Ints  # who really shops
    buyer: Ints  # whom the buyer's fields show: the shopper, or the holder of the household's account
    recipient: Ints
    ordered_at: Ints
    platform: Ints

    def __len__(self) -> int:
        return len(self.buyer)


@dataclass(frozen=True)
class Lives:
    """When what happens to some orders; NEVER if not at all."""

    paid: Ints
    shipped: Ints
    delivered: Ints
    finished: Ints
    refunded: Ints
    closed: Ints
    corrected: Ints
    masked: Ints

    def events(self) -> list[Ints]:
        return [self.paid, self.shipped, self.delivered, self.finished, self.refunded, self.closed, self.corrected, self.masked]

    def updated(self, ordered: Ints, at: int) -> Ints:
        """Time of the last change up to `at`."""
        latest = ordered
        for event in self.events():
            latest = np.maximum(latest, np.where(event <= at, event, 0))
        return latest

    def status(self, at: int) -> Ints:
        """Index into STATUSES."""
        value = np.zeros(len(self.paid), dtype=np.int64)
        for number, event in enumerate([self.paid, self.shipped, self.delivered, self.finished, self.refunded, self.closed], start=1):
            value = np.where(event <= at, number, value)
        return value


def is_marketplace(platform: AnyInts) -> Bools:
    return np.asarray(platform <= JD)


def lives(draws: Draws, rates: Rates, orders: Orders, oid: Ints) -> Lives:
    """The life of the orders numbered `oid`, from the draws alone."""
    ordered, platform = orders.ordered_at[oid], orders.platform[oid]

    def after(event: Ints, name: str, least: int, most: int) -> Ints:
        return np.where(event < NEVER, event + least + draws.below(f"life.{name}", oid, most - least), NEVER)

    unpaid = draws.chance("life.unpaid", oid, rates.unpaid)
    paid = np.where(unpaid, NEVER, after(ordered, "paid", 5, 1800))
    shipped = after(paid, "shipped", 2 * HOUR, 60 * HOUR)
    delivered = after(shipped, "delivered", 18 * HOUR, 6 * DAY)
    delivered = np.where(draws.chance("life.slow", oid, 0.03), after(delivered, "delay", DAY, 9 * DAY), delivered)
    finished = after(delivered, "finished", DAY, 10 * DAY)
    refunds = draws.chance("life.refund", oid, rates.refunds)
    masks = draws.chance("life.mask", oid, rates.masked_orders) & is_marketplace(platform) & ~is_organisation(orders.recipient[oid])
    corrects = draws.chance("life.correct", oid, rates.corrected_orders)
    return Lives(
        paid, shipped, delivered, finished,
        refunded=np.where(refunds, after(delivered, "refunded", 6 * HOUR, 12 * DAY), NEVER),
        closed=np.where(unpaid, ordered + DAY, NEVER),
        corrected=np.where(corrects, after(ordered, "corrected", HOUR, 30 * DAY), NEVER),
        masked=np.where(masks, after(finished, "masked", 29 * DAY, 31 * DAY), NEVER),
    )  # fmt: skip


def counts(draws: Draws, parties: Ints, mean: float) -> Ints:
    """Orders per buyer: a Pareto tail, so that a fifth of the buyers make most of the orders."""
    k = np.arange(1, _MOST + 1, dtype=np.float64)
    scale = 1.0
    for _ in range(60):  # the tail is scaled until its mean fits
        scale *= mean / np.minimum(1.0, (scale / k) ** _TAIL).sum()
    survival = np.minimum(1.0, (scale / k) ** _TAIL)
    return np.asarray(np.searchsorted(-survival, -(1.0 - draws.uniform("orders.count", parties)), side="right"))


def make(draws: Draws, rates: Rates, size: Size, people: People) -> Orders:
    """All orders up to the end of the size's day."""
    parties = np.concatenate([np.arange(size.people), ORGANISATION + np.arange(size.organisations)])
    n = counts(draws, parties, PER_PERSON * size.people / len(parties))
    shopper = np.repeat(parties, n)
    slot = np.arange(len(shopper))
    joined = np.full(len(shopper), INITIAL - 900 * DAY)
    person = np.flatnonzero(shopper < ORGANISATION)
    joined[person] = people.joined_at[shopper[person]]
    when = joined + (draws.uniform("orders.when", slot) * (INITIAL - joined)).astype(np.int64)
    when = np.maximum(joined, _in_waking_hours(draws, slot, when))
    blocks = [_block(draws, rates, size, people, shopper, when, slot)]
    for day in range(1, size.day + 1):
        blocks.append(_of_day(draws, rates, size, people, blocks[0], day))
    return Orders(*(np.concatenate([getattr(block, name) for block in blocks]) for name in Orders.__dataclass_fields__))


def _in_waking_hours(draws: Draws, slot: Ints, when: Ints) -> Ints:
    """The same day between 7 and 24 o'clock."""
    return np.asarray(when // DAY * DAY + 7 * HOUR + draws.below("orders.hour", slot, 17 * HOUR))


def _of_day(draws: Draws, rates: Rates, size: Size, people: People, base: Orders, day: int) -> Orders:
    """The orders made on one of the days after the first extract: mostly by keen buyers, a fifth by the day's new people."""
    slot = 10**9 + day * 10**7 + np.arange(size.new_orders)
    keen = base.shopper[draws.below("orders.today", slot, max(len(base), 1))]
    new = size.first_new(day) + draws.below("orders.new_person", slot, max(size.new_people, 1))
    fresh = draws.chance("orders.fresh", slot, 0.2 if size.new_people else 0.0)
    shopper = np.where(fresh, new, keen)
    when = cut(day - 1) + 7 * HOUR + draws.below("orders.hour", slot, 17 * HOUR)
    joined = people.joined_at[np.where(fresh, new, 0)]
    when = np.where(fresh, joined + draws.below("orders.soon", slot, np.maximum(cut(day) - joined, 1)), when)
    return _block(draws, rates, size, people, shopper, when, slot)


def _block(draws: Draws, rates: Rates, size: Size, people: People, shopper: Ints, when: Ints, slot: Ints) -> Orders:
    """Orders in the order of time, with platform, account holder and recipient."""
    favourite = draws.choose("platform.favourite", shopper, _TASTE)
    company = is_organisation(shopper)
    platform = np.where(draws.chance("platform.other", slot, 0.25), draws.choose("platform.now", slot, _TASTE), favourite)
    platform = np.where(company & (platform != JD), OWN, platform)
    buyer = _account_holder(draws, rates, people, shopper, platform)
    recipient = _recipients(draws, rates, size, people, shopper, slot)
    order = np.argsort(when, kind="stable")
    return Orders(shopper[order], buyer[order], recipient[order], when[order], platform[order])


def _partner(people: People, shopper: Ints) -> Ints:
    return np.where(is_organisation(shopper), -1, people.partner[np.where(is_organisation(shopper), 0, shopper)])


def _account_holder(draws: Draws, rates: Rates, people: People, shopper: Ints, platform: Ints) -> Ints:
    """In some households the two use one account on the marketplaces: its holder is the one with the even number."""
    partner = _partner(people, shopper)
    shared = draws.chance("household.account", shopper >> 1, rates.household_account) & (partner >= 0) & (shopper % 2 == 1)
    return np.where(shared & is_marketplace(platform), partner, shopper)


def _recipients(draws: Draws, rates: Rates, size: Size, people: People, shopper: Ints, slot: Ints) -> Ints:
    """Mostly the shopper; sometimes who lives there too; for gifts one of three friends of the shopper."""
    partner = _partner(people, shopper)
    company = is_organisation(shopper)
    friend = shopper * 4 + draws.below("gift.friend", slot, 3)
    known = draws.below("gift.known", friend, size.people)
    outsider = size.first_outsider() + draws.below("gift.outsider", friend, max(size.outsiders, 1))
    unknown = draws.chance("gift.unknown", friend, rates.gift_unknown if size.outsiders else 0.0)
    gift = draws.chance("gift", slot, rates.gifts) & ~company
    at_home = draws.chance("household.recipient", slot, 0.12) & (partner >= 0)
    recipient = np.where(at_home, partner, shopper)
    return np.where(gift, np.where(unknown, outsider, known), recipient)
