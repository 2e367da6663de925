"""Masks: usual forms, short and odd values, and the two implementations held against each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.profile import masking

MASKS: dict[str, Callable[[str], str]] = {
    name: getattr(masking, name)
    for name in ("mask_name", "mask_phone", "mask_email", "mask_id_number", "mask_last4", "mask_hidden", "mask_text")
}
DIGITS = "0123456789"
VALUES = st.one_of(
    st.text(max_size=25).filter(lambda v: "\0" not in v),
    st.text(alphabet=DIGITS + "*-+", max_size=20),
    st.text(alphabet="张三欧阳单于王小明ab·* ", max_size=6),
    st.builds("{}@{}".format, st.text(alphabet="ab.中", max_size=4), st.sampled_from(["qq.com", "x.cn", ""])),
    st.builds("1{}{}".format, st.text(alphabet=DIGITS, min_size=10, max_size=10), st.sampled_from(["", "-123", "0"])),
    st.builds("0{}-{}".format, st.text(alphabet=DIGITS, min_size=2, max_size=3), st.text(alphabet=DIGITS, min_size=7, max_size=8)),
)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    masking.install_masks(con)
    return con


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        ("mask_name", "张三丰", "张**"),
        ("mask_name", "张三", "张**"),
        ("mask_name", "张", "**"),
        ("mask_name", "欧阳娜娜", "欧阳**"),
        ("mask_name", "欧阳", "欧**"),
        ("mask_name", "*小明", "**"),
        ("mask_name", "阿卜杜拉·买买提", "阿**"),
        ("mask_phone", "13812341234", "138****1234"),
        ("mask_phone", "13812***234", "138*****234"),
        ("mask_phone", "18877771111-123", "188****1111"),
        ("mask_phone", "0571-88886666", "0571-******66"),
        ("mask_phone", "021-61234567-8001", "021-******67"),
        ("mask_phone", "+85291234567", "+85*******67"),
        ("mask_phone", "12345", "****"),
        ("mask_email", "david@example.com", "d***@example.com"),
        ("mask_email", "d@example.com", "***@example.com"),
        ("mask_email", "no address", "***"),
        ("mask_id_number", "110101199001011234", "1***************34"),
        ("mask_id_number", "E12345678", "E******78"),
        ("mask_id_number", "A12345", "******"),
        ("mask_last4", "6222020000001234567", "****4567"),
        ("mask_last4", "1234", "****"),
        ("mask_hidden", "wxid_abc123", "w***3"),
        ("mask_hidden", "abcdef", "***"),
        ("mask_text", "打 138 1234 5678 或写信 zhang@qq.com，订单 T123", "打 *** 或写信 ***，订单 T123"),
    ],
)
def test_usual_forms(mask: str, value: str, shown: str) -> None:
    assert MASKS[mask](value) == shown


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_sql_and_python_mask_alike(con: duckdb.DuckDBPyConnection, value: str) -> None:
    calls = ", ".join(f"{name}($v)" for name in MASKS)
    assert con.execute(f"SELECT {calls}", {"v": value}).fetchone() == tuple(mask(value) for mask in MASKS.values())


def test_null_stays_null(con: duckdb.DuckDBPyConnection) -> None:
    calls = ", ".join(f"{name}(NULL)" for name in MASKS)
    assert con.execute(f"SELECT {calls}, mask_key(NULL, ['1234567'])").fetchone() == (None,) * (len(MASKS) + 1)


@settings(max_examples=300, deadline=None)
@given(value=st.text(alphabet=DIGITS + "abcdefgh张三李四王", min_size=1, max_size=24))
def test_no_mask_shows_most_of_a_value(value: str) -> None:
    """Of what is shown, at most seven characters come from the value, and never all of it."""
    for name in ("mask_name", "mask_phone", "mask_id_number", "mask_last4", "mask_hidden"):
        shown = MASKS[name](value).replace("*", "").replace("-", "")
        assert len(shown) <= 7, name
        assert len(shown) < len(value), name


@settings(max_examples=200, deadline=None)
@given(value=st.permutations(DIGITS + "abcdefgh").map("".join), length=st.integers(2, 18))
def test_hidden_characters_cannot_be_found(value: str, length: int) -> None:
    """All characters differ, so each that is shown was meant to be."""
    value = value[:length]
    assert mask_leaks(value) == {}


def mask_leaks(value: str) -> dict[str, str]:
    """Masks that show more characters than their form allows, with what they show of the value."""
    allowed = {"mask_name": 1, "mask_phone": 7, "mask_id_number": 3, "mask_last4": 4, "mask_hidden": 2}
    shown = {name: "".join(c for c in MASKS[name](value) if c in value) for name in allowed}
    return {name: kept for name, kept in shown.items() if len(kept) > allowed[name] or len(kept) >= len(value)}


@given(local=st.text(alphabet="abcdefgh", min_size=1, max_size=12))
def test_mail_shows_one_letter_of_the_local_part(local: str) -> None:
    shown = masking.mask_email(f"{local}@123.cn").removesuffix("@123.cn").replace("*", "")
    assert shown == (local[0] if len(local) > 1 else "")


def test_key_that_holds_the_phone_is_hidden(con: duckdb.DuckDBPyConnection) -> None:
    secrets = ["13812345678", "zhang@qq.com"]
    for key, shown in (("crm:C001", "crm:C001"), ("crm:13812345678", "***"), ("shop:Zhang@QQ.com#buyer", "***")):
        assert masking.mask_key(key, secrets) == shown
        assert con.execute("SELECT mask_key(?, ?)", [key, secrets]).fetchone() == (shown,)


@settings(max_examples=200, deadline=None)
@given(born=st.dates(date(1900, 1, 1), date(2030, 1, 1)), today=st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_age_bands_alike(con: duckdb.DuckDBPyConnection, born: date, today: date) -> None:
    assert con.execute("SELECT age_band(?, ?)", [born, today]).fetchone() == (masking.age_band(born, today),)


def test_age_band_changes_on_the_birthday() -> None:
    assert masking.age_band(date(2012, 11, 2), date(2026, 11, 1)) == "under 14"
    assert masking.age_band(date(2012, 11, 1), date(2026, 11, 1)) == "14-17"
    assert masking.age_band(date(1950, 1, 1), date(2026, 11, 1)) == "65 and over"
