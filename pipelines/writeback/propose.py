"""`writeback.change_orders`: what is wrong in the sources' own rows and what would mend it, for the customers that changed."""

from __future__ import annotations

import duckdb

from pipelines.publish.keyring import Key
from pipelines.publish.tokens import token_hex_sql, token_parameters
from pipelines.writeback.merges import propose_merges
from pipelines.writeback.persons import find_contradicted, find_spoilt_names
from pipelines.writeback.scope import TEMPORARY, find_affected, gather
from pipelines.writeback.values import find_spoilt_values
from schemas.writeback import Writeback

ID_DIGITS = 16
_TOKEN_KIND = "'change order'"
_OWN = ("writeback_merges", "writeback_kept", "writeback_findings", "writeback_shares")


def order_id_sql(kind: str, record_id: str, *, into: str = "''", field: str = "''", value: str = "''") -> str:
    """SQL of an order's id over SQL expressions; run it with `token_parameters`. It is keyed, since a phone could be guessed from a plain
    hash; an order of which the target value stands in the row makes its own id again."""
    parts = ", ".join(f"coalesce({part}, '')" for part in (kind, record_id, into, field, value))
    return f"left({token_hex_sql(_TOKEN_KIND, f'concat_ws(chr(30), {parts})')}, {ID_DIGITS})"


def propose(con: duckdb.DuckDBPyConnection, policy: Writeback, key: Key, *, everything: bool) -> int:
    """Bring writeback.change_orders up to date; answers of how many customers. Needs writeback.standing as the ledger says."""
    affected = find_affected(con, everything=everything)
    if affected:
        gather(con, policy)
        propose_merges(con, policy.merge.least)
        _find(con, policy)
        con.execute("DELETE FROM writeback.change_orders WHERE customer_id IN (SELECT customer_id FROM writeback_customers)")
        _enter_merges(con, key)
        _enter_findings(con, policy, key)
        for table in (*_OWN, *TEMPORARY[1:]):
            con.execute(f"DROP TABLE {table}")
    con.execute("DROP TABLE writeback_customers")
    _rate(con)
    return affected


def _find(con: duckdb.DuckDBPyConnection, policy: Writeback) -> None:
    """Temp `writeback_findings`. A row that is to go is not mended first, unless a steward refused to let it go."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_kept AS
        FROM writeback_rows ANTI JOIN (
            SELECT record_id FROM writeback_merges ANTI JOIN (
                SELECT record_id, other_record_id FROM writeback.standing WHERE kind = 'merge' AND state = 'refused'
            ) USING (record_id, other_record_id)) USING (record_id)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_findings (
            record_id VARCHAR, customer_id VARCHAR, source VARCHAR, field VARCHAR, kind VARCHAR, reason VARCHAR,
            old_value VARCHAR, new_value VARCHAR)"""
    )
    find_spoilt_values(con, policy)
    find_spoilt_names(con, policy)
    find_contradicted(con)


def _enter_merges(con: duckdb.DuckDBPyConnection, key: Key) -> None:
    order_id = order_id_sql("'merge'", "record_id", into="other_record_id")
    con.execute(
        f"""INSERT INTO writeback.change_orders BY NAME
        SELECT {order_id} AS order_id, 'merge' AS kind, source, record_id, other_record_id, 'same_party' AS reason, confidence, customer_id
        FROM writeback_merges""",
        token_parameters(key),
    )


def _enter_findings(con: duckdb.DuckDBPyConnection, policy: Writeback, key: Key) -> None:
    """Of several findings in one field the first of the policy counts. What is asked for has no target: its id holds the value at fault."""
    correct = [("correct", field, reason, share) for field, shares in policy.correct.fields.items() for reason, share in shares.items()]
    shares = [*correct, *(("ask", field, "no_valid_value", share) for field, share in policy.ask.fields.items())]
    least = {"correct": policy.correct.least, "ask": policy.ask.least}
    rows = [(*row, least[row[0]], place) for place, row in enumerate(shares)]
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_shares
        (kind VARCHAR, field VARCHAR, reason VARCHAR, share DOUBLE, least DOUBLE, place INTEGER)"""
    )
    if rows:
        con.executemany("INSERT INTO writeback_shares VALUES (?, ?, ?, ?, ?, ?)", rows)
    order_id = order_id_sql("kind", "record_id", field="field", value="coalesce(new_value, old_value)")
    con.execute(
        f"""INSERT INTO writeback.change_orders BY NAME
        SELECT {order_id} AS order_id, kind, source, record_id, field, reason, share * confidence AS confidence, old_value, new_value,
               customer_id
        FROM writeback_findings JOIN writeback_shares USING (kind, field, reason) JOIN cluster.customers USING (customer_id)
        WHERE share * confidence >= least
        QUALIFY row_number() OVER (PARTITION BY record_id, field ORDER BY place) = 1""",
        token_parameters(key),
    )


def _rate(con: duckdb.DuckDBPyConnection) -> None:
    """Tiers move with everybody's revenue, so all proposals get theirs anew."""
    con.execute(
        """UPDATE writeback.change_orders SET tier = t.tier
        FROM (SELECT order_id, v.tier FROM writeback.change_orders o LEFT JOIN mart.customer_values v USING (customer_id)) t
        WHERE t.order_id = change_orders.order_id AND t.tier IS DISTINCT FROM change_orders.tier"""
    )
