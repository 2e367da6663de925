"""Who is who: for evaluation alone, written beside the extracts, never into the landing folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from demo import addresses, interactions, logistics, logistics_rows, members, names, order_rows, phones, tickets
from demo.clock import NEVER
from demo.crm import key_text
from demo.documents import id_text
from demo.draws import Ints
from demo.places import places
from demo.size import ORGANISATION, is_organisation
from demo.text import digits, join, lists, only, pick, where
from demo.world import World
from demo.write import replacing


def party_ids(party: Ints) -> pl.Series:
    """`p00000017` for a person, `o00000003` for a company."""
    company = is_organisation(party)
    return join(where(company, "o", "p"), digits(np.where(company, party - ORGANISATION, party), 8))


def write(
    world: World, folder: Path, shipments: logistics.Shipments, desk: tickets.Tickets, calls: interactions.Calls, broken: pl.DataFrame
) -> int:
    """`truth.parquet` and `people.parquet`; answers how many mentions there are. `broken`: the mentions of broken rows."""
    mentions = pl.concat([*_mentions(world, shipments, desk, calls), broken]).sort("record_id")
    for name, frame in (("truth", mentions), ("people", people(world))):
        with replacing(folder / f"{name}.parquet") as part:
            frame.write_parquet(part)
    return len(mentions)


def _mention(record_id: pl.Series, party: Ints) -> pl.DataFrame:
    return pl.DataFrame({"record_id": record_id, "party_id": party_ids(party)})


def _mentions(world: World, shipments: logistics.Shipments, desk: tickets.Tickets, calls: interactions.Calls) -> list[pl.DataFrame]:
    orders, keys = world.orders, members.memberships(world)
    order_no = order_rows.number(orders.platform, np.arange(len(orders)), orders.ordered_at)
    return [
        _mention(join("crm:", key_text(world.crm.number)), world.crm.party),
        _mention(join("members:", members.number(keys)), keys // 2),
        _mention(join("orders:", order_no, "#buyer"), orders.buyer),
        _mention(join("orders:", order_no, "#recipient"), orders.recipient),
        _mention(join("logistics:", logistics_rows.number(shipments.sid), "#recipient"), shipments.party),
        _mention(join("tickets:", tickets.number_texts(desk.number)), desk.party),
        _mention(join("calls:", interactions.number_text(calls.number)), calls.person),
    ]


def people(world: World) -> pl.DataFrame:
    """True values of every party at the moment of the extract."""
    return pl.concat([_persons(world), _companies(world)])


def _persons(world: World) -> pl.DataFrame:
    who, now = world.people, np.full(len(world.people), world.now)
    person = who.numbers
    home = who.dwelling_at(person, now)
    return pl.DataFrame({
        "party_id": party_ids(person),
        "kind": pl.Series(["person"] * len(person), dtype=pl.String),
        "name": names.write(who.names),
        "gender": where(who.woman, "female", "male"),
        "birth_on": pl.Series(who.birth).cast(pl.Int32).cast(pl.Date),
        "phone": phones.plain(who.phone_at(person, now)),
        "phones": _all_phones(world, person),
        "email": only(who.has_email(person), who.email(person)),
        "id_number": id_text(who.id_matrix(person)),
        "province": pick(places().province, home.city),
        "city": pick(places().city, home.city),
        "district": pick(places().district, home.district),
        "address": addresses.detail(home, np.zeros(len(home.district), dtype=np.int64)),
        "uscc": only(np.zeros(len(person), dtype=bool), "no person has one"),
    })  # fmt: skip


def _all_phones(world: World, person: Ints) -> pl.Series:
    """Every number a person has had so far, first one first; the second line last."""
    who = world.people
    had = [np.full(len(person), True), who.changed_at <= world.now, who.changed_2_at < NEVER, np.full(len(person), True)]
    row, generation = np.nonzero(np.stack(had, axis=1))
    items = pl.DataFrame({"phone": phones.plain(who.phone(row, generation))})
    nested = lists(items, np.stack(had, axis=1).sum(axis=1))
    return nested.list.eval(pl.element().struct.field("phone"))


def _companies(world: World) -> pl.DataFrame:
    office = world.organisations
    number = np.arange(office.n)
    home, nothing = office.office(number), only(np.zeros(office.n, dtype=bool), "unknown")
    mobile = phones.plain(office.mobile(number))
    return pl.DataFrame({
        "party_id": party_ids(number + ORGANISATION),
        "kind": pl.Series(["organisation"] * office.n, dtype=pl.String),
        "name": office.name(number, office.own_form(number)),
        "gender": nothing,
        "birth_on": nothing.cast(pl.Date),
        "phone": mobile,
        "phones": lists(pl.DataFrame({"phone": mobile}), np.ones(office.n, dtype=np.int64)).list.eval(pl.element().struct.field("phone")),
        "email": nothing,
        "id_number": nothing,
        "province": pick(places().province, home.city),
        "city": pick(places().city, home.city),
        "district": pick(places().district, home.district),
        "address": addresses.detail(home, np.zeros(len(home.district), dtype=np.int64)),
        "uscc": office.uscc(number),
    })  # fmt: skip
