"""How personal values are shown: DuckDB macros for the pipeline, and the same in Python, which tests hold against them.

A mask never shows more for a short or odd value than for a usual one: what is too short to hide anything is hidden whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import duckdb

from pipelines.standardise.vocabulary import words

TWO_CHARACTER_SURNAMES = frozenset(surname for surname in words("compound_surnames", "surname") if len(surname) == 2)
AGE_BANDS = ((14, "under 14"), (18, "14-17"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"))
OLDEST_BAND = "65 and over"
# Blanks are spelled out: \s means other characters in RE2 than in Python.
_EMAIL_PART = r"[^ \t\r\n　@,;，。；：、（）()<>]+"
_EMAIL_IN_TEXT = f"{_EMAIL_PART}@{_EMAIL_PART}"
_DIGITS_IN_TEXT = r"[0-9０-９](?:[ .\-－—]?[0-9０-９]){4,}"
SURNAMES_OF_TWO = ", ".join(f"'{surname}'" for surname in sorted(TWO_CHARACTER_SURNAMES))
_YEARS = "year(today) - year(born) - ((month(today), day(today)) < (month(born), day(born)))::INT"
_BANDS = " ".join(f"WHEN {_YEARS} < {below} THEN '{band}'" for below, band in AGE_BANDS)

MACROS: dict[str, str] = {
    "mask_name(v)": f"""CASE WHEN length(v) < 2 OR v[1] = '*' THEN '**'
        WHEN length(v) > 2 AND v[1:2] IN ({SURNAMES_OF_TWO}) THEN v[1:2] || '**'
        ELSE v[1] || '**' END""",
    "mask_phone(v)": """CASE
        WHEN v[1] = '1' AND (length(v) = 11 OR length(v) > 11 AND v[12] = '-') THEN v[1:3] || '****' || v[8:11]
        WHEN v[1] = '0' AND length(split_part(v, '-', 1)) BETWEEN 3 AND 4 AND length(split_part(v, '-', 2)) >= 7
            THEN split_part(v, '-', 1) || '-' || repeat('*', length(split_part(v, '-', 2)) - 2) || right(split_part(v, '-', 2), 2)
        WHEN v[1] = '+' AND length(v) >= 10 THEN v[1:3] || repeat('*', length(v) - 5) || right(v, 2)
        WHEN length(v) >= 7 THEN '****' || right(v, 2)
        WHEN v IS NOT NULL THEN '****' END""",
    "mask_email(v)": """CASE WHEN v IS NULL THEN NULL
        WHEN NOT contains(v, '@') THEN '***'
        WHEN length(v) - length(regexp_extract(v, '[^@]*$')) - 1 < 2 THEN '***@' || regexp_extract(v, '[^@]*$')
        ELSE v[1] || '***@' || regexp_extract(v, '[^@]*$') END""",
    "mask_id_number(v)": "CASE WHEN length(v) < 8 THEN repeat('*', length(v)) ELSE v[1] || repeat('*', length(v) - 3) || right(v, 2) END",
    "mask_last4(v)": "CASE WHEN length(v) < 8 THEN '****' ELSE '****' || right(v, 4) END",
    "mask_hidden(v)": "CASE WHEN length(v) > 6 THEN v[1] || '***' || right(v, 1) WHEN v IS NOT NULL THEN '***' END",
    "mask_text(v)": f"regexp_replace(regexp_replace(v, '{_EMAIL_IN_TEXT}', '***', 'g'), '{_DIGITS_IN_TEXT}', '***', 'g')",
    "mask_key(v, secrets)": "CASE WHEN len(list_filter(secrets, lambda secret: contains(lower(v), secret))) > 0 THEN '***' ELSE v END",
    "age_band(born, today)": f"CASE WHEN born IS NULL OR born > today THEN NULL {_BANDS} ELSE '{OLDEST_BAND}' END",
}


def install_masks(con: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to the connection."""
    for signature, body in MACROS.items():
        con.execute(f"CREATE OR REPLACE TEMP MACRO {signature} AS {body}")


def mask_name(v: str) -> str:
    """张三丰 -> 张**, 欧阳娜娜 -> 欧阳**; the number of stars does not tell the length."""
    if len(v) < 2 or v[0] == "*":
        return "**"
    return (v[:2] if len(v) > 2 and v[:2] in TWO_CHARACTER_SURNAMES else v[0]) + "**"


def mask_phone(v: str) -> str:
    """13812345678 -> 138****5678, 0571-88886666 -> 0571-******66, +85291234567 -> +85*******67; extensions are hidden."""
    area, _, rest = v.partition("-")
    number = rest.partition("-")[0]
    if v[:1] == "1" and (len(v) == 11 or v[11:12] == "-"):
        return f"{v[:3]}****{v[7:11]}"
    if v[:1] == "0" and 3 <= len(area) <= 4 and len(number) >= 7:
        return f"{area}-{'*' * (len(number) - 2)}{number[-2:]}"
    if v[:1] == "+" and len(v) >= 10:
        return f"{v[:3]}{'*' * (len(v) - 5)}{v[-2:]}"
    return "****" + (v[-2:] if len(v) >= 7 else "")


def mask_email(v: str) -> str:
    """david@example.com -> d***@example.com; a local part of one letter is hidden."""
    local, at, domain = v.rpartition("@")
    if not at:
        return "***"
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"


def mask_id_number(v: str) -> str:
    """First one, last two."""
    return "*" * len(v) if len(v) < 8 else f"{v[0]}{'*' * (len(v) - 3)}{v[-2:]}"


def mask_last4(v: str) -> str:
    """Bank cards."""
    return "****" + (v[-4:] if len(v) >= 8 else "")


def mask_hidden(v: str) -> str:
    """Accounts and WeChat ids: first and last character of those longer than six."""
    return f"{v[0]}***{v[-1]}" if len(v) > 6 else "***"


def mask_text(v: str) -> str:
    """Text people wrote, without e-mail addresses and runs of five or more digits (also written in groups)."""
    return re.sub(_DIGITS_IN_TEXT, "***", re.sub(_EMAIL_IN_TEXT, "***", v))


def mask_key(v: str, secrets: Sequence[str]) -> str:
    """A key of a source, unless one of the person's own values (lower case) stands in it."""
    return "***" if any(secret in v.lower() for secret in secrets) else v


def age_band(born: date, today: date) -> str | None:
    """The band of completed years; null for a birth after `today`."""
    if born > today:
        return None
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return next((band for below, band in AGE_BANDS if years < below), OLDEST_BAND)
