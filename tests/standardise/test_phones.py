"""Phones: one form, the right kind, the extension never part of the number; SQL and Python say the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.standardise.phones import normalise, read_phones, standardise_phones
from tests.standardise.columns import standardised

WRITTEN = [
    ("13812345679", "13812345679", "mobile"),
    ("+86 138-1234-5679", "13812345679", "mobile"),
    ("0086 13812345679", "13812345679", "mobile"),
    ("86-138 1234 5679", "13812345679", "mobile"),
    ("１３８１２３４５６７９", "13812345679", "mobile"),
    ("013812345679", "13812345679", "mobile"),
    ("电话:13812345679(张)", "13812345679", "mobile"),
    ("13812345679.0", "13812345679", "mobile"),
    ("17012345670", "17012345670", "mobile"),
    ("0571-87654321", "0571-87654321", "landline"),
    ("(0571) 8765 4321", "0571-87654321", "landline"),
    ("+86 571 8765 4321", "0571-87654321", "landline"),
    ("021-61234567转8001", "021-61234567-8001", "landline"),
    ("021-61234567-8001", "021-61234567-8001", "landline"),
    ("02161234567 ext. 801", "021-61234567-801", "landline"),
    ("021-61234567x801", "021-61234567-801", "landline"),
    ("400-800-1234", "4008001234", "landline"),
    ("95588", "95588", "landline"),
    ("18877771111-123", "18877771111-123", "relay"),
    ("18877771111，8", "18877771111-8", "relay"),
    ("17012345670转1234", "17012345670-1234", "relay"),
    ("9501312345678-1234", "9501312345678-1234", "relay"),
    ("95013-12345678", "9501312345678", "relay"),
    ("138****1234", "138****1234", "masked"),
    ("138xxxx1234", "138****1234", "masked"),
    ("138＊＊＊＊1234", "138****1234", "masked"),
    ("138***1234", "138****1234", "masked"),
    ("138******34", "138******34", "masked"),
    ("1**********", "1**********", "masked"),
    ("****1234", "*******1234", "masked"),
    ("0571-****1234", "0571-****1234", "masked"),
    ("+852 6123 4567", "+85261234567", "foreign"),
    ("852-61234567", "+85261234567", "foreign"),
    ("+1 415 555 2671", "+14155552671", "foreign"),
]
INVALID = [
    "11111111111",
    "13800000000",
    "13800138000",
    "138 0013 8000",
    "12345678901",
    "1381234567",
    "87654321",
    "1.38E+10",
    "13333333333",
    "+86 12",
]


@pytest.mark.parametrize(("value", "norm", "kind"), WRITTEN)
def test_a_number_has_one_form_and_a_kind(value: str, norm: str, kind: str) -> None:
    (phone, *_) = read_phones(value)
    assert (phone.norm, phone.kind) == (norm, kind)
    assert normalise(norm) == norm, "the standard form is standard"


@pytest.mark.parametrize("value", INVALID)
def test_what_nobody_can_call_is_invalid(value: str) -> None:
    assert [(phone.norm, phone.kind) for phone in read_phones(value)] == [(None, "invalid")]


@pytest.mark.parametrize("value", ["", "无", "保密", "***********", "  "])
def test_a_field_without_a_digit_holds_no_phone(value: str) -> None:
    assert read_phones(value) == []


@pytest.mark.parametrize("value", ["18877771111-123", "9501312345678", "4008001234", "95588", "138****1234"])
def test_relays_service_lines_and_masks_are_nobodys_own(value: str) -> None:
    assert not read_phones(value)[0].is_personal


@pytest.mark.parametrize(
    "value", ["13812345679/13987654322", "13812345679 13987654322", "13812345679，13987654322", "13812345679、13987654322"]
)
def test_two_numbers_in_one_field_are_two(value: str) -> None:
    assert [phone.norm for phone in read_phones(value)] == ["13812345679", "13987654322"]


def test_sql_gives_a_row_a_number_in_the_order_of_the_field() -> None:
    rows = standardised(standardise_phones, ["1381/13812345679/021-61234567"])
    assert sorted((row["n"], row["norm"], row["kind"]) for row in rows) == [(0, "13812345679", "mobile"), (1, "021-61234567", "landline")]


_DIGITS = st.text("0123456789", min_size=1, max_size=13)
_TYPED = st.one_of(
    st.builds(
        "".join, st.tuples(st.sampled_from(["", "+86", "86", "0086", "+86 ", "0"]), st.from_regex(r"1[3-9][0-9 -]{9,11}", fullmatch=True))
    ),
    st.from_regex(r"0[1-9][0-9]{1,2}-?[0-9]{7,8}(?:-[0-9]{1,5})?", fullmatch=True),
    st.from_regex(r"(?:1[3-9][0-9]{9}|95[0-9]{5,14})(?:-|转|,|ext)[0-9]{1,7}", fullmatch=True),
    st.from_regex(r"[01]?[0-9]{0,4}[*x]{1,10}[0-9]{0,4}", fullmatch=True),
    st.text("0123456789*x+- 转/,()", max_size=16),
    _DIGITS,
    st.sampled_from([value for value, *_ in WRITTEN] + INVALID),
    st.text(max_size=12),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_TYPED, min_size=1, max_size=120))
def test_sql_and_python_agree(values: list[str]) -> None:
    values = [value for value in values if "\x00" not in value]
    found = {
        row["raw"]: (row["norm"], row["kind"], row["is_personal"]) for row in standardised(standardise_phones, values) if row["n"] == 0
    }
    assert found == {v: (p[0].norm, p[0].kind, p[0].is_personal) for v in values if (p := read_phones(v))}


@settings(max_examples=300, deadline=None)
@given(_TYPED)
def test_the_standard_form_stays_itself(value: str) -> None:
    norm = normalise(value)
    assert norm is None or normalise(norm) == norm
