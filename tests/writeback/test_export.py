"""Change orders in the source's own format: its columns, words, date forms and encoding; private, and never over another file."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from pipelines.writeback.export import Exported, export_released
from pipelines.writeback.native import native_field
from schemas.errors import HubError, UsageError
from schemas.mapping import SourceMapping
from tests.writeback.world import Desk

RIGHT, SLIP = "13812345678", "13812345679"
DOCUMENT = "110101198003072390"  # born on the seventh of March 1980, a man
FIELDS = {
    "name": "姓名", "phone": "手机", "email": "邮箱", "id_number": "证件号码",
    "birth_on": {"column": "生日", "date": ["excel", "%Y年%m月%d日", "%Y-%m-%d"]},
    "gender": {"column": "性别", "values": {"男": "male", "先生": "male", "女": "female", "不详": None}},
}  # fmt: skip


def mapping(**changes: Any) -> SourceMapping:
    return SourceMapping.model_validate({
        "source": "crm", "entity": "customers", "files": "crm*", "format": "csv", "encoding": "gbk", "update": {"mode": "snapshot"},
        "key": ["客户编号"], "fields": FIELDS, **changes,
    })  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    """All three kinds released: two rows that differ in their phone, a wrong birth date and gender, an e-mail nobody knows."""
    made = Desk()
    made.row_of("crm:1", "c1", name="张三", phone=RIGHT, email="zhang@example.com")
    made.row_of("crm:2", "c1", n=1, name="张三", phone="13987654321")
    document = {"id_type": "resident", "id_number_norm": DOCUMENT}
    made.row_of("crm:3", "c3", birth_on="1981-03-07", gender="female", id_number=DOCUMENT, standard=document)
    made.row_of("crm:4", "c4", name="王五", email="wang.example.com", standard={"email_norm": None})
    made.propose()
    for row in made.proposed():
        made.decide("released", order_id=row["order_id"])
    made.propose()
    return made


def export(desk: Desk, folder: Path, of: SourceMapping, **more: Any) -> Exported:
    return export_released(desk.con, of, desk.policy, folder, **more)


def rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("客户编号", "动作", "并入", "字段", "原值", "新值").rows()


EXPECTED = [
    ("4", "核实", None, "邮箱", "wang.example.com", None),
    ("3", "更正", None, "生日", "1981年03月07日", "1980年03月07日"),
    ("3", "更正", None, "性别", "女", "男"),
    ("1", "保留", None, "手机", RIGHT, "13987654321"),
    ("2", "合并", "1", None, None, None),
]


def test_a_csv_is_in_the_encoding_and_with_the_delimiter_of_the_source(desk: Desk, tmp_path: Path) -> None:
    written = export(desk, tmp_path, mapping(delimiter=";"))
    assert written.path == tmp_path / "crm" / "crm_changes_1.csv"
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600 and stat.S_IMODE(written.path.parent.stat().st_mode) == 0o700
    text = written.path.read_bytes().decode("gbk")
    assert text.startswith("客户编号;指令编号;动作;并入;字段;原值;新值;原因;置信度\r\n")
    assert rows(pl.read_csv(text.encode(), separator=";", infer_schema=False)) == EXPECTED
    assert sorted(written.order_ids) == sorted(desk.standing) and not written.left_out


@pytest.mark.parametrize("format", ["jsonl", "parquet", "xlsx"])
def test_other_formats_say_the_same(desk: Desk, tmp_path: Path, format: str) -> None:
    sheet = {"sheet": "客户"} if format == "xlsx" else {}
    path = export(desk, tmp_path, mapping(format=format, encoding="utf-8", **sheet)).path
    assert path.suffix == f".{format}"
    if format == "xlsx":
        head, *cells = CalamineWorkbook.from_path(path).get_sheet_by_name("客户").to_python()
        frame = pl.DataFrame([[cell or None for cell in row] for row in cells], schema=list(map(str, head)), orient="row")
    else:
        frame = pl.read_ndjson(path) if format == "jsonl" else pl.read_parquet(path)
    assert rows(frame) == EXPECTED


def test_keys_of_several_columns_come_apart_again_and_paths_become_objects(tmp_path: Path) -> None:
    desk = Desk()
    for key in ("a/1", "a/2"):
        desk.row_of(f"crm:{key}", "c1", name="张三", phone=RIGHT)
    desk.propose()
    desk.decide("released", kind="merge")
    desk.propose()
    path = export(desk, tmp_path, mapping(format="jsonl", key=["store.id", "store.no"])).path
    (line,) = pl.read_ndjson(path).to_dicts()
    assert (line["store"], line["并入"]) == ({"id": "a", "no": "2"}, "a/1")


def test_a_key_that_does_not_come_apart_is_named(tmp_path: Path) -> None:
    desk = Desk()
    for key in ("a/b/1", "a/b/2"):
        desk.row_of(f"crm:{key}", "c1", name="张三", phone=RIGHT)
    desk.propose()
    order_id = desk.decide("released", kind="merge")
    desk.propose()
    with pytest.raises(UsageError, match=f"{order_id}: a key does not come apart into 2 columns"):
        export(desk, tmp_path, mapping(key=["门店", "编号"]))


def test_what_the_source_has_no_column_for_stays_released_and_is_told(desk: Desk, tmp_path: Path) -> None:
    joined = {**FIELDS, "email": {"column": ["邮箱名", "邮箱域"]}}
    written = export(desk, tmp_path, mapping(fields=joined))
    assert written.left_out == {"email": 1}
    assert len(written.order_ids) == len(desk.standing) - 1


@pytest.mark.parametrize(
    ("changes", "says"), [({"key": ["$line"], "update": {"mode": "append"}}, "without a key"), ({"key": ["字段"]}, "called like a column")]
)
def test_a_source_whose_rows_cannot_be_named_is_told_so(desk: Desk, tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        export(desk, tmp_path, mapping(**changes))
    assert not list(tmp_path.rglob("*.csv"))


def test_a_file_is_never_written_over_another(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "crm_changes_3.csv").write_text("theirs")
    assert export(desk, tmp_path, mapping()).path.name == "crm_changes_4.csv"
    assert export(desk, tmp_path, mapping(), used={"crm_changes_11.csv"}).path.name == "crm_changes_12.csv"
    assert (tmp_path / "crm" / "crm_changes_3.csv").read_text() == "theirs"


def test_a_folder_that_cannot_be_written_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "crm").write_text("a file where the folder should be")
    with pytest.raises(HubError, match="the change orders cannot be written"):
        export(desk, tmp_path, mapping())


def test_without_a_release_nothing_is_written(tmp_path: Path) -> None:
    desk = Desk()
    desk.row_of("crm:1", "c1", name="张三", phone=RIGHT)
    desk.propose()
    with pytest.raises(HubError, match="nothing is released"):
        export(desk, tmp_path, mapping())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("field", "value"), [("gender", "male"), ("gender", "female")])
def test_the_words_written_are_those_the_mapping_reads(field: str, value: str) -> None:
    native = native_field(mapping(), field)
    spec = mapping().fields[field]
    assert native is not None and spec.values is not None
    assert spec.values[native.words[value]] == value


def test_a_merge_says_what_the_remaining_row_should_keep(tmp_path: Path) -> None:
    """Golden's value where a duplicate says otherwise; for what a person has one of, also where only the remaining row is contested."""
    desk = Desk()
    desk.row_of("crm:1", "c1", name="张三", gender="female", birth_on="1980-03-07", phone=RIGHT, email="old@example.com")
    desk.row_of("crm:2", "c1", n=1, name="张三", phone=RIGHT, birth_on="1980-03-08")
    for n in (1, 2):
        desk.row_of(f"members:M{n}", "c1", n=n, name="张三", gender="male", birth_on="1980-03-08", email="new@example.com")
    desk.propose()
    desk.decide("released", source="crm", kind="merge")
    desk.propose()
    path = export(desk, tmp_path, mapping()).path
    kept = [row for row in rows(pl.read_csv(path.read_bytes().decode("gbk").encode(), infer_schema=False)) if row[1] == "保留"]
    assert kept == [("1", "保留", None, "生日", "1980年03月07日", "1980年03月08日"), ("1", "保留", None, "性别", "女", "男")]
