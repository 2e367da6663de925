"""Rows no reader can take: made of sound rows, under keys of their own, so that none of the sound ones is lost by it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from demo.draws import Bools, Ints
from demo.text import table
from demo.truth import party_ids
from demo.write import CsvFile, JsonLines

FIRST_KEY = 90_000_001


@dataclass
class Broken:
    """The broken rows written so far: how many in each file, and whose the readable keys are."""

    files: dict[str, int] = field(default_factory=dict)
    record_ids: list[str] = field(default_factory=list)
    parties: list[int] = field(default_factory=list)

    def add(self, file: str, party: int = 0, *record_ids: str) -> None:
        self.files[file] = self.files.get(file, 0) + 1
        self.record_ids += record_ids
        self.parties += [party] * len(record_ids)

    def truth(self) -> pl.DataFrame:
        return pl.DataFrame({"record_id": table(self.record_ids), "party_id": party_ids(np.array(self.parties, dtype=np.int64))})


def _altered(frame: pl.DataFrame, nth: int, changes: dict[str, str]) -> pl.DataFrame:
    return frame[nth : nth + 1].with_columns(**{name: pl.lit(value) for name, value in changes.items()})


def crm(broken: Broken, file: str, out: CsvFile, frame: pl.DataFrame, party: Ints, times: int) -> list[bytes]:
    """Too many and too few columns, 31 February, a phone in scientific notation, bytes of no character."""
    ways = ("more", "fewer", "february", "scientific", "undecodable")
    lines = []
    for nth in range(min(times * len(ways), len(frame))):
        way, key = ways[nth % len(ways)], f"C{FIRST_KEY + nth}"
        more = {"february": {"生日": "1986-02-31"}, "scientific": {"手机": "1.38E+10"}}.get(way, {})
        line = out.line(_altered(frame, nth, {"客户编号": key, **more}))
        cells = line.removesuffix("\r\n")
        raw = out.encode({"more": f"{cells},多余,列\r\n", "fewer": ",".join(cells.split(",")[:7]) + "\r\n"}.get(way, line))
        lines.append(raw.removesuffix(b"\r\n") + b"\xff\xfe\r\n" if way == "undecodable" else raw)
        broken.add(file, int(party[nth]), f"crm:{key}")
    return lines


def orders(broken: Broken, file: str, out: JsonLines, frame: pl.DataFrame, buyer: Ints, recipient: Ints, times: int) -> list[bytes]:
    """A line cut off, a line that is no JSON, an amount that is no number."""
    lines = []
    for nth in range(min(times, len(frame))):
        key, whole = f"ERR{FIRST_KEY + nth}", out.line(frame[nth : nth + 1])
        lines += [whole[: len(whole) // 2].encode() + b"\n", "-- 导出中断 --\n".encode()]
        lines.append(out.line(_altered(frame, nth, {"order_no": key, "amount": "金额待定"})).encode())
        broken.add(file)
        broken.add(file, int(buyer[nth]), f"orders:{key}#buyer")
        broken.add(file, int(recipient[nth]), f"orders:{key}#recipient")
    return lines


def members(broken: Broken, file: str, out: CsvFile, frame: pl.DataFrame, party: Ints, times: int) -> list[bytes]:
    """Too few columns, points that are no number."""
    lines = []
    for nth in range(min(times * 2, len(frame))):
        key, short = f"M{FIRST_KEY + nth}", nth % 2 == 0
        line = out.line(_altered(frame, nth, {"会员号": key} | ({} if short else {"积分": "约5千"})))
        lines.append(out.encode(",".join(line.split(",")[:5]) + "\r\n" if short else line))
        broken.add(file, int(party[nth]), f"members:{key}")
    return lines


def calls(broken: Broken, file: str, out: CsvFile, frame: pl.DataFrame, party: Ints, times: int) -> list[bytes]:
    """A tab in the summary that nobody quoted."""
    lines = []
    for nth in range(min(times, len(frame))):
        key = f"CALL{FIRST_KEY + nth}"
        line = out.line(_altered(frame, nth, {"流水号": key}))
        lines.append(out.encode(line.removesuffix("\r\n") + "\t见备注\r\n"))
        broken.add(file, int(party[nth]), f"calls:{key}")
    return lines


def tickets(broken: Broken, file: str, frame: pl.DataFrame, numeric: Bools, party: Ints, times: int) -> tuple[pl.DataFrame, Bools]:
    """A time that does not exist."""
    n = min(times, len(frame))
    keys = [f"T{FIRST_KEY + nth}" for nth in range(n)]
    wrong = frame[:n].with_columns(工单号=table(keys), 更新时间=pl.lit("2025-02-30 25:00:00"))
    for nth, key in enumerate(keys):
        broken.add(file, int(party[nth]), f"tickets:{key}")
    return pl.concat([frame, wrong]), np.concatenate([numeric, numeric[:n]])
