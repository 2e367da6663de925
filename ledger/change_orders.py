"""Change orders: what stewards decide of repairs that the hub proposes to a source, and what came of them. Acts are append-only.

The last act tells the state: `released`, `withdrawn` (as if nobody had decided), `refused`, `exported` (the order is open), `done`, `void`
(it no longer holds). Rows are named by their keys; no value of a person is kept here: ids of orders are keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ledger.store import Ledger
from ledger.tables import CHANGE_ORDER_ACTS, CHANGE_ORDERS, utc_now
from schemas.errors import UsageError

Act = Literal["released", "withdrawn", "refused", "exported", "done", "void"]
State = Literal["proposed", "released", "withdrawn", "refused", "open", "done", "void"]
_A_STATEMENT = 2_000
# Which states an act may follow. An order that was done or void may be proposed again: the source fell back, or the evidence returned.
FOLLOWS: dict[Act, tuple[State, ...]] = {
    "released": ("proposed", "withdrawn", "done", "void"),
    "refused": ("proposed", "withdrawn", "done", "void", "released"),
    "withdrawn": ("released", "refused"),
    "exported": ("released",),
    "done": ("open",),
    "void": ("released", "open"),
}


@dataclass(frozen=True)
class ChangeOrder:
    """What an order is about, without its values. `confidence` is what it was when somebody decided first."""

    order_id: str
    kind: str
    source: str
    record_id: str
    other_record_id: str | None
    field: str | None
    reason: str
    confidence: float


@dataclass(frozen=True)
class OrderAct:
    """One act. `because`: why it was refused; `file_name`: the file in which it was exported."""

    order_id: str
    act: Act
    acted_at: datetime
    acted_by: str
    because: str | None
    file_name: str | None


@dataclass(frozen=True)
class Standing:
    """An order somebody decided about, and where it stands."""

    order: ChangeOrder
    state: State


def enter(
    ledger: Ledger, act: Act, orders: Sequence[ChangeOrder], *, by: str, because: str | None = None, file_name: str | None = None
) -> int:
    """Enter one act about each of `orders`, all or none; answer how many.

    Raises:
        UsageError: nobody is named, a refusal has no reason, or the state of an order does not allow the act.
    """
    if not by.strip():
        raise UsageError("an act needs somebody who does it", where="--by")
    if act == "refused" and not (because or "").strip():
        raise UsageError("a refusal needs its reason", where="--because", mend="Say why, without personal data")
    common = {"act": act, "acted_at": utc_now(), "acted_by": by.strip(), "because": because, "file_name": file_name}
    with ledger.write() as connection:
        for some in _pieces(orders):
            _make_known(connection, some)
            states = _states(connection, [order.order_id for order in some], lock=True)
            if wrong := [order.order_id for order in some if states[order.order_id] not in FOLLOWS[act]]:
                raise _refusal(act, wrong[0], states[wrong[0]], _last_act(connection, wrong[0]))
            connection.execute(CHANGE_ORDER_ACTS.insert(), [{"order_id": order.order_id, **common} for order in some])
    return len(orders)


def standing_orders(ledger: Ledger) -> list[Standing]:
    """Every order ever decided about, with its state."""
    query = sa.select(CHANGE_ORDERS, _LAST.c.act).join(_LAST, _LAST.c.order_id == CHANGE_ORDERS.c.order_id)
    with ledger.read() as connection:
        rows = [dict(row) for row in connection.execute(query.order_by(CHANGE_ORDERS.c.order_id)).mappings()]
    return [Standing(state=_state(row.pop("act")), order=ChangeOrder(**row)) for row in rows]


def acts_of(ledger: Ledger, order_id: str) -> list[OrderAct]:
    """What was done about an order, oldest first."""
    columns = [column for column in CHANGE_ORDER_ACTS.c if column.name != "act_id"]
    query = sa.select(*columns).where(CHANGE_ORDER_ACTS.c.order_id == order_id).order_by(CHANGE_ORDER_ACTS.c.act_id)
    with ledger.read() as connection:
        return [OrderAct(**row) for row in connection.execute(query).mappings()]


def exported_files(ledger: Ledger) -> set[str]:
    """Names of all files orders were exported in."""
    query = sa.select(CHANGE_ORDER_ACTS.c.file_name).where(CHANGE_ORDER_ACTS.c.file_name.is_not(None)).distinct()
    with ledger.read() as connection:
        return set(connection.execute(query).scalars())


_NEWEST = sa.select(sa.func.max(CHANGE_ORDER_ACTS.c.act_id)).group_by(CHANGE_ORDER_ACTS.c.order_id)
_LAST = sa.select(CHANGE_ORDER_ACTS).where(CHANGE_ORDER_ACTS.c.act_id.in_(_NEWEST)).subquery("last")


def _pieces(orders: Sequence[ChangeOrder]) -> Iterator[list[ChangeOrder]]:
    """In the order of their ids, each once: two who enter the same ones wait for each other instead of blocking each other."""
    rest = iter(sorted({order.order_id: order for order in orders}.values(), key=lambda order: order.order_id))
    while some := list(islice(rest, _A_STATEMENT)):
        yield some


def _make_known(connection: sa.Connection, orders: Iterable[ChangeOrder]) -> None:
    insert: Any = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(CHANGE_ORDERS)
    connection.execute(insert.on_conflict_do_nothing(), [asdict(order) for order in orders])


def _states(connection: sa.Connection, order_ids: list[str], *, lock: bool) -> dict[str, State]:
    """The states of known orders. `lock`: nobody else enters an act about them before this transaction ends (SQLite has one writer)."""
    if lock:
        rows = sa.select(CHANGE_ORDERS.c.order_id).where(CHANGE_ORDERS.c.order_id.in_(order_ids)).order_by(CHANGE_ORDERS.c.order_id)
        connection.execute(rows.with_for_update()).all()
    newest = _NEWEST.where(CHANGE_ORDER_ACTS.c.order_id.in_(order_ids))
    query = sa.select(CHANGE_ORDER_ACTS.c.order_id, CHANGE_ORDER_ACTS.c.act).where(CHANGE_ORDER_ACTS.c.act_id.in_(newest))
    found = {order_id: _state(act) for order_id, act in connection.execute(query)}
    return {order_id: found.get(order_id, "proposed") for order_id in order_ids}


def _state(act: Act) -> State:
    return "open" if act == "exported" else act


def _last_act(connection: sa.Connection, order_id: str) -> sa.RowMapping | None:
    query = sa.select(CHANGE_ORDER_ACTS).where(CHANGE_ORDER_ACTS.c.order_id == order_id).order_by(CHANGE_ORDER_ACTS.c.act_id.desc())
    return connection.execute(query.limit(1)).mappings().first()


def _refusal(act: Act, order_id: str, state: State, last: sa.RowMapping | None) -> UsageError:
    said = f"by {last['acted_by']} on {last['acted_at']:%Y-%m-%d %H:%M} UTC" if last else None
    mends = {"released": "`hub writeback withdraw` takes a release back", "refused": "`hub writeback withdraw` takes a refusal back"}
    return UsageError(f"the order is {state} and cannot be {act}", where=order_id, why=said, mend=mends.get(state))
