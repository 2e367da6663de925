"""The CRM's rows: whose each is, when it was made and changed, what is wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import polars as pl

from demo.clock import DAY, INITIAL, NEVER, OPENING, cut
from demo.draws import Bools, Draws, Ints
from demo.people import People
from demo.rates import Rates
from demo.size import ORGANISATION, Size, is_organisation
from demo.text import join, only


class Slip(IntEnum):
    """What is wrong in a row."""

    NONE = 0
    HOMOPHONE = 1
    LOOKALIKE = 2
    DROPPED_CHARACTER = 3
    PHONE_DIGIT = 4
    PHONE_TRANSPOSED = 5
    BIRTH_DATE = 6
    EMAIL = 7
    ID_NUMBER = 8
    ADDRESS = 9
    GENDER = 10


@dataclass(frozen=True)
class CrmRows:
    """One entry a row, numbered: first rows of the parties there from the start, their duplicates, then the new rows of each day."""

    size: Size
    party: Ints
    is_duplicate: Bools
    created_at: Ints
    updated_at: Ints
    as_of: Ints  # the row shows the phone and address of that time
    slip: Ints  # as wished; a row that lacks the value gets a wrong phone instead
    fixed: Bools  # the slip was put right later
    edits: Ints  # changes since the first extract
    number: Ints  # 客户编号 without its letter

    def __len__(self) -> int:
        return len(self.party)

    def first_row(self, party: Ints) -> Ints:
        """The row that was made first for each party; -1 for a person without one (who only ever got gifts)."""
        size = self.size
        company = is_organisation(party)
        row = np.where(company, size.people + size.leads + party - ORGANISATION, party)
        outsider = ~company & (party >= size.first_outsider()) & (party < size.base_persons)
        row = np.where(outsider, -1, row)
        if not size.new_people:
            return row
        day, nth = np.divmod(np.where(company, 0, party) - size.base_persons, size.new_people)
        new = ~company & (party >= size.base_persons)
        return np.where(new, base_rows(self.size, self.duplicate_n) + day * (size.new_people + size.new_duplicates) + nth, row)

    def first_key(self, party: Ints) -> pl.Series:
        """客户编号 of the first row of each party; null for a person without one."""
        row = self.first_row(party)
        return only(row >= 0, key_text(self.number[np.maximum(row, 0)]))

    @property
    def duplicate_n(self) -> int:
        """Duplicates of the first extract."""
        return len(self) - self.size.base_crm_parties - self.size.day * (self.size.new_people + self.size.new_duplicates)


def key_text(number: Ints) -> pl.Series:
    """客户编号 as the CRM writes it."""
    return join("C", pl.Series(number).cast(pl.String))


def base_rows(size: Size, duplicates: int) -> int:
    return size.base_crm_parties + duplicates


def slip_weights(rates: Rates) -> list[float]:
    """In the order of Slip, without NONE."""
    return [
        rates.error_homophone, rates.error_lookalike, rates.error_dropped_character, rates.error_phone_digit, rates.error_phone_transposed,
        rates.error_birth_date, rates.error_email, rates.error_id_number, rates.error_address, rates.error_gender,
    ]  # fmt: skip


def make(draws: Draws, rates: Rates, size: Size, people: People) -> CrmRows:
    """Rows up to the end of the size's day. Sets the later changes of number and home in `people`."""
    party, is_duplicate, created = _first_extract(draws, rates, size, people)
    number = np.empty(len(party), dtype=np.int64)
    number[np.argsort(created, kind="stable")] = np.arange(len(party))
    for day in range(1, size.day + 1):
        new_party, new_is_duplicate, new_created = _new_today(draws, size, people, day)
        number = np.concatenate([number, len(number) + np.arange(len(new_party))])
        party, created = np.concatenate([party, new_party]), np.concatenate([created, new_created])
        is_duplicate = np.concatenate([is_duplicate, new_is_duplicate])
    row = np.arange(len(party))
    wrong = draws.chance("crm.slip", row, rates.errors)
    slip = np.where(wrong, 1 + draws.choose("crm.slip_kind", row, slip_weights(rates)), Slip.NONE)
    touched = created + (draws.uniform("crm.touched", row) * (INITIAL - created)).astype(np.int64)
    updated = np.where(draws.chance("crm.is_touched", row, 0.6) & (created < INITIAL), touched, created)
    refreshed = draws.chance("crm.refreshed", row, 0.6)
    rows = CrmRows(
        size, party, is_duplicate, created, updated, np.where(refreshed, updated, created), slip, np.zeros(len(row), dtype=bool),
        np.zeros(len(row), dtype=np.int64), 10_000_001 + number,
    )  # fmt: skip
    for day in range(1, size.day + 1):
        _edit(draws, rates, size, people, rows, day)
    return rows


def _first_extract(draws: Draws, rates: Rates, size: Size, people: People) -> tuple[Ints, Bools, Ints]:
    """Party, whether it is a duplicate, and time of making of each row of the first extract."""
    companies = np.arange(size.organisations)
    first = np.concatenate([np.arange(size.people + size.leads), ORGANISATION + companies])
    joined = np.concatenate([people.joined_at[: size.people + size.leads], OPENING + draws.below("org.joined", companies, 180 * DAY)])
    n = round(len(first) * rates.duplicates / (1 - rates.duplicates))
    owner = draws.below("crm.duplicate_of", np.arange(n), len(first))
    later = joined[owner] + (draws.uniform("crm.duplicate_made", np.arange(n)) * (INITIAL - joined[owner])).astype(np.int64)
    flags = np.concatenate([np.zeros(len(first), dtype=bool), np.ones(n, dtype=bool)])
    return np.concatenate([first, first[owner]]), flags, np.concatenate([joined, later])


def _new_today(draws: Draws, size: Size, people: People, day: int) -> tuple[Ints, Bools, Ints]:
    """The rows made on a day: of the new people, and duplicates of customers of old."""
    new = size.first_new(day) + np.arange(size.new_people)
    slot = day * 10**7 + np.arange(size.new_duplicates)
    again = draws.below("crm.duplicate_today", slot, size.people)
    made = cut(day - 1) + draws.below("crm.made_today", slot, DAY)
    flags = np.concatenate([np.zeros(len(new), dtype=bool), np.ones(len(slot), dtype=bool)])
    return np.concatenate([new, again]), flags, np.concatenate([people.joined_at[new], made])


def _edit(draws: Draws, rates: Rates, size: Size, people: People, rows: CrmRows, day: int) -> None:
    """The changes of a day: a new number, a new home, or a change of level and consent; some also put an error right."""
    per_day = size.new_people + size.new_duplicates
    before = len(rows) - (size.day - day + 1) * per_day
    share = min(1.0, rates.changed * size.base_crm_parties / max(before, 1))
    row = np.flatnonzero(draws.chance(f"crm.edit.{day}", np.arange(before), share))
    at = cut(day - 1) + draws.below(f"crm.edit_at.{day}", row, DAY)
    kind = draws.choose(f"crm.edit_kind.{day}", row, [25, 20, 55])
    for nth, target in ((0, people.changed_2_at), (1, people.moved_2_at)):
        chosen = (kind == nth) & ~is_organisation(rows.party[row])
        who, when = rows.party[row[chosen]], at[chosen]
        first = target[who] == NEVER  # only the first change counts: what an earlier day showed stays as it was
        np.minimum.at(target, who[first], when[first])
    rows.updated_at[row] = at
    rows.as_of[row] = at
    rows.edits[row] += 1
    rows.fixed[row] |= draws.chance(f"crm.edit_fixes.{day}", row, rates.corrections)
