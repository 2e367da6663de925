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
    words = {form for form in forms if form in FORM_WORDS} | ({"iso"} if typed_source else set())
    found: list[str] = []
    if "iso" in words:
        local = f"CASE WHEN regexp_full_match({text}, {params.bind(_ISO_LOCAL)}) THEN TRY_CAST({text} AS TIMESTAMP) END"
        moment = f"make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)))"
        zoned = f"CASE WHEN regexp_full_match({text}, {params.bind(_ISO_ZONED)}) THEN {moment} END"
        likely = f"CASE WHEN {text} LIKE '%T%+%' THEN {zoned} END"  # most of these carry an offset: spares them the other pattern
        found.append(_from_moment(likely, kind, zone, params))
        found += [_from_local(local, kind, zone, params), _from_moment(zoned, kind, zone, params)]
    for word, (digits, factor) in _EPOCH.items():
        if word in words:
            number = f"CAST({text} AS BIGINT) * {factor}"
            sane = f"CASE WHEN {number} < 253402300800000000 THEN make_timestamp({number}) END"
            epoch = f"CASE WHEN regexp_full_match({text}, {params.bind(digits)}) THEN {sane} END"
            found.append(_from_moment(epoch, kind, zone, params))
    # forms that cost most where they do not fit come last
    rest = _serial_and_patterns(text, "excel" in words, [form for form in forms if form not in FORM_WORDS], params)
    return _first([*found, *([_from_local(rest, kind, zone, params)] if rest else [])]) or "NULL"


def _serial_and_patterns(text: str, excel: bool, forms: list[str], params: Params) -> str | None:
    """SQL: local time by a spreadsheet's day number or by strptime patterns."""
    local: list[str] = []
    if excel:
        day = f"TRY_CAST({text} AS DOUBLE)"
        serial = f"TIMESTAMP '1899-12-30' + to_microseconds(CAST(round({day} * 86400) * 1000000 AS BIGINT))"
        local.append(f"CASE WHEN regexp_full_match({text}, {params.bind(_SERIAL)}) AND {day} BETWEEN 1 AND 2958465 THEN {serial} END")
    if forms:
        local.append(f"try_strptime({text}, [{params.bind_all(_strptime_order([form.translate(_FOLD) for form in forms]))}])")
    return _first(local)


def _from_local(local: str, kind: str, zone: str, params: Params) -> str:
    """A local time as UTC, or its date. A year below 1000 is a year of two digits that `%Y` took."""
    sane = f"list_transform([{local}], lambda t: CASE WHEN t >= TIMESTAMP '1000-01-01' THEN t END)[1]"
    return f"CAST({sane} AS DATE)" if kind == DATE else to_utc(sane, zone, params)


def _from_moment(moment: str, kind: str, zone: str, params: Params) -> str:
    """A moment in UTC, or the date it has in the zone."""
    return f"CAST(timezone({params.bind(zone)}, timezone('UTC', {moment})) AS DATE)" if kind == DATE else moment


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
