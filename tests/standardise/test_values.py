"""E-mails, documents, organisations, keys: rules, and SQL and Python say the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from pipelines.standardise import documents, emails
from pipelines.standardise.credit_codes import is_uscc
from pipelines.standardise.documents import check_digit, read_document, standardise_documents
from pipelines.standardise.emails import read_email, standardise_emails
from pipelines.standardise.keys import key_sql, normal_key, normal_wechat, normal_wechat_sql, reference_sql, trim_sql, trimmed
from pipelines.standardise.organisations import normal_organisation
from tests.standardise.columns import connection, standardised

RESIDENT = "11010519491231002X"


@pytest.mark.parametrize(
    ("value", "norm"),
    [
        ("ZhangSan＠QQ.com", "zhangsan@qq.com"),
        ("a.b@163.com.", "a.b@163.com"),
        (" x_y@qq。com ", "x_y@qq.com"),
        ("mailto:x.y@qq.com", "x.y@qq.com"),
        ("李@qq.com", None),
        ("a..b@qq.com", None),
        ("x@y", None),
        ("d***@qq.com", None),
        ("无", None),
        (".a@qq.com", "a@qq.com"),
    ],
)
def test_an_email_has_one_form(value: str, norm: str | None) -> None:
    assert emails.normalise(value) == norm


def test_masked_emails_and_mailboxes_of_a_function_are_nobodys() -> None:
    rows = {
        row["raw"]: row
        for row in standardised(standardise_emails, ["d***@qq.com", "kefu@shop.com", "zhang.san@shop.com", "bad@", "ZS@qq.com"])
    }
    assert (rows["d***@qq.com"]["is_masked"], rows["d***@qq.com"]["is_personal"], rows["d***@qq.com"]["norm"]) == (True, False, None)
    assert not rows["kefu@shop.com"]["is_personal"]
    assert rows["zhang.san@shop.com"]["is_personal"]
    assert (rows["bad@"]["is_valid"], rows["ZS@qq.com"]["norm"]) == (False, "zs@qq.com")


_MAIL = st.one_of(
    st.from_regex(r"[A-Za-z0-9._+-]{1,12}@[a-z0-9.-]{1,12}", fullmatch=True),
    st.from_regex(r"[a-z]{1,6}(?:[._-][a-z0-9]{1,4})?@[a-z]{2,5}\.[a-zA-Z]{1,4}", fullmatch=True),
    st.text(max_size=12),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(_MAIL, min_size=1, max_size=150))
def test_sql_and_python_agree_on_emails(values: list[str]) -> None:
    values = [value for value in values if "\x00" not in value]
    found = {row["raw"]: (row["value"], row["is_valid"], row["is_masked"]) for row in standardised(standardise_emails, values)}
    assert found == {value: read for value in values if (read := read_email(value))}


@pytest.mark.parametrize(
    ("id_type", "value", "answer"),
    [
        (None, RESIDENT, ("resident", RESIDENT)),
        (None, "11010519491231002x", ("resident", RESIDENT)),
        (None, "110105 19491231 002X", ("resident", RESIDENT)),
        ("resident", "110105491231002", ("resident", RESIDENT)),
        ("passport", RESIDENT, ("resident", RESIDENT)),
        ("hk_macau_permit", "H12345678", ("home_return_permit", "H12345678")),
        (None, "M1234567801", ("home_return_permit", "M12345678")),
        (None, "E12345678", ("passport", "E12345678")),
        ("passport", "AB123456", ("passport", "AB123456")),
        (None, "AB123456", None),
        ("taiwan_permit", "12345678", ("taiwan_travel_permit", "12345678")),
        (None, "12345678", None),
        ("resident", "110105194912310021", None),
        (None, "110105194913310029", None),
        (None, "ABC123456789012", ("foreigner_permit", "ABC123456789012")),
        ("passport", "000000000", None),
    ],
)
def test_documents_by_check_digit_and_form(id_type: str | None, value: str, answer: tuple[str, str] | None) -> None:
    found = read_document(id_type, value)
    assert (found[:2] if found and found[2] else None) == answer
    if answer:
        assert documents.normalise(value) == answer[1]


@pytest.mark.parametrize(
    ("prefix", "id_type"),
    [
        ("810000", "hk_macau_permit"),
        ("820000", "hk_macau_permit"),
        ("830000", "taiwan_permit"),
        ("911156", "foreigner_permit"),
        ("330106", "resident"),
    ],
)
def test_permits_follow_the_resident_card(prefix: str, id_type: str) -> None:
    number = f"{prefix}19900307001"
    number += check_digit(number)
    (row,) = standardised(standardise_documents, [(None, number)], "id_type_raw", "raw")
    assert (row["id_type"], row["norm"], row["birth_on"], row["gender"]) == (id_type, number, date(1990, 3, 7), "male")


def test_a_masked_document_is_kept_as_masked() -> None:
    (row,) = standardised(standardise_documents, [("resident", "1101**********7512")], "id_type_raw", "raw")
    assert (row["norm"], row["is_valid"], row["is_masked"]) == (None, False, True)


def _numbers() -> st.SearchStrategy[str]:
    valid = st.builds(
        lambda r, d, s: f"{r}{d:%Y%m%d}{s:03d}",
        st.sampled_from(["110105", "330106", "810000", "911156", "990000"]),
        st.dates(date(1850, 1, 1), date(2110, 1, 1)),
        st.integers(0, 999),
    ).map(lambda n: n + check_digit(n))
    return st.one_of(
        valid,
        st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True),
        st.from_regex(r"[A-Z]{0,3}[0-9]{6,15}", fullmatch=True),
        st.text(max_size=9),
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, "resident", "passport", "taiwan_permit"]), _numbers()), min_size=1, max_size=150))
def test_sql_and_python_agree_on_documents(pairs: list[tuple[str | None, str]]) -> None:
    pairs = [pair for pair in pairs if "\x00" not in pair[1]]
    rows = standardised(standardise_documents, pairs, "id_type_raw", "raw")
    found = {(row["id_type_raw"], row["raw"]): (row["id_type"], row["number"], row["is_valid"], row["is_masked"]) for row in rows}
    assert found == {pair: read for pair in pairs if (read := read_document(*pair))}
    assert all(documents.normalise(row["raw"]) == row["norm"] for row in rows if row["norm"])


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"[1-6][1-5][0-9]{4}19[0-9]{2}[01][0-9][0-3][0-9]{5}[0-9X]", fullmatch=True))
def test_what_we_take_for_a_resident_number_others_do_too(number: str) -> None:
    found = read_document(None, number)
    if found and found[2]:
        assert ric.calc_check_digit(number) == number[17]


@pytest.mark.parametrize("code", ["91110000600037341L", "911100006000373410", "92330106MA2CHX1234"])
def test_credit_codes_by_their_check_sign(code: str) -> None:
    assert is_uscc(code) == uscc.is_valid(code)


@pytest.mark.parametrize(
    ("name", "norm"),
    [
        ("杭州明月（西湖）有限责任公司", "杭州明月西湖有限公司"),
        ("明月科技（杭州）有限公司", "杭州明月科技有限公司"),
        ("明月有限公司前台", "明月有限公司"),
        ("明月小吃店(个体工商户)", "明月小吃店"),
        ("個人", None),
        ("个人", None),
        ("Foo Bar Co., Ltd.", "foo bar co ltd"),
        ("明月公司(前台)", "明月公司"),
    ],
)
def test_organisation_names_have_one_form(name: str, norm: str | None) -> None:
    from pipelines.standardise.characters import tidy

    assert normal_organisation(tidy(name)) == norm


_KEY = st.one_of(st.text("ABCabc019-_/ ＡｂＺ１：\u3000\t\u200b", max_size=12), st.text(max_size=8))


@settings(max_examples=20, deadline=None)
@given(st.lists(_KEY, min_size=1, max_size=100))
def test_sql_and_python_agree_on_keys(values: list[str]) -> None:
    values = [value for value in values if "\x00" not in value]
    marks = ", ".join("(?)" for _ in values) or "(NULL)"
    rows = (
        connection()
        .execute(f"SELECT v, {key_sql('v')}, {trim_sql('v')}, {normal_wechat_sql('v')} FROM (VALUES {marks}) t(v)", values)
        .fetchall()
    )
    for value, key, trim, wechat in rows:
        assert (key, trim) == (normal_key(value), trimmed(value))
        assert normal_wechat(value) in (None, wechat)


def test_references_keep_their_namespace() -> None:
    rows = connection().execute(f"SELECT {reference_sql('v')} FROM (VALUES ('tmall:us-１ 2'), ('A:b:c'), ('x:'), (NULL)) t(v)").fetchall()
    assert [row[0] for row in rows] == ["tmall:US-12", "A:B:C", None, None]


@pytest.mark.parametrize(
    ("value", "norm"),
    [
        ("Li-Ming_88", "li-ming_88"),
        ("wxid_abc123", "wxid_abc123"),
        ("1abcdef", None),
        ("abc", None),
        ("oABCdef0123456789abcdefXYZ_-", "oABCdef0123456789abcdefXYZ_-"),
    ],
)
def test_wechat_ids(value: str, norm: str | None) -> None:
    assert normal_wechat(value) == norm
