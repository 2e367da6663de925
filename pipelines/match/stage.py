"""The match stage: mentions in, distinct evidence and scored pairs out; a delta touches only its own neighbourhood."""

from __future__ import annotations

import duckdb

from pipelines.match.block import collect_keys, fill_blocks, members_of_crossed_blocks, propose
from pipelines.match.identifier_use import refresh_use
from pipelines.match.judgements import take_in_judgements
from pipelines.match.names_used import adopt_model, hashes_otherwise, model_in_use
from pipelines.match.nodes import assign_nodes, drop_removed, store_nodes
from pipelines.match.score import check_levels, gather_compared, score
from pipelines.stage import Run, all_pending, mark, mark_all, pending, take_in
from pipelines.warehouse import count
from schemas.match_model import MatchModel, load_match_model


def match(con: duckdb.DuckDBPyConnection, run: Run, seq: int) -> dict[str, object]:
    """Bring match.* up to date with std.mentions and mark the nodes whose mentions or pairs changed."""
    model = load_match_model(run.model)
    check_levels(model)
    everything = run.full or all_pending(con, "match", "std") or hashes_otherwise(con) or _is_empty(con)
    every = "SELECT count(*) FROM std.mentions"
    changed_n = count(con, every) if everything else pending(con, "match", "std", "mentions", "match_pending")
    facts: dict[str, object] = {"mentions_changed": changed_n} | take_in_judgements(con)
    if not everything:
        con.execute("INSERT INTO match_pending SELECT record_id FROM judged_anew ANTI JOIN match_pending ON key = record_id")
        changed_n = count(con, "SELECT count(*) FROM match_pending")
    con.execute("DROP TABLE judged_anew")
    if not everything and not changed_n and model_in_use(con) == model.fingerprint:
        take_in(con, "match", "std")
        return facts
    _renew_nodes(con, model, everything)
    anew = adopt_model(con, model, run.now) or everything
    if anew:
        # another model may merge otherwise at the same weights: every node concerns the clusters
        fill_blocks(con, model, None)
        facts |= propose(con, model, None)
    else:
        _find_touched(con, model)
        facts |= propose(con, model, "touched")
    facts |= _replace_pairs(con, model, seq, everything=anew)
    take_in(con, "match", "std")
    facts["nodes"] = count(con, "SELECT count(*) FROM match.nodes")
    facts["pairs"] = count(con, "SELECT count(*) FROM match.pairs")
    facts["identifiers_shared"] = count(con, "SELECT count(*) FROM match.identifier_use WHERE is_shared")
    return facts


def _is_empty(con: duckdb.DuckDBPyConnection) -> bool:
    return not count(con, "SELECT count(*) FROM match.node_records")


