"""Values under a mapping: numbers, times and zones, value maps, lists, references, keys of several columns."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.extract.conftest import CRM, Hub

SHIPMENTS = """
    source: logistics
    entity: shipments
    files: "*.csv"
    format: csv
    update: {mode: append}
    key: [单号]
    namespaces: {order_ref: shop}
    fields: {amount_cny: 金额, shipped_at: 时间, is_late: 晚, order_ref: 订单}
"""
HEADER = "单号,金额,时间,晚,订单\n"


def _amounts(hub: Hub, number: str, *texts: str) -> list[Decimal | str]:
    """Each text as an amount, or the reason why it is none."""
    hub.map(SHIPMENTS, formats=f"formats: {{number: {number}}}")
    hub.land("s.csv", HEADER + "".join(f'S{n},"{text}",,,\n' for n, text in enumerate(texts, 2)))
    hub.run()
    found = dict(hub.ask("SELECT line_n, amount_cny FROM raw.shipments")) | {line: reason for line, reason, *_ in hub.rejected()}
    return [found[n] for n in range(2, 2 + len(texts))]


def test_plain_numbers(hub: Hub) -> None:
    texts = [
        "12.5",
        "-3",
        "+4.50",
        "１２．３４",
        "12.5000",
        "1,234.50",
        "1052,75",
        "12元",
        "12.345",
        "1.38E+10",
        "1e400",
        "九",
        "9" * 20,
        ".5",
    ]
    assert _amounts(hub, "{}", *texts) == [
        Decimal("12.50"), Decimal(-3), Decimal("4.50"), Decimal("12.34"), Decimal("12.50"), *["undeclared_number_form"] * 3,
        "too_many_decimals",
        "scientific_notation", "undeclared_number_form", "not_a_number", "number_out_of_range", Decimal("0.50"),
    ]  # fmt: skip


def test_decimal_comma_currency_and_ten_thousands(hub: Hub) -> None:
    number = '{decimal: ",", strip: ["元"], units: {万: 10000}, round: 2}'
    assert _amounts(hub, number, "1052,75元", "11,50万元", "32,39", "7", "1,005元", "12.5") == [
        Decimal("1052.75"), Decimal(115000), Decimal("32.39"), Decimal(7), Decimal("1.01"), "undeclared_number_form",
    ]  # fmt: skip


def test_groups_are_checked_not_skipped(hub: Hub) -> None:
    number = '{thousands: ",", strip: ["￥", "元"]}'
    assert _amounts(hub, number, "1,234,567.89", "￥-1,000元", "-￥5", "1052,75", "12,34,567", "1234,567") == [
        Decimal("1234567.89"), Decimal(-1000), Decimal(-5), *["undeclared_number_form"] * 3,
    ]  # fmt: skip


def test_declared_rounding(hub: Hub) -> None:
    assert _amounts(hub, "{round: 2}", "129.696", "-60.70400000000001", "0.005", "2.675") == [
        Decimal("129.70"), Decimal("-60.70"), Decimal("0.01"), Decimal("2.68"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "sent", "utc"),
    [
        ("Asia/Shanghai", "2025-07-01 08:00:00", dt.datetime(2025, 7, 1)),
        ("Asia/Shanghai", "1988-07-01 09:00:00", dt.datetime(1988, 7, 1)),  # summer time of 1986 to 1991
        ("Europe/Berlin", "2025-07-01 02:00:00", dt.datetime(2025, 7, 1)),
        ("Europe/Berlin", "2025-01-01 01:00:00", dt.datetime(2025, 1, 1)),
        ("UTC", "2025-01-01 00:00:00", dt.datetime(2025, 1, 1)),
        ("Asia/Shanghai", "2025-01-01T00:00:00Z", dt.datetime(2025, 1, 1)),
        ("Asia/Shanghai", "2025-01-01T05:30:00+05:30", dt.datetime(2025, 1, 1)),
        ("Asia/Shanghai", "2025-01-01T08:00", dt.datetime(2025, 1, 1)),
        ("Asia/Shanghai", "2025-01-01", dt.datetime(2024, 12, 31, 16)),
    ],
)
def test_times_become_utc(hub: Hub, zone: str, sent: str, utc: dt.datetime) -> None:
    hub.map(SHIPMENTS)
    hub.land("s.csv", HEADER + f"S1,,{sent},,\n")
    hub.run(timezone=zone)
    assert hub.column("SELECT shipped_at FROM raw.shipments") == [utc]


def test_epochs(hub: Hub) -> None:
    hub.map(SHIPMENTS, formats="formats: {timestamp: [epoch_s, epoch_ms]}")
    hub.land("s.csv", HEADER + "S1,,1740787200,,\nS2,,1740787200500,,\nS3,,20250301,,\n")
    hub.run()
    assert hub.column("SELECT shipped_at FROM raw.shipments ORDER BY row_id") == [
        dt.datetime(2025, 3, 1),
        dt.datetime(2025, 3, 1, 0, 0, 0, 500_000),
    ]
    assert hub.rejected() == [(4, "undeclared_date_form", "时间", 3)]


def test_value_maps_and_booleans(hub: Hub) -> None:
    late = "is_late: {column: 晚, values: {晚交货: true, 按时: false}}"
    status = "ship_status: {column: 订单, values: {a: lost, c: null}, else: keep}"
    hub.map(SHIPMENTS.replace("is_late: 晚, order_ref: 订单", f"{late}, {status}"))
    hub.land("s.csv", HEADER + "S1,,,晚交货,a\nS2,,,按时,b\nS3,,,,c\nS4,,,早,c\n")
    hub.run()
    assert hub.ask("SELECT is_late, ship_status FROM raw.shipments ORDER BY row_id") == [(True, "lost"), (False, "b"), (None, None)]
    assert hub.rejected() == [(5, "unknown_value", "晚", 4)]
    hub.map(SHIPMENTS)
    hub.land("t.csv", HEADER + "T1,,,是,\nT2,,,n,\nT3,,,也许,\n")
    hub.run()
    assert hub.column("SELECT is_late FROM raw.shipments WHERE row_id >= 'logistics:T' ORDER BY row_id") == [True, False]


def test_references_take_their_namespace_and_null_words_are_nothing(hub: Hub) -> None:
    hub.map(SHIPMENTS, formats='formats: {null: ["无", "-"]}', required="required: [order_ref]")
    hub.land("s.csv", HEADER + "S1,-,无,, P1 \nS2,,,,无\n")
    hub.run()
    assert hub.ask("SELECT order_ref, amount_cny, shipped_at FROM raw.shipments") == [("shop:P1", None, None)]
    assert hub.rejected() == [(3, "missing_value", "订单", 5)]


def test_lists_and_attributes(hub: Hub) -> None:
    hub.map(CRM.replace("生日}", '生日, tags: {column: 标签, split: "|"}}'), attributes="attributes: [门店, 备注]")
    hub.land("crm.csv", "编号,姓名,手机,生日,标签,门店,备注\nC1,王伟,,,a| b||,杭州,\n")
    hub.run()
    assert hub.ask("SELECT tags, attributes FROM raw.customers") == [(["a", "b"], '{"门店":"杭州","备注":null}')]


def test_a_key_of_several_columns_may_be_empty_in_part(hub: Hub) -> None:
    hub.map(SHIPMENTS.replace("key: [单号]", "key: [订单, 单号]"))
    hub.land("s.csv", HEADER + "S1,,,,P1\n,,,,P1\nS3,,,,\n,5,,,\n")
    hub.run()
    assert hub.column("SELECT shipment_key FROM raw.shipments ORDER BY 1") == ["/S3", "P1/", "P1/S1"]
    assert hub.rejected() == [(5, "missing_key", "订单", 5)]


def test_flat_orders_group_lines_by_a_composite_key(hub: Hub) -> None:
    hub.map(
        """
        source: retail
        entity: orders
        files: "o*.csv"
        format: csv
        update: {mode: upsert}
        key: [行]
        namespaces: {account: retail}
        fields: {order_key: [订单, 客户], order_no: 订单, buyer_account: 客户}
        parts:
          lines:
            fields: {line_key: 行, product_name: 产品, amount_cny: 金额}
        """
    )
    hub.land("o.csv", "行,订单,客户,产品,金额\n1,T1,a,茶,1\n2,T1,a,杯,2\n3,T1,b,茶,3\n")
    hub.run()
    assert hub.ask("SELECT row_id, order_key, order_no, buyer_account FROM raw.orders ORDER BY 1") == [
        ("retail:1", "T1/a", "T1", "retail:a"), ("retail:2", "T1/a", "T1", "retail:a"), ("retail:3", "T1/b", "T1", "retail:b"),
    ]  # fmt: skip
    assert hub.ask("SELECT row_id, item_n, order_key, line_key, amount_cny FROM raw.order_lines ORDER BY 1") == [
        ("retail:1", 0, "T1/a", "1", Decimal(1)), ("retail:2", 0, "T1/a", "2", Decimal(2)), ("retail:3", 0, "T1/b", "3", Decimal(3)),
    ]  # fmt: skip


def test_the_line_number_as_key(hub: Hub) -> None:
    hub.map(SHIPMENTS.replace("key: [单号]", "key: [$line]"))
    hub.land("s1.csv", HEADER + "S1,,,,P1\nS1,,,,P1\n")
    hub.land("s2.csv", HEADER + "S1,,,,P1\n")
    hub.run()
    ids = {name: hub.file(name)["file_id"] for name in ("s1.csv", "s2.csv")}
    assert hub.column("SELECT row_id FROM raw.shipments ORDER BY line_n, file_id = ?".replace("?", f"'{ids['s2.csv']}'")) == [
        f"logistics:{ids['s1.csv']}-2", f"logistics:{ids['s2.csv']}-2", f"logistics:{ids['s1.csv']}-3",
    ]  # fmt: skip


def test_constants_are_typed_and_named(hub: Hub) -> None:
    hub.map(
        SHIPMENTS.replace("is_late: 晚, order_ref: 订单", "order_ref: 订单"), constants="constants: {is_late: true, ship_status: delivered}"
    )
    hub.land("s.csv", HEADER + "S1,,,,\n")
    hub.run()
    assert hub.ask("SELECT is_late, ship_status FROM raw.shipments") == [(True, "delivered")]
