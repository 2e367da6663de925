"""Drafts: what can be told from the head of a file is told, nothing personal is in it, and it loads once it is filled in."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from pipelines.extract.suggest import suggest
from schemas.errors import MappingError, UsageError
from schemas.mapping import SourceMapping, load_mapping

CRM = "客户编号,姓名,性别,生日,手机,标签,消费金额,更新时间\n" + "".join(
    f"K{n},欧阳娜{n},女,199{n}/01/02,1380000000{n},a|b,1{n}00.5元,2025-01-0{n + 1} 08:00:00\n" for n in range(5)
)


def _filled(draft: str, folder: Path) -> SourceMapping:
    """The draft as a mapping, every mark filled in with something valid."""
    path = folder / "draft.yaml"
    path.write_text(draft, "utf-8")
    if "<fill>" in draft.split("\n", 1)[1]:
        with pytest.raises(MappingError, match="still to be filled in"):
            load_mapping(path)
    path.write_text(draft.replace("<fill>", "true"), "utf-8")
    return load_mapping(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_crm_extract(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "crm_20260101.csv"
    path.write_bytes(CRM.replace(",", "\t").encode(encoding))
    mapping = _filled(suggest(path), tmp_path)
    assert (mapping.entity, mapping.files, mapping.delimiter, mapping.key) == ("customers", "crm_*.csv", "\t", ("客户编号",))
    assert mapping.encoding == encoding.removesuffix("-sig")
    assert (mapping.update.mode, mapping.update.version) == ("upsert", "更新时间")
    assert {name: field.column[0] for name, field in mapping.fields.items()} == {
        "customer_key": "客户编号", "name": "姓名", "gender": "性别", "birth_on": "生日", "phone": "手机", "tags": "标签",
        "updated_at": "更新时间",
    }  # fmt: skip
    assert mapping.formats.date == ("%Y/%m/%d",)


def test_no_personal_cell_is_in_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    path.write_text(CRM, "utf-8")
    draft = suggest(path)
    assert "欧阳" not in draft and "1380000" not in draft and "199" not in draft and "K1" not in draft
    assert "# not mapped: 消费金额" in draft


def test_orders_as_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    orders = [
        {"order": {"id": f"T{n}", "created": "2025-01-01T00:00:00+08:00", "status": "DONE"}, "buyer": {"nick": f"n{n}", "phone": "138"},
         "lines": [{"sku": "S", "qty": 1, "price": "1,200.50"}]} for n in range(3)
    ]  # fmt: skip
    path.write_text("\n".join(json.dumps(order) for order in orders), "utf-8")
    draft = suggest(path)
    mapping = _filled(draft, tmp_path)
    assert (mapping.entity, mapping.key, mapping.formats.timestamp) == ("orders", ("order.id",), ("iso",))
    assert mapping.parts["lines"].source == "lines" and set(mapping.parts["lines"].fields) == {"product_id", "quantity", "unit_price_cny"}
    assert "DONE: <fill>" in draft and "buyer_account: <fill>" in draft
    assert mapping.formats.number.thousands == ","


def test_shipments_as_parquet_and_tickets_as_workbook(tmp_path: Path) -> None:
    table = pa.table({"shipment_no": ["a", "b"], "order_no": ["1", "1"], "parcels": [[{"carrier": "SF", "waybill": "1"}]] * 2})
    pq.write_table(table, tmp_path / "logistics.parquet")
    mapping = _filled(suggest(tmp_path / "logistics.parquet"), tmp_path)
    assert (mapping.entity, mapping.key, mapping.parts["parcels"].source) == ("shipments", ("shipment_no",), "parcels")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("说明").write(0, 0, "说明")
        sheet = book.add_worksheet("工单 1")
        for n, row in enumerate([["工单导出"], ["工单号", "客户姓名", "联系电话", "创建时间"], ["T1", "王", "138", "2025-01-01"]]):
            sheet.write_row(n, 0, row)
    (tmp_path / "t.xlsx").write_bytes(out.getvalue())
    mapping = _filled(suggest(tmp_path / "t.xlsx"), tmp_path)
    assert (mapping.entity, mapping.sheet, mapping.header_row) == ("tickets", "工单 1", 2)


def test_rows_without_a_key_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "物流.csv"
    path.write_text('订单号,发货时间,声明价值\nP1,2025-1-1,"5,5元"\nP1,2025-1-1,"1,25万元"\n', "utf-8")
    mapping = _filled(suggest(path), tmp_path)
    assert (mapping.entity, mapping.key, mapping.update.mode) == ("shipments", ("$line",), "append")
    assert (mapping.formats.number.decimal, mapping.formats.number.strip, list(mapping.formats.number.units)) == (",", ("元",), ["万"])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\xff\xff\xff", "encoding"),
        ("王伟,13800000001\n李娜,13800000002\n".encode(), "looks like data"),
        (b"PAR1x", "Parquet"),
        (b"PK\x03\x04x", "XLSX"),
    ],
)
def test_what_cannot_be_an_extract_is_said(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=what):
        suggest(path)
    with pytest.raises(UsageError, match="no such file"):
        suggest(tmp_path / "nowhere.csv")
