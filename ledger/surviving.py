"""What people did that a restore must not undo: the acts of a ledger that are carried over the backup it is filled from.

One list, `ACTS`; a kind of act that must survive too is added there and nowhere else. Keys that were issued after the backup are not
carried over: a restore may follow a break-in, and a new key is issued in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger.tables import API_KEYS, JUDGEMENTS

Held = Sequence[Mapping[Any, Any]]


@dataclass(frozen=True)
class Act:
    """A kind of act: what a ledger holds of it, and how it is entered into one that may hold some of it already; answers how many it did
    not hold."""

    what: str
    held: Callable[[sa.Connection], Held]
    bring: Callable[[sa.Connection, Held], int]


def _judgements(connection: sa.Connection) -> Held:
    return connection.execute(sa.select(JUDGEMENTS).order_by(JUDGEMENTS.c.judgement_id)).mappings().all()


def _bring_judgements(connection: sa.Connection, held: Held) -> int:
    """Append those that are not there, in the order they were made; one keeps its number where that is free."""
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(JUDGEMENTS.c.judgement_id), 0))).scalar_one()
    known = {_content(row) for row in _judgements(connection)}
    rows = []
    for row in sorted(held, key=lambda row: (row["judged_at"], row["judgement_id"])):
        if _content(row) not in known:
            known.add(_content(row))
            last = max(last + 1, row["judgement_id"])
            rows.append({**row, "judgement_id": last})
    if rows:
        connection.execute(JUDGEMENTS.insert(), rows)
    return len(rows)


def _content(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in row.items() if name != "judgement_id")


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
    Act("judgements", _judgements, _bring_judgements),
    Act("revoked keys", _revoked_keys, _bring_revocations),
)
