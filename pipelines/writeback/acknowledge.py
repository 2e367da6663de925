"""What became of change orders that stand: seen done in the source, still open, or void because they no longer hold."""

from __future__ import annotations

import duckdb

from pipelines.publish.keyring import Key
from pipelines.publish.tokens import token_parameters
from pipelines.stage import Run
from pipelines.warehouse import count
from pipelines.writeback.propose import order_id_sql
from pipelines.writeback.scope import taking_sources
from schemas.writeback import Writeback


def acknowledge(con: duckdb.DuckDBPyConnection, policy: Writeback, key: Key, seq: int) -> dict[str, int]:
    """Decide in writeback.standing the released and open orders that are no longer proposed; answers how many are done and void.

    A merge is done when one of its rows is gone or says itself that it was merged; a correction when its value stands in the row; a
    question when the value at fault no longer does. Anything else that is no longer proposed is void: other records came, a judgement
    parted the two, the row went. What was never exported cannot have been done by the source, so it is void as well.
    """
    _look_at_rows(con, policy)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_decided AS
        WITH fallen AS (
            FROM writeback.standing ANTI JOIN writeback.change_orders USING (order_id) WHERE state IN ('released', 'open')),
        reached AS (
            SELECT s.order_id FROM fallen s JOIN writeback_values_now v USING (record_id, field)
            WHERE s.kind = 'correct'
              AND s.order_id = {order_id_sql("'correct'", "record_id", field="field", value="v.value")}),
        unanswered AS (
            SELECT s.order_id FROM fallen s JOIN writeback_sent_now v USING (record_id, field)
            WHERE s.kind = 'ask' AND s.order_id = {order_id_sql("'ask'", "record_id", field="field", value="v.value")})
        SELECT order_id, CASE
            WHEN f.state = 'released' THEN 'void'
            WHEN f.kind = 'merge' THEN if(a.record_id IS NULL OR b.record_id IS NULL, 'done', 'void')
            WHEN f.kind = 'correct' THEN if(order_id IN (FROM reached), 'done', 'void')
            ELSE if(a.record_id IS NOT NULL AND order_id NOT IN (FROM unanswered), 'done', 'void') END AS state
        FROM fallen f LEFT JOIN writeback_present a ON a.record_id = f.record_id
        LEFT JOIN writeback_present b ON b.record_id = f.other_record_id""",
        token_parameters(key),
    )
    con.execute(
        """UPDATE writeback.standing SET state = d.state, decided_seq = ?
        FROM writeback_decided d WHERE d.order_id = standing.order_id""",
        [seq],
    )
    facts = {name: count(con, "SELECT count(*) FROM writeback_decided WHERE state = ?", [name]) for name in ("done", "void")}
    for table in ("present", "values_now", "sent_now", "decided"):
        con.execute(f"DROP TABLE writeback_{table}")
    return facts


def _look_at_rows(con: duckdb.DuckDBPyConnection, policy: Writeback) -> None:
    """Temp `writeback_present(record_id)`: rows that standing orders name, are there and not merged; `writeback_values_now(record_id,
    field, value)`: what stands in them in standard form; `writeback_sent_now`: the same as sent."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_present AS
        WITH named AS (SELECT DISTINCT unnest([record_id, other_record_id]) AS record_id
                       FROM writeback.standing WHERE state IN ('released', 'open'))
        SELECT row_id AS record_id, name, phone, phone_alt, email, id_number, birth_on, gender
        FROM (FROM raw.customers UNION ALL BY NAME FROM raw.members) r JOIN named n ON n.record_id = r.row_id
        WHERE NOT list_contains(?, coalesce(status, ''))""",
        [list(policy.merged)],
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_sent_now AS
        SELECT record_id, f.field, f.value FROM (
            SELECT record_id, unnest([
                {'field': 'name', 'value': name}, {'field': 'phone', 'value': phone}, {'field': 'phone_alt', 'value': phone_alt},
                {'field': 'email', 'value': email}, {'field': 'id_number', 'value': id_number},
                {'field': 'birth_on', 'value': birth_on::VARCHAR}, {'field': 'gender', 'value': gender}]) AS f
            FROM writeback_present) WHERE f.value IS NOT NULL"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_values_now AS
        SELECT record_id, field, trim(value) AS value FROM writeback_sent_now WHERE field IN ('name', 'birth_on', 'gender')
        UNION ALL SELECT record_id, unnest(['phone', 'phone_alt']), value
        FROM std.identifiers SEMI JOIN writeback_present USING (record_id) WHERE kind = 'phone' AND is_valid
        UNION ALL SELECT record_id, 'email', email_norm FROM std.mentions SEMI JOIN writeback_present USING (record_id)
        UNION ALL SELECT record_id, 'id_number', id_number_norm FROM std.mentions SEMI JOIN writeback_present USING (record_id)"""
    )


def count_states(con: duckdb.DuckDBPyConnection) -> None:
    """Write writeback.progress anew."""
    states = ", ".join(f"count(*) FILTER (state = '{state}') AS {state}_n" for state in ("released", "open", "done", "refused", "void"))
    con.execute("DELETE FROM writeback.progress")
    con.execute(
        f"""INSERT INTO writeback.progress BY NAME
        SELECT source, kind, count(*) FILTER (state = 'proposed') AS proposed_n, {states}
        FROM (
            SELECT source, kind, state FROM writeback.standing WHERE state <> 'withdrawn'
            UNION ALL
            SELECT source, kind, 'proposed' FROM writeback.change_orders
            ANTI JOIN (FROM writeback.standing WHERE state IN ('released', 'open', 'refused')) USING (order_id))
        GROUP BY source, kind"""
    )


def count_duplicates(con: duckdb.DuckDBPyConnection, policy: Writeback, run: Run, seq: int) -> None:
    """Add a row of writeback.source_duplicates for each source whose rows or customers changed in number."""
    con.execute(
        """INSERT INTO writeback.source_duplicates BY NAME
        WITH counted AS (
            SELECT r.source, count(*) AS row_n, count(DISTINCT m.customer_id) AS customer_n
            FROM (FROM raw.customers UNION ALL BY NAME FROM raw.members) r JOIN cluster.members m ON m.record_id = r.row_id
            WHERE list_contains(?, r.source) AND NOT list_contains(?, coalesce(r.status, '')) GROUP BY r.source),
        latest AS (
            SELECT source, max_by({'row_n': row_n, 'customer_n': customer_n}, seq) AS was FROM writeback.source_duplicates GROUP BY source)
        SELECT source, ? AS seq, ? AS at, row_n, customer_n, 1 - customer_n / row_n AS duplicate_rate
        FROM counted LEFT JOIN latest USING (source)
        WHERE row_n IS DISTINCT FROM was.row_n OR customer_n IS DISTINCT FROM was.customer_n""",
        [taking_sources(con, policy), list(policy.merged), seq, run.now],
    )
