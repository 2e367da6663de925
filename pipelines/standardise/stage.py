"""The standardise stage: raw rows in; mentions, identifiers and facts out. A delta rebuilds only what changed rows concern."""

from __future__ import annotations

import duckdb

from pipelines.stage import Run, all_pending, take_in
from pipelines.standardise.facts import count_links
from pipelines.standardise.headers import drop_changes, drop_gathered, find_changes, gather
from pipelines.standardise.mentions import drop_values, standardise_values
from pipelines.standardise.replace import replace_all, replace_touched
from pipelines.standardise.roles import ROLES
from pipelines.warehouse import count
from schemas.tables import std


def standardise(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
    """Bring `std.*` up to date with `raw.*` and mark what changed: mentions (record_id) and each kind of fact (its id).

    With `run.full`, after an upgrade, or where nothing is standardised yet, everything is derived anew. The tables come out the same
    either way, in whatever order and batches the rows came. Facts: rows changed, counts, and per kind the distinct values that were not
    of the common form.
    """
    everything = run.full or all_pending(con, "standardise", "raw") or _is_empty(con)
    changed_n = count(con, "SELECT count(*) FROM raw.rows") if everything else find_changes(con)
    facts: dict[str, object] = {"rows_changed": changed_n}
    if everything or changed_n:
        entities = gather(con, everything=everything)
        roles = [role for role in ROLES if role.entity in entities]
        facts["odd_values"] = odd = standardise_values(con, roles)
        replace = replace_all if everything else replace_touched
        facts["mentions_changed"] = replace(con, roles, odd, entities, seq)
        drop_values(con)
        drop_gathered(con)
    drop_changes(con)
    take_in(con, "standardise", "raw")
    for table in (std.MENTIONS, std.IDENTIFIERS, std.ORDERS, std.SHIPMENTS, std.TICKETS):
        facts[table.noun] = count(con, f"SELECT count(*) FROM {table.name}")
    return facts | count_links(con)


def _is_empty(con: duckdb.DuckDBPyConnection) -> bool:
    return not any(count(con, f"SELECT count(*) FROM {table.name}") for table in std.TABLES)