def _renew_nodes(con: duckdb.DuckDBPyConnection, model: MatchModel, everything: bool) -> None:
    """Nodes, their identifiers and the use of these, for the pending mentions or for all; the blocks they left are in `keys_before`."""
    if everything:
        for table in ("nodes", "node_identifiers", "identifier_use"):
            con.execute(f"DELETE FROM match.{table}")
    else:
        _extend_pending(con)
        con.execute(
            """CREATE OR REPLACE TEMP TABLE held_before AS
            SELECT DISTINCT node_id FROM match.node_records WHERE record_id IN (SELECT key FROM match_pending)"""
        )
        collect_keys(con, model, "held_before", "keys_before")
    assign_nodes(con, None if everything else "match_pending")
    store_nodes(con, None if everything else "match_pending")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE removed_identifiers AS
        SELECT DISTINCT identifier FROM match.node_identifiers SEMI JOIN nodes_removed USING (node_id)"""
    )
    drop_removed(con)
    # another model may draw the line of what is shared elsewhere
    refresh_use(con, model, everything=everything or model_in_use(con) != model.fingerprint)


def _extend_pending(con: duckdb.DuckDBPyConnection) -> None:
    """Shipments hang on the recipient of their order: either one changing means the other is looked at again."""
    con.execute(
        """INSERT INTO match_pending
        WITH touched_orders AS (
            SELECT DISTINCT order_id FROM std.mentions
            WHERE order_id IS NOT NULL AND role IN ('recipient', 'shipment_recipient') AND record_id IN (SELECT key FROM match_pending)
            UNION SELECT order_id FROM std.orders WHERE recipient_record_id IN (SELECT key FROM match_pending))
        SELECT record_id FROM std.mentions SEMI JOIN touched_orders USING (order_id)
        WHERE role IN ('recipient', 'shipment_recipient') AND record_id NOT IN (SELECT key FROM match_pending)"""
    )


def _find_touched(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    """Temp `touched(node_id)`: nodes whose pairs must be proposed anew, and `blocks` with all blocks they are in."""
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT node_id FROM nodes_regrouped UNION SELECT node_id FROM use_crossed")
    collect_keys(con, model, "touched", "keys_touched")
    con.execute("CREATE OR REPLACE TEMP TABLE keys_after AS SELECT * FROM keys_touched SEMI JOIN nodes_regrouped USING (node_id)")
    con.execute("CREATE OR REPLACE TEMP TABLE keys_wanted AS SELECT rule, key FROM keys_before UNION SELECT rule, key FROM keys_touched")
    fill_blocks(con, model, "keys_wanted")
    members_of_crossed_blocks(con, model, "keys_before", "keys_after")
    con.execute("CREATE OR REPLACE TEMP TABLE cap_crossed AS SELECT node_id FROM cap_crossed ANTI JOIN touched USING (node_id)")
    if count(con, "SELECT count(*) FROM cap_crossed"):
        con.execute("INSERT INTO touched SELECT node_id FROM cap_crossed")
        collect_keys(con, model, "touched", "keys_touched")
        fill_blocks(con, model, "keys_touched")


def _replace_pairs(con: duckdb.DuckDBPyConnection, model: MatchModel, seq: int, *, everything: bool) -> dict[str, object]:
    """Score the candidates, put them in place of all pairs of touched nodes (or of all), mark every node concerned."""
    if not everything:
        con.execute("CREATE OR REPLACE TEMP TABLE involved AS SELECT node_a AS node_id FROM candidates UNION SELECT node_b FROM candidates")
    gather_compared(con, model, None if everything else "involved")
    kept = score(con, model)
    if everything:
        con.execute("DELETE FROM match.pairs")
        mark_all(con, "match", "nodes", seq)
    else:
        _drop_pairs(con)
        mark(con, "match", "nodes", "SELECT node_id::VARCHAR FROM (FROM differing UNION FROM nodes_regrouped)", seq)
        mark(con, "match", "identifiers", "SELECT identifier::VARCHAR FROM use_turned", seq)
    con.execute("INSERT INTO match.pairs SELECT node_a, node_b, bits, levels FROM scored")
    for table in ("candidates", "compared", "scored", "dropped", "differing", "blocks", "involved", "touched", "use_turned"):
        con.execute(f"DROP TABLE IF EXISTS {table}")
    return {"pairs_scored_kept": kept}


def _drop_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Take all pairs of touched nodes out of match.pairs; temp `differing(node_id)`: nodes of pairs that came, went or weigh otherwise.
    Only these concern the clusters, beside nodes that lost or won mentions."""
    of_touched = "node_a IN (SELECT node_id FROM touched) OR node_b IN (SELECT node_id FROM touched)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE dropped AS SELECT node_a, node_b, bits FROM match.pairs WHERE {of_touched}")
    con.execute(f"DELETE FROM match.pairs WHERE {of_touched}")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE differing AS
        WITH pairs AS (
            (FROM dropped EXCEPT SELECT node_a, node_b, bits FROM scored)
            UNION ALL (SELECT node_a, node_b, bits FROM scored EXCEPT FROM dropped))
        SELECT node_a AS node_id FROM pairs UNION SELECT node_b FROM pairs"""
    )
