"""Customer rows taken through the stages up to the customers, and a serving index of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.cluster.stage import cluster
from pipelines.match.stage import match
from pipelines.publish.keyring import Keyring
from pipelines.publish.serving_build import build_base, make_current
from pipelines.publish.serving_delta import apply_delta
from pipelines.publish.serving_index import ServingIndex
from pipelines.publish.version import Edition
from pipelines.resolve.resolve import Resolution, Resolver
from pipelines.stage import Run, carry_out
from schemas.match_model import load_match_model
from schemas.new_record import NewRecord
from tests.publish.world import KEYS, edition
from tests.standardise.world import World

MODEL = load_match_model()


@dataclass
class Hub:
    """`put` and `drop` rows, `run` the stages, `publish`, `resolve` a new record."""

    folder: Path
    keys: Keyring = KEYS
    world: World = field(default_factory=World)
    version: int = 0

    def put(self, **rows: dict[str, Any]) -> None:
        for key, values in rows.items():
            self.world.put("customers", key, **values)

    def drop(self, key: str) -> None:
        self.world.drop("customers", key)

    def run(self, *, full: bool = False) -> None:
        self.world.run(full=full)
        for name, stage in (("match", match), ("cluster", cluster)):
            carry_out(self.world.con, Run("test", full=full), name, stage)

    def publish(self, *, changed: set[str] | None = None) -> None:
        """Build the index, or bring these customers up to date in it."""
        self.version += 1
        made = Edition(f"match{self.version}", "run", edition().created_at)
        if changed is None:
            build_base(self.world.con, self.folder, made, self.keys, model=MODEL)
            make_current(self.folder, made, self.keys, f"base-match{self.version}")
            self.base = self.folder / f"base-match{self.version}"
            return
        self.world.con.execute("CREATE OR REPLACE TEMP TABLE changed AS SELECT unnest(?::VARCHAR[]) AS key", [sorted(changed)])
        apply_delta(self.world.con, self.base, "changed", made, self.keys, model=MODEL, rematched="changed")

    def resolve(self, **values: Any) -> Resolution:
        served = ServingIndex.open(self.folder)
        try:
            return served.read(lambda snapshot: Resolver(self.keys).resolve(snapshot, NewRecord(**values)))
        finally:
            served.close()

    def customer(self, key: str) -> str:
        (found,) = self.world.con.execute("SELECT customer_id FROM cluster.members WHERE record_id = ?", [f"crm:{key}"]).fetchall()
        return str(found[0])

    def bits_of(self, key: str) -> dict[str, float]:
        """By the customer of the other: the bits of the strongest pair of a row's node."""
        rows = self.world.con.execute(
            """SELECT customer_id, max(bits) FROM (
                SELECT CASE WHEN node_a = node_id THEN node_b ELSE node_a END AS other, bits FROM match.pairs
                JOIN (SELECT node_id FROM match.node_records WHERE record_id = ?) ON node_id IN (node_a, node_b))
            JOIN match.node_records r ON r.node_id = other JOIN before USING (record_id) GROUP BY ALL""",
            [f"crm:{key}"],
        ).fetchall()
        return {customer: round(bits, 6) for customer, bits in rows}
