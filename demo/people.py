"""The natural persons: who they are and, over time, which numbers they have and where they live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo import documents, names, phones
from demo.addresses import Dwellings, dwellings
from demo.clock import DAY, INITIAL, NEVER, OPENING, cut
from demo.draws import AnyInts, Bools, Draws, Ints
from demo.names import Names
from demo.rates import Rates
from demo.size import Size
from demo.text import Bytes, digits, join, letters, switch

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class People:
    """One entry a person. `changed_at` and `moved_at` lie in the three years, `changed_2_at` and `moved_2_at` in the days after."""

    draws: Draws
    rates: Rates
    names: Names
    woman: Bools
    birth: Ints
    partner: Ints  # person one lives with, or -1
    joined_at: Ints
    changed_at: Ints
    moved_at: Ints
    changed_2_at: Ints
    moved_2_at: Ints
    former_owner: Ints  # whose number one's second number was before, or -1
    region: Ints  # district code of the identity number
    serial: Ints

    def __len__(self) -> int:
        return len(self.woman)

    @property
    def numbers(self) -> Ints:
        return np.arange(len(self))

    def phone(self, person: Ints, generation: Ints | int) -> Ints:
        """The person's number of a generation; a recycled one is the first number of its former owner."""
        former = self.former_owner[person]
        recycled = (former >= 0) & (np.asarray(generation) == 1)
        return phones.number(self.draws, np.where(recycled, former, person), np.where(recycled, 0, generation))

    def phone_at(self, person: Ints, at: Ints) -> Ints:
        """The number the person had at a time."""
        generation = (at >= self.changed_at[person]).astype(np.int64)
        return self.phone(person, np.where(at >= self.changed_2_at[person], 2, generation))

    def dwelling_at(self, person: Ints, at: Ints) -> Dwellings:
        """Where the person lived at a time."""
        root = np.where(self.partner[person] >= 0, person & ~1, person)
        generation = (at >= self.moved_at[root]).astype(np.int64)
        late = at >= self.moved_2_at[person]
        return dwellings(self.draws, np.where(late, person, root) * 4 + np.where(late, 2, generation))

    def has(self, what: str, person: AnyInts, share: float) -> Bools:
        """Whether a person has something that a share of all have (a fixed trait)."""
        return self.draws.chance(f"person.{what}", person, share)

    def id_matrix(self, person: Ints) -> Bytes:
        return documents.id_matrix(self.region[person], self.birth[person], self.serial[person])

    def email(self, person: Ints) -> pl.Series:
        """One address a person, never the same for two."""
        form = self.draws.choose("person.email_form", person, [4, 3, 2, 1])
        tail = digits(np.asarray((person * 61_803_399 + 7) % 10**8), 8)
        pinyin = names.surname_pinyin(self.names.take(person))
        return switch(
            form,
            join("1", tail, "@qq.com"),
            join(pinyin, tail, "@163.com"),
            join(pinyin, "_", tail, "@126.com"),
            join(pinyin, ".", tail, "@gmail.com"),
        )

    def has_email(self, person: AnyInts) -> Bools:
        return self.has("email", person, 0.5)

    def has_wechat(self, person: AnyInts) -> Bools:
        return self.has("wechat", person, 0.6)

    def openid(self, person: Ints) -> pl.Series:
        """The person in the company's mini program."""
        return self._social_id("openid", person, "o6")

    def unionid(self, person: Ints) -> pl.Series:
        """The person in all the company's WeChat services."""
        return self._social_id("unionid", person, "oU")

    def _social_id(self, kind: str, person: Ints, head: str) -> pl.Series:
        """28 characters."""
        parts = [letters(self.draws.bits(f"person.{kind}.{n}", person), w, _BASE62) for n, w in enumerate((10, 10, 28 - 20 - len(head)))]
        return join(head, *parts)


