"""Phone numbers: whose, since when, and the forms they are written in. A number is a whole number of 11 digits until it is written."""

from __future__ import annotations

import numpy as np
import polars as pl

from demo.draws import AnyInts, Draws, Ints
from demo.text import ascii_text, digit_matrix, digits, join, pick, scramble, switch, table, where

# 170, 171 and 167 are ordinary lines of virtual operators
_PREFIXES = np.array(
    [130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 150, 151, 152, 153, 155, 156, 157, 158, 159, 166, 167, 170, 171, 173, 175, 176, 177,
     178, 180, 181, 182, 183, 185, 186, 187, 188, 189, 191, 198, 199], dtype=np.int64,
)  # fmt: skip
_WEIGHTS = np.array([1.0 if p not in (166, 167, 170, 171, 191) else 0.25 for p in _PREFIXES])
GENERATIONS = 4  # first number, after a change, after a change in the days that follow the first extract, second line
SECOND_LINE = 3
SHOP_LINES = np.array([13800138000, 13966668888, 18900001111, 13588886666, 18612345678], dtype=np.int64)
_FULL_WIDTH = {str(n): chr(0xFF10 + n) for n in range(10)}


def number(draws: Draws, person: AnyInts, generation: AnyInts | int) -> Ints:
    """A mobile number nobody else has ever had."""
    serial = person.astype(np.int64) * GENERATIONS + generation
    prefix = _PREFIXES[draws.choose("phone.prefix", serial, _WEIGHTS)]
    return np.asarray(prefix * 10**8 + scramble(serial, 8, key=20_260_101))


def wrong_digit(draws: Draws, name: str, rows: AnyInts, phones: Ints) -> Ints:
    """One of the last eight digits mistyped."""
    place = 10 ** draws.below(f"{name}.place", rows, 8)
    digit = phones // place % 10
    other = (digit + 1 + draws.below(f"{name}.digit", rows, 9)) % 10
    return np.asarray(phones + (other - digit) * place)


def transposed(draws: Draws, name: str, rows: AnyInts, phones: Ints) -> Ints:
    """Two neighbouring digits changed places; a wrong digit where all neighbours are equal."""
    matrix = digit_matrix(phones, 11)
    line = np.arange(len(rows))
    at = 3 + draws.below(f"{name}.at", rows, 7)
    for _ in range(6):  # on to the next pair as long as the two are the same
        at = np.where(matrix[line, at] == matrix[line, at + 1], 3 + (at - 2) % 7, at)
    left, right = matrix[line, at].copy(), matrix[line, at + 1].copy()
    matrix[line, at], matrix[line, at + 1] = right, left
    value = (matrix.astype(np.int64) - 48) @ (10 ** np.arange(10, -1, -1))
    return np.where(left == right, wrong_digit(draws, name, rows, phones), value)


def plain(phones: Ints) -> pl.Series:
    return digits(phones, 11)


def _pieces(phones: Ints) -> tuple[pl.Series, pl.Series, pl.Series]:
    return digits(phones // 10**8, 3), digits(phones // 10**4 % 10**4, 4), digits(phones % 10**4, 4)


def written(draws: Draws, name: str, rows: AnyInts, phones: Ints, rate: float) -> pl.Series:
    """Numbers as people type them; `rate` of them not as eleven plain digits."""
    text = plain(phones)
    odd = np.flatnonzero(draws.chance(f"{name}.odd", rows, rate))
    if not len(odd):
        return text
    head, middle, tail = _pieces(phones[odd])
    whole = plain(phones[odd])
    form = draws.choose(f"{name}.form", rows[odd], [3, 2, 3, 2, 1, 1])
    wide = whole.str.replace_many(list(_FULL_WIDTH), list(_FULL_WIDTH.values()))
    forms = switch(
        form, join(head, " ", middle, " ", tail), join(head, "-", middle, "-", tail), join("+86", whole),
        join("+86 ", head, " ", middle, " ", tail), join("0086", whole), wide,
    )  # fmt: skip
    return text.scatter(odd, forms)


def masked(draws: Draws, name: str, rows: AnyInts, phones: Ints) -> pl.Series:
    """Numbers as waybills show them."""
    head, _, tail = _pieces(phones)
    form = draws.choose(f"{name}.pattern", rows, [60, 15, 15, 10])
    return switch(form, join(head, "****", tail), join("*******", tail), join(head, "******", tail.str.slice(2)), "1**********")


def relay(draws: Draws, name: str, rows: AnyInts) -> pl.Series:
    """A number that reaches one order's recipient while the order lives: 17x or 95-prefix with an extension."""
    line = draws.below(f"{name}.line", rows, 10**8)
    short = join("1", pick(table(["70", "84", "71"]), draws.below(f"{name}.prefix", rows, 3)), digits(line, 8))
    long = join("95013", digits(line, 8))
    between = pick(table(["-", "转", "-"]), draws.below(f"{name}.between", rows, 3))
    return join(
        where(draws.chance(f"{name}.long", rows, 0.4), long, short), between, digits(draws.below(f"{name}.extension", rows, 10**4), 4)
    )


def landline(area: pl.Series, serial: AnyInts) -> pl.Series:
    """`0571-8xxxxxxx`; areas with two digits after the 0 and the great cities have eight digits."""
    return join(area, "-8", ascii_text(digit_matrix(scramble(serial, 7), 7)))


def shop_lines(draws: Draws, name: str, rows: AnyInts) -> Ints:
    return np.asarray(SHOP_LINES[draws.head_heavy(name, rows, len(SHOP_LINES), 2)])
