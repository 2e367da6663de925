"""What is wrong in the CRM's rows: which slip stands in each, and the name and number it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo import characters, names, phones
from demo.crm import Slip
from demo.draws import Bools, Ints
from demo.names import Names
from demo.size import ORGANISATION, is_organisation
from demo.world import World

_NAME_SLIPS = ((Slip.HOMOPHONE, characters.HOMOPHONES), (Slip.LOOKALIKE, characters.LOOKALIKES))


@dataclass(frozen=True)
class Persons:
    """What the rows of natural persons show, before it is written (entries of companies are of person 0 and not used)."""

    row: Ints
    person: Ints
    slip: Ints  # the slip that stands in the row now
    names: Names
    phone: Ints


def slips(world: World, row: Ints, *, now: bool = True) -> Ints:
    """The slip of each row: as wished where the row has that value, else a wrong phone; `now`: NONE where it was put right."""
    rows = world.crm
    wish, company = rows.slip[row], is_organisation(rows.party[row])
    person = np.where(company, 0, rows.party[row])
    own = world.people.names.take(person)
    fits = np.ones(len(row), dtype=bool)
    for kind, groups in _NAME_SLIPS:
        at = np.flatnonzero(wish == kind)
        fits[at] = _name_slip(world, kind, groups, row[at], own.take(at))[1]
    fits &= (wish != Slip.DROPPED_CHARACTER) | names.dropped(own)[1]
    fits &= (wish != Slip.EMAIL) | has_email(world, row, person)
    fits &= (wish != Slip.ID_NUMBER) | has_id(world, row, person)
    fits &= (wish != Slip.BIRTH_DATE) | has_birth(world, row)
    fits &= ~company | np.isin(wish, (Slip.NONE, Slip.PHONE_TRANSPOSED, Slip.ADDRESS))
    result = np.where(fits, wish, Slip.PHONE_DIGIT)
    return np.where(rows.fixed[row], Slip.NONE, result) if now else result


def _name_slip(world: World, kind: Slip, groups: str, row: Ints, own: Names) -> tuple[Names, Bools]:
    return names.slip(world.draws, f"crm.{kind.name.lower()}", row, own, groups)


def has_email(world: World, row: Ints, person: Ints) -> Bools:
    return world.people.has_email(person) & world.draws.chance("crm.email", row, 0.8)


def has_id(world: World, row: Ints, person: Ints) -> Bools:
    return world.people.has("id", person, world.rates.id_numbers) & world.draws.chance("crm.id", row, 0.85)


def has_birth(world: World, row: Ints) -> Bools:
    return world.draws.chance("crm.birth", row, 0.6)


def persons(world: World, row: Ints) -> Persons:
    """Names and numbers of the rows with their slips."""
    draws, rates, rows = world.draws, world.rates, world.crm
    person = np.where(is_organisation(rows.party[row]), 0, rows.party[row])
    slip = slips(world, row)
    shown = world.people.names.take(person)
    for kind, groups in _NAME_SLIPS:
        at = np.flatnonzero(slip == kind)
        shown.codes[at] = _name_slip(world, kind, groups, row[at], shown.take(at))[0].codes
    shown = shown.replace(slip == Slip.DROPPED_CHARACTER, names.dropped(shown)[0])
    shown = shown.replace(draws.chance("crm.traditional", row, rates.traditional), names.traditional(shown))
    shown = shown.replace(draws.chance("crm.ruined", row, 0.5), names.ruined(shown))
    return Persons(row, person, slip, shown, _phones(world, row, person, slip))


def _phones(world: World, row: Ints, person: Ints, slip: Ints) -> Ints:
    """The number in the first phone column, before it is written."""
    draws, rates, rows, people = world.draws, world.rates, world.crm, world.people
    own = people.phone_at(person, rows.as_of[row])
    second = rows.is_duplicate[row] & draws.chance("crm.other_phone", row, rates.other_phone)
    own = np.where(second, people.phone(person, phones.SECOND_LINE), own)
    partner = people.partner[person]
    lent = (partner >= 0) & (person % 2 == 1) & draws.chance("household.phone", person >> 1, rates.household_phone)
    lent &= draws.chance("crm.partners_phone", row, 0.7) & ~second
    own = np.where(lent, people.phone_at(np.where(lent, partner, person), rows.as_of[row]), own)
    company = is_organisation(rows.party[row])
    own = np.where(company, world.organisations.mobile(np.where(company, rows.party[row] - ORGANISATION, 0)), own)
    own = np.where(slip == Slip.PHONE_DIGIT, phones.wrong_digit(draws, "crm.digit", row, own), own)
    own = np.where(slip == Slip.PHONE_TRANSPOSED, phones.transposed(draws, "crm.transposed", row, own), own)
    shop = (slip == Slip.NONE) & draws.chance("crm.shop_phone", row, rates.shop_phone)
    return np.where(shop, phones.shop_lines(draws, "crm.shop_line", row), own)
