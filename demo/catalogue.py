"""What the company sells, dearest last, and the lines of an order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from demo.draws import Draws, Ints
from demo.text import digits, join, lists, pick, table

# name, category, sub-category, price in yuan
_STOCK = """
抽纸 家居 纸品 19.9;垃圾袋 家居 清洁 12.9;洗衣液 家居 清洁 39.9;毛巾 家居 家纺 25;保温杯 家居 餐厨 79;炒锅 家居 餐厨 199
四件套 家居 家纺 269;乳胶枕 家居 家纺 329;床垫 家居 家具 1899;书桌 家居 家具 699;人体工学椅 家居 家具 1299;台灯 家居 灯具 129
坚果礼盒 食品 零食 118;大米10kg 食品 粮油 69.9;橄榄油 食品 粮油 89;茶叶 食品 茶饮 168;咖啡豆 食品 茶饮 98;婴儿纸尿裤 母婴 尿裤 139
婴儿奶粉 母婴 奶粉 298;儿童绘本 母婴 图书 45;儿童安全座椅 母婴 出行 1580;维生素C 医药 保健 59;血压计 医药 器械 259;护眼贴 医药 护理 36
手机壳 数码 配件 29.9;充电宝 数码 配件 149;蓝牙耳机 数码 影音 399;平板电脑 数码 电脑 2399;投影仪 数码 影音 2999;智能手表 数码 穿戴 1099
空气净化器 家电 环境 1699;扫地机器人 家电 清洁 2799;电饭煲 家电 厨房 359;吹风机 家电 个护 239;电动牙刷 家电 个护 189;连衣裙 服饰 女装 259
衬衫 服饰 男装 159;运动鞋 服饰 鞋 469;羽绒服 服饰 外套 799;袜子 服饰 配饰 15.9;面膜 美妆 护肤 99;精华液 美妆 护肤 459;口红 美妆 彩妆 219
瑜伽垫 运动 健身 88;哑铃 运动 健身 168;帐篷 运动 户外 599;打印纸 办公 耗材 109;办公椅 办公 家具 459;碎纸机 办公 设备 699
投影幕布 办公 设备 359
"""
_VARIANTS = (("标准装", 1.0), ("家庭装", 1.8), ("旗舰款", 2.6))
MOST_LINES = 4


def _products() -> list[tuple[str, str, str, int]]:
    """Title, category, sub-category and price in fen, cheapest first."""
    found = []
    for record in _STOCK.replace("\n", ";").strip(";").split(";"):
        name, category, subcategory, price = record.split()
        found += [(f"{name} {variant}", category, subcategory, round(float(price) * factor * 100)) for variant, factor in _VARIANTS]
    return sorted(found, key=lambda p: (p[3], p[0]))


_PRODUCTS = _products()
_TITLE, _CATEGORY, _SUBCATEGORY = (table([str(p[n]) for p in _PRODUCTS]) for n in range(3))
_PRICE = np.array([p[3] for p in _PRODUCTS], dtype=np.int64)


@dataclass(frozen=True)
class Lines:
    """The lines of some orders, one after the other; money in fen. `line_n` counts them by order."""

    line_n: Ints
    number: Ints  # within the order, from 1
    product: Ints
    quantity: Ints
    discount: Ints  # per cent

    @property
    def gross(self) -> Ints:
        return np.asarray(_PRICE[self.product] * self.quantity)

    @property
    def amount(self) -> Ints:
        return np.asarray((self.gross * (100 - self.discount) + 50) // 100)

    def by_order(self, values: Ints) -> Ints:
        """Sums by order."""
        ends = np.cumsum(self.line_n)
        total = np.concatenate([[0], np.cumsum(values)])
        return np.asarray(total[ends] - total[ends - self.line_n])


def lines(draws: Draws, oid: Ints, shopper: Ints) -> Lines:
    """1.6 lines an order; well-off shoppers choose dearer goods."""
    line_n = 1 + draws.choose("lines.n", oid, [62, 23, 9, 6])
    order = np.repeat(oid, line_n)
    first = np.repeat(np.cumsum(line_n) - line_n, line_n)
    number = np.arange(len(order)) - first
    key = order * MOST_LINES + number
    purse = np.repeat(draws.choose("person.purse", shopper, [30, 34, 24, 12]), line_n)
    product = np.zeros(len(order), dtype=np.int64)
    for level, power in enumerate((5, 3, 2, 1)):
        product = np.where(purse == level, draws.head_heavy("lines.product", key, len(_PRODUCTS), power), product)
    quantity = 1 + draws.head_heavy("lines.quantity", key, 4, 4) * (1 + 3 * (shopper >= 2**30).repeat(line_n))
    discount = np.where(draws.chance("lines.discounted", key, 0.35), 5 * (1 + draws.below("lines.discount", key, 6)), 0)
    return Lines(line_n, number + 1, product, quantity, discount)


def yuan(fen: Ints) -> pl.Series:
    """Money as the platforms' JSON writes it."""
    return pl.Series(fen / 100)


def as_lists(some: Lines) -> pl.Series:
    """A list of line objects for every order."""
    frame = pl.DataFrame({
        "line_no": pl.Series(some.number).cast(pl.String),
        "sku": join("SKU", digits(some.product + 1001, 5)),
        "title": pick(_TITLE, some.product),
        "category": pick(_CATEGORY, some.product),
        "subcategory": pick(_SUBCATEGORY, some.product),
        "qty": pl.Series(some.quantity),
        "price": yuan(_PRICE[some.product]),
        "discount_rate": pl.Series(some.discount / 100),
        "amount": yuan(some.amount),
    })  # fmt: skip
    return lists(frame, some.line_n)
