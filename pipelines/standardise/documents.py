"""Identity documents. Numbers of 18 characters follow GB 11643-1999 (check digit ISO 7064 mod 11-2), also on the residence permits.

| document | form | type |
| --- | --- | --- |
| resident identity card | region, birth date, serial, check digit; 15 digits before 1999 | resident |
| residence permit of Hong Kong and Macau (81, 82), Taiwan (83) residents | as above | hk_macau_permit, taiwan_permit |
| foreigner's permanent residence card | `9…` as above, or three letters and twelve digits before 2023 | foreigner_permit |
| mainland travel permit of Hong Kong and Macau residents | H or M and eight digits (two more count the issue) | home_return_permit |
| mainland travel permit of Taiwan residents | eight digits, only where the source says so | taiwan_travel_permit |
| passport | Chinese forms; others only where the source says so | passport |

The travel permits are types of their own: their numbers differ from the residence permits' of the same person and must not contradict them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from pipelines.standardise.characters import tidy

if TYPE_CHECKING:
    import duckdb

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_REGION = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123]|9[0-9])"
_EIGHTEEN = re.compile(rf"{_REGION}[0-9]{{15}}[0-9X]")
_FIFTEEN = re.compile(rf"{_REGION}[0-9]{{13}}")
_BY_FORM = (
    ("home_return_permit", re.compile(r"[HM][0-9]{8}")),
    ("foreigner_permit", re.compile(r"[A-Z]{3}[0-9]{12}")),
    ("passport", re.compile(r"[EGDSPK][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|1[45][0-9]{7}")),
)
_BY_WORD = {
    "passport": ("passport", re.compile(r"(?=(?:.*[0-9]){4})[A-Z0-9]{5,12}")),
    "taiwan_permit": ("taiwan_travel_permit", re.compile(r"[0-9]{8}")),
}
_ISSUED = re.compile(r"([HM][0-9]{8})[0-9]{2}")  # the last two count the issues, they are not the person's
_FILLED = re.compile(r"(.)\1+|.?0{5,}")


def read_document(id_type: str | None, value: str) -> tuple[str | None, str, bool, bool] | None:
    """(type, number, is it valid, is it masked); None when there is nothing. `id_type` is the type the source gives, if any.

    A number that proves itself by its check digit keeps its own type whatever the source says.
    """
    number = re.sub(r"[\s\-().:_]", "", tidy(value)).upper()
    if not any(c.isascii() and c.isdigit() for c in number):
        return None
    if re.search(r"[*×]|X{2,}", number):
        return id_type, re.sub(r"×|X(?=X)|(?<=X)X", "*", number), False, True
    if _FIFTEEN.fullmatch(number) and _born(f"19{number[6:12]}"):
        number = f"{number[:6]}19{number[6:]}"
        return _permit(number), number + check_digit(number), True, False
    if _EIGHTEEN.fullmatch(number) and check_digit(number) == number[17] and _born(number[6:14]):
        return _permit(number), number, True, False
    if issued := _ISSUED.fullmatch(number):
        return "home_return_permit", issued[1], True, False
    named = _by_form(id_type, number)
    return named or id_type, number, named is not None, False


def normalise(value: str) -> str | None:
    """A document number in its standard form, whatever its type; None when it cannot be one."""
    for id_type in (None, *_BY_WORD):
        found = read_document(id_type, value)
        if found and found[2]:
            return found[1]
    return None


def check_digit(number: str) -> str:
    """Check digit over the first 17 digits."""
    return _CHECK[sum(w * int(d) for w, d in zip(_WEIGHTS, number[:17], strict=True)) % 11]


def _permit(number: str) -> str:
    return {"81": "hk_macau_permit", "82": "hk_macau_permit", "83": "taiwan_permit"}.get(
        number[:2], "foreigner_permit" if number[0] == "9" else "resident"
    )


def _born(digits: str) -> bool:
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year <= 2099
    except ValueError:
        return False


def _by_form(id_type: str | None, number: str) -> str | None:
    """Type of a number without check digit; one that needs the source's word is taken only with it."""
    if _FILLED.fullmatch(number) or id_type == "resident":
        return None
    if id_type in _BY_WORD and _BY_WORD[id_type][1].fullmatch(number):
        return _BY_WORD[id_type][0]
    return next((name for name, form in _BY_FORM if form.fullmatch(number)), None)


_SUM_SQL = " + ".join(f"{w} * (ascii(substr(raw, {i}, 1)) - 48)" for i, w in enumerate(_WEIGHTS, start=1))
_COMMON_SQL = f"""regexp_full_match(raw, '{_EIGHTEEN.pattern}')
    AND CASE WHEN regexp_full_match(raw, '{_EIGHTEEN.pattern}') THEN substr('{_CHECK}', 1 + ({_SUM_SQL}) % 11, 1) = right(raw, 1)
        AND try_strptime(substr(raw, 7, 8), '%Y%m%d') BETWEEN TIMESTAMP '1880-01-01' AND TIMESTAMP '2099-12-31' ELSE false END"""
_TYPE_SQL = """CASE WHEN left(number, 2) IN ('81', '82') THEN 'hk_macau_permit' WHEN left(number, 2) = '83' THEN 'taiwan_permit'
    WHEN left(number, 1) = '9' THEN 'foreigner_permit' ELSE 'resident' END"""


def born_on_sql(number: str) -> str:
    """SQL: the birth date in a resident number of 18 characters (GB 11643: characters 7 to 14)."""
    return f"try_strptime(substr({number}, 7, 8), '%Y%m%d')::DATE"


def gender_sql(number: str) -> str:
    """SQL: the gender in a resident number of 18 characters: the 17th is odd for men."""
    return f"CASE WHEN substr({number}, 17, 1) IN ('1', '3', '5', '7', '9') THEN 'male' ELSE 'female' END"


def standardise_documents(con: duckdb.DuckDBPyConnection, raw: str, into: str) -> int:
    """Temp `into(id_type_raw, raw, id_type, number, norm, is_valid, is_masked, birth_on, gender)` of the distinct pairs in temp
    `raw(id_type_raw, raw)`; `norm` is null unless valid. Answers how many odd values went through Python."""
    from pipelines.standardise.odd import flag, read_odd, text

    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE documents_split AS
        SELECT id_type_raw, raw, coalesce({_COMMON_SQL}, false) AS is_common FROM {raw}"""
    )
    fields = [text("id_type_raw"), text("raw"), text("id_type"), text("number"), flag("is_valid"), flag("is_masked")]
    odd_n = read_odd(con, "SELECT id_type_raw, raw FROM documents_split WHERE NOT is_common", "documents_odd", _rows, fields)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT *, CASE WHEN is_valid THEN number END AS norm,
            CASE WHEN is_valid AND length(number) = 18 THEN {born_on_sql("number")} END AS birth_on,
            CASE WHEN is_valid AND length(number) = 18 THEN {gender_sql("number")} END AS gender
        FROM (SELECT id_type_raw, raw, {_TYPE_SQL.replace("number", "raw")} AS id_type, raw AS number, true AS is_valid, false AS is_masked
              FROM documents_split WHERE is_common UNION ALL SELECT * FROM documents_odd)"""
    )
    con.execute("DROP TABLE documents_split; DROP TABLE documents_odd")
    return odd_n


def _rows(id_type: str | None, raw: str) -> list[tuple[str | None, str, str | None, str, bool, bool]]:
    found = read_document(id_type, raw)
    return [(id_type, raw, *found)] if found else []
