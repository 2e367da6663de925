"""Real-shaped Chinese retail extracts load whole: 10,000 order lines, 1,161 delivery lines."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.extract.conftest import Hub

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not on this machine")

ORDERS = """
    source: retail
    entity: orders
    files: "zh_orders*.csv"
    format: csv
    update: {mode: upsert}
    key: [行 ID]
    namespaces: {account: retail}
    constants: {platform: retail}
    formats: {timestamp: ["%Y-%m-%d"], number: {round: 2}}
    fields:
      order_key: {column: [订单 ID, 客户 ID]}
      order_no: 订单 ID
      ordered_at: 订单日期
      buyer_account: 客户 ID
      buyer_name: 客户名称
      buyer_kind: {column: 细分, values: {消费者: person, 公司: person_for_organisation, 小型企业: person_for_organisation}}
    parts:
      lines:
        fields: {line_key: 行 ID, product_id: 产品 ID, product_name: 产品名称, quantity: 数量, amount_cny: 销售额}
    attributes: [利润]
"""
LOGISTICS = """
    source: delivery
    entity: shipments
    files: "zh_logistics*.csv"
    format: csv
    update: {mode: append}
    key: [$line]
    namespaces: {order_ref: retail}
    formats: {timestamp: ["%Y-%m-%d"], number: {decimal: ",", strip: ["元"], units: {万: 10000}, round: 2}}
    fields:
      order_ref: 订单号
      shipped_at: 销售时间
      is_late: {column: 货品交货状况, values: {晚交货: true, 按时交货: false}}
      amount_cny: 销售金额
"""


def test_all_order_lines_load(hub: Hub) -> None:
    hub.map(ORDERS)
    hub.land("zh_orders.csv", (DATA / "zh_orders.csv").read_bytes())
    facts = hub.run()
    assert (facts["rows_read_n"], facts["rows_loaded_n"]) == (10_000, 10_000)
    assert hub.ask("SELECT count(*), count(DISTINCT order_no) FROM raw.orders") == [(10_000, 2_773)]
    assert hub.column("SELECT count(*) FROM (SELECT order_no FROM raw.orders GROUP BY 1 HAVING count(DISTINCT order_key) > 1)") == [1_407]
    assert hub.ask("SELECT product_name, amount_cny FROM raw.order_lines WHERE row_id = 'retail:1'") == [
        ("Fiskars 剪刀, 蓝色", Decimal("129.70"))
    ]
    assert hub.column("SELECT count(*) FROM raw.orders WHERE buyer_kind = 'person_for_organisation'") == [4_873]


def test_all_delivery_lines_load(hub: Hub) -> None:
    hub.map(LOGISTICS)
    hub.land("zh_logistics.csv", (DATA / "zh_logistics.csv").read_bytes())
    facts = hub.run()
    assert (facts["rows_read_n"], facts["rows_loaded_n"]) == (1_161, 1_161)
    assert hub.column("SELECT count(*) FROM raw.shipments WHERE amount_cny IS NULL") == [0]
    assert hub.ask("SELECT amount_cny FROM raw.shipments WHERE line_n IN (2, 3) ORDER BY line_n") == [
        (Decimal("1052.75"),),
        (Decimal("115000.00"),),
    ]
    assert hub.column("SELECT count(*) FROM raw.shipments WHERE order_ref IS NULL") == [2]
