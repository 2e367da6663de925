"""True values are valid: documents, credit codes, numbers, births."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from demo import documents, phones
from demo.draws import Draws
from demo.text import digits, scramble
from tests.demo.conftest import Extracts


def test_identity_numbers_are_valid_unique_and_agree_with_birth_and_gender(town: Extracts) -> None:
    people = town.people().filter(town.people()["kind"] == "person")
    assert people["id_number"].n_unique() == len(people)
    for number, birth, gender in people.select("id_number", "birth_on", "gender").head(2000).iter_rows():
        assert ric.calc_check_digit(number) == number[-1]
        assert number[6:14] == f"{birth:%Y%m%d}"
        assert (int(number[16]) % 2 == 1) == (gender == "male")
        assert date(1890, 1, 1) < birth <= date(2008, 1, 2)


def test_crm_shows_a_few_wrong_and_a_few_old_documents(town: Extracts) -> None:
    shown = [row["证件号码"] for row in town.crm() if row["证件号码"]]
    wrong = [n for n in shown if len(n) == 18 and ric.calc_check_digit(n) != n[-1]]
    assert 0 < len(wrong) < 0.05 * len(shown)
    assert 0 < sum(len(n) == 15 for n in shown) < 0.02 * len(shown)


def test_credit_codes_are_valid(town: Extracts) -> None:
    codes = town.people().filter(town.people()["kind"] == "organisation")["uscc"].to_list()
    assert len(codes) == 200 and all(uscc.is_valid(code) for code in codes)
    invoices = {order["invoice"]["tax_no"] for order in town.orders()} - {None}
    assert invoices and all(uscc.is_valid(code) for code in invoices)


def test_nobody_shares_a_number_that_was_not_passed_on(town: Extracts) -> None:
    person = np.arange(40_000)
    draws = Draws(1)
    numbers = np.concatenate([phones.number(draws, person, generation) for generation in range(phones.GENERATIONS)])
    assert len(np.unique(numbers)) == len(numbers)
    assert numbers.min() >= 13 * 10**9 and numbers.max() < 20 * 10**9


@given(st.lists(st.integers(0, 10**8 - 1), unique=True, min_size=2, max_size=50), st.integers(0, 10**6))
def test_scrambled_numbers_stay_apart(serials: list[int], key: int) -> None:
    assert len(np.unique(scramble(np.array(serials), 8, key))) == len(serials)


@given(st.integers(0, 2**31), st.lists(st.integers(0, 2**40), min_size=1, max_size=30))
def test_draws_depend_on_the_row_alone(seed: int, rows: list[int]) -> None:
    draws, numbers = Draws(seed), np.array(rows)
    whole = draws.uniform("column", numbers)
    assert np.all((whole >= 0) & (whole < 1))
    assert whole.tolist() == [draws.uniform("column", np.array([row]))[0] for row in rows]
    assert whole.tolist() != draws.uniform("other column", numbers).tolist()


@given(st.integers(0, 10**6))
def test_slips_of_a_phone_change_it_and_keep_its_length(row: int) -> None:
    draws, rows = Draws(3), np.array([row])
    own = phones.number(draws, rows, 0)
    for slip in (phones.wrong_digit, phones.transposed):
        wrong = slip(draws, "slip", rows, own)
        assert wrong[0] != own[0]
        assert digits(wrong, 11)[0][:3] == digits(own, 11)[0][:3]


@pytest.mark.parametrize("born", [date(1949, 10, 1), date(1970, 1, 1), date(2000, 2, 29), date(2007, 12, 31)])
def test_civil_dates(born: date) -> None:
    year, month, day = documents.civil(np.array([(born - date(1970, 1, 1)).days]))
    assert (year[0], month[0], day[0]) == (born.year, born.month, born.day)
