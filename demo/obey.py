"""A CRM that does as it is told: the demo's CRM after its change orders, as its next extract.

Merging is what CRMs call it: the remaining row takes over what it lacks, the duplicate stays as a row marked merged, a second before. What
customers are asked for comes back right from a share of them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from demo import clock, crm_rows, world
from demo.rates import Rates
from demo.truth import party_ids
from demo.truth import people as true_people
from demo.world import World
from demo.write import csv_file
from schemas.writeback import FileWords, load_writeback

KEY, CHANGED, STATUS, MERGED, PHONE, SECOND = "客户编号", "更新时间", "状态", "已合并", "手机", "备用电话"
_OWN = (KEY, STATUS, CHANGED, SECOND, "创建时间")  # of a row, not of the person
_NOTHING = ("", "无", "NULL", "-")
_SAYS_NOTHING = ("手机", "邮箱", "公司", "生日")  # columns in which missing values are words
_TRUE = {"姓名": "name", "手机": "phone", "备用电话": "phone", "邮箱": "email", "证件号码": "id_number"}


@dataclass(frozen=True)
class Obeyed:
    """What the last file of change orders led to. `file_name`: the extract that shows it."""

    file_name: str
    merged: int
    corrected: int
    asked: int
    answered: int


def obey(
    landing: Path, files: Sequence[Path], *, people: int, seed: int, answers: float = 0.6, rates: Rates | None = None
) -> Obeyed:
    """Write the rows that the last of `files` changed as the CRM's next extract; the earlier files were obeyed before.

    people, seed, rates: those of the first extract, from which all rows follow. `answers`: share of the asked who answer.

    Raises:
        ValueError: there is no file of change orders.
    """
    if not files:
        raise ValueError("there are no change orders to obey")
    some, words = world.make(seed, people, 0, rates or Rates()), load_writeback().words
    rows = np.argsort(some.crm.number, kind="stable")
    table = crm_rows.render(some, rows).with_columns(pl.col(column).replace(dict.fromkeys(_NOTHING)) for column in _SAYS_NOTHING)
    true = pl.DataFrame({KEY: table[KEY], "party_id": party_ids(some.crm.party[rows])}).join(true_people(some), on="party_id", how="left")
    counts, touched = (0, 0, 0, 0), pl.Series([], dtype=pl.String)
    for path in files:
        orders = pl.read_csv(io.StringIO(path.read_bytes().decode("gb18030")), infer_schema=False)
        orders = orders.rename({word: name for name, word in words.columns.items()})
        table, counts, touched = _apply(some, table, orders, true, words, answers)
    day = len(files)
    name = f"crm_customers_{clock.extract_date(day):%Y%m%d}.csv"
    before, after = clock.stamp(np.array([clock.cut(day) - 1, clock.cut(day)]))
    moment = pl.when(pl.col(STATUS) == MERGED).then(pl.lit(before)).otherwise(pl.lit(after))
    with csv_file(landing / name, "gb18030") as out:
        out.rows(table.filter(pl.col(KEY).is_in(touched.to_list())).with_columns(moment.alias(CHANGED)))
    return Obeyed(name, *counts)


def _apply(
    some: World, table: pl.DataFrame, orders: pl.DataFrame, true: pl.DataFrame, words: FileWords, answers: float
) -> tuple[pl.DataFrame, tuple[int, int, int, int], pl.Series]:
    """The table after `orders`, what was done, and the keys of the rows that changed."""
    said = {act: orders.filter(pl.col("action") == word) for act, word in words.actions.items()}
    merges, kept, corrections, asked = said["merge"], said["keep"], said["correct"], said["ask"]
    answered = _answers(some, asked, true, answers)
    old_number = kept.filter(pl.col("field") == PHONE).select(KEY, pl.lit(SECOND).alias("field"), pl.col("old").alias("new"))
    table = _write(_merge(table, merges), old_number, only_empty=True)
    table = _write(table, pl.concat([of.select(KEY, "field", "new") for of in (kept, corrections, answered)]))
    counts = (len(merges), len(corrections), len(asked), len(answered))
    return table, counts, pl.concat([merges[KEY], merges["into"], corrections[KEY], answered[KEY]])


def _write(table: pl.DataFrame, told: pl.DataFrame, *, only_empty: bool = False) -> pl.DataFrame:
    """The table with the values `told` (key, field, new); `only_empty`: where there was none."""
    for name, of in told.group_by("field"):
        header = str(name[0])
        written = pl.col("is_told") & pl.col(header).is_null() if only_empty else pl.col("is_told")
        values = of.select(KEY, pl.col("new").alias("told"), pl.lit(True).alias("is_told"))
        joined = table.join(values, on=KEY, how="left", maintain_order="left")
        table = joined.with_columns(pl.when(written).then("told").otherwise(header).alias(header)).select(table.columns)
    return table


def _answers(some: World, asked: pl.DataFrame, true: pl.DataFrame, share: float) -> pl.DataFrame:
    """The right values, for those of the asked who answer."""
    number = asked[KEY].str.slice(1).cast(pl.Int64).to_numpy()
    replied = asked.filter(some.draws.chance("obey.answer", number, share)).join(true, on=KEY, how="left")
    right = pl.coalesce(pl.when(pl.col("field") == header).then(pl.col(column)) for header, column in _TRUE.items())
    return replied.select(KEY, "field", right.alias("new"))


def _merge(table: pl.DataFrame, merges: pl.DataFrame) -> pl.DataFrame:
    """Mark the duplicates; the rows they go into take over what they lack. Second numbers stay with the row that had them."""
    own = [column for column in table.columns if column not in _OWN]
    gone = merges.select(KEY, "into").join(table, on=KEY).sort(KEY)
    first = gone.group_by("into").agg(pl.col(own).drop_nulls().first()).rename({"into": KEY})
    joined = table.join(first, on=KEY, how="left", suffix=" given", maintain_order="left")
    is_gone = pl.col(KEY).is_in(merges[KEY].to_list())
    return joined.with_columns(
        *(pl.coalesce(column, f"{column} given").alias(column) for column in own),
        pl.when(is_gone).then(pl.lit(MERGED)).otherwise(STATUS).alias(STATUS),
    ).select(table.columns)
