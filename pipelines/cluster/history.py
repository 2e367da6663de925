"""How customers came to be: events of an id, who belonged to it at a moment, and what undoing a merge takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from schemas.errors import HubError


@dataclass(frozen=True)
class Event:
    """One change of who is who, as in cluster.events."""

    at: datetime
    kind: str
    customer_id: str
    other_id: str | None
    cause: str


@dataclass(frozen=True)
class Undoing:
    """What undoing the merge of `customer_id` into `survivor` takes: each side is held together, and the two are kept apart."""

    customer_id: str
    survivor: str
    part: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def judgements(self) -> list[tuple[str, str, str]]:
        """(record, record, verdict)."""
        held = [(side[0], other, "same") for side in (self.part, self.rest) for other in side[1:]]
        return [*held, (self.part[0], self.rest[0], "different")]


def resolve_id(con: duckdb.DuckDBPyConnection, customer_id: str) -> str:
    """The id that `customer_id` stands for now: itself, or the survivor it merged into.

    Raises:
        HubError: no customer ever had it.
    """
    row = con.execute("SELECT coalesce(merged_into, customer_id) FROM cluster.customers WHERE customer_id = ?", [customer_id]).fetchall()
    if not row:
        raise HubError("no customer has or had this id", where=customer_id)
    return str(row[0][0])


def events_of(con: duckdb.DuckDBPyConnection, customer_id: str) -> list[Event]:
    """What happened to an id, and which ids merged into it or split off from it, oldest first."""
    rows = con.execute(
        """SELECT e.at, kind, customer_id, other_id, cause FROM cluster.events e
        WHERE customer_id = $id OR other_id = $id ORDER BY seq, event_n""",
        {"id": customer_id},
    ).fetchall()
    return [Event(*row) for row in rows]


def members_as_of(con: duckdb.DuckDBPyConnection, customer_id: str, at: datetime) -> list[str]:
    """The mentions that belonged to `customer_id` at a moment (naive, UTC), in order."""
    rows = con.execute(
        """SELECT record_id FROM cluster.members WHERE customer_id = $id AND since_at <= $at
        UNION SELECT record_id FROM cluster.former_members WHERE customer_id = $id AND since_at <= $at AND until_at > $at
        ORDER BY record_id""",
        {"id": customer_id, "at": at},
    ).fetchall()
    return [record for (record,) in rows]


def undo_merge(con: duckdb.DuckDBPyConnection, customer_id: str) -> Undoing:
    """What it takes to part `customer_id` from the customer it merged into. Mentions that came to the survivor later go where their
    evidence takes them.

    Raises:
        HubError: the id is not merged, or nothing is left of one of the two sides.
    """
    merged = con.execute(
        """SELECT c.merged_into, max(f.until_at) FROM cluster.customers c LEFT JOIN cluster.former_members f USING (customer_id)
        WHERE c.customer_id = ? AND c.status = 'merged' GROUP BY c.merged_into""",
        [customer_id],
    ).fetchall()
    if not merged:
        resolve_id(con, customer_id)
        raise HubError("this customer is not merged into another", where=customer_id, mend="`hub history` shows what happened to it")
    survivor, until = merged[0]
    sides: dict[bool, list[str]] = {True: [], False: []}
    rows = con.execute(
        """SELECT m.record_id, f.record_id IS NOT NULL
        FROM cluster.members m
        LEFT JOIN (FROM cluster.former_members WHERE customer_id = $id AND until_at = $until) f USING (record_id)
        WHERE m.customer_id = $survivor AND (f.record_id IS NOT NULL OR m.since_at < $until) ORDER BY m.record_id""",
        {"id": customer_id, "until": until, "survivor": survivor},
    ).fetchall()
    for record, was_of_it in rows:
        sides[was_of_it].append(record)
    if not sides[True] or not sides[False]:
        raise HubError("nothing is left of one side of the merge", where=f"{customer_id}, {survivor}", mend="There is nothing to part")
    return Undoing(customer_id, survivor, tuple(sides[True]), tuple(sides[False]))
