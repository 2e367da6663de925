"""Phone numbers. Extensions are split off before anything else: a parser would fold them into the number.

| written | standard form | kind |
| --- | --- | --- |
| `+86 138 1234 5678` | `13812345678` | mobile |
| `(0571)8765 4321 转 801` | `0571-87654321-801` | landline |
| `18877771111-123`, `9501312345678转1` | `18877771111-123`, `9501312345678-1` | relay: reaches one order while it lives, nobody after |
| `138xxxx5678`, `****5678` | `138****5678`, `*******5678` | masked, one `*` a hidden digit |
| `+852 6123 4567` | `+85261234567` | foreign |
| `400-800-1234`, `95588` | `4008001234`, `95588` | landline, but a service line: nobody's own |
| `13800138000`, `1381234` | none | invalid |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.standardise.characters import tidy

if TYPE_CHECKING:
    import duckdb

KINDS = ("mobile", "foreign", "landline", "relay", "masked", "invalid")  # the best first
_MOBILE = r"1[3-9][0-9]{9}"
_AREA = r"0(?:10|2[0-9]|[3-9][0-9]{2})"
_LOCAL = {3: r"[2-8][0-9]{7}", 4: r"[2-8][0-9]{6,7}"}  # digits of the area code with its 0 -> number in the area
_RELAY_BASE = r"95[0-9]{7,15}"
_SERVICE = r"(?:[48]00[0-9]{7}|95[0-9]{3,4}|106[0-9]{5,17})"
# typed to get past a form: one digit over and over, counting up or down, the numbers of advertisements
PLACEHOLDER = (
    "(?:" + "|".join(f"{d}{{9,}}" for d in range(10)) + r")|^1[3-9][0-9]?0{8,}$|^1380013800[0-9]$|012345678|123456789|987654321|876543210"
)
_PLACEHOLDER_RE = re.compile(PLACEHOLDER)
_RELAY = rf"(?:{_MOBILE}|95[0-9]{{7,13}})(?:-|转)[0-9]{{1,6}}"
_MASKED_PLAIN = r"1[3-9][0-9]\*{4}[0-9]{4}|1[3-9][0-9]\*{6}[0-9]{2}|\*{7}[0-9]{4}|1\*{10}"

_SEPARATORS = re.compile(r"[\s\-().·_]")
_EXTENSION = re.compile(r"(.*[0-9)])[\s\-,(]*(?:转|分机号?|extension|ext\.?|x|#|,|;|p|w)\s*[:.\-]?\s*([0-9]{1,6})\s*\)?", re.DOTALL)
_DASH_EXTENSION = re.compile(r"(.*[0-9])\s*-\s*([0-9]{1,6})", re.DOTALL)
_MASKS = re.compile(r"[*●○◯※×]|·(?=·)|(?<=·)·|x(?=x)|(?<=x)x")


@dataclass(frozen=True, slots=True)
class Phone:
    """One number. `norm` is None for what is not a number anybody could call or recognise; `digits` is what was there then."""

    norm: str | None
    kind: str
    is_personal: bool
    digits: str = ""


def read_phones(value: str) -> list[Phone]:
    """The numbers in one field, usable ones first; empty when no digit is in it."""
    text = re.sub(r"\.0+$", "", _MASKS.sub("*", tidy(value).lower()))
    found = [phone for part in _parts(text) if (phone := _read_one(part))]
    usable = dict.fromkeys(phone for phone in found if phone.norm)
    return list(usable) or found[:1]


def normalise(value: str) -> str | None:
    """The standard form of the first usable number of a field; None when there is none."""
    found = read_phones(value)
    return found[0].norm if found else None


def _parts(text: str) -> list[str]:
    """A field cut where a second number begins; a cut must leave something that can be a number on its left."""
    parts: list[str] = []
    for part in re.split(r"[/、|\n]", text):
        parts.extend(_cut_after_number(part))
    return parts


def _cut_after_number(part: str) -> list[str]:
    """`13812345678 13987654321` is two numbers, `0571 87654321` and `138 1234 5678` are one."""
    for at in re.finditer(r"[;,\s]+(?=[+(0-9])", part):
        left, right = part[: at.start()], part[at.end() :]
        if len(re.sub(r"[^0-9*]", "", right)) >= 7 and (phone := _read_one(left)) and phone.norm:
            return [left, *_cut_after_number(right)]
    return [part]


def _read_one(text: str) -> Phone | None:
    text = re.sub(r"^[^0-9+*(]+|[^0-9*]+$", "", text)
    if not any(c.isdecimal() and c.isascii() for c in text):
        return None
    if "*" in text:
        return _read_masked(text)
    base, extension = _split_extension(text)
    digits = _SEPARATORS.sub("", base)
    phone = _classify(digits) if re.fullmatch(r"\+?[0-9]+", digits) else None
    if phone is None or (phone.kind in ("mobile", "landline") and _PLACEHOLDER_RE.search(phone.norm or "")):
        return Phone(None, "invalid", False, re.sub(r"[^0-9+]", "", text)[:32])
    return _with_extension(phone, extension) if extension else phone


def _split_extension(text: str) -> tuple[str, str]:
    """(number, extension); the extension is empty when what stands after a dash belongs to the number."""
    if marked := _EXTENSION.fullmatch(text):
        return marked[1], marked[2]
    if dashed := _DASH_EXTENSION.fullmatch(text):
        base = _SEPARATORS.sub("", dashed[1])
        whole = _classify(base + dashed[2])
        if (whole is None or whole.kind == "relay") and _classify(base):
            return dashed[1], dashed[2]
    return text, ""


def _with_extension(phone: Phone, extension: str) -> Phone:
    """A mobile or 95-number with an extension is a platform's relay; a landline's extension is a desk."""
    is_relay = phone.kind in ("mobile", "relay") or (phone.norm or "").startswith("95")
    return Phone(f"{phone.norm}-{extension}", "relay" if is_relay else phone.kind, phone.is_personal and not is_relay)


def _classify(digits: str) -> Phone | None:
    """A number without separators and extension."""
    national = re.sub(r"^(?:\+|00?)?86(?=[0-9]{7})|^\+86", "", digits)
    for candidate in dict.fromkeys((digits, national, f"0{national}" if national != digits else national)):
        if phone := _classify_mainland(candidate):
            return phone
    return None if national != digits and digits.startswith(("+", "0086")) else _classify_foreign(digits)


def _classify_mainland(digits: str) -> Phone | None:
    if re.fullmatch(rf"0?{_MOBILE}", digits):
        return Phone(digits[-11:], "mobile", True)
    if area := re.match(_AREA, digits):
        local = digits[area.end() :]
        if re.fullmatch(_LOCAL[len(area[0])], local):
            return Phone(f"{area[0]}-{local}", "landline", True)
    if re.fullmatch(_SERVICE, digits):
        return Phone(digits, "landline", False)
    return Phone(digits, "relay", False) if re.fullmatch(_RELAY_BASE, digits) else None


def _classify_foreign(digits: str) -> Phone | None:
    """`+CC…` by the numbering plans; numbers of Hong Kong, Macau and Taiwan also without the plus."""
    if re.fullmatch(r"00[1-9][0-9]{6,15}", digits):
        digits = f"+{digits[2:]}"
    elif re.fullmatch(r"85[23][0-9]{8}|886[0-9]{8,9}", digits):
        digits = f"+{digits}"
    if not re.fullmatch(r"\+[1-9][0-9]{6,15}", digits):
        return None
    import phonenumbers  # heavy: only numbers from abroad need it

    try:
        number = phonenumbers.parse(digits, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.country_code == 86:
        return None
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "foreign", True)


def _read_masked(text: str) -> Phone | None:
    """One `*` a hidden digit. A mobile number with one hidden stretch is made eleven long, however many signs were printed."""
    shown = re.sub(r"[^0-9*]", "", re.sub(r"^\+?(?:00)?86(?=[\s\-]*1)|^\+", "", text))
    if one := re.fullmatch(r"([0-9]*)(\*+)([0-9]*)", shown):
        head, tail = one[1], one[3]
        if area := re.match(_AREA, head):
            return Phone(f"{area[0]}-{shown[area.end() :]}", "masked", False)
        if head[:1] in ("", "1") and len(head) + len(tail) < 11:
            shown = head + "*" * (11 - len(head) - len(tail)) + tail
    return Phone(shown, "masked", False)


def standardise_phones(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(raw, n, norm, value, kind, is_valid, is_masked, is_personal, rank)` of the distinct values in temp `raw(raw)`: one row a
    number, `n` = 0 the first usable one of its field, `rank` the place of its kind in `KINDS`. Answers how many odd values went through
    Python."""
    from pipelines.standardise.odd import flag, read_odd, text

    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE phones_common AS
        SELECT * FROM (SELECT raw, {_COMMON_SQL} FROM {raw})
        WHERE kind IS NOT NULL
            AND NOT (kind <> 'masked' AND left(norm, 2) <> '95' AND regexp_matches({_NUMBER_SQL}, '{PLACEHOLDER}'))"""
    )
    fields = [text("raw"), text("place"), text("norm"), text("value"), text("kind"), flag("is_personal")]
    odd_n = read_odd(con, f"SELECT raw FROM {raw} ANTI JOIN phones_common USING (raw)", "phones_odd", _rows, fields)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT *, kind = 'masked' AS is_masked, list_position({list(KINDS)}, kind) AS rank FROM (
            SELECT raw, 0::TINYINT AS n, norm, norm AS value, kind, true AS is_valid, kind IN ('mobile', 'landline') AS is_personal
            FROM phones_common
            UNION ALL
            SELECT raw, place::TINYINT, norm, value, kind, norm IS NOT NULL, is_personal FROM phones_odd)"""
    )
    con.execute("DROP TABLE phones_common; DROP TABLE phones_odd")
    return odd_n


