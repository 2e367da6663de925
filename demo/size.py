"""How many there are of everything, and which numbers they have. All numbering is stable: a later day only adds at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.draws import AnyInts, Bools
from demo.rates import Rates

ORGANISATION = 2**30  # party numbers from here on are organisations
LEAST_PEOPLE, MOST_PEOPLE = 50, 5_000_000


@dataclass(frozen=True)
class Size:
    """Persons are numbered customers, leads, outsiders, then the new ones of each day; organisations from ORGANISATION on."""

    people: int
    leads: int
    organisations: int
    outsiders: int
    day: int
    new_people: int  # a day
    new_duplicates: int  # CRM rows a day
    new_orders: int  # a day

    @classmethod
    def of(cls, people: int, day: int, rates: Rates) -> Size:
        new_people = round(people * rates.new_people)
        return cls(
            people, round(people * rates.leads), round(people * rates.organisations), round(people * rates.outsiders), day,
            new_people, round(new_people * rates.duplicates / (1 - rates.duplicates)), round(people * rates.new_orders),
        )  # fmt: skip

    @property
    def base_persons(self) -> int:
        return self.people + self.leads + self.outsiders

    @property
    def persons(self) -> int:
        return self.base_persons + self.day * self.new_people

    @property
    def base_crm_parties(self) -> int:
        """Customers, leads and organisations: each has at least one CRM row from the start."""
        return self.people + self.leads + self.organisations

    def first_outsider(self) -> int:
        return self.people + self.leads

    def first_new(self, day: int) -> int:
        """First person who came on `day` (1 or later)."""
        return self.base_persons + (day - 1) * self.new_people


def is_organisation(party: AnyInts) -> Bools:
    return np.asarray(party >= ORGANISATION)