def make(draws: Draws, rates: Rates, size: Size) -> People:
    """Everybody up to the last new person of the last day."""
    person = np.arange(size.persons)
    partner, couple = _households(draws, rates, size)
    woman = draws.chance("person.woman", person, 0.52)
    odd = person % 2 == 1
    before = np.maximum(person - 1, 0)
    woman = np.where(couple & odd, ~woman[before], woman)
    birth = _births(draws, person, odd, partner, couple)
    drawn = names.draw(draws, rates, person, woman)
    child = (partner >= 0) & ~couple & odd & drawn.is_han & drawn.is_han[before]
    drawn.codes[child, :2] = drawn.codes[before[child], :2]  # parent and child bear one surname
    joined, changed, moved, former = _lives(draws, rates, size, person)
    home = dwellings(draws, np.where(partner >= 0, person & ~1, person) * 4).district
    region = documents.region_codes(draws, person, home, birth)
    never = np.full(len(person), NEVER)
    return People(
        draws, rates, drawn, woman, birth, partner, joined, changed, moved, never.copy(), never.copy(), former,
        region, documents.serials(draws, region, birth, woman),
    )  # fmt: skip


def _households(draws: Draws, rates: Rates, size: Size) -> tuple[Ints, Bools]:
    """Partner of each (2k and 2k + 1 may live together), and whether the two are a couple (else parent and child)."""
    person = np.arange(size.persons)
    together = draws.chance("household", person >> 1, rates.households) & ((person | 1) < size.people)
    return np.where(together, person ^ 1, -1), together & draws.chance("household.couple", person >> 1, 0.7)


def _births(draws: Draws, person: Ints, odd: Bools, partner: Ints, couple: Bools) -> Ints:
    """Aged 18 to 78, most in between; couples of like age, a parent 22 to 34 years older than the child (the even one)."""
    age = 18 * 365.25 + 60 * 365.25 * (draws.uniform("person.age_1", person) * 0.6 + draws.uniform("person.age_2", person) * 0.4)
    child = (partner >= 0) & ~couple
    age = np.where(child & ~odd, 18 * 365.25 + draws.uniform("person.child", person) * 25 * 365.25, age)
    before = age[np.maximum(person - 1, 0)]
    apart = draws.uniform("person.apart", person)
    age = np.where(couple & odd, np.maximum(before + (apart - 0.5) * 8 * 365.25, 18 * 365.25), age)
    age = np.where(child & odd, before + (22 + 12 * apart) * 365.25, age)
    return np.asarray(INITIAL // DAY - age.astype(np.int64))


def _lives(draws: Draws, rates: Rates, size: Size, person: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """When each joined, changed the number, moved; and the former owner of a recycled number."""
    u = draws.uniform("person.joined", person)
    joined = OPENING + ((u + u * u) / 2 * 1066 * DAY).astype(np.int64)
    for day in range(1, size.day + 1):
        new = np.arange(size.first_new(day), size.first_new(day) + size.new_people)
        joined[new] = cut(day - 1) + draws.below("person.joined_today", new, DAY)
    within = INITIAL - OPENING
    changed = OPENING + draws.below("person.changed_at", person, within)
    moved = OPENING + draws.below("person.moved_at", person, within)
    changed = np.where(draws.chance("person.changed", person, rates.phone_changed) & (changed > joined), changed, NEVER)
    moved = np.where(draws.chance("person.moved", person, rates.moved), moved, NEVER)
    former = np.full(len(person), -1, dtype=np.int64)
    takers, donors = _recycled(draws, rates, size)
    former[takers] = donors
    # the number lies idle for at least half a year between the two
    joined[donors] = OPENING + draws.below("recycled.joined", donors, 120 * DAY)
    changed[donors] = joined[donors] + draws.below("recycled.given_up", donors, 240 * DAY)
    changed[takers] = OPENING + 560 * DAY + draws.below("recycled.taken", takers, 480 * DAY)
    return joined, changed, moved, former


def _recycled(draws: Draws, rates: Rates, size: Size) -> tuple[Ints, Ints]:
    """Persons who got a used number, and the persons who gave it up."""
    person = np.arange(size.people)
    takes = draws.chance("recycled.taker", person, rates.recycled_phones)
    gives = draws.chance("recycled.donor", person, rates.recycled_phones) & ~takes
    takers, donors = np.flatnonzero(takes), np.flatnonzero(gives)
    n = min(len(takers), len(donors))
    return takers[:n], donors[n - 1 :: -1][:n] if n else donors[:0]
