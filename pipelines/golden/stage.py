"""The golden stage: clusters and what their records say in, one row a customer with its provenance out."""

from __future__ import annotations

import duckdb

from pipelines.golden.addresses import decide_addresses
from pipelines.golden.assemble import assemble, clear
from pipelines.golden.contacts import decide_contacts
from pipelines.golden.fields import decide_fields
from pipelines.golden.scope import PART_CUSTOMERS, TEMPORARY, find_affected, gather_part, spread_trust
from pipelines.stage import Run, all_pending, mark, take_in
from pipelines.warehouse import count
from schemas.survivorship import Survivorship, load_survivorship


def golden(
    con: duckdb.DuckDBPyConnection, run: Run, seq: int, *, policy: Survivorship | None = None, part_customers: int = PART_CUSTOMERS
) -> dict[str, object]:
    """Bring gold.* up to date with cluster.* and std.* and mark the customers concerned (gone ones too).

    Takes in the layers cluster, std and raw (levels, consents and tags are read from the source rows). `policy` defaults to
    `schemas/survivorship.yaml`.

    Raises:
        UsageError: the policy file is wrong.
    """
    policy = policy or load_survivorship()
    everything = run.full or all_pending(con, "golden", "std") or count(con, "SELECT count(*) FROM gold.customers") == 0
    affected_n = find_affected(con, everything=everything)
    facts: dict[str, object] = {"customers_affected": affected_n}
    if affected_n:
        facts["customers_rebuilt"] = _rebuild(con, policy, everything, -(-affected_n // part_customers))
        mark(con, "gold", "customers", "SELECT customer_id FROM golden_affected", seq)
    con.execute("DROP TABLE golden_affected")
    for layer in ("cluster", "std", "raw"):
        take_in(con, "golden", layer)
    facts["customers"] = count(con, "SELECT count(*) FROM gold.customers")
    return facts


def _rebuild(con: duckdb.DuckDBPyConnection, policy: Survivorship, everything: bool, parts: int) -> int:
    """Write gold.* of the affected customers anew, in `parts` parts; answers how many customers have records."""
    clear(con, everything=everything)
    sources = spread_trust(con, policy)
    rebuilt = 0
    for part in range(parts):
        rebuilt += gather_part(con, part, parts)
        decide_fields(con, policy, sources)
        decide_contacts(con, policy, sources)
        decide_addresses(con, policy, sources)
        assemble(con, sources)
    for table in TEMPORARY:
        con.execute(f"DROP TABLE IF EXISTS {table}")
    return rebuilt
