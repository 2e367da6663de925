"""The whole invented company at a moment: regenerated from the seed, never read from files."""

from __future__ import annotations

from dataclasses import dataclass

from demo import crm, orders, people
from demo.clock import cut
from demo.crm import CrmRows
from demo.draws import Draws
from demo.orders import Orders
from demo.organisations import Organisations
from demo.people import People
from demo.rates import Rates
from demo.size import Size


@dataclass(frozen=True)
class World:
    """Everything up to the end of `size.day`."""

    draws: Draws
    rates: Rates
    size: Size
    people: People
    organisations: Organisations
    crm: CrmRows
    orders: Orders

    @property
    def day(self) -> int:
        return self.size.day

    @property
    def now(self) -> int:
        """The last second in the extract."""
        return cut(self.day) - 1

    @property
    def since(self) -> int:
        """What changed after this second is in the extract: the last one of the extract before, or for the first one the beginning."""
        return cut(self.day - 1) - 1 if self.day else 0


def make(seed: int, n: int, day: int, rates: Rates) -> World:
    """The company with `n` people at the end of `day`."""
    draws, size = Draws(seed), Size.of(n, day, rates)
    everybody = people.make(draws, rates, size)
    organisations = Organisations(draws, size.organisations)
    rows = crm.make(draws, rates, size, everybody)  # notes on the people who changes number or home on a later day
    return World(draws, rates, size, everybody, organisations, rows, orders.make(draws, rates, size, everybody))
