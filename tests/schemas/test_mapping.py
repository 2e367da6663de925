"""Mappings are validated on load: every fault is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import MappingError
from schemas.mapping import SourceMapping, load_mapping, load_mappings
from schemas.reasons import reasons

GOOD = """\
source: crm
entity: customers
files: "crm*.csv"
format: csv
encoding: GBK
update: {mode: upsert, version: 更新时间}
key: [客户编号]
namespaces: {openid: mini}
constants: {language: zh-CN}
formats:
  date: ["%Y-%m-%d"]
  true: [是, yes, 1]
  false: [否, no, 0]
  null: ["", NULL, 无]
  number: {decimal: ".", thousands: ",", strip: [元], units: {万: 10000}, round: 2}
fields:
  name: 姓名
  gender: {column: 性别, values: {男: male, 1: male, 否: null}, else: keep}
  birth_on: {column: 生日, date: ["%Y%m%d"]}
  wechat_openid: OpenID
  tags: {column: 标签, split: "|"}
  do_not_contact: {column: 勿扰, values: {勿扰: true}, else: null}
attributes: [门店]
required: [name]
optional_columns: [标签, 门店]
"""


def _load(folder: Path, text: str) -> SourceMapping:
    (folder / "crm.yaml").write_text(text, "utf-8")
    return load_mapping(folder / "crm.yaml")


def test_a_good_mapping_keeps_words_as_they_are_written(tmp_path: Path) -> None:
    """YAML would read yes, no, NULL and 1 as something else."""
    mapping = _load(tmp_path, GOOD)
    assert (mapping.formats.true, mapping.formats.false, mapping.formats.null) == (
        ("是", "yes", "1"),
        ("否", "no", "0"),
        ("", "NULL", "无"),
    )
    assert mapping.fields["gender"].values == {"男": "male", "1": "male", "否": None}
    assert (mapping.encoding, mapping.namespace("wechat_openid"), mapping.native_key) == ("gb18030", "mini", "customer_key")
    assert mapping.columns() == ["客户编号", "更新时间", "姓名", "性别", "生日", "OpenID", "标签", "勿扰", "门店"]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("encoding: GBK", "encodng: GBK", 5, "unknown key 'encodng' (did you mean 'encoding'?)"),
        ("  name: 姓名", "  nmae: 姓名", 17, "has no column 'nmae' (did you mean 'name'?); it has customer_key, party_kind, name"),
        ("  name: 姓名", "  name: {colum: 姓名}", 17, "'column' is missing"),
        ("key: [客户编号]", "key: 客户编号", 7, "'key' must be a list"),
        ("key: [客户编号]", "key: []", 7, "key: "),
        ("key: [客户编号]\n", "", 1, "'key' is missing"),
        ("key: [客户编号]", "key: [$line]", 7, "only in sources of mode append"),
        ("round: 2", "round: two", 15, "round: Input should be a valid integer"),
        ('thousands: ","', 'thousands: "."', 15, "cannot be the same sign"),
        ("万: 10000", "万: 0", 15, "a factor between"),
        ("encoding: GBK", "encoding: big5", 5, "unknown encoding"),
        ("format: csv", "format: json", 4, "format: Input should be"),
        ("format: csv", "format: parquet", 5, "'encoding' has no meaning for format parquet"),
        ("entity: customers", "entity: people", 2, "entity: Input should be"),
        ("source: crm", "source: CRM 1", 1, "source: "),
        ("namespaces: {openid: mini}\n", "", 19, "'wechat_openid' needs a namespace"),
        ("openid: mini", "opnid: mini", 8, "'opnid' takes no namespace"),
        ("language: zh-CN", "name: x", 9, "stands under fields too"),
        ("language: zh-CN", "birth_on2: x", 9, "customers has no column 'birth_on2'"),
        ("language: zh-CN", "created_at: soon", 9, "'soon' cannot be a value of created_at, which is a time"),
        ("required: [name]", "required: [email]", 24, "'email' is required and not mapped"),
        ("optional_columns: [标签, 门店]", "optional_columns: [标记]", 25, "no field reads the column '标记'"),
        ("optional_columns: [标签, 门店]", "optional_columns: [客户编号]", 25, "is part of the key"),
        ('date: ["%Y%m%d"]', 'date: ["YYYYMMDD"]', 19, "is no date form"),
        ('date: ["%Y%m%d"]', 'date: ["%Y-%m-%d %z"]', 19, "write 'iso'"),
        ('date: ["%Y%m%d"]', "number: {round: 2}", 19, "'number' has no meaning for birth_on, which is a date"),
        ("{column: 标签, split: \"|\"}", "{column: [标签, 门店]}", 21, "several columns can only be joined for text"),
        ("{勿扰: true}", "{勿扰: maybe}", 22, "'maybe' cannot be a value of do_not_contact"),
        (", values: {男: male, 1: male, 否: null}, else: keep}", ", else: keep}", 18, "'else' has no meaning without 'values'"),
        ("attributes: [门店]", "parts: {lines: {fields: {line_key: x}}}", 23, "customers has no part 'lines'; it has none"),
        ("source: crm", "source: crm\ntimezone: Mars/Base", 2, "unknown time zone"),
        ('files: "crm*.csv"', 'files: "../x.csv"', 3, "below the landing folder"),
        ("  name: 姓名", "  name: 姓名\n  name: 名", 18, "the key 'name' stands twice: first on line 17"),
        ("  name: 姓名", "  name: [姓名", 18, "not valid YAML"),
        ("  name: 姓名", "  name: <fill>", 17, "still to be filled in"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    assert old in GOOD
    with pytest.raises(MappingError) as found:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert found.value.exit_code == 2
    said = [text for text in str(found.value).split("\n") if what in text]
    assert said, str(found.value)
    assert said[0].startswith(f"crm.yaml:{line}:")


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as found:
        _load(tmp_path, GOOD.replace("  name: 姓名", "  nmae: 姓名\n  emial: 邮箱"))
    assert [text.split(" ")[0] for text in str(found.value).split("\n")] == ["crm.yaml:17:", "crm.yaml:18:", "crm.yaml:25:"]


def test_a_folder_of_mappings(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="holds no source mapping"):
        load_mappings(tmp_path)
    with pytest.raises(MappingError, match="no such folder"):
        load_mappings(tmp_path / "nowhere")
    (tmp_path / "b.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "a.yml").write_text(GOOD.replace("source: crm", "source: shop"), "utf-8")
    assert [mapping.source for mapping in load_mappings(tmp_path)] == ["crm", "shop"]
    (tmp_path / "c.yaml").write_text(GOOD, "utf-8")
    with pytest.raises(MappingError, match=r"c.yaml:1: the source name 'crm' is taken: by b.yaml:1"):
        load_mappings(tmp_path)


@pytest.mark.parametrize(
    ("content", "what"), [(b"\xff\xfe\xfa", "not UTF-8"), (b"- a\n", "key: value"), (b"", "key: value"), (b"[a]: 1\n", "a key must be")]
)
def test_what_is_no_mapping(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    with pytest.raises(MappingError, match=what):
        load_mapping(tmp_path / "x.yaml")


def test_the_fingerprint_changes_with_the_reading_only(tmp_path: Path) -> None:
    mapping = _load(tmp_path, GOOD)
    assert _load(tmp_path, "# a comment\n" + GOOD + "description: x\n").fingerprint("UTC") == mapping.fingerprint("UTC")
    assert _load(tmp_path, GOOD.replace("round: 2", "round: 3")).fingerprint("UTC") != mapping.fingerprint("UTC")
    assert mapping.fingerprint("Asia/Shanghai") != mapping.fingerprint("UTC")


def test_every_mapping_of_the_project_is_valid() -> None:
    project = Path(__file__).resolve().parents[2]
    for folder in (project / "schemas" / "sources", project / "examples" / "retail_zh"):
        if folder.is_dir():
            assert load_mappings(folder)


def test_reasons_say_what_and_how_to_mend() -> None:
    for code, reason in reasons().items():
        assert reason.code == code and reason.scope in ("row", "file")
        assert reason.what[0].islower() or reason.what.startswith("a ") or code
        assert reason.mend and not reason.mend.endswith(".") and not reason.what.endswith(".")


def test_every_reason_the_extract_gives_is_declared() -> None:
    folder = Path(__file__).resolve().parents[2] / "pipelines" / "extract"
    text = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    for code in reasons():
        assert f'"{code}"' in text or f"'{code}'" in text, f"{code} is declared and never given"
