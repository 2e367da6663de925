"""Codes of organisations: the unified social credit code, and what was in its place before 2015.

| code | form | organisation code in it |
| --- | --- | --- |
| unified social credit code (GB 32100-2015) | 18 of 31 signs, the last one a check sign | the 9th to the 17th |
| taxpayer number before it | region, then the organisation code: 15 | the last nine |
| organisation code (GB 11714-1997) | eight signs and a check sign | itself |

I, O, Z and S are no signs of a credit code: who writes them means 1, 0, 2 and 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipelines.standardise.characters import tidy

if TYPE_CHECKING:
    import duckdb

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(rf"[1-9A-HJ-NPQRTUWXY][1-9][0-9]{{6}}[{SIGNS}]{{10}}")
_VALUES = {sign: value for value, sign in enumerate(SIGNS)}
_POWERS = tuple(pow(3, place, 31) for place in range(17))
_MEANT = str.maketrans("OIZS", "0125")
_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]")
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_AT = {18: slice(8, 17), 15: slice(6, 15), 9: slice(0, 9)}  # where the organisation code stands, by the length of the number
_FILLED = re.compile(r"(.)\1*|0*123456789[0-9]*")


class CreditCode(NamedTuple):
    """`value` without separators and labels, its signs as they are meant; `organisation`: the organisation code in it, if it is proven by
    its own check sign or by that of the whole."""

    value: str
    is_valid: bool
    is_masked: bool
    organisation: str | None


def is_uscc(code: str) -> bool:
    """Whether `code` is a unified social credit code: 18 of 31 signs, the last one the check sign (mod 31, weights 3^i)."""
    if not _USCC.fullmatch(code):
        return False
    total = sum(weight * _VALUES[sign] for weight, sign in zip(_POWERS, code, strict=False))
    return SIGNS[-total % 31] == code[17]


def is_organisation_code(code: str) -> bool:
    """Whether `code` is an organisation code: the ninth sign checks the eight before it (mod 11, X for 10).

    >>> is_organisation_code("600037341")
    True
    """
    if not _ORGANISATION.fullmatch(code):
        return False
    check = -sum(weight * int(sign, 36) for weight, sign in zip(_WEIGHTS, code, strict=False)) % 11
    return "0123456789X"[check] == code[8]


def read_code(value: str) -> CreditCode | None:
    """Read one code as sent; None when there is none.

    >>> read_code("税号：9111 0000 6000 3734 1L")
    CreditCode(value='91110000600037341L', is_valid=True, is_masked=False, organisation='600037341')
    """
    code = re.sub("[^0-9A-Z*]", "", tidy(value).upper().replace("×", "*"))
    if not re.search("[0-9]", code) or _FILLED.fullmatch(code):
        return None
    if "*" in code:
        return CreditCode(code, False, True, None)
    if len(code) not in _AT:
        return CreditCode(code, False, False, None)
    code = code.translate(_MEANT)
    inside = code[_AT[len(code)]]
    is_proven = is_organisation_code(inside)
    is_valid = is_uscc(code) if len(code) == 18 else is_proven and (len(code) == 9 or code[:6].isdecimal())
    return CreditCode(code, is_valid, False, inside if is_valid or is_proven else None)


def normal_uscc(value: str) -> str | None:
    """A valid unified social credit code in its standard form; None for anything else."""
    found = read_code(value)
    return found.value if found and is_uscc(found.value) else None


def standardise_codes(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(raw, norm, value, is_valid, is_masked, organisation)` of the distinct codes in temp `raw(raw)`; `norm` is null unless the
    value is a valid credit code. They are few: all go through Python."""
    from pipelines.standardise.odd import flag, read_odd, text

    fields = [text("raw"), text("norm"), text("value"), flag("is_valid"), flag("is_masked"), text("organisation")]
    return read_odd(con, f"SELECT raw FROM {raw}", into, _rows, fields)


def _rows(raw: str) -> list[tuple[str, str | None, str, bool, bool, str | None]]:
    found = read_code(raw)
    return [(raw, normal_uscc(raw), *found)] if found else []
