"""Judgements: what a steward says of two records, append-only. The newest judgement of a pair is in force, unless it withdraws the others.

`same` holds two records together whatever their values say, `different` keeps them apart whatever speaks for them (must-link and
cannot-link of constrained clustering, Wagstaff and Cardie 2000). Records are named by their keys; no value of a person is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import sqlalchemy as sa

from ledger.store import Ledger
from ledger.tables import JUDGEMENTS, utc_now
from schemas.errors import UsageError

Verdict = Literal["same", "different", "withdrawn"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_A_STATEMENT = 5_000


@dataclass(frozen=True)
class Judgement:
    """One judgement of the pair `record_a` < `record_b`. `cause`: why it was made, a note or the act it is part of."""

    judgement_id: int
    judged_at: datetime
    judged_by: str
    record_a: str
    record_b: str
    verdict: Verdict
    cause: str | None


def judge(ledger: Ledger, pairs: Iterable[tuple[str, str, str]], *, by: str, cause: str | None = None) -> int:
    """Enter judgements of pairs of records as one act; answer how many.

    Raises:
        UsageError: a verdict is not one of `VERDICTS`, a record is judged against itself, or nobody is named.
    """
    if not by.strip():
        raise UsageError("a judgement needs somebody who made it", where="--by")
    now, rows = utc_now(), []
    for one, two, verdict in pairs:
        if verdict not in VERDICTS:
            raise UsageError(f"there is no verdict {verdict!r}", mend=f"Use one of {', '.join(VERDICTS)}")
        if one == two:
            raise UsageError("a record cannot be judged against itself", where=one)
        low, high = sorted((one, two))
        rows.append({"judged_at": now, "judged_by": by.strip(), "record_a": low, "record_b": high, "verdict": verdict, "cause": cause})
    with ledger.write() as connection:
        for first in range(0, len(rows), _A_STATEMENT):
            connection.execute(JUDGEMENTS.insert(), rows[first : first + _A_STATEMENT])
    return len(rows)


def judgements_in_force(ledger: Ledger) -> list[Judgement]:
    """The newest judgement of each pair, withdrawn ones left out, oldest first."""
    newest = sa.select(sa.func.max(JUDGEMENTS.c.judgement_id)).group_by(JUDGEMENTS.c.record_a, JUDGEMENTS.c.record_b)
    query = sa.select(JUDGEMENTS).where(JUDGEMENTS.c.judgement_id.in_(newest), JUDGEMENTS.c.verdict != "withdrawn")
    return _read(ledger, query.order_by(JUDGEMENTS.c.judgement_id))


def recent_judgements(ledger: Ledger, *, limit: int = 100) -> list[Judgement]:
    """All judgements ever made, newest first."""
    return _read(ledger, sa.select(JUDGEMENTS).order_by(JUDGEMENTS.c.judgement_id.desc()).limit(limit))


def last_judgement_id(ledger: Ledger) -> int:
    """Number of the newest judgement, 0 without any."""
    with ledger.read() as connection:
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(JUDGEMENTS.c.judgement_id), 0))).scalar_one())


def _read(ledger: Ledger, query: sa.Select[tuple[object, ...]]) -> list[Judgement]:
    with ledger.read() as connection:
        return [Judgement(**row) for row in connection.execute(query).mappings()]
