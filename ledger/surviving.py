"""What people did that a restore must not undo: the acts of a ledger that are carried over the backup it is filled from.

One list, `ACTS`; a kind of act that must survive too is added there and nowhere else. Keys that were issued after the backup are not
carried over: a restore may follow a break-in, and a new key is issued in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger.tables import API_KEYS, CHANGE_ORDER_ACTS, CHANGE_ORDERS, JUDGEMENTS, OVERRIDES, SUBJECT_KEYS

Held = Sequence[Mapping[Any, Any]]


@dataclass(frozen=True)
class Act:
    """A kind of act: what a ledger holds of it, and how it is entered into one that may hold some of it already; answers how many it did
    not hold."""

    what: str
    held: Callable[[sa.Connection], Held]
    bring: Callable[[sa.Connection, Held], int]


def _appended(what: str, table: sa.Table, number: str, at: str) -> Act:
    """An append-only table: rows that are not there are appended in the order they were made; one keeps its number where that is free."""

    def content(row: Mapping[Any, Any]) -> tuple[Any, ...]:
        return tuple(value for name, value in row.items() if name != number)

    def held(connection: sa.Connection) -> Held:
        return connection.execute(sa.select(table).order_by(table.c[number])).mappings().all()

    def bring(connection: sa.Connection, rows: Held) -> int:
        last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c[number]), 0))).scalar_one()
        known, missing = {content(row) for row in held(connection)}, []
        for row in sorted(rows, key=lambda row: (row[at], row[number])):
            if content(row) not in known:
                known.add(content(row))
                last = max(last + 1, row[number])
                missing.append({**row, number: last})
        if missing:
            connection.execute(table.insert(), missing)
        return len(missing)

    return Act(what, held, bring)


def _change_orders(connection: sa.Connection) -> Held:
    return connection.execute(sa.select(CHANGE_ORDERS)).mappings().all()


def _bring_change_orders(connection: sa.Connection, held: Held) -> int:
    """Orders that somebody decided about after the backup: their acts need them."""
    known = set(connection.execute(sa.select(CHANGE_ORDERS.c.order_id)).scalars())
    missing = [dict(row) for row in held if row["order_id"] not in known]
    if missing:
        connection.execute(CHANGE_ORDERS.insert(), missing)
    return len(missing)


def _subject_keys(connection: sa.Connection) -> Held:
    return connection.execute(sa.select(SUBJECT_KEYS)).mappings().all()


def _bring_subject_keys(connection: sa.Connection, held: Held) -> int:
    """A key that was destroyed stays destroyed, or a restore would make readable again what was erased."""
    changed = 0
    known = set(connection.execute(sa.select(SUBJECT_KEYS.c.subject_id)).scalars())
    for row in held:
        if row["subject_id"] not in known:
            connection.execute(SUBJECT_KEYS.insert().values(**row))
            changed += 1
        elif row["destroyed_at"] is not None:
            destroy = SUBJECT_KEYS.update().where(SUBJECT_KEYS.c.subject_id == row["subject_id"], SUBJECT_KEYS.c.destroyed_at.is_(None))
            changed += connection.execute(destroy.values(wrapped_key=None, destroyed_at=row["destroyed_at"])).rowcount
    return changed


def _revoked_keys(connection: sa.Connection) -> Held:
    query = sa.select(API_KEYS.c.key_id, API_KEYS.c.revoked_at).where(API_KEYS.c.revoked_at.is_not(None))
    return connection.execute(query).mappings().all()


def _bring_revocations(connection: sa.Connection, held: Held) -> int:
    """A key that was revoked stays revoked, since the time it was."""
    revoked = 0
    for row in held:
        still_live = API_KEYS.update().where(API_KEYS.c.key_id == row["key_id"], API_KEYS.c.revoked_at.is_(None))
        revoked += connection.execute(still_live.values(revoked_at=row["revoked_at"])).rowcount
    return revoked


ACTS: tuple[Act, ...] = (
    _appended("judgements", JUDGEMENTS, "judgement_id", "judged_at"),
    Act("subject keys", _subject_keys, _bring_subject_keys),
    _appended("overrides", OVERRIDES, "override_id", "entered_at"),
    Act("change orders", _change_orders, _bring_change_orders),
    _appended("acts on change orders", CHANGE_ORDER_ACTS, "act_id", "acted_at"),
    Act("revoked keys", _revoked_keys, _bring_revocations),
)
