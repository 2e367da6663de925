"""Write the demo's extracts of a day and the truth about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from demo import broken, clock, crm_rows, crm_slips, interactions, logistics, logistics_rows, members, order_rows, tickets, world
from demo.broken import Broken
from demo.crm import Slip
from demo.draws import Ints
from demo.rates import Rates
from demo.size import LEAST_PEOPLE, MOST_PEOPLE
from demo.truth import write as write_truth
from demo.world import World
from demo.write import CsvFile, chunks, csv_file, interleave, jsonl_file, parquet_file, workbook

TICKETS_PER_WORKBOOK = 100_000
SEED = 20_260_101


@dataclass(frozen=True)
class Generated:
    """What was written. Rates are those planted in the CRM as it stands now: duplicates and rows with an error, per row."""

    files: dict[str, int]  # file name -> rows, broken ones included
    broken: dict[str, int]  # file name -> broken rows among them
    people: int
    parties: int
    mentions: int
    duplicate_rate: float
    error_rate: float

    @property
    def rows(self) -> int:
        return sum(self.files.values())


@dataclass
class _Extract:
    """What the writers of the single files share."""

    world: World
    landing: Path
    broken: Broken
    files: dict[str, int]

    def name(self, stem: str, ending: str) -> str:
        return f"{stem}_{clock.extract_date(self.world.day):%Y%m%d}{ending}"

    @property
    def times(self) -> int:
        """How often each way to break a row is used: in the first extract only."""
        return self.world.rates.broken if self.world.day == 0 else 0

    def count(self, name: str, rows: int) -> None:
        self.files[name] = rows + self.broken.files.get(name, 0)


def generate(landing: Path, truth: Path, *, people: int = 20_000, seed: int = SEED, day: int = 0, rates: Rates | None = None) -> Generated:
    """Write the extracts of `day` into `landing` and the truth up to that day into `truth`.

    `day` 0 is the first extract, all of three years; a later day holds what changed on it, no file where nothing did. Same arguments,
    same bytes: neither the clock nor what lies in the folders matters. `people` are the persons who may buy; leads, companies and
    receivers of gifts come on top (`Rates`).

    Raises:
        ValueError: `people` or `day` out of range.
    """
    if not LEAST_PEOPLE <= people <= MOST_PEOPLE or not 0 <= day <= 366:
        raise ValueError(f"people must be {LEAST_PEOPLE} to {MOST_PEOPLE}, day 0 to 366")
    some = world.make(seed, people, day, rates or Rates())
    extract = _Extract(some, landing, Broken(), {})
    _crm(extract)
    _orders(extract)
    shipments = logistics.make(some)
    _logistics(extract, shipments)
    desk, calls = tickets.make(some), interactions.make(some)
    _tickets(extract, desk)
    _members(extract)
    _calls(extract, calls)
    mentions = write_truth(some, truth, shipments, desk, calls, extract.broken.truth())
    duplicates, errors = planted(some)
    return Generated(extract.files, extract.broken.files, people, len(some.people) + some.organisations.n, mentions, duplicates, errors)


def planted(some: World) -> tuple[float, float]:
    """Share of CRM rows that repeat a party, and share that carry an error now."""
    rows = len(some.crm)
    wrong = sum(int((crm_slips.slips(some, row) != Slip.NONE).sum()) for row in chunks(rows))
    return 1 - len(np.unique(some.crm.party)) / rows, wrong / rows


def _crm(extract: _Extract) -> None:
    some, name = extract.world, extract.name("crm_customers", ".csv")
    rows = np.argsort(some.crm.number, kind="stable")
    rows = rows[some.crm.updated_at[rows] > some.since]
    if not len(rows):
        return
    with csv_file(extract.landing / name, "gb18030") as out:

        def lines(frame: pl.DataFrame, row: Ints) -> list[bytes]:
            return broken.crm(extract.broken, name, out, frame, some.crm.party[row], extract.times)

        for nth, piece in enumerate(chunks(len(rows))):
            frame = crm_rows.render(some, rows[piece])
            interleave(out, frame, [] if nth else lines(frame, rows[piece]))
        again = _older_rows(some, rows)
        out.rows(crm_rows.render(_as_they_were(some, again), again))
    extract.count(name, len(rows) + len(again))


def _older_rows(some: World, rows: Ints) -> Ints:
    """Rows whose older state comes once more: in the first extract a few touched ones, later some of the changed ones."""
    share = some.rates.repeated_rows if some.day == 0 else some.rates.stale_rows
    touched = some.crm.updated_at[rows] > some.crm.created_at[rows]
    return rows[touched & some.draws.chance(f"crm.stale.{some.day}", rows, share)]


def _as_they_were(some: World, rows: Ints) -> World:
    """The CRM with these rows as they were when made."""
    old = replace(
        some.crm,
        updated_at=some.crm.updated_at.copy(),
        as_of=some.crm.as_of.copy(),
        fixed=some.crm.fixed.copy(),
        edits=some.crm.edits.copy(),
    )
    old.updated_at[rows] = old.as_of[rows] = old.created_at[rows]
    old.fixed[rows], old.edits[rows] = False, 0
    return replace(some, crm=old)


def _orders(extract: _Extract) -> None:
    some, name = extract.world, extract.name("orders", ".jsonl.gz")
    oids = order_rows.changed(some)
    if not len(oids):
        return
    with jsonl_file(extract.landing / name) as out:
        for nth, piece in enumerate(chunks(len(oids))):
            oid = oids[piece]
            frame = order_rows.render(some, oid)
            lines = [] if nth else broken.orders(
                extract.broken, name, out, frame, some.orders.buyer[oid], some.orders.recipient[oid], extract.times
            )  # fmt: skip
            interleave(out, frame, lines)
    extract.count(name, len(oids))


def _logistics(extract: _Extract, everything: logistics.Shipments) -> None:
    name = extract.name("logistics", ".parquet")
    some = logistics.changed(extract.world, everything)
    if not len(some):
        return
    with parquet_file(extract.landing / name, logistics_rows.SCHEMA) as out:
        for piece in chunks(len(some)):
            out.write_table(logistics_rows.render(extract.world, some.take(piece)))
    extract.count(name, len(some))


def _tickets(extract: _Extract, everything: tickets.Tickets) -> None:
    some = tickets.changed(extract.world, everything)
    for nth, piece in enumerate(chunks(len(some), TICKETS_PER_WORKBOOK)):
        name = extract.name("tickets", f"_{nth + 1:02d}.xlsx")
        frame, numeric = tickets.render(extract.world, some.take(piece))
        if nth == 0:
            frame, numeric = broken.tickets(extract.broken, name, frame, numeric, some.party, extract.times)
        workbook(extract.landing / name, tickets.SHEET, frame, numeric, "联系电话", "创建时间")
        extract.count(name, len(piece))


def _members(extract: _Extract) -> None:
    name = extract.name("members", ".csv")
    keys = members.changed(extract.world)
    _csv(
        extract, name, "utf-8", ",", len(keys), lambda piece: members.render(extract.world, keys[piece]),
        lambda out, frame: broken.members(extract.broken, name, out, frame, keys // 2, extract.times),
    )  # fmt: skip


def _calls(extract: _Extract, everything: interactions.Calls) -> None:
    name = extract.name("calls", ".csv")
    some = interactions.changed(extract.world, everything)
    _csv(
        extract, name, "utf-16-le", "\t", len(some.number), lambda piece: interactions.render(extract.world, some.take(piece)),
        lambda out, frame: broken.calls(extract.broken, name, out, frame, some.person, extract.times),
    )  # fmt: skip


def _csv(
    extract: _Extract, name: str, encoding: str, delimiter: str, n: int,
    render: Callable[[Ints], pl.DataFrame], spoil: Callable[[CsvFile, pl.DataFrame], list[bytes]],
) -> None:  # fmt: skip
    if not n:
        return
    with csv_file(extract.landing / name, encoding, delimiter) as out:
        for nth, piece in enumerate(chunks(n)):
            frame = render(piece)
            interleave(out, frame, [] if nth else spoil(out, frame))
    extract.count(name, n)