def _rows(raw: str) -> list[tuple[str, str, str | None, str, str, bool]]:
    found = read_phones(raw)[:9]
    return [(raw, str(n), p.norm, p.norm or p.digits, p.kind, p.is_personal) for n, p in enumerate(found)]


# The forms nearly everybody writes; Python would say the same of them.
_LANDLINE = rf"0(?:10|2[0-9])-{_LOCAL[3]}|0[3-9][0-9]{{2}}-{_LOCAL[4]}"
_SPACED = r"(?:\+86|0086|86)?[ -]?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"
_NUMBER_SQL = "CASE WHEN kind = 'relay' THEN split_part(norm, '-', 1) ELSE norm END"
_COMMON_SQL = rf"""
    CASE WHEN regexp_full_match(raw, '{_MOBILE}|{_SPACED}') THEN 'mobile'
        WHEN regexp_full_match(raw, '{_MASKED_PLAIN}') THEN 'masked'
        WHEN regexp_full_match(raw, '{_RELAY}') THEN 'relay'
        WHEN regexp_full_match(raw, '{_LANDLINE}') THEN 'landline' END AS kind,
    CASE kind WHEN 'mobile' THEN right(regexp_replace(raw, '[ -]', '', 'g'), 11)
        WHEN 'relay' THEN replace(raw, '转', '-') ELSE raw END AS norm"""
