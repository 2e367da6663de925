"""The shipments as rows of a Parquet file: typed columns, parcels and events as lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from demo import catalogue, order_rows
from demo.clock import DAY, NEVER
from demo.draws import Ints
from demo.logistics import NO_ORDER, SIGNED, STATUSES, Shipments, journeys
from demo.places import places
from demo.recipients import recipients, shown
from demo.size import is_organisation
from demo.text import digits, join, lists, pick, scramble, switch, table, words
from demo.world import World

CARRIERS = words("顺丰速运 中通快递 圆通速递 韵达速递 京东物流 邮政EMS")
_EVENTS = table(["已揽收", "运输中", "派送中", *STATUSES[SIGNED:]])
MOST_PARCELS = 3
_TIME = pa.timestamp("ms")
_PARCEL = pa.struct([pa.field("carrier", pa.string()), pa.field("waybill", pa.string())])
_EVENT = pa.struct([
    pa.field("waybill", pa.string()), pa.field("time", _TIME), pa.field("status", pa.string()), pa.field("location", pa.string()),
])  # fmt: skip
_FIELDS: list[pa.Field[Any]] = [
    pa.field("shipment_no", pa.string()), pa.field("order_no", pa.string()),
    pa.field("recipient_name", pa.string()), pa.field("recipient_phone", pa.string()), pa.field("recipient_province", pa.string()),
    pa.field("recipient_city", pa.string()), pa.field("recipient_district", pa.string()), pa.field("recipient_address", pa.string()),
    pa.field("status", pa.string()), pa.field("shipped_at", _TIME), pa.field("promised_at", _TIME), pa.field("delivered_at", _TIME),
    pa.field("declared_value", pa.decimal128(18, 2)), pa.field("parcels", pa.list_(_PARCEL)), pa.field("events", pa.list_(_EVENT)),
    pa.field("updated_at", _TIME),
]  # fmt: skip
SCHEMA = pa.schema(_FIELDS)


@dataclass(frozen=True)
class Parcels:
    """Parcels of some shipments, one after the other."""

    counts: Ints
    waybill: pl.Series
    carrier: pl.Series

    @property
    def first(self) -> Ints:
        return np.cumsum(self.counts) - self.counts


def number(sid: Ints) -> pl.Series:
    """The shipment's number."""
    return join("LS", digits(scramble(sid, 10, key=1618), 10))


def parcels(world: World, sid: Ints) -> Parcels:
    """One parcel, of some shipments two or three."""
    several = world.draws.chance("parcel.several", sid, world.rates.several_parcels)
    counts = np.where(several, 2 + world.draws.below("parcel.n", sid, MOST_PARCELS - 1), 1)
    shipment = np.repeat(sid, counts)
    nth = np.arange(len(shipment)) - np.repeat(np.cumsum(counts) - counts, counts)
    carrier = world.draws.choose("parcel.carrier", shipment, [22, 24, 18, 16, 12, 8])
    code = digits(scramble(shipment * (MOST_PARCELS + 1) + nth, 10, key=577), 10)
    waybill = switch(
        carrier,
        join("SF1", code, "07"),
        join("781", code, "3"),
        join("YT", code, "218"),
        join("46", code, "8"),
        join("JDV0", code),
        join("11", code, "9"),
    )
    return Parcels(counts, waybill, pick(CARRIERS, carrier))


def _times(seconds: Ints, known: npt.NDArray[np.bool_]) -> pa.Array[Any]:
    """Local wall time in milliseconds; null where not known."""
    times = pl.Series(np.where(known, seconds, 0) * 1000).cast(pl.Datetime("ms"))
    return pl.select(pl.when(pl.Series(known)).then(times).alias("time")).to_series().to_arrow()


def _money(fen: Ints) -> pa.Array[Any]:
    """DECIMAL(18,2) out of whole fen: the same bytes, read with two decimals."""
    whole = pl.Series(fen).to_arrow().cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), whole.buffers())


def render(world: World, some: Shipments) -> pa.Table:
    """The extract's rows."""
    now, draws, sid, oid = world.now, world.draws, some.sid, some.oid
    real = oid < NO_ORDER
    to = recipients(
        world, "waybill", sid, oid, some.party, some.ordered_at, some.platform,
        masked=draws.chance("waybill.masked", sid, world.rates.masked_waybills), uncorrected=some.uncorrected,
    )  # fmt: skip
    fields = shown(world, to, some.platform)
    travel, boxes = journeys(world, some), parcels(world, sid)
    goods = catalogue.lines(draws, oid, np.where(real, world.orders.shopper[np.where(real, oid, 0)], some.party))
    promised = some.shipped_at + 4 * DAY
    status = travel.status(now)
    columns = [
        number(sid), order_rows.number(some.platform, oid, some.ordered_at),
        *(getattr(fields, name) for name in ("name", "phone", "province", "city", "district", "address")),
        pick(table(STATUSES), status),
        _times(some.shipped_at, some.shipped_at <= now), _times(promised, promised < NEVER), _times(travel.end, status == SIGNED),
        _money(goods.by_order(goods.amount)),
        lists(pl.DataFrame({"carrier": boxes.carrier, "waybill": boxes.waybill}), boxes.counts),
        _events(world, some, boxes), _times(travel.updated(now), some.shipped_at <= now),
    ]  # fmt: skip
    arrays = [column.to_arrow() if isinstance(column, pl.Series) else column for column in columns]
    return pa.table(arrays, names=SCHEMA.names).cast(SCHEMA)


def _events(world: World, some: Shipments, boxes: Parcels) -> pl.Series:
    """What has come to pass so far, oldest first, told of the first parcel."""
    travel, now = journeys(world, some), world.now
    times = np.stack(travel.events(), axis=1)
    happened = times <= now
    row, stage = np.nonzero(happened)
    what = np.where(stage < 3, stage, travel.outcome[row] - SIGNED + 3)
    through = places().draw_city(world.draws, "event.through", some.sid)[row]
    target = world.people.dwelling_at(np.where(is_organisation(some.party), 0, some.party), some.ordered_at).city[row]
    city = np.where(stage == 0, _warehouse_city(), np.where(stage == 1, through, target))
    frame = pl.DataFrame({
        "waybill": boxes.waybill.gather(pl.Series(boxes.first)).gather(pl.Series(row)),
        "time": pl.Series(times[row, stage] * 1000).cast(pl.Datetime("ms")),
        "status": pick(_EVENTS, what),
        "location": pick(places().city, city),
    })  # fmt: skip
    return lists(frame, happened.sum(axis=1))


def _warehouse_city() -> int:
    """The company's warehouse is in Hangzhou."""
    return int(places().city.to_list().index("杭州市"))
