"""Change orders between the warehouse, which proposes and acknowledges them, and the ledger, where stewards decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from ledger.change_orders import Act, ChangeOrder, enter, exported_files, standing_orders
from ledger.store import Ledger
from pipelines.publish.keyring import Key
from pipelines.stage import Run, StageReport, carry_out
from pipelines.warehouse import execute_with, transaction
from pipelines.writeback.acknowledge import count_states
from pipelines.writeback.stage import writeback
from schemas.errors import HubError, UsageError
from schemas.mapping import SourceMapping
from schemas.tables.writeback import STANDING
from schemas.writeback import KINDS, load_writeback

if TYPE_CHECKING:
    from pipelines.writeback.export import Exported

THE_HUB = "hub"
_DECIDED = ("released", "open", "refused")


@dataclass(frozen=True)
class Proposal:
    """A change order as it is proposed now, and what was decided of it. Values are clear: mask them before they are shown."""

    order: ChangeOrder
    state: str
    customer_id: str
    tier: str | None
    old_value: str | None
    new_value: str | None


@dataclass(frozen=True)
class Wanted:
    """Which proposals: all by default."""

    source: str | None = None
    kind: str | None = None
    state: str | None = None
    least: float | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise UsageError(f"there is no kind {self.kind!r}", where="--kind", mend=f"Use one of {', '.join(KINDS)}")


def mirror_change_orders(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Make writeback.standing what the ledger says."""
    held = standing_orders(ledger)
    of = [standing.order for standing in held]
    columns = [
        [order.order_id for order in of], [order.kind for order in of], [order.source for order in of], [order.record_id for order in of],
        [order.other_record_id for order in of], [order.field for order in of], [str(standing.state) for standing in held],
        [None for _ in held],
    ]  # fmt: skip
    with transaction(con):
        con.execute(f"DELETE FROM {STANDING.name}")
        execute_with(con, f"INSERT INTO {STANDING.name} FROM rows", [], pa.table(columns, schema=STANDING.arrow))


def enter_decided(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Tell the ledger which orders the stage found done or void. Lost by a kill, they are found again by the next run."""
    found = con.execute("SELECT state, order_id FROM writeback.standing WHERE decided_seq IS NOT NULL").fetchall()
    by_id = {standing.order.order_id: standing.order for standing in standing_orders(ledger)} if found else {}
    acts: tuple[Act, ...] = ("done", "void")
    for act in acts:
        if orders := [by_id[order_id] for state, order_id in found if state == act]:
            enter(ledger, act, orders, by=THE_HUB)
    con.execute("UPDATE writeback.standing SET decided_seq = NULL")


def refresh(con: duckdb.DuckDBPyConnection, ledger: Ledger, key: Key, *, full: bool) -> StageReport:
    """Propose and acknowledge between two runs; `full`: look at every customer anew."""
    mirror_change_orders(con, ledger)
    report = carry_out(con, Run(f"writeback-{uuid4()}", full), "writeback", partial(writeback, key=key))
    enter_decided(con, ledger)
    return report


def look(con: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Bring writeback.standing and writeback.progress up to what the ledger says now."""
    mirror_change_orders(con, ledger)
    count_states(con)


def proposals(con: duckdb.DuckDBPyConnection, wanted: Wanted, *, limit: int | None = None) -> list[Proposal]:
    """The proposals there are, customers worth most and surest ones first. Needs writeback.standing as the ledger says."""
    rows = con.execute(
        f"""{_PROPOSALS}
        WHERE coalesce(source = $source, true) AND coalesce(kind = $kind, true) AND coalesce(state = $state, true)
          AND coalesce(confidence >= $least, true)
        ORDER BY tier NULLS LAST, confidence DESC, order_id LIMIT $most""",
        {"source": wanted.source, "kind": wanted.kind, "state": wanted.state, "least": wanted.least, "most": limit},
    ).fetchall()
    return [_proposal(row) for row in rows]


def proposal(con: duckdb.DuckDBPyConnection, order_id: str) -> Proposal | None:
    """The order as it is proposed now; None when it is not."""
    found = con.execute(f"{_PROPOSALS} WHERE order_id = $order_id", {"order_id": order_id}).fetchall()
    return _proposal(found[0]) if found else None


def decide(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, act: Act, order_ids: Sequence[str], *, by: str, because: str | None = None
) -> int:
    """A steward's act about orders named one by one, all or none; answers how many.

    Raises:
        UsageError: an id is unknown, the order is no longer proposed, or its state does not allow the act.
    """
    known = {} if all(proposal(con, order_id) for order_id in order_ids) else _known(ledger)
    orders = []
    for order_id in order_ids:
        found = proposal(con, order_id)
        if found is None and order_id not in known:
            raise UsageError("there is no change order of this id", where=order_id, mend="`hub writeback list` shows those there are")
        if found is None and act != "withdrawn":
            raise UsageError(f"the order is {known[order_id][1]}: it is not proposed any more", where=order_id,
                             mend="`hub writeback show` tells what became of it")  # fmt: skip
        orders.append(found.order if found else known[order_id][0])
    return enter(ledger, act, orders, by=by, because=because)


def release_all(con: duckdb.DuckDBPyConnection, ledger: Ledger, wanted: Wanted, *, by: str) -> int:
    """Release every proposal that nobody decided about yet; answers how many."""
    undecided = [found.order for found in proposals(con, wanted) if found.state not in _DECIDED]
    if not undecided:
        raise HubError("there is nothing left to release of what was asked for", mend="`hub writeback list` shows what there is")
    return enter(ledger, "released", undecided, by=by)


def export(con: duckdb.DuckDBPyConnection, ledger: Ledger, key: Key, mapping: SourceMapping, folder: Path, *, by: str) -> Exported:
    """Write what is released for the source of `mapping`, as far as it still holds, and enter that it is out.

    Should the ledger fail, the file is taken away again: what is out is known to be out.

    Raises:
        UsageError, HubError: as `export_released`.
    """
    from pipelines.writeback.export import export_released  # loads Polars, which a run does without

    refresh(con, ledger, key, full=False)
    written = export_released(con, mapping, load_writeback(), folder, used=exported_files(ledger))
    known = _known(ledger)
    try:
        enter(ledger, "exported", [known[order_id][0] for order_id in written.order_ids], by=by, file_name=written.path.name)
    except BaseException:
        written.path.unlink()
        raise
    return written


def _known(ledger: Ledger) -> dict[str, tuple[ChangeOrder, str]]:
    return {standing.order.order_id: (standing.order, standing.state) for standing in standing_orders(ledger)}


# An order that was done, void or taken back and is proposed again is proposed: somebody has to decide anew.
_PROPOSALS = """
    FROM (SELECT o.order_id, o.kind, o.source, o.record_id, o.other_record_id, o.field, o.reason, o.confidence,
                 if(s.state IN ('released', 'open', 'refused'), s.state, 'proposed') AS state, o.customer_id, o.tier, o.old_value,
                 o.new_value
          FROM writeback.change_orders o LEFT JOIN writeback.standing s USING (order_id))"""


def _proposal(row: tuple[Any, ...]) -> Proposal:
    return Proposal(ChangeOrder(*row[:8]), *row[8:])
