"""Names of persons as rows of four characters (two of surname, two of given name), so that a slip of the pen is a change of a number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from demo import characters as stock
from demo.draws import AnyInts, Bools, Draws, Ints
from demo.rates import Rates
from demo.text import join, pick, switch, table, where

Codes = npt.NDArray[np.uint16]
HAN = -1  # `minority` of a person with a Chinese name


@dataclass(frozen=True)
class Names:
    """One name a row: `codes` (n, 4) into ALPHABET, 0 = no character; `minority` the number of a minority name or HAN."""

    codes: Codes
    minority: npt.NDArray[np.int16]

    def take(self, rows: AnyInts) -> Names:
        return Names(self.codes[rows], self.minority[rows])

    @property
    def is_han(self) -> Bools:
        return np.asarray(self.minority == HAN)

    def replace(self, flags: Bools, other: Names) -> Names:
        return Names(np.where(flags[:, None], other.codes, self.codes), np.where(flags, other.minority, self.minority))


def _triples(text: str) -> tuple[list[str], list[str], list[float]]:
    words = text.split()
    return words[0::3], words[1::3], [float(w) for w in words[2::3]]


SURNAMES, _PINYIN, _SURNAME_WEIGHTS = _triples(stock.SURNAMES)
COMPOUND, _COMPOUND_PINYIN, _COMPOUND_WEIGHTS = _triples(stock.COMPOUND)


def _alphabet() -> list[str]:
    stocks = [*SURNAMES, *COMPOUND, *stock.COMMON, *stock.SINGLE, *stock.FIRST, *stock.SECOND, stock.RARE, *stock.RUINS.values()]
    found = set("".join([*stocks, stock.HOMOPHONES, stock.LOOKALIKES, stock.TRADITIONAL])) - set(" \n*")
    return ["", "*", *sorted(found)]


ALPHABET = _alphabet()
STAR = 1
_CODE = {character: code for code, character in enumerate(ALPHABET)}


def _codes(words: list[str] | str, width: int) -> Codes:
    rows = [[_CODE[c] for c in word] + [0] * (width - len(word)) for word in words]
    return np.array(rows, dtype=np.uint16)


@cache
def _swap_table(groups: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Codes]:
    """For every character where its substitutes start, how many there are, and all of them in one row."""
    others: dict[str, str] = {}
    for group in groups.split():
        for c in group:
            others[c] = others.get(c, "") + group.replace(c, "")
    start, count, flat = np.zeros(len(ALPHABET), np.int32), np.zeros(len(ALPHABET), np.int32), list[int]()
    for c, substitutes in sorted(others.items()):
        start[_CODE[c]], count[_CODE[c]] = len(flat), len(substitutes)
        flat += [_CODE[s] for s in substitutes]
    return start, count, np.array(flat, dtype=np.uint16)


@cache
def _pairs(text: str) -> Codes:
    to = np.arange(len(ALPHABET), dtype=np.uint16)
    for pair in text.split():
        to[_CODE[pair[0]]] = _CODE[pair[1]]
    return to


@cache
def minority_stock() -> tuple[list[str], list[str]]:
    """Given names (men's, then women's) and fathers' names."""
    men, women = (names.split() for names in stock.MINORITY)
    return men + women, men


def draw(draws: Draws, rates: Rates, person: AnyInts, woman: Bools) -> Names:
    """A name for everybody; given names are Zipf-like, surnames as frequent as in the country."""
    n = len(person)
    codes = np.zeros((n, 4), dtype=np.uint16)
    common = draws.chance("name.common", person, rates.common_names)
    surname = draws.choose("name.surname", person, _SURNAME_WEIGHTS)
    codes[:, 0] = _codes(SURNAMES, 1)[surname, 0]
    compound = draws.chance("name.compound", person, rates.compound_surnames) & ~common
    codes[:, :2] = np.where(
        compound[:, None], _codes(COMPOUND, 2)[draws.choose("name.compound_surname", person, _COMPOUND_WEIGHTS)], codes[:, :2]
    )
    for sex in (0, 1):
        codes[:, 2:] = np.where((woman == sex)[:, None], _given(draws, rates, person, sex, common), codes[:, 2:])
    minority = draws.chance("name.minority", person, rates.minority_names) & ~common & ~compound
    return Names(
        np.where(minority[:, None], np.uint16(0), codes), np.where(minority, _minority(draws, person, woman), HAN).astype(np.int16)
    )


def _given(draws: Draws, rates: Rates, person: AnyInts, sex: int, common: Bools) -> Codes:
    favourites = _codes(stock.COMMON[sex].split(), 2)
    single, first, second = _codes(stock.SINGLE[sex], 1)[:, 0], _codes(stock.FIRST[sex], 1)[:, 0], _codes(stock.SECOND[sex], 1)[:, 0]
    one = draws.chance("name.single", person, 0.2)
    given = np.zeros((len(person), 2), dtype=np.uint16)
    given[:, 0] = np.where(
        one, single[draws.head_heavy("name.one", person, len(single))], first[draws.head_heavy("name.first", person, len(first))]
    )
    given[:, 1] = np.where(one, 0, second[draws.head_heavy("name.second", person, len(second))])
    rare = draws.chance("name.rare", person, rates.rare_characters)
    last = np.where(one, 0, 1)
    characters = _codes(stock.RARE, 1)[draws.below("name.rare_character", person, len(stock.RARE)), 0]
    given[rare, last[rare]] = characters[rare]
    return np.where(common[:, None], favourites[draws.head_heavy("name.favourite", person, len(favourites))], given)


