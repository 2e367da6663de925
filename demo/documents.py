"""Identity numbers (GB 11643) and unified social credit codes (GB 32100) with their check characters."""

from __future__ import annotations

import numpy as np
import polars as pl

from demo.draws import AnyInts, Bools, Draws, Ints
from demo.places import places
from demo.text import Bytes, ascii_text, digit_matrix

_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_ID_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_USCC_ALPHABET = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
_ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
FIRST_CODES = 1984  # identity numbers were first given


def civil(days: AnyInts) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of days since 1970."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, months.astype(np.int64) % 12 + 1, (dates - months.astype("datetime64[D]")).astype(np.int64) + 1


def region_codes(draws: Draws, person: AnyInts, home: AnyInts, birth_days: AnyInts) -> Ints:
    """The district that gave the number: mostly the home district, if it had its code when the number was given."""
    table = places()
    year = np.maximum(civil(birth_days)[0], FIRST_CODES)
    older = np.flatnonzero(table.code_since == FIRST_CODES)
    elsewhere = older[draws.below("id.region", person, len(older))]
    since = table.code_since[home]
    stayed = draws.chance("id.stayed", person, 0.6) & (since > 0) & (since <= year)
    return np.asarray(table.code[np.where(stayed, home, elsewhere)])


def serials(draws: Draws, region: Ints, birth_days: Ints, woman: Bools) -> Ints:
    """The three digits that tell apart who was born on one day in one district; odd for men. Never the same number twice."""
    group = (region * 100_000 + birth_days + 40_000) * 2 + woman
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, dtype=bool)
    starts = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - starts
    half = (draws.below("id.serial", group, 499) + rank) % 499
    return np.asarray(half * 2 + np.where(woman, 2, 1))


def id_matrix(region: Ints, birth_days: Ints, serial: Ints) -> Bytes:
    """18 ASCII characters a person."""
    year, month, day = civil(birth_days)
    body = digit_matrix(((region * 10_000 + year) * 100 + month) * 100_000 + day * 1000 + serial, 17)
    check = _ID_CHECKS[((body.astype(np.int64) - 48) @ _ID_WEIGHTS) % 11]
    return np.hstack([body, check[:, None]])


def id_text(matrix: Bytes) -> pl.Series:
    return ascii_text(matrix)


def id_15(matrix: Bytes) -> pl.Series:
    """The form of before 1999: no century, no check character."""
    return ascii_text(np.hstack([matrix[:, :6], matrix[:, 8:17]]))


def id_wrong(draws: Draws, name: str, rows: AnyInts, matrix: Bytes) -> Bytes:
    """One digit of the serial or the check digit mistyped, so that the checksum no longer holds."""
    wrong = matrix.copy()
    at = draws.below(f"{name}.at", rows, 3) + 14
    line = np.arange(len(rows))
    wrong[line, at] = (wrong[line, at] - 48 + 1 + draws.below(f"{name}.digit", rows, 9)) % 10 + 48
    return wrong


def uscc(draws: Draws, organisation: AnyInts, region: Ints) -> pl.Series:
    """18 characters: 91, district, organisation code with its check (mod 11), check (mod 31)."""
    alphabet = np.frombuffer(_USCC_ALPHABET, dtype=np.uint8)
    body = np.empty((len(organisation), 17), dtype=np.int64)
    body[:, :2] = (9, 1)
    body[:, 2:8] = digit_matrix(region, 6).astype(np.int64) - 48
    body[:, 8:16] = digit_matrix(draws.below("uscc.code", organisation, 10**8), 8).astype(np.int64) - 48
    check = (11 - (body[:, 8:16] @ _ORG_WEIGHTS) % 11) % 11
    body[:, 16] = np.where(check == 10, _USCC_ALPHABET.index(b"X"), check)
    last = (31 - (body @ _USCC_WEIGHTS) % 31) % 31
    return ascii_text(np.hstack([alphabet[body], alphabet[last][:, None]]))
