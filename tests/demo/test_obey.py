"""A CRM that obeys: what it is told stands in its next extract, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from demo import crm_rows, world
from demo.obey import obey
from demo.rates import Rates
from schemas.writeback import load_writeback

PEOPLE, SEED = 60, 5
HEAD = ("客户编号", "指令编号", "动作", "并入", "字段", "原值", "新值", "原因", "置信度")


@pytest.fixture(scope="module")
def crm() -> pl.DataFrame:
    some = world.make(SEED, PEOPLE, 0, Rates())
    return crm_rows.render(some, np.argsort(some.crm.number, kind="stable"))


def orders(path: Path, *rows: tuple[str | None, ...]) -> Path:
    told = [(key, "id", act, into, field, old, new, "", "1.0") for key, act, into, field, old, new in rows]
    frame = pl.DataFrame(told, HEAD, orient="row")
    path.write_bytes(frame.write_csv().encode("gb18030"))
    return path


def extract(landing: Path, name: str) -> pl.DataFrame:
    return pl.read_csv((landing / name).read_bytes().decode("gb18030").encode(), infer_schema=False)


def test_merged_rows_are_marked_and_the_remaining_one_takes_over_what_it_lacks(crm: pl.DataFrame, tmp_path: Path) -> None:
    kept = crm.filter(pl.col("邮箱").is_null() & pl.col("手机").str.contains("^1") & pl.col("备用电话").is_null()).row(0, named=True)
    gone = crm.filter(pl.col("邮箱").str.contains("@") & (pl.col("客户编号") != kept["客户编号"])).row(0, named=True)
    file = orders(
        tmp_path / "crm_changes_1.csv",
        (gone["客户编号"], "合并", kept["客户编号"], None, None, None),
        (kept["客户编号"], "保留", None, "手机", kept["手机"], "13812345678"),
    )
    done = obey(tmp_path, [file], people=PEOPLE, seed=SEED)
    assert (done.file_name, done.merged, done.corrected) == ("crm_customers_20260102.csv", 1, 0)
    rows = {row["客户编号"]: row for row in extract(tmp_path, done.file_name).to_dicts()}
    assert set(rows) == {kept["客户编号"], gone["客户编号"]}, "only what changed is in the extract"
    after = rows[kept["客户编号"]]
    assert (after["邮箱"], after["手机"], after["备用电话"]) == (gone["邮箱"], "13812345678", kept["手机"])
    assert rows[gone["客户编号"]]["状态"] == "已合并" and rows[gone["客户编号"]]["更新时间"] < after["更新时间"]


def test_values_are_corrected_and_a_share_of_those_asked_answer(crm: pl.DataFrame, tmp_path: Path) -> None:
    first, *others = crm["客户编号"][:40].to_list()
    asked = [(key, "核实", None, "姓名", "?", None) for key in others]
    file = orders(tmp_path / "crm_changes_1.csv", (first, "更正", None, "姓名", "?", "张三丰"), *asked)
    done = obey(tmp_path, [file], people=PEOPLE, seed=SEED, answers=0.5)
    rows = extract(tmp_path, done.file_name)
    assert (done.corrected, done.asked) == (1, 39) and 5 < done.answered < 35
    assert len(rows) == 1 + done.answered
    assert rows.filter(pl.col("客户编号") == first)["姓名"].to_list() == ["张三丰"]


def test_what_was_obeyed_before_stays_done(crm: pl.DataFrame, tmp_path: Path) -> None:
    key = crm["客户编号"][0]
    files = [
        orders(tmp_path / "crm_changes_1.csv", (key, "更正", None, "姓名", "?", "张三丰")),
        orders(tmp_path / "crm_changes_2.csv", (key, "更正", None, "邮箱", "?", "zhang@example.com")),
    ]
    done = obey(tmp_path, files, people=PEOPLE, seed=SEED)
    assert done.file_name == "crm_customers_20260103.csv"
    (row,) = extract(tmp_path, done.file_name).to_dicts()
    assert (row["姓名"], row["邮箱"]) == ("张三丰", "zhang@example.com")


def test_without_change_orders_there_is_nothing_to_obey(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no change orders"):
        obey(tmp_path, [], people=PEOPLE, seed=SEED)


def test_the_files_are_read_by_the_words_of_the_policy() -> None:
    assert set(load_writeback().words.columns.values()) < set(HEAD)
