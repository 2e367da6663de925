"""Candidate pairs: nodes that share a block. A pair is proposed or not as a function of the current nodes alone.

A block above the cap of its rule is counted and reported. It proposes nothing (finer rules and identifiers reach its members), or, where
the rule says what by, is divided: parts within the cap are paired as blocks are, a larger part is held together by pairs of each node with
the least one. When a block crosses its cap, or changes above it, all its nodes are paired anew, so the order of arrival never shows.
"""

from __future__ import annotations

import duckdb

from pipelines.warehouse import count
from schemas.match_model import BlockingRule, MatchModel


def key_sql(rule: BlockingRule, *, nodes: str | None = None, keys: str | None = None) -> str:
    """`SELECT DISTINCT key, node_id` of a rule over match.* as they are, of the nodes in temp table `nodes(node_id)` or the blocks in
    `keys(key)` where given. The restriction stands next to the scans: a delta must not join the whole layer."""
    of_nodes = f"SEMI JOIN {nodes} USING (node_id)" if nodes else ""
    of_keys = f"WHERE key IN (SELECT key FROM {keys})" if keys else ""
    if rule.identifiers:
        kinds = ", ".join(f"'{kind}'" for kind in rule.identifiers)
        held = f"SELECT identifier AS key, node_id FROM match.node_identifiers {of_nodes} WHERE kind IN ({kinds})"
        return f"""SELECT * FROM ({held}) {of_keys}{" AND" if keys else "WHERE"} key NOT IN (
            SELECT identifier FROM match.identifier_use WHERE is_shared)"""
    if rule.orders:
        named = "SELECT hash(order_id) AS key, record_id FROM std.mentions WHERE order_id IS NOT NULL"
        return f"""SELECT DISTINCT m.key, r.node_id FROM (SELECT * FROM ({named}) {of_keys}) m
            JOIN (SELECT record_id, node_id FROM match.node_records {of_nodes}) r USING (record_id)"""
    key, present = agreement_sql(rule.agree_on)
    return f"SELECT * FROM (SELECT {key} AS key, node_id FROM match.nodes {of_nodes} WHERE {present}) {of_keys}"


def agreement_sql(expressions: tuple[str, ...]) -> tuple[str, str]:
    """SQL of the key of nodes that agree on these expressions over their columns, and of the condition that a node has one."""
    key = ", ".join(f"({part})" for part in expressions)
    return f"hash({key})", " AND ".join(f"({part}) IS NOT NULL" for part in expressions)


def collect_keys(con: duckdb.DuckDBPyConnection, model: MatchModel, nodes: str, into: str) -> None:
    """Temp table `into(rule, key, node_id)`: the blocks that the nodes in temp table `nodes(node_id)` belong to."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} (rule UTINYINT, key UBIGINT, node_id UBIGINT)")
    for n, rule in enumerate(model.blocking):
        con.execute(f"INSERT INTO {into} SELECT {n}, key, node_id FROM ({key_sql(rule, nodes=nodes)})")


def fill_blocks(con: duckdb.DuckDBPyConnection, model: MatchModel, keys: str | None) -> None:
    """Temp table `blocks(rule, key, node_id)`: the members of the blocks in temp table `keys(rule, key)`, or of every block."""
    con.execute("CREATE OR REPLACE TEMP TABLE blocks (rule UTINYINT, key UBIGINT, node_id UBIGINT)")
    for n, rule in enumerate(model.blocking):
        only = f"(SELECT key FROM {keys} WHERE rule = {n})" if keys else None
        con.execute(f"INSERT INTO blocks SELECT {n}, key, node_id FROM ({key_sql(rule, keys=only)})")


def members_of_crossed_blocks(con: duckdb.DuckDBPyConnection, model: MatchModel, before: str, after: str) -> None:
    """Temp table `cap_crossed(node_id)`: members of the blocks that went over or under their cap, or changed above it and are divided.
    `before` and `after` are the keys (rule, key, node_id) of the regrouped nodes then and now; `blocks` holds at least those blocks as they
    are now."""
    caps = ", ".join(f"({n}, {rule.cap}, {str(bool(rule.refine_by)).lower()})" for n, rule in enumerate(model.blocking))
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE cap_crossed AS
        WITH change AS (
            SELECT rule, key, sum(step) AS grown FROM (
                SELECT rule, key, 1 AS step FROM {after} UNION ALL SELECT rule, key, -1 FROM {before}) GROUP BY rule, key),
        sized AS (
            SELECT c.rule, c.key, count(b.node_id) AS size_now, count(b.node_id) - any_value(c.grown) AS size_then
            FROM change c LEFT JOIN blocks b USING (rule, key) GROUP BY c.rule, c.key)
        SELECT DISTINCT b.node_id
        FROM sized s JOIN (VALUES {caps}) AS caps(rule, cap, is_divided) USING (rule) JOIN blocks b USING (rule, key)
        WHERE (s.size_now > cap) <> (s.size_then > cap) OR is_divided AND s.size_now > cap"""
    )


