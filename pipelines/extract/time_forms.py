"""SQL that reads dates and times in their declared forms, applies the source's zone, and says why one cannot be read.

A time without a zone is the source's local time; what is stored is UTC. Years have four digits unless a declared form
says `%y`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pipelines.extract.number_forms import FULL_WIDTH, HALF_WIDTH
from pipelines.extract.params import Params
from schemas.contract import DATE
from schemas.mapping_rules import FORM_WORDS

_ISO_LOCAL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_ISO_ZONED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_SERIAL = r"[0-9]{1,7}(?:\.[0-9]+)?"
_EPOCH = {"epoch_s": (r"[0-9]{9,11}", 1_000_000), "epoch_ms": (r"[0-9]{12,14}", 1000)}  # from 1973 on; shorter ones are dates
_SHAPES = {  # what a strptime directive takes, for telling an impossible date from an undeclared form
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}", "H": "[0-9]{1,2}", "I": "[0-9]{1,2}", "M": "[0-9]{1,2}",
    "S": "[0-9]{1,2}", "f": "[0-9]{1,9}", "j": "[0-9]{1,3}", "p": "(?i:[ap]m)", "%": "%",
}  # fmt: skip
_SHORT_YEAR = r"[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}(?:日|[^0-9].*)?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}(?:[^0-9].*)?"
_FOLD = str.maketrans(FULL_WIDTH, HALF_WIDTH)


def time_sql(text: str, kind: str, forms: tuple[str, ...], zone: str, typed_source: bool, params: Params) -> str:
    """SQL: `text` (half width) as DATE or as TIMESTAMP in UTC; null when it is in none of the forms.

    `typed_source`: the reader writes dates of the format itself in ISO form, which is then always understood.
    """
    words = [form for form in forms if form in FORM_WORDS]
    patterns = _strptime_order([form.translate(_FOLD) for form in forms if form not in FORM_WORDS])
    local: list[str] = []
    if patterns:
        listed = ", ".join(params.bind(pattern) for pattern in patterns)
        local.append(f"try_strptime({text}, [{listed}])")
    if "iso" in words or typed_source:
        local.append(f"CASE WHEN regexp_full_match({text}, {params.bind(_ISO_LOCAL)}) THEN TRY_CAST({text} AS TIMESTAMP) END")
    if "excel" in words:
        day = f"TRY_CAST({text} AS DOUBLE)"
        serial = f"TIMESTAMP '1899-12-30' + to_microseconds(CAST(round({day} * 86400) * 1000000 AS BIGINT))"
        local.append(f"CASE WHEN regexp_full_match({text}, {params.bind(_SERIAL)}) AND {day} BETWEEN 1 AND 2958465 THEN {serial} END")
    absolute: list[str] = []
    for word, (digits, factor) in _EPOCH.items():
        if word in words:
            moment = f"make_timestamp(CAST({text} AS BIGINT) * {factor})"
            limit = f"CAST({text} AS BIGINT) * {factor} < 253402300800000000"
            absolute.append(f"CASE WHEN regexp_full_match({text}, {params.bind(digits)}) THEN CASE WHEN {limit} THEN {moment} END END")
    if "iso" in words or typed_source:
        moment = f"make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)))"
        absolute.append(f"CASE WHEN regexp_full_match({text}, {params.bind(_ISO_ZONED)}) THEN {moment} END")
    return _joined(_first(local), _first(absolute), kind, zone, params)


def _joined(local: str | None, absolute: str | None, kind: str, zone: str, params: Params) -> str:
    """Local times go from the zone to UTC, moments are UTC already; a date is the local one."""
    found: list[str] = []
    if local is not None:
        sane = f"list_transform([{local}], lambda t: CASE WHEN t >= TIMESTAMP '1000-01-01' THEN t END)[1]"
        found.append(f"CAST({sane} AS DATE)" if kind == DATE else to_utc(sane, zone, params))
    if absolute is not None:
        moment = f"CAST(timezone({params.bind(zone)}, timezone('UTC', {absolute})) AS DATE)"
        found.append(moment if kind == DATE else absolute)
    return _first(found) or "NULL"


def _first(options: list[str]) -> str | None:
    return None if not options else options[0] if len(options) == 1 else f"coalesce({', '.join(options)})"


def _strptime_order(patterns: list[str]) -> list[str]:
    """Two-digit years first: `%Y` would take `17` for the year 17."""
    return sorted(dict.fromkeys(patterns), key=lambda pattern: "%y" not in pattern)


def to_utc(local: str, zone: str, params: Params) -> str:
    """SQL: local time of `zone` as UTC. Where the zone has kept one offset up to now, that is a subtraction (calendars are slow)."""
    since, offset = settled(zone)
    if offset == timedelta(0) and since is None:
        return local
    calendar = f"timezone('UTC', timezone({params.bind(zone)}, t))"
    if offset is None:
        return f"list_transform([{local}], lambda t: {calendar})[1]"
    plain = f"t - to_microseconds({params.bind(int(offset.total_seconds()) * 1_000_000)})"
    if since is None:
        return f"list_transform([{local}], lambda t: {plain})[1]"
    return f"list_transform([{local}], lambda t: CASE WHEN t >= {params.bind(since)} THEN {plain} ELSE {calendar} END)[1]"


@cache
def settled(zone: str) -> tuple[datetime | None, timedelta | None]:
    """(local time since when the zone has had one offset, that offset); offset None when it still changes with the seasons."""
    info = ZoneInfo(zone)
    if zone in ("UTC", "Etc/UTC"):
        return None, timedelta(0)
    days = [datetime(year, month, 1, tzinfo=UTC) for year in range(1900, 2038) for month in range(1, 13)]
    offsets = [info.utcoffset(day.astimezone(info).replace(tzinfo=None)) for day in days]
    last = offsets[-1]
    changed = [i for i, offset in enumerate(offsets) if offset != last]
    if not changed:
        return None, last
    if days[changed[-1]].year > 2030:
        return None, None
    return datetime(days[changed[-1]].year + 1, 1, 1) + timedelta(days=1), last


def time_reason_sql(text: str, forms: tuple[str, ...], params: Params) -> str:
    """SQL: the reason code of a `text` that `time_sql` made null."""
    shapes = [_shape(form) for form in forms if form not in FORM_WORDS] + ([_ISO_LOCAL, _ISO_ZONED] if "iso" in forms else [])
    declared = params.bind("|".join(f"(?:{shape})" for shape in shapes) or "[^\\s\\S]")
    short_year = params.bind(_SHORT_YEAR)
    serial = params.bind(r"[1-6][0-9]{4}(?:\.[0-9]+)?")
    like = params.bind(r".*[0-9]{4}.*[0-9]{1,2}.*|[0-9]{1,2}[-/.月].*|[0-9]{6,14}")
    return f"""CASE WHEN regexp_full_match({text}, {declared}) THEN 'no_such_date'
        WHEN regexp_full_match({text}, {short_year}) THEN 'two_digit_year'
        WHEN regexp_full_match({text}, {serial}) THEN 'excel_serial'
        WHEN regexp_full_match({text}, {like}) THEN 'undeclared_date_form'
        ELSE 'not_a_date' END"""


def _shape(form: str) -> str:
    """A strptime form as a regular expression."""
    pieces = re.split(r"%-?([A-Za-z%])", form.translate(_FOLD))
    return "".join(re.escape(piece) if i % 2 == 0 else _SHAPES.get(piece, r"\S+") for i, piece in enumerate(pieces))
