"""The proposed model: it reads values and not only headers, runs as it is, counts its pairs exactly, and never quotes a value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.chinese_companies import make_companies
from pipelines.link.link import link_rows
from pipelines.link.suggest.columns import look
from pipelines.link.suggest.draft import suggest_model
from pipelines.link.suggest.guess import guess
from quality.linkage import evaluate
from schemas.errors import HubError
from schemas.table_model import TableModel
from tests.link.world import people, table

Rows = list[dict[str, Any]]


def _suggest(rows: Rows) -> tuple[duckdb.DuckDBPyConnection, str, TableModel]:
    con = duckdb.connect()
    con.register("lent", pa.Table.from_pylist(rows))
    con.execute("CREATE TEMP TABLE file_rows AS FROM lent")
    text = suggest_model(con, "file_rows", [Path("rows.csv")])
    return con, text, TableModel.model_validate(yaml.safe_load(text))


def _kinds(model: TableModel) -> dict[str, str]:
    return {" + ".join(field.columns): field.kind for field in model.fields.values()}


def test_people_are_found_by_the_proposed_model() -> None:
    con, _, model = _suggest(people())
    assert model.record_id == "id"
    assert _kinds(model) == {"first": "given_name", "last": "family_name", "born": "date", "town": "category", "phone": "code"}
    assert model.comparisons["first"].swapped_with == "last"
    link_rows(con, model, "file_rows", table(con, people()))
    found = evaluate(con, "entities", "SELECT id AS record_id, person AS entity_id FROM file_rows")
    assert found.pairs.precision >= 0.99
    assert found.pairs.recall >= 0.93


def test_the_counts_beside_the_rules_are_those_of_the_run() -> None:
    con, text, model = _suggest(people())
    linked = link_rows(con, model, "file_rows", table(con, people()))
    said = [int(n.replace(",", "")) for n in re.findall(r"# ([\d,]+) pairs", text)]
    assert said == [rule.pairs for rule in linked.pairs_by_rule]
    used = [{name for name in model.fields if any(name in part for part in rule.agree_on)} for rule in model.pairing]
    assert not set.intersection(*used), "one wrong field must not lose a pair"


def test_who_is_who_is_no_evidence() -> None:
    _, text, model = _suggest(people())
    assert "person" not in _kinds(model)
    assert re.search(r"# left out: person, seems to say already who is who.* \(100% filled, 150 distinct\)", text)


def test_no_value_is_quoted() -> None:
    _, text, _ = _suggest(people())
    values = {value for row in people() for value in row.values() if value and len(value) > 3}
    assert not [value for value in values if value in text]


COLUMNS: dict[str, tuple[list[Any], str | None]] = {
    "联系": ([f"138{n:08}" for n in range(0, 9999, 333)], "code"),
    "contact": ([f"a{n}@b.de" for n in range(30)], "email"),
    "出生日期": ([f"19{n:02}年{n % 12 + 1}月7日" for n in range(30, 90)], "date"),
    "身份证号": ([f"11010119{n}0307{n}19" for n in range(30, 90)], "code"),
    "zip": ([f"{n:05}" for n in range(1000, 9999, 333)], "postcode"),
    "postcode": ([f"ab{n} {n % 9}cd" for n in range(10, 40)], "postcode"),
    "sex": (["m", "f", "f"], "category"),
    "weight": ([f"{n}.5" for n in range(50, 90)], "number"),
    "home address": ([f"{n} long street by the river" for n in range(30)], "address"),
    "phones": ([f"0301234{n}; 0409876{n}" for n in range(10, 40)], "list"),
    "numbers": ([[f"0301234{n}", f"0409876{n + 1}"] for n in range(10, 39)], "list"),
    "club": ([f"club of {chr(97 + n % 26)}{chr(97 + n % 24)}" for n in range(57)], "text"),
    "x": ([f"19{n:02}/{n % 12 + 1:02}/07" for n in range(30, 90)], None),  # in a table of people, a date of what?
    "notes": ([f"called on day {n} and was told that all is well with the last delivery" for n in range(60)], None),
    "nothing": ([None], None),
    "country": (["de"], None),
    "seen": ([f"2024-01-0{n % 9 + 1} 10:{n:02}:00" for n in range(60)], None),
    "order amount": ([f"{n}.99" for n in range(60)], None),
    "cluster": ([str(n) for n in range(31)], None),
}


@pytest.mark.parametrize("group", [0, 1])
def test_columns_are_told_by_their_values(group: int) -> None:
    names = list(COLUMNS)[group::2]
    rows = [{**row, **{name: COLUMNS[name][0][n % len(COLUMNS[name][0])] for name in names}} for n, row in enumerate(people(40))]
    con, text, model = _suggest(rows)
    assert {name: _kinds(model).get(name) for name in names} == {name: COLUMNS[name][1] for name in names}
    assert {name for name in names if f"left out: {name}," in text} == {name for name in names if COLUMNS[name][1] is None}
    link_rows(con, model, "file_rows", list(rows[0]))


def test_chinese_headers() -> None:
    names = {"id": "客户编号", "first": "名", "last": "姓", "born": "出生日期", "town": "城市", "phone": "手机号"}
    _, _, model = _suggest([{names[key]: value for key, value in row.items() if key in names} for row in people()])
    assert model.record_id == "客户编号"
    assert _kinds(model) == {"名": "given_name", "姓": "family_name", "出生日期": "date", "城市": "category", "手机号": "code"}


def test_a_table_of_chinese_customers() -> None:
    surnames, names = "王李张刘陈杨黄赵吴周", "伟芳娜敏静丽强磊军洋"
    rows = [
        {"客户编号": f"K{n:04}", "姓名": surnames[n % 10] + names[n // 10 % 10] + names[n // 20 % 10], "手机号": f"138{n // 2:08}",
         "身份证号": f"110101198001{n // 2 % 28 + 1:02}{n // 2:04}", "收货地址": f"浙江省杭州市西湖区文三路{n // 2}号{n % 7}单元",
         "会员等级": "金银"[n % 2],
         "用户ID": f"u{n // 3}"} for n in range(200)
    ]  # fmt: skip
    con, text, model = _suggest(rows)
    assert model.record_id == "客户编号"
    assert _kinds(model) == {"姓名": "full_name", "手机号": "code", "身份证号": "code", "收货地址": "text", "会员等级": "category"}
    assert "left out: 用户ID, seems to say already who is who" in text
    link_rows(con, model, "file_rows", list(rows[0]))


COMPANY_HEADERS = {
    "company": ("公司名称", "单位名称", "发票抬头", "购方名称", "company", "Organisation name", "supplier_name", "buyer"),
    "credit_code": ("统一社会信用代码", "纳税人识别号", "购方税号", "vat_id", "Tax ID", "credit code", "uscc", "registration"),
}


@pytest.mark.parametrize("of", range(8))
def test_columns_of_companies_are_told_by_header_and_values(of: int) -> None:
    """In the last case by the values alone."""
    con, headers = duckdb.connect(), {column: names[of] for column, names in COMPANY_HEADERS.items()}
    con.register("lent", make_companies(200).rename(headers).to_arrow())
    kinds = {column.name: guess(column) for column in look(con, "lent")}
    assert (kinds[headers["company"]], kinds[headers["credit_code"]]) == ("organisation", "credit_code")


def test_companies_are_found_by_the_proposed_model() -> None:
    rows = make_companies(400).to_dicts()
    con, _, model = _suggest(rows)
    link_rows(con, model, "file_rows", list(rows[0]))
    found = evaluate(con, "entities", "SELECT record_id, entity_id FROM file_rows").pairs
    assert found.precision >= 0.97
    assert found.recall >= 0.95


def test_a_column_of_companies_in_letters() -> None:
    con = duckdb.connect()
    names = [f"{''.join(chr(97 + (n * k) % 26) for k in (3, 7, 11, 5))} {['trading', 'services', 'device'][n % 3]}" for n in range(60)]
    rows = [{"id": f"c{n}", "company": names[n % 50], "country": ["de", "fr"][n % 2], "vat": f"DE{n:09}"} for n in range(60)]
    con.register("lent", pa.Table.from_pylist(rows))
    kinds = {column.name: guess(column) for column in look(con, "lent")}
    assert (kinds["company"], kinds["vat"]) == ("organisation", "code")


def test_latitude_and_longitude_are_one_place() -> None:
    rows = [{**row, "lat": f"{50 + n / 1000}", "lng": f"{9 + n / 999:.4f}"} for n, row in enumerate(people(40))]
    assert _kinds(_suggest(rows)[2])["lat + lng"] == "lat_lon"


def test_a_name_in_parts_or_whole_is_one_field() -> None:
    rows = [{**row, "full name": None} if n % 3 else {**row, "first": None, "last": None, "full name": f"{row['first']} {row['last']}"}
            for n, row in enumerate(people())]  # fmt: skip
    con, _, model = _suggest(rows)
    assert _kinds(model)["first + last + full name"] == "full_name"
    link_rows(con, model, "file_rows", [row[0] for row in con.execute("DESCRIBE file_rows").fetchall()])
    assert evaluate(con, "entities", "SELECT id AS record_id, person AS entity_id FROM file_rows").pairs.recall >= 0.9


def test_a_label_that_is_one_to_one_with_another_is_left_out() -> None:
    rows = [{**row, "nation": "xyz"[n % 3], "nation name": ["Xland", "Yland", "Zland"][n % 3]} for n, row in enumerate(people())]
    assert "left out: nation name, is one to one with nation: the same evidence twice" in _suggest(rows)[1]


def test_a_whole_name_beside_its_parts_is_left_out() -> None:
    rows = [{**row, "name": f"{row['first']} {row['last']}"} for row in people()]
    assert "name, says what first and last say" in _suggest(rows)[1]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([{"id": "1", "status": "a"}, {"id": "2", "status": "a"}], "no column says who or what a row is: status: the same in every row"),
        ([{"id": "1", "name": "anna"}, {"id": "2", "name": "bert"}], "no two rows agree on anything"),
    ],
)
def test_a_table_without_evidence_is_said(rows: Rows, complaint: str) -> None:
    with pytest.raises(HubError, match=complaint):
        _suggest(rows)


CELLS = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["a", "1", "2020-01-02"]))


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5, unique_by=str.lower),
    st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=12),
)
def test_whatever_the_table_the_proposal_is_valid_or_the_error_is_clear(headers: list[str], cells: list[list[str | None]]) -> None:
    rows = [dict(zip(headers, row, strict=False)) for row in cells]
    headers_fit = all(header.isprintable() and "\x00" not in header for header in headers)
    if not headers_fit or not rows:
        return
    try:
        con, _, model = _suggest(rows)
    except HubError as error:
        assert error.what
        return
    linked = link_rows(con, model, "file_rows", headers)
    assert 0 < linked.entities <= linked.rows == len(rows)