def propose(con: duckdb.DuckDBPyConnection, model: MatchModel, touched: str | None) -> dict[str, int]:
    """Temp table `candidates(node_a, node_b, same_order)` from `blocks`; with `touched(node_id)` only pairs with one of those.

    Answers the number of pairs each rule proposed and of blocks above their cap.
    """
    facts: dict[str, int] = {}
    con.execute("CREATE OR REPLACE TEMP TABLE proposed (node_a UBIGINT, node_b UBIGINT, same_order BOOLEAN)")
    for n, rule in enumerate(model.blocking):
        con.execute(f"CREATE OR REPLACE TEMP TABLE of_rule AS SELECT key, node_id FROM blocks WHERE rule = {n}")
        facts[f"blocks_over_cap_{rule.rule}"] = over_cap = _part_by_size(con, rule.cap)
        _pair_members(con, touched, same_order=rule.orders)
        if rule.refine_by and over_cap:
            facts[f"parts_over_cap_{rule.rule}"] = _divide(con, rule, touched)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE candidates AS
        SELECT node_a, node_b, bool_or(same_order) AS same_order FROM proposed GROUP BY node_a, node_b"""
    )
    facts["candidate_pairs"] = count(con, "SELECT count(*) FROM candidates")
    con.execute("DROP TABLE proposed; DROP TABLE of_rule; DROP TABLE members; DROP TABLE large")
    return facts


def _part_by_size(con: duckdb.DuckDBPyConnection, cap: int) -> int:
    """Temp `members(key, node_id)` of the blocks in temp `of_rule` with several members, up to `cap`; temp `large(key, node_id)` of those
    with more. Answers how many these are."""
    con.execute("CREATE OR REPLACE TEMP TABLE sizes AS SELECT key, count(*) AS size FROM of_rule GROUP BY key HAVING count(*) > 1")
    for table, condition in (("members", f"size <= {cap}"), ("large", f"size > {cap}")):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM of_rule SEMI JOIN (SELECT key FROM sizes WHERE {condition}) USING (key)")
    found = count(con, "SELECT count(*) FROM sizes WHERE size > ?", [cap])
    con.execute("DROP TABLE sizes")
    return found


def _pair_members(con: duckdb.DuckDBPyConnection, touched: str | None, *, same_order: bool) -> None:
    """Insert all pairs within the blocks of temp `members` into temp `proposed`."""
    left = f"(SELECT * FROM members SEMI JOIN {touched} USING (node_id))" if touched else "members"
    order = "a.node_id <> b.node_id" if touched else "a.node_id < b.node_id"
    con.execute(
        f"""INSERT INTO proposed
        SELECT least(a.node_id, b.node_id), greatest(a.node_id, b.node_id), {str(same_order).lower()}
        FROM {left} a JOIN members b ON a.key = b.key AND {order}"""
    )


def _divide(con: duckdb.DuckDBPyConnection, rule: BlockingRule, touched: str | None) -> int:
    """Divide the blocks of temp `large` and pair their parts; answer how many parts are still above the cap."""
    key, present = agreement_sql(("key", *rule.refine_by))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE of_rule AS SELECT {key} AS key, node_id FROM large JOIN match.nodes USING (node_id) WHERE {present}"
    )
    over_cap = _part_by_size(con, rule.cap)
    _pair_members(con, touched, same_order=rule.orders)
    some = f"WHERE a.node_id IN (FROM {touched}) OR least_node IN (FROM {touched})" if touched else ""
    con.execute(
        f"""INSERT INTO proposed
        SELECT least_node, a.node_id, {str(rule.orders).lower()}
        FROM large a JOIN (SELECT key, min(node_id) AS least_node FROM large GROUP BY key) b ON a.key = b.key AND a.node_id > least_node
        {some}"""
    )
    return over_cap
