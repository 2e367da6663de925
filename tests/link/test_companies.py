"""A table of companies: variants of one name are found, sister companies that share house and phone stay apart, the example is true."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from benchmarks.chinese_companies import make_companies
from benchmarks.person_sets import MODELS
from pipelines.link.files import read_table
from pipelines.link.link import link_rows
from quality.linkage import Evaluation, evaluate
from schemas.table_model import load_table_model

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "companies"
TRUTH = "SELECT record_id, entity_id FROM file_rows"
HOUSE = {"phone": "0755-80123457", "city": "深圳市", "address": "龙岗区明月路1号1号楼"}
# one line an entity; those with a city of their own sit there, the others in one house
SISTERS = (
    ("华为技术有限公司", "華為技術有限公司", "华为技术有限责任公司(收)", "发票抬头：华为技术有限公司"),
    ("华为终端有限公司", "华为终端（深圳）有限公司"),
    ("上海华为技术有限公司", "华为技术(上海)有限公司"),
    ("北京华为技术有限公司",),
    ("华为技术有限公司上海分公司", "华为技术有限公司 上海分公司"),
    ("华为技术服务有限公司",),
)


def _linked(con: duckdb.DuckDBPyConnection, model: Path) -> Evaluation:
    columns = [row[0] for row in con.execute("DESCRIBE file_rows").fetchall()]
    link_rows(con, load_table_model(model).model_copy(update={"random_pairs": 100_000}), "file_rows", columns)
    return evaluate(con, "entities", TRUTH)


def _linked_among_others(con: duckdb.DuckDBPyConnection, rows: list[dict[str, str | None]]) -> None:
    """Link `rows` together with 300 rows of other companies."""
    con.register("companies", make_companies(300).to_arrow())
    con.register("given", pa.Table.from_pylist(rows))
    con.execute("CREATE TEMP TABLE file_rows AS FROM companies UNION ALL BY NAME FROM given")
    _linked(con, EXAMPLE / "model.yaml")


def test_the_example_is_linked_as_its_truth_says() -> None:
    con = duckdb.connect()
    read_table(con, EXAMPLE / "companies.csv", "file_rows")
    found = _linked(con, EXAMPLE / "model.yaml")
    assert found.pairs.precision == 1
    assert found.pairs.recall >= 0.98


def test_the_evidence_of_organisations_leaves_a_tenth_of_the_errors() -> None:
    con, found = duckdb.connect(), []
    con.register("companies", make_companies(2_000).to_arrow())
    con.execute("CREATE TEMP TABLE file_rows AS FROM companies")
    for model in (EXAMPLE / "model.yaml", MODELS / "chinese_companies_plain.yaml"):
        found.append(_linked(con, model).pairs)
    own, plain = found
    assert own.precision >= 0.98
    assert own.recall >= 0.95
    assert 1 - own.f1 < 0.15 * (1 - plain.f1)


@pytest.mark.parametrize("house", [HOUSE, HOUSE | {"phone": None}, {"phone": None, "city": "深圳市", "address": None}])
def test_sister_companies_of_one_house_are_not_one(house: dict[str, str | None]) -> None:
    con = duckdb.connect()
    rows = [{"record_id": f"h{n}{k}", "entity_id": f"h{n}", "company": name, **house}
            for n, names in enumerate(SISTERS) for k, name in enumerate(names)]  # fmt: skip
    for row in rows[6:9]:
        row |= {"city": "北京市" if row["entity_id"] == "h3" else "上海市", "address": None, "phone": None}
    _linked_among_others(con, rows)
    of_sisters = "SELECT list(record_id ORDER BY record_id) FROM entities WHERE record_id LIKE 'h%' GROUP BY entity_id"
    apart = {tuple(record[:2] for record in records) for (records,) in con.execute(of_sisters).fetchall()}
    assert apart == {(f"h{n}",) * len(names) for n, names in enumerate(SISTERS)}


def test_a_company_that_was_renamed_is_found_by_its_code_and_house() -> None:
    con, code = duckdb.connect(), {"entity_id": "r", "credit_code": "91330106MA27A00012"}
    names = ("明月星河科技有限公司", "明月星河贸易有限公司")
    _linked_among_others(con, [{"record_id": f"r{n}", "company": name, **code, **HOUSE} for n, name in enumerate(names)])
    assert con.execute("SELECT count(DISTINCT entity_id) FROM entities WHERE record_id LIKE 'r%'").fetchall() == [(1,)]
