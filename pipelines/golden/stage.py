"""The golden stage: clusters and what their records say in, one row a customer with its provenance out."""

from __future__ import annotations

import duckdb

from pipelines.golden.addresses import decide_addresses
from pipelines.golden.assemble import assemble, clear
from pipelines.golden.attributes import decide_attributes, list_attributes
from pipelines.golden.contacts import decide_contacts
from pipelines.golden.fields import decide_fields
from pipelines.golden.organisations import derive_organisations
from pipelines.golden.places import derive_places
from pipelines.golden.relations import RELATED_ANEW, derive_relations, note_names
from pipelines.golden.scope import PART_CUSTOMERS, TEMPORARY, find_affected, gather_part, hear_voices
from pipelines.stage import Run, all_pending, mark, take_in
from pipelines.warehouse import count, one
from schemas.preferences import load_preferences
from schemas.survivorship import Survivorship, load_survivorship


def golden(
    con: duckdb.DuckDBPyConnection, run: Run, seq: int, *, policy: Survivorship | None = None, part_customers: int = PART_CUSTOMERS
) -> dict[str, object]:
    """Bring gold.* up to date with cluster.* and std.* and mark the customers concerned (gone ones too).

    Takes in the layers cluster, std and raw (levels, consents and tags are read from the source rows, and what stewards entered). Under
    another policy than the last time everything is decided anew. `policy` defaults to the file of the run.

    Raises:
        UsageError: the policy file is wrong.
    """
    policy = policy or load_survivorship(run.survivorship)
    other_rules = one(con, "SELECT max_by(facts ->> 'policy', seq) FROM meta.runs WHERE stage = 'golden'") != policy.fingerprint
    everything = run.full or other_rules or all_pending(con, "golden", "std") or count(con, "SELECT count(*) FROM gold.customers") == 0
    affected_n = find_affected(con, everything=everything)
    facts: dict[str, object] = {"policy": policy.fingerprint, "customers_affected": affected_n}
    if affected_n:
        note_names(con, everything=everything)
        facts["customers_rebuilt"] = decide_customers(con, policy, everything, -(-affected_n // part_customers))
        list_attributes(con)
        facts |= _derive_parties(con, seq)
        mark(con, "gold", "customers", f"SELECT customer_id FROM golden_affected UNION FROM ({RELATED_ANEW})", seq)
        con.execute("DROP TABLE relation_now_differing; DROP TABLE organisation_now_differing; DROP TABLE golden_named")
    con.execute("DROP TABLE golden_affected")
    for layer in ("cluster", "std", "raw"):
        take_in(con, "golden", layer)
    facts["customers"] = count(con, "SELECT count(*) FROM gold.customers")
    return facts


def _derive_parties(con: duckdb.DuckDBPyConnection, seq: int) -> dict[str, object]:
    """Organisations, places, and relations to and between people: derived for everybody, since what is shared depends on all."""
    return derive_organisations(con, seq) | derive_places(con) | derive_relations(con)


def decide_customers(con: duckdb.DuckDBPyConnection, policy: Survivorship, everything: bool, parts: int) -> int:
    """Write gold.* of the affected customers anew, in `parts` parts; answers how many customers have records."""
    clear(con, everything=everything)
    voices = hear_voices(con, policy)
    preferences = load_preferences()
    rebuilt = 0
    for part in range(parts):
        rebuilt += gather_part(con, voices, part, parts)
        decide_fields(con, policy, voices)
        decide_contacts(con, policy, voices)
        decide_addresses(con, policy, voices)
        decide_attributes(con, policy, voices)
        assemble(con, voices, preferences)
    for table in TEMPORARY:
        con.execute(f"DROP TABLE IF EXISTS {table}")
    return rebuilt
