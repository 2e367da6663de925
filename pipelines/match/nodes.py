"""Exact-duplicate collapse: mentions with the same evidence become one node, named by a hash of that evidence.

Evidence that could be anybody's (a bare name, a masked waybill) makes one node within one order only: namesakes of three orders would be
one before anything was weighed, and chain the customers of those orders.
"""

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
# beside a valid personal identifier: a full name with a birth date, or with a door
_TELLING = "name_norm IS NOT NULL AND NOT coalesce(name_is_masked, false) AND (birth_on IS NOT NULL OR address_key IS NOT NULL)"
# judged to be another party than some mention, which may say exactly the same
_APART = "(SELECT record_id FROM match.judged_records WHERE len(apart_from) > 0)"


def assign_nodes(con: duckdb.DuckDBPyConnection, mentions: str | None) -> None:
    """Make temp `assigned(record_id, node_id, is_attached)`, and temp `features(record_id, node_id, <match.nodes columns>)` of the mentions
    that stand for themselves, for the mentions in the temp table `mentions(key)`, or for all when None."""
    only = f"WHERE record_id IN (SELECT key FROM {mentions})" if mentions else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE features AS
        WITH held AS (
            SELECT record_id, bit_xor(hash(kind, value)) AS identifiers, bool_or(is_valid AND is_personal AND NOT is_masked) AS identifies
            FROM std.identifiers {only} GROUP BY record_id),
        told AS (SELECT record_id, role, order_id, record_id IN {_APART} AS stands_alone, {_FEATURES} FROM std.mentions {only}),
        kept AS (
            SELECT told.*, identifiers, CASE WHEN stands_alone THEN record_id
                   WHEN NOT (coalesce(identifies, false) OR {_TELLING}) THEN coalesce(order_id, record_id) END AS kept_to
            FROM told LEFT JOIN held USING (record_id))
        SELECT * EXCLUDE (identifiers, kept_to), hash({", ".join(EVIDENCE)}, identifiers, kept_to) AS node_id FROM kept"""
    )
    _attach_shipments(con)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE assigned AS
        SELECT record_id, coalesce(a.node_id, f.node_id) AS node_id, a.node_id IS NOT NULL AS is_attached
        FROM features f LEFT JOIN attached a ON a.feature_n = f.rowid"""
    )
    con.execute("DELETE FROM features WHERE rowid IN (SELECT feature_n FROM attached)")
    con.execute("DROP TABLE attached")


def _attach_shipments(con: duckdb.DuckDBPyConnection) -> None:
    """A shipment's recipient is the recipient of its order where the order already says all that the waybill shows (waybills are
    masked). A shipment that knows more stays a node of its own and is linked by evidence."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE attached AS
        SELECT s.rowid AS feature_n, f.node_id
        FROM features s JOIN std.orders o ON o.order_id = s.order_id JOIN features f ON f.record_id = o.recipient_record_id
        WHERE s.role = 'shipment_recipient' AND f.role = 'recipient' AND NOT s.stands_alone
            AND {covered("s.name_norm", "f.name_norm")} AND {covered("s.phone_norm", "f.phone_norm")}"""
    )


def covered(left: str, right: str) -> str:
    """SQL: `left` says nothing that `right` does not say."""
    return f"(({left}) IS NULL OR ({left}) = ({right}) OR ({left}) LIKE '%*%' AND ({right}) NOT LIKE '%*%' AND {mask_agrees(left, right)})"


def mask_agrees(left: str, right: str) -> str:
    """SQL: all that is visible in both agrees, `*` hiding one character; `X**` after the first character also hides the length.

    What stands before the first and after the last `*` is compared as a whole; only values with something visible between two masks
    are taken apart. CASE, because DuckDB works out all of an AND in a projection."""
    heads = [f"split_part({value}, '*', 1)" for value in (left, right)]
    tails = [f"split_part({value}, '*', -1)" for value in (left, right)]
    pairs = f"list_zip(string_split({left}, ''), string_split({right}, ''))"
    inner = " OR ".join(
        f"length(replace({value}, '*', '')) > length({head}) + length({tail})"
        for value, head, tail in zip((left, right), heads, tails, strict=True)
    )
    each = f"length(list_filter({pairs}, lambda p: p[1] <> p[2] AND p[1] <> '*' AND p[2] <> '*')) = 0"
    open_ended = " OR ".join(f"({value} LIKE '_*%' AND length(replace({value}, '*', '')) = 1)" for value in (left, right))
    same_first = f"left({left}, 1) = left({right}, 1) AND left({left}, 1) <> '*'"
    return f"""CASE WHEN {left} IS NULL OR {right} IS NULL THEN NULL
        WHEN length({left}) = length({right}) AND ({_either("starts_with", *heads)}) AND ({_either("suffix", *tails)})
        THEN CASE WHEN {inner} THEN CASE WHEN {each} THEN true WHEN {same_first} THEN {open_ended} ELSE false END ELSE true END
        WHEN {same_first} THEN {open_ended} ELSE false END"""


def _either(function: str, one: str, two: str) -> str:
    return f"{function}({one}, {two}) OR {function}({two}, {one})"


def store_nodes(con: duckdb.DuckDBPyConnection, mentions: str | None) -> None:
    """Replace what match.* holds of the mentions; leaves temp `nodes_added(node_id, record_id, feature_n)`, `nodes_removed(node_id)` and
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
        SELECT node_id, record_id, rowid AS feature_n FROM features
        WHERE rowid IN (SELECT min(f.rowid) FROM features f ANTI JOIN match.nodes USING (node_id) GROUP BY f.node_id)"""
    )
    columns = ", ".join(contract.NODES.column_names)
    con.execute(f"INSERT INTO match.nodes SELECT {columns} FROM features WHERE rowid IN (SELECT feature_n FROM nodes_added)")
    con.execute(
        """INSERT INTO match.node_identifiers
        SELECT a.node_id, hash(i.kind, i.value) AS identifier, i.kind, i.value
        FROM std.identifiers i JOIN nodes_added a USING (record_id)
        WHERE i.is_valid AND i.is_personal AND NOT i.is_masked"""
    )
    con.execute("DROP TABLE before; DROP TABLE assigned; DROP TABLE features")


def drop_removed(con: duckdb.DuckDBPyConnection) -> None:
    """Take the removed nodes out of match.nodes and match.node_identifiers (their keys are needed until blocks are known)."""
    for table in ("nodes", "node_identifiers"):
        con.execute(f"DELETE FROM match.{table} WHERE node_id IN (SELECT node_id FROM nodes_removed)")
