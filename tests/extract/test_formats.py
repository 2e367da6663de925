"""JSON Lines, Parquet and XLSX: nested parts, broken lines, other types, several sheets."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from tests.extract.conftest import CRM, Hub

ORDERS = """
    source: orders
    entity: orders
    files: "orders*.{format}"
    format: {format}
    update: {{mode: append}}
    key: [order.id]
    namespaces: {{buyer_account: tmall}}
    constants: {{platform: tmall}}
    fields:
      ordered_at: order.created
      amount_cny: order.amount
      buyer_account: buyer.nick
      buyer_phone: buyer.phones.0
    parts:
      lines:
        from: order.lines
        fields: {{line_key: sku, product_name: product.title, quantity: qty, amount_cny: amount}}
        attributes: [gift]
    attributes: [note]
"""
TICKETS = """
    source: desk
    entity: tickets
    files: "tickets*.xlsx"
    format: xlsx
    update: {mode: append}
    key: [工单号]
    fields: {requester_phone: 电话, created_at: 时间, satisfaction: 评分, subject: 标题}
"""


def _order(n: int, **changes: object) -> dict[str, Any]:
    lines = [{"sku": f"S{n}-{i}", "product": {"title": "茶"}, "qty": i + 1, "amount": 9.5, "gift": None} for i in range(n)]
    order = {"id": f"T{n}", "created": "2025-03-01T08:00:00+08:00", "amount": "19.90", "lines": lines}
    return {"order": order | changes, "buyer": {"nick": "小王", "phones": ["13800000001", "x"]}, "note": "急"}


def _jsonl(*lines: object) -> bytes:
    return b"".join(line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def test_nested_json_lines(hub: Hub) -> None:
    hub.map(ORDERS.format(format="jsonl"))
    hub.land("orders.jsonl.gz", gzip.compress(_jsonl(_order(1), _order(2), _order(0))))
    hub.run()
    assert hub.ask(
        "SELECT order_key, order_no, platform, ordered_at, amount_cny, buyer_account, buyer_phone, attributes FROM raw.orders ORDER BY 1"
    ) == [
        (f"T{n}", f"T{n}", "tmall", dt.datetime(2025, 3, 1), Decimal("19.90"), "tmall:小王", "13800000001", '{"note":"急"}')
        for n in range(3)
    ]
    assert hub.ask("SELECT row_id, item_n, order_key, line_key, product_name, quantity, amount_cny FROM raw.order_lines ORDER BY 1, 2") == [
        ("orders:T1", 0, "T1", "S1-0", "茶", 1.0, Decimal("9.50")),
        ("orders:T2", 0, "T2", "S2-0", "茶", 1.0, Decimal("9.50")),
        ("orders:T2", 1, "T2", "S2-1", "茶", 2.0, Decimal("9.50")),
    ]


def test_bad_json_lines(hub: Hub) -> None:
    """A broken line names its character, a fault inside a nested item sets the whole line aside."""
    hub.map(ORDERS.format(format="jsonl"))
    wrong = _order(1, id="X1")
    wrong["order"]["lines"][0]["amount"] = "九块"
    bad = [
        (b'{"order": {"id": "X2", \n', "broken_json", None, 24),
        (b"-- break --\n", "broken_json", None, 1),
        (b"[1, 2]\n", "not_an_object", None, None),
        (b'{"order": {"id": "X3", "lines": [1]}}\n', "wrong_type", "order.lines", None),
        (b'{"order": {"id": "X4", "lines": "none"}}\n', "wrong_type", "order.lines", None),
        (b'{"order": {"id": "X5"}, "buyer": {"nick": ["a", "b"]}}\n', "wrong_type", "buyer.nick", None),
        (b'{"order": {}}\n', "missing_key", "order.id", None),
        (_jsonl(wrong), "not_a_number", "amount", None),
        (_jsonl(_order(1, id="X6", amount="12.345")), "too_many_decimals", "order.amount", None),
        ('{"order": {"id": "好'.encode("gb18030") + b'"}}\n', "undecodable", None, None),
    ]  # fmt: skip
    fine = [b'{"order": {"id": "T8", "lines": null}}\n', b"\n", b'{"order": {"id": "T9", "amount": 1e1, "lines": [null, {"sku": null}]}}\n']
    hub.land("orders.jsonl", _jsonl(_order(2), *(line for line, *_ in bad), *fine))
    hub.run()
    assert hub.rejected() == [(2 + n, *expected) for n, (_, *expected) in enumerate(bad)]
    assert hub.kept("orders") == b"".join(line for line, *_ in bad)
    assert hub.column("SELECT order_key FROM raw.orders ORDER BY 1") == ["T2", "T8", "T9"]
    assert hub.column("SELECT DISTINCT order_key FROM raw.order_lines") == ["T2"]


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def test_parquet_with_other_types_is_read_as_what_it_means(hub: Hub) -> None:
    """Floats for keys, timestamps of any unit and zone, dictionaries, decimals, NaN for nothing."""
    hub.map(
        """
        source: crm
        entity: customers
        files: "*.parquet"
        format: parquet
        update: {mode: append}
        key: [id]
        fields: {phone: phone, birth_on: born, created_at: made, updated_at: changed, name: name, tags: tags, do_not_contact: quiet}
        """
    )
    moment = dt.datetime(2025, 3, 1, 8)
    table = pa.table({
        "id": pa.array([1.0, 2.0]), "phone": pa.array([13800000001.0, float("nan")]), "born": pa.array([dt.date(1990, 1, 2), None]),
        "made": pa.array([moment, None], pa.timestamp("ns")), "changed": pa.array([moment, None], pa.timestamp("ms", "UTC")),
        "name": pa.array(["王伟", None]).dictionary_encode(), "tags": pa.array([["a", "b"], []]), "quiet": pa.array([True, None]),
    })  # fmt: skip
    hub.land("crm.parquet", _parquet(table))
    hub.run()
    assert hub.ask(
        "SELECT customer_key, phone, birth_on, created_at, updated_at, name, tags, do_not_contact FROM raw.customers ORDER BY 1"
    ) == [
        ("1", "13800000001", dt.date(1990, 1, 2), dt.datetime(2025, 3, 1), moment, "王伟", ["a", "b"], True),
        ("2", None, None, None, None, None, [], None),
    ]


def test_nested_parquet_and_its_quarantined_rows(hub: Hub) -> None:
    hub.map(ORDERS.format(format="parquet").replace("buyer.phones.0", "buyer.nick"))
    rows = [_order(2), _order(1, id=None), _order(1, amount="oops")]
    hub.land("orders.parquet", _parquet(pa.Table.from_pylist(rows)))
    hub.run()
    assert hub.ask("SELECT line_n, line_key, item_n FROM raw.order_lines ORDER BY 3") == [(1, "S2-0", 0), (1, "S2-1", 1)]
    assert hub.rejected() == [(2, "missing_key", "order.id", 1), (3, "not_a_number", "order.amount", 1)]
    kept = [json.loads(line) for line in hub.kept("orders").splitlines()]
    assert [json.loads(row["order"])["amount"] for row in kept] == ["19.90", "oops"]


def test_parquet_that_does_not_fit_is_set_aside(hub: Hub) -> None:
    hub.map(ORDERS.format(format="parquet"))
    rows = [_order(1)]
    del rows[0]["buyer"]
    hub.land("orders_1.parquet", _parquet(pa.Table.from_pylist(rows)))
    flat = _order(1)
    flat["order"]["lines"] = "none"
    hub.land("orders_2.parquet", _parquet(pa.Table.from_pylist([flat])))
    hub.land("orders_3.parquet", b"no parquet at all")
    hub.run()
    assert hub.ask("SELECT reason FROM raw.files ORDER BY file_name") == [("columns_missing",), ("columns_missing",), ("not_parquet",)]
    assert "'buyer.nick'" in hub.file("orders_1.parquet")["message"]


def _workbook(sheets: dict[str, list[list[object]]], corner: tuple[int, int] = (0, 0)) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows, corner[0]):
                for c, cell in enumerate(row, corner[1]):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(r, c, cell, moment if isinstance(cell, dt.datetime) else day)
                    elif cell is not None:
                        sheet.write(r, c, cell)
    return out.getvalue()


HEADER: list[object] = ["工单号", "电话", "时间", "评分", "标题"]


def test_xlsx_cells_are_read_as_a_person_sees_them(hub: Hub) -> None:
    hub.map(TICKETS)
    when = dt.datetime(2025, 3, 1, 8)
    rows: list[list[object]] = [HEADER, [1001, 13800000001, when, 4.5, " 屏幕 "], [], ["T2", "021-1", "2025-03-01 09:00:00", None, True]]
    hub.land("tickets.xlsx", _workbook({"工单": rows}, corner=(1, 2)))
    hub.map(TICKETS, header_row="header_row: 2")
    hub.run()
    assert hub.ask("SELECT ticket_key, line_n, requester_phone, created_at, satisfaction, subject FROM raw.tickets ORDER BY 2") == [
        ("1001", 3, "13800000001", dt.datetime(2025, 3, 1), 4.5, "屏幕"), ("T2", 5, "021-1", dt.datetime(2025, 3, 1, 1), None, "true"),
    ]  # fmt: skip


def test_what_spreadsheets_do_to_identifiers_and_dates_is_quarantined(hub: Hub) -> None:
    hub.map(TICKETS)
    rows: list[list[object]] = [
        ["T1", 110101199003070123, None, None, None],
        [dt.date(2025, 3, 1), None, None, None, None],
        ["T3", None, 45717, None, None],
        ["T4", None, None, None, "好"],
    ]
    hub.land("tickets.xlsx", _workbook({"工单": [HEADER, *rows]}))
    hub.run()
    assert hub.rejected() == [
        (2, "scientific_notation", "电话", 2), (3, "excel_date", "工单号", 1), (4, "excel_serial", "时间", 3),
    ]  # fmt: skip
    assert json.loads(hub.kept("desk").splitlines()[2]) == ["T3", "", "45717", "", ""]
    assert "row 4, column 3" in hub.column("SELECT message FROM raw.quarantine WHERE line_n = 4")[0]


def test_declared_spreadsheet_days_are_read(hub: Hub) -> None:
    hub.map(TICKETS, formats="formats: {timestamp: [excel]}", timezone="timezone: UTC")
    hub.land("tickets.xlsx", _workbook({"工单": [HEADER, ["T3", None, 45717.5, None, None]]}))
    hub.run()
    assert hub.column("SELECT created_at FROM raw.tickets") == [dt.datetime(2025, 3, 1, 12)]


def test_several_sheets_need_a_name(hub: Hub) -> None:
    hub.map(TICKETS)
    hub.land("tickets.xlsx", _workbook({"说明": [["x"]], "工单": [HEADER, ["T1", None, None, None, None]]}))
    hub.run()
    entry = hub.file("tickets.xlsx")
    assert entry["reason"] == "several_sheets" and "说明, 工单" in entry["message"]
    hub.map(TICKETS, sheet="sheet: 工单单")
    hub.run()
    assert hub.file("tickets.xlsx")["reason"] == "sheet_missing"
    hub.map(TICKETS, sheet="sheet: 工单")
    hub.run()
    assert hub.column("SELECT ticket_key FROM raw.tickets") == ["T1"]


def test_a_text_file_named_xlsx_is_set_aside(hub: Hub) -> None:
    hub.map(TICKETS)
    hub.land("tickets.xlsx", "工单号,电话\n")
    hub.run()
    assert hub.file("tickets.xlsx")["reason"] == "not_xlsx"


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_gzip_is_told_by_its_bytes(hub: Hub, suffix: str) -> None:
    hub.map(CRM)
    content = "编号,姓名,手机,生日\nC1,王伟,138,\nC2,张三\nC3,李娜,138,\nC4,x\n".encode()
    hub.land(f"crm.csv{suffix}", gzip.compress(content))
    hub.run()
    assert hub.column("SELECT customer_key FROM raw.customers ORDER BY 1") == ["C1", "C3"]
    assert hub.kept() == "C2,张三\nC4,x\n".encode()
