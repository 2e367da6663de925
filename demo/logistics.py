"""The shipments: what was sent for which order, and how far each has come; and those whose order nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.clock import DAY, HOUR, INITIAL, NEVER, OPENING, cut
from demo.draws import Bools, Ints
from demo.orders import lives
from demo.world import World

NO_ORDER = 100_000_000  # orders numbered from here are in no extract
STATUSES = ("待揽收", "运输中", "派送中", "已签收", "退回", "丢失")
PICKED, MOVING, OUT, SIGNED, RETURNED, LOST = range(6)


@dataclass(frozen=True)
class Shipments:
    """One entry a shipment, numbered `order * 2`, + 1 for the second one of a split order."""

    sid: Ints
    party: Ints
    platform: Ints
    ordered_at: Ints
    shipped_at: Ints
    delivered_at: Ints
    uncorrected: Bools  # sent before the recipient was corrected

    def __len__(self) -> int:
        return len(self.sid)

    @property
    def oid(self) -> Ints:
        return self.sid // 2

    def take(self, rows: Ints | Bools) -> Shipments:
        return Shipments(*(getattr(self, name)[rows] for name in Shipments.__dataclass_fields__))


@dataclass(frozen=True)
class Journeys:
    """Times of the events of some shipments; NEVER if not (yet) come to pass."""

    picked: Ints
    moving: Ints
    out: Ints
    end: Ints
    outcome: Ints  # SIGNED, RETURNED or LOST

    def events(self) -> list[Ints]:
        return [self.picked, self.moving, self.out, self.end]

    def updated(self, at: int) -> Ints:
        return np.asarray(np.maximum.reduce([np.where(event <= at, event, 0) for event in self.events()]))

    def status(self, at: int) -> Ints:
        """Index into STATUSES."""
        value = np.full(len(self.picked), PICKED)
        value = np.where(self.moving <= at, MOVING, value)
        value = np.where(self.out <= at, OUT, value)
        return np.where(self.end <= at, self.outcome, value)


def make(world: World) -> Shipments:
    """All shipments up to the moment of the extract."""
    orders = world.orders
    oid = np.arange(len(orders))
    life = lives(world.draws, world.rates, orders, oid)
    sent = Shipments(
        oid * 2, orders.recipient, orders.platform, orders.ordered_at, life.shipped, life.delivered, _late(life.corrected, life.shipped)
    )
    second = sent.take(world.draws.chance("shipment.split", oid, world.rates.split_shipments))
    later = np.where(second.shipped_at < NEVER, second.shipped_at + DAY, NEVER)
    arrives = np.where(second.delivered_at < NEVER, second.delivered_at + DAY, NEVER)
    second = Shipments(second.sid + 1, second.party, second.platform, second.ordered_at, later, arrives, second.uncorrected)
    return _joined([sent, second, _orphans(world)], world.now)


def _late(corrected: Ints, shipped: Ints) -> Bools:
    return np.asarray((corrected < NEVER) & (corrected > shipped))


def _joined(parts: list[Shipments], now: int) -> Shipments:
    both = Shipments(*(np.concatenate([getattr(part, name) for part in parts]) for name in Shipments.__dataclass_fields__))
    order = np.argsort(both.shipped_at, kind="stable")
    return both.take(order[: int(np.searchsorted(both.shipped_at[order], now, side="right"))])


def _orphans(world: World) -> Shipments:
    """Shipments of orders of a system the hub does not read; some come every day."""
    rates, size, draws = world.rates, world.size, world.draws
    n, daily = round(rates.orphan_shipments * 2.5 * size.people), round(rates.orphan_shipments * size.new_orders)
    number = np.arange(n + daily * size.day)
    day = np.where(number < n, 0, (number - n) // max(daily, 1) + 1)
    sid = (NO_ORDER + number) * 2
    before = OPENING + draws.below("orphan.at", sid, INITIAL - OPENING)
    shipped = np.where(day == 0, before, cut(0) + (day - 1) * DAY + draws.below("orphan.today", sid, DAY))
    party = draws.below("orphan.party", sid, size.people)
    delivered = shipped + 18 * HOUR + draws.below("orphan.delivered", sid, 5 * DAY)
    return Shipments(sid, party, draws.below("orphan.platform", sid, 4), shipped - DAY, shipped, delivered, np.zeros(len(sid), dtype=bool))


def journeys(world: World, some: Shipments) -> Journeys:
    """How the shipments travel; few are lost or sent back."""
    draws, sid = world.draws, some.sid
    span = some.delivered_at - some.shipped_at
    outcome = SIGNED + draws.choose("shipment.outcome", sid, [1 - 0.008 - world.rates.lost_shipments, 0.008, world.rates.lost_shipments])
    out = np.maximum(some.delivered_at - HOUR - draws.below("shipment.out", sid, 6 * HOUR), some.shipped_at + span // 2 + 60)
    end = np.where(outcome == SIGNED, some.delivered_at, some.delivered_at + 4 * DAY)
    return Journeys(some.shipped_at, some.shipped_at + HOUR + span // 4, np.where(outcome == LOST, NEVER, out), end, outcome)


def changed(world: World, everything: Shipments) -> Shipments:
    """The shipments that belong in the extract."""
    return everything.take(journeys(world, everything).updated(world.now) > world.since)
