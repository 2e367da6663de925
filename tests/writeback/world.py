"""Golden's small company in memory, with the evidence of each record and the stage of write-back after golden."""

from __future__ import annotations

from functools import partial
from typing import Any

from ledger.change_orders import ChangeOrder
from pipelines.publish.keyring import Key
from pipelines.stage import Run, carry_out, mark
from pipelines.writeback.stage import writeback
from schemas.writeback import Writeback, load_writeback
from tests.golden.world import NOW, World, day

KEY = Key("k1", b"\x07" * 32)
Row = dict[str, Any]


class Desk(World):
    """A world whose `run` also proposes. `standing`: what stewards decided, as the ledger would tell."""

    def __init__(self, policy: Writeback | None = None) -> None:
        super().__init__()
        self.policy = policy or load_writeback()
        self.standing: dict[str, tuple[ChangeOrder, str]] = {}

    def row_of(self, record_id: str, customer_id: str, *, n: float = 0, **sent: Any) -> None:
        """A row of the CRM or the loyalty programme: what it sent, and the same standardised where the value allows."""
        said = {column: value for column, value in sent.items() if column in ("name", "gender", "birth_on", "email")}
        clear: Row = {
            "name": said.get("name"), "gender": said.get("gender"), "birth_on": said.get("birth_on"), "phone_norm": sent.get("phone"),
            "email_norm": said.get("email"),
        }  # fmt: skip
        standard = clear | sent.pop("standard", {})
        others = [("phone", sent["phone_alt"])] if "phone_alt" in sent else []
        role = "member" if record_id.startswith("members") else "crm_customer"
        made = {} if role == "member" else {"created_at": day(n)}
        self.mention(record_id, customer_id, role=role, at=day(n), raw={**made, **sent}, others=others, **standard)

    def invalid(self, record_id: str, kind: str, value: str) -> None:
        """The record carries a value that fails its checks."""
        self.put("std.identifiers", record_id=record_id, kind=kind, value=value, is_valid=False, is_masked=False, is_personal=False)

    def ordered(self, number: int, customer_id: str, **said: Any) -> None:
        """An order of the customer, whose buyer says this."""
        self.order(f"oms:{number}", customer_id, None, day(number), "10.00", {"buyer": said})

    def decide(self, state: str, **where: Any) -> str:
        """A steward's word about the one order that fits; answers its id."""
        (found,) = [row for row in self.proposed() if all(row[name] == value for name, value in where.items())]
        order = ChangeOrder(*(found[name] for name in ChangeOrder.__dataclass_fields__))
        self.standing[order.order_id] = (order, state)
        return order.order_id

    def propose(self, *, full: bool = False) -> Row:
        """Sync, golden, write-back; answers the facts of the last."""
        self.run_golden(full=full)
        self._evidence()
        self.con.execute("DELETE FROM writeback.standing")
        for order, state in self.standing.values():
            row = [order.order_id, order.kind, order.source, order.record_id, order.other_record_id, order.field, state, None]
            self.con.execute("INSERT INTO writeback.standing VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        facts = carry_out(self.con, Run("r", full=full, now=NOW), "writeback", partial(writeback, key=KEY, policy=self.policy)).facts
        for order_id, state in self.rows("SELECT order_id, state FROM writeback.standing"):
            self.standing[order_id] = (self.standing[order_id][0], state)
        return facts

    def _evidence(self) -> None:
        """Each record is evidence of its own; `pair` says how surely two are one."""
        self.con.execute("DELETE FROM match.node_records")
        self.con.execute("INSERT INTO match.node_records SELECT record_id, hash(record_id), false FROM std.mentions")

    def pair(self, one: str, two: str, bits: float) -> None:
        self.con.execute(
            "INSERT INTO match.pairs SELECT least(hash($1), hash($2)), greatest(hash($1), hash($2)), $3, 0", [one, two, bits]
        )
        carry_out(
            self.con, Run("r"), "match",
            lambda con, _run, seq: mark(con, "match", "nodes", f"SELECT hash('{one}')::VARCHAR", seq) or {},
        )  # fmt: skip

    def proposed(self) -> list[Row]:
        cursor = self.con.execute("SELECT * FROM writeback.change_orders ORDER BY kind, record_id, field")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def told(self) -> list[tuple[Any, ...]]:
        """Kind, row, field or row to merge into, reason, new value."""
        rows = self.proposed()
        return [(row["kind"], row["record_id"], row["field"] or row["other_record_id"], row["reason"], row["new_value"]) for row in rows]
