"""The write-back stage: proposals brought up to date, standing orders acknowledged, progress counted."""

from __future__ import annotations

import duckdb

from pipelines.publish.keyring import Key
from pipelines.stage import Run, all_pending, take_in
from pipelines.warehouse import count, one
from pipelines.writeback.acknowledge import acknowledge, count_duplicates, count_states
from pipelines.writeback.propose import propose
from pipelines.writeback.scope import CONSUMER, LAYERS
from schemas.writeback import Writeback, load_writeback


def writeback(
    con: duckdb.DuckDBPyConnection, run: Run, seq: int, *, key: Key, policy: Writeback | None = None, begin: bool = True
) -> dict[str, object]:
    """Bring writeback.* up to date with raw.*, gold.* and writeback.standing. `policy` defaults to `schemas/writeback.yaml`; `key` makes
    the ids of orders. Unless it may `begin`, nothing is done where nobody ever asked for proposals: looking at everybody is dear.

    Raises:
        UsageError: the policy file is wrong.
    """
    if not begin and _made_by(con) is None:
        return {"proposed": 0}
    policy = policy or load_writeback()
    made_by = f"{policy.fingerprint} {key.fingerprint}"
    everything = run.full or made_by != _made_by(con) or any(all_pending(con, CONSUMER, layer) for layer in LAYERS)
    facts: dict[str, object] = {"made_by": made_by, "customers_affected": propose(con, policy, key, everything=everything)}
    facts |= acknowledge(con, policy, key, seq)
    count_states(con)
    count_duplicates(con, policy, run, seq)
    for layer in LAYERS:
        take_in(con, CONSUMER, layer)
    return {**facts, "proposed": count(con, "SELECT coalesce(sum(proposed_n), 0) FROM writeback.progress")}


def _made_by(con: duckdb.DuckDBPyConnection) -> object:
    """Policy and key by which proposals were made last; None where none ever were."""
    return one(con, "SELECT facts ->> 'made_by' FROM meta.runs WHERE stage = ? ORDER BY seq DESC LIMIT 1", [CONSUMER])
