"""SQL that reads numbers in their declared form, and says why one cannot be read.

Grouping is checked, not skipped: under `thousands: ","` the text `1052,75` is an error and never 105275.
"""

from __future__ import annotations

import re

from pipelines.extract.params import Params
from schemas.contract import FLOAT, INT, MONEY
from schemas.mapping import NumberForm

FULL_WIDTH = "０１２３４５６７８９．，－＋／：％（）　−"
HALF_WIDTH = "0123456789.,-+/:%() -"
_SIMPLE = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_COMMON = {  # what one cheap cast reads
    MONEY: r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,2})?",
    INT: r"[+-]?[0-9]{1,15}",
    FLOAT: r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,2})?",
}
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
SCIENTIFIC = r"[+-]?(?:[0-9](?:\.[0-9]+)?[eE]\+[0-9]+|[0-9]\.[0-9]+[eE][0-9]+)"


def half_width(text: str, params: Params) -> str:
    """SQL: full-width digits and signs made ASCII (the part of NFKC that numbers and dates need)."""
    folded = f"translate({text}, {params.bind(FULL_WIDTH)}, {params.bind(HALF_WIDTH)})"
    return f"CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE {folded} END"


def number_sql(text: str, kind: str, form: NumberForm, typed_source: bool, params: Params) -> str:
    """SQL: `text` (half width) as a number of the contract type `kind`; null when it cannot be read.

    `typed_source`: the format has numbers of its own (JSON, Parquet, XLSX): they have a decimal point whatever the form
    declares for texts, and an exponent is no sign of lost digits.
    """
    slow = _typed(_general(text, form, params), kind, form.round)
    point = form.decimal == "." or typed_source
    if point:
        simple = params.bind(_SIMPLE + (_EXPONENT if typed_source else ""))
        exact = _typed(f"TRY_CAST({text} AS DECIMAL(38,18))", kind, form.round)
        slow = f"CASE WHEN regexp_full_match({text}, {simple}) THEN {exact} ELSE {slow} END"
    if form.round is not None and form.round < 2:
        return slow
    common = params.bind(_COMMON[kind] if point else r"[+-]?[0-9]{1,15}")
    return f"CASE WHEN regexp_full_match({text}, {common}) THEN TRY_CAST({text} AS {kind}) ELSE {slow} END"


def _general(text: str, form: NumberForm, params: Params) -> str:
    """Sign, currency words, groups, decimals, unit: everything but the plain form."""
    strip = "(?:" + "|".join([*(re.escape(word) for word in form.strip), r"\s"]) + ")*"
    group = rf"[0-9]{{1,3}}(?:{re.escape(form.thousands)}[0-9]{{3}})+|" if form.thousands else ""
    units = "|".join(re.escape(unit) for unit in sorted(form.units, key=len, reverse=True))
    pattern = rf"^([+-]?){strip}([+-]?)({group}[0-9]+)?(?:{re.escape(form.decimal)}([0-9]+))?{strip}({units})?{strip}$"
    found = f"regexp_extract({text}, {params.bind(pattern)}, ['sign', 'sign2', 'whole', 'part', 'unit'])"
    whole = f"replace(g.whole, {params.bind(form.thousands)}, '')" if form.thousands else "g.whole"
    digits = f"g.sign || g.sign2 || {whole} || CASE WHEN g.part = '' THEN '' ELSE '.' || g.part END"
    value = f"TRY_CAST({digits} AS DECIMAL(38,18))"
    if form.units:
        scaled = " ".join(
            f"WHEN {params.bind(unit)} THEN TRY_CAST("
            f"TRY_CAST({digits} AS DECIMAL(24,10)) * CAST({params.bind(str(factor))} AS DECIMAL(14,4)) AS DECIMAL(38,18))"
            for unit, factor in form.units.items()
        )
        value = f"CASE g.unit {scaled} ELSE {value} END"
    return f"list_transform([{found}], lambda g: {value})[1]"


def _typed(value: str, kind: str, decimals: int | None) -> str:
    rounded = f"round({value}, {decimals})" if decimals is not None else value
    if kind == FLOAT:
        return f"CAST({rounded} AS DOUBLE)"
    if kind == INT:
        return f"list_transform([{rounded}], lambda d: CASE WHEN d = trunc(d) THEN TRY_CAST(d AS BIGINT) END)[1]"
    if decimals is not None:
        return f"TRY_CAST({rounded} AS {MONEY})"
    return f"list_transform([{value}], lambda d: CASE WHEN d = TRY_CAST(d AS {MONEY}) THEN TRY_CAST(d AS {MONEY}) END)[1]"


def number_reason_sql(text: str, kind: str, form: NumberForm, typed_source: bool, params: Params) -> str:
    """SQL: the reason code of a `text` that `number_sql` made null."""
    any_size = number_sql(text, FLOAT, form, typed_source, params)
    scientific, plain = params.bind(SCIENTIFIC), params.bind(r"[+-]?[0-9]{19,}(?:[.,][0-9]*)?")
    numeric = params.bind(r"[^0-9]{0,8}[0-9](?:.*[0-9])?[^0-9]{0,8}")
    wrong = {INT: "not_whole", MONEY: "too_many_decimals", FLOAT: "number_out_of_range"}[kind]
    return f"""CASE WHEN regexp_full_match({text}, {scientific}) THEN 'scientific_notation'
        WHEN abs({any_size}) >= 1e16 OR regexp_full_match({text}, {plain}) THEN 'number_out_of_range'
        WHEN {any_size} IS NOT NULL THEN '{wrong}'
        WHEN regexp_full_match({text}, {numeric}) THEN 'undeclared_number_form'
        ELSE 'not_a_number' END"""