def _minority(draws: Draws, person: AnyInts, woman: Bools) -> Ints:
    given, fathers = minority_stock()
    own = draws.below("name.minority_given", person, np.where(woman, len(given) - len(fathers), len(fathers))) + np.where(
        woman, len(fathers), 0
    )
    father = draws.below("name.minority_father", person, len(fathers))
    return np.asarray(own * len(fathers) + np.where(father == own, (father + 1) % len(fathers), father))


def write(names: Names, middot: AnyInts | None = None) -> pl.Series:
    """Names as text; `middot` chooses among the middots (the standard one by default)."""
    text = join(*(pick(_alphabet_table(), names.codes[:, column]) for column in range(4)))
    other = np.flatnonzero(~names.is_han)
    if not len(other):
        return text
    given, fathers = minority_stock()
    number = names.minority[other].astype(np.int64)
    dot = np.zeros(len(other), dtype=np.int64) if middot is None else middot[other]
    whole = join(
        pick(table(given), number // len(fathers)), pick(table(list(stock.MIDDOTS)), dot), pick(table(fathers), number % len(fathers))
    )
    return text.scatter(other, whole)


@cache
def _alphabet_table() -> pl.Series:
    return table(ALPHABET)


def surname(names: Names) -> pl.Series:
    """Surnames; a minority name's first part."""
    han = join(pick(_alphabet_table(), names.codes[:, 0]), pick(_alphabet_table(), names.codes[:, 1]))
    given, fathers = minority_stock()
    return where(names.is_han, han, pick(table(given), np.maximum(names.minority, 0) // len(fathers)))


@cache
def _pinyin_table() -> tuple[npt.NDArray[np.int64], pl.Series]:
    index = np.zeros((len(ALPHABET), 2), dtype=np.int64)
    for number, name in enumerate(SURNAMES):
        index[_CODE[name], 0] = number + 1
    for number, name in enumerate(COMPOUND):
        index[_CODE[name[0]], 1] = len(SURNAMES) + number + 1
    return index, table(["user", *_PINYIN, *_COMPOUND_PINYIN])


def surname_pinyin(names: Names) -> pl.Series:
    """For e-mail addresses: the surname in pinyin, `user` for a minority name."""
    index, words = _pinyin_table()
    return pick(words, index[names.codes[:, 0], (names.codes[:, 1] > 0).astype(np.int64)])


def slip(draws: Draws, name: str, rows: AnyInts, names: Names, groups: str) -> tuple[Names, Bools]:
    """One character replaced by a substitute of its group, surnames rarely; and where a character had a substitute."""
    start, count, flat = _swap_table(groups)
    has = count[names.codes] > 0
    keen = draws.uniform(f"{name}.keen", rows)[:, None] * 0.5 + np.array([[0.02, 0.0, 1.0, 1.2]])
    keen[:, 0] += np.where(draws.chance(f"{name}.surname", rows, 0.06), 5.0, 0.0)
    keen[:, 3] += np.where(draws.chance(f"{name}.first", rows, 0.5), -0.5, 0.5)
    at = np.argmax(np.where(has, keen, -1.0), axis=1)
    line = np.arange(len(rows))
    old = names.codes[line, at]
    fits = has[line, at]
    nth = draws.below(f"{name}.substitute", rows, np.maximum(count[old], 1))
    codes = names.codes.copy()
    codes[line[fits], at[fits]] = flat[(start[old] + nth)[fits]]
    return Names(codes, names.minority), fits


def dropped(names: Names) -> tuple[Names, Bools]:
    """The last character of a two-character given name forgotten; and where there was one."""
    fits = names.codes[:, 3] > 0
    codes = names.codes.copy()
    codes[fits, 3] = 0
    return Names(codes, names.minority), fits


def traditional(names: Names) -> Names:
    return Names(_pairs(stock.TRADITIONAL)[names.codes], names.minority)


def ruined(names: Names) -> Names:
    """Rare characters as a system writes them that lacks them: private-use codes, `?`, `■`."""
    return Names(_pairs(" ".join(f"{a}{b}" for a, b in stock.RUINS.items()))[names.codes], names.minority)


def masked(draws: Draws, name: str, rows: AnyInts, names: Names) -> pl.Series:
    """`张**`, `张*明`, `*小明`, `张*` (the length hidden): names as waybills show them."""
    form = draws.choose(f"{name}.pattern", rows, [40, 20, 20, 20])
    hide = names.codes > 0
    given_n = hide[:, 2:].sum(axis=1)
    codes = names.codes.copy()
    all_given, first_given = form == 0, form == 1
    codes[:, 2] = np.where((all_given | first_given) & hide[:, 2], STAR, codes[:, 2])
    codes[:, 3] = np.where(all_given & hide[:, 3], STAR, codes[:, 3])
    codes[:, 0] = np.where((form == 2), STAR, codes[:, 0])
    codes[:, 1] = np.where((form == 2), 0, codes[:, 1])
    text = where(form == 3, join(surname(names), "*"), write(Names(codes, np.full(len(rows), HAN, np.int16))))
    # the one given character of a short name is hidden by both patterns
    assert bool(np.all((given_n > 0) | ~names.is_han))
    other = join(surname(names).str.slice(0, 1), switch(form, "***", "****", "**", "*"))
    return where(names.is_han, text, other)
