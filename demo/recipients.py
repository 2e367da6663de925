"""The recipient of an order as order and waybill show him: whom, at which number, where, and how much of it is hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from demo import addresses, names, phones
from demo.addresses import Dwellings
from demo.draws import Bools, Ints
from demo.names import Names
from demo.orders import OWN, is_marketplace
from demo.size import ORGANISATION, is_organisation
from demo.text import digits, join, pick, switch, table, where
from demo.world import World

_NOTES = table(["（放门口）", "代收", "（送前请电联）", " 收", "(放驿站)", "【勿放快递柜】"])


@dataclass(frozen=True)
class Recipients:
    """What is true of the recipients of some orders, and how their papers are to look."""

    oid: Ints  # draws that order and waybill share
    paper: Ints  # draws of this paper alone
    kind: str  # name of this kind of paper
    party: Ints
    names: Names
    phone: Ints
    homes: Dwellings
    at_station: Bools
    by_relay: Bools
    masked: Bools


@dataclass(frozen=True)
class Shown:
    """The recipient's fields on the paper."""

    name: pl.Series
    phone: pl.Series
    province: pl.Series
    city: pl.Series
    district: pl.Series
    address: pl.Series


def recipients(
    world: World, kind: str, paper: Ints, oid: Ints, party: Ints, at: Ints, platform: Ints, *, masked: Bools, uncorrected: Bools
) -> Recipients:
    """Recipients `party` of the orders `oid`, as of the time of ordering; where `uncorrected` phone or address is still wrong."""
    draws, people, organisations = world.draws, world.people, world.organisations
    company = is_organisation(party)
    person, number = np.where(company, 0, party), np.where(company, party - ORGANISATION, 0)
    own = _person_phone(world, oid, person, at)
    phone = np.where(company, organisations.mobile(number), own)
    wrong_phone = uncorrected & draws.chance("recipient.wrong_phone", oid, 0.5)
    phone = np.where(wrong_phone, phones.wrong_digit(draws, "recipient.digit", oid, phone), phone)
    homes, offices = people.dwelling_at(person, at), organisations.office(number)
    homes = replace(homes, **{name: np.where(company, getattr(offices, name), getattr(homes, name)) for name in homes.__dataclass_fields__})
    homes = addresses.mistaken(draws, "recipient.address", oid, homes, uncorrected & ~wrong_phone)
    station = draws.chance("recipient.station", oid, world.rates.pick_up) & ~company
    relayed = draws.chance("recipient.relay", oid, world.rates.relay_numbers) & is_marketplace(platform) & ~company
    return Recipients(oid, paper, kind, party, people.names.take(person), phone, homes, station, relayed, masked & ~company)


def _person_phone(world: World, oid: Ints, person: Ints, at: Ints) -> Ints:
    """One's own number; in some households sometimes the partner's."""
    people, draws = world.people, world.draws
    partner = people.partner[person]
    lent = (partner >= 0) & (person % 2 == 1) & draws.chance("household.phone", person >> 1, world.rates.household_phone)
    lent &= draws.chance("recipient.partners_phone", oid, 0.5)
    return people.phone_at(np.where(lent, partner, person), at)


def shown(world: World, some: Recipients, platform: Ints) -> Shown:
    """The fields as the paper shows them."""
    draws, kind = world.draws, some.kind
    form = np.where(
        platform == OWN, draws.choose(f"{kind}.region", some.paper, [60, 20, 20]), draws.choose(f"{kind}.region", some.paper, [85, 15, 0])
    )
    form = np.where(some.at_station & (form == 2), 0, form)
    province, city, district = addresses.columns(some.homes.district, form)
    return Shown(_name(world, some), _phone(world, some), province, city, district, _address(world, some, form))


def _name(world: World, some: Recipients) -> pl.Series:
    draws, kind, paper = world.draws, some.kind, some.paper
    clear = names.write(some.names, draws.choose(f"{kind}.middot", paper, [80, 8, 6, 3, 3]))
    clear = where(draws.chance(f"{kind}.traditional", paper, 0.003), names.write(names.traditional(some.names)), clear)
    note = draws.below(f"{kind}.note", paper, 7)
    tail = where(note == 6, join("[", digits(draws.below("recipient.code", some.oid, 10_000), 4), "]"), pick(_NOTES, np.minimum(note, 5)))
    noted = draws.chance(f"{kind}.noted", paper, world.rates.courier_notes)
    clear = where(noted, join(clear, tail), clear)
    person = np.where(is_organisation(some.party), 0, some.party)
    polite = join(names.surname(some.names), where(world.people.woman[person], "女士", "先生"))
    clear = where(draws.chance(f"{kind}.polite", paper, world.rates.honorifics * 0.5) & some.names.is_han, polite, clear)
    clear = where(some.masked, names.masked(draws, f"{kind}.mask", paper, some.names), clear)
    company = is_organisation(some.party)
    number = np.where(company, some.party - ORGANISATION, 0)
    office = world.organisations.name(number, world.organisations.own_form(number))
    return where(company, where(draws.chance(f"{kind}.desk", paper, 0.3), join(office, "前台"), office), clear)


def _phone(world: World, some: Recipients) -> pl.Series:
    draws, kind, paper = world.draws, some.kind, some.paper
    text = phones.written(draws, f"{kind}.phone", paper, some.phone, world.rates.phone_formats * 0.3)
    text = where(some.masked, phones.masked(draws, f"{kind}.phone", paper, some.phone), text)
    return where(some.by_relay, phones.relay(draws, "recipient.relay", some.oid), text)


def _address(world: World, some: Recipients, in_columns: Ints) -> pl.Series:
    draws, kind, paper = world.draws, some.kind, some.paper
    hides = some.masked | ((kind == "waybill") & draws.chance(f"{kind}.hides_room", paper, world.rates.hidden_rooms))
    form = np.where(hides, addresses.HIDDEN, draws.choose(f"{kind}.address_form", paper, [30, 20, 15, 10, 8, 4, 5, 8]))
    home = addresses.written(draws, f"{kind}.address", paper, some.homes, in_columns, form)
    station = addresses.station(
        draws, some.homes.district, draws.below("recipient.which_station", some.oid, addresses.STATIONS_PER_DISTRICT)
    )
    stated = switch(
        draws.choose(f"{kind}.station_form", paper, [70, 30]),
        station,
        join(addresses.region(some.homes.district, np.zeros_like(form)), station),
    )
    return where(some.at_station, stated, home)
