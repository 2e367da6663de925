"""Exact-duplicate collapse: mentions with the same evidence become one node, named by a hash of that evidence."""

from __future__ import annotations

import duckdb

from schemas.tables import match as contract

EVIDENCE = (
    "party_kind", "name_norm", "surname", "name_pinyin", "name_is_masked", "former_name_norm", "gender", "birth_on", "phone_norm",
    "phone_kind", "province", "city", "district", "address_norm", "address_key",
)  # fmt: skip
_PLACE_FREE = {"address_norm": "CASE WHEN NOT coalesce(address_is_place, false) THEN address_norm END",
               "address_key": "CASE WHEN NOT coalesce(address_is_place, false) THEN address_key END"}  # fmt: skip
_FEATURES = ", ".join(f"{_PLACE_FREE.get(c, c)} AS {c}" for c in EVIDENCE)


def assign_nodes(con: duckdb.DuckDBPyConnection, mentions: str | None) -> None:
    """Make temp `assigned(record_id, node_id, is_attached)` and `assigned_nodes(match.nodes columns)` for the mentions in the temp
    table `mentions(key)`, or for all when None."""
    only = f"WHERE record_id IN (SELECT key FROM {mentions})" if mentions else ""
    con.execute(f"CREATE OR REPLACE TEMP TABLE features AS SELECT record_id, role, order_id, {_FEATURES} FROM std.mentions {only}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE identifier_digests AS
        SELECT record_id, bit_xor(md5_number_lower(kind || chr(31) || value)) AS digest
        FROM std.identifiers {only} GROUP BY record_id"""
    )
    fields = ", ".join(f"coalesce({c}::VARCHAR, chr(30))" for c in EVIDENCE)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE own AS
        SELECT f.record_id, md5_number_lower(concat_ws(chr(31), {fields}, d.digest)) AS node_id
        FROM features f LEFT JOIN identifier_digests d USING (record_id)"""
    )
    _attach_shipments(con)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE assigned AS
        SELECT record_id, coalesce(a.node_id, o.node_id) AS node_id, a.node_id IS NOT NULL AS is_attached
        FROM own o LEFT JOIN attached a USING (record_id)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE examples AS
        SELECT node_id, min(record_id) AS record_id FROM assigned WHERE NOT is_attached GROUP BY node_id"""
    )
    columns = ", ".join(contract.NODES.column_names)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE assigned_nodes AS
        SELECT {columns} FROM examples JOIN features USING (record_id)"""
    )
    con.execute("DROP TABLE features; DROP TABLE identifier_digests; DROP TABLE own; DROP TABLE attached")


def _attach_shipments(con: duckdb.DuckDBPyConnection) -> None:
    """A shipment's recipient is the recipient of its order where the order already says all that the waybill shows (waybills are
    masked). A shipment that knows more stays a node of its own and is linked by evidence."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE attached AS
        SELECT s.record_id, t.node_id
        FROM features s
        JOIN std.orders o ON o.order_id = s.order_id
        JOIN features f ON f.record_id = o.recipient_record_id
        JOIN own t ON t.record_id = o.recipient_record_id
        WHERE s.role = 'shipment_recipient' AND {covered("s.name_norm", "f.name_norm")} AND {covered("s.phone_norm", "f.phone_norm")}"""
    )


def covered(left: str, right: str) -> str:
    """SQL: `left` says nothing that `right` does not say."""
    return f"(({left}) IS NULL OR ({left}) = ({right}) OR ({left}) LIKE '%*%' AND ({right}) NOT LIKE '%*%' AND {mask_agrees(left, right)})"


def mask_agrees(left: str, right: str) -> str:
    """SQL: all that is visible in both agrees, `*` hiding one character; `X**` after the first character also hides the length.

    What stands before the first and after the last `*` is compared as a whole; only values with something visible between two masks
    are taken apart."""
    heads = [f"split_part({value}, '*', 1)" for value in (left, right)]
    tails = [f"split_part({value}, '*', -1)" for value in (left, right)]
    ends = f"""({_either("starts_with", *heads)}) AND ({_either("suffix", *tails)})"""
    pairs = f"list_zip(string_split({left}, ''), string_split({right}, ''))"
    inner = " OR ".join(f"regexp_matches({value}, '[*][^*]+[*]')" for value in (left, right))
    each = f"length(list_filter({pairs}, lambda p: p[1] <> p[2] AND p[1] <> '*' AND p[2] <> '*')) = 0"
    open_ended = " OR ".join(f"({value} LIKE '_*%' AND length(replace({value}, '*', '')) = 1)" for value in (left, right))
    return f"""(length({left}) = length({right}) AND {ends} AND (NOT ({inner}) OR {each})
        OR left({left}, 1) = left({right}, 1) AND left({left}, 1) <> '*' AND ({open_ended}))"""


def _either(function: str, one: str, two: str) -> str:
    return f"{function}({one}, {two}) OR {function}({two}, {one})"


def store_nodes(con: duckdb.DuckDBPyConnection, mentions: str | None) -> None:
    """Replace what match.* holds of the mentions; leaves temp `nodes_added(node_id)`, `nodes_removed(node_id)` and
    `nodes_regrouped(node_id)` (all whose mentions changed)."""
    if mentions is None:
        con.execute("CREATE OR REPLACE TEMP TABLE before AS SELECT DISTINCT node_id FROM match.node_records")
        con.execute("DELETE FROM match.node_records")
    else:
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE before AS
            SELECT DISTINCT node_id FROM match.node_records WHERE record_id IN (SELECT key FROM {mentions})"""
        )
        con.execute(f"DELETE FROM match.node_records WHERE record_id IN (SELECT key FROM {mentions})")
    con.execute("INSERT INTO match.node_records SELECT record_id, node_id, is_attached FROM assigned")
    con.execute("CREATE OR REPLACE TEMP TABLE nodes_regrouped AS SELECT node_id FROM before UNION SELECT node_id FROM assigned")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE nodes_removed AS
        SELECT node_id FROM before ANTI JOIN match.node_records USING (node_id)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE nodes_added AS
        SELECT DISTINCT node_id FROM assigned_nodes ANTI JOIN match.nodes USING (node_id)"""
    )
    con.execute("INSERT INTO match.nodes SELECT * FROM assigned_nodes SEMI JOIN nodes_added USING (node_id)")
    con.execute(
        """INSERT INTO match.node_identifiers
        SELECT DISTINCT e.node_id, i.kind, i.value
        FROM examples e SEMI JOIN nodes_added USING (node_id) JOIN std.identifiers i USING (record_id)
        WHERE i.is_valid AND i.is_personal AND NOT i.is_masked"""
    )
    con.execute("DROP TABLE before; DROP TABLE assigned; DROP TABLE assigned_nodes; DROP TABLE examples")


def drop_removed(con: duckdb.DuckDBPyConnection) -> None:
    """Take the removed nodes out of match.nodes and match.node_identifiers (their keys are needed until blocks are known)."""
    for table in ("nodes", "node_identifiers"):
        con.execute(f"DELETE FROM match.{table} WHERE node_id IN (SELECT node_id FROM nodes_removed)")
