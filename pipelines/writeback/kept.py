"""Which values the remaining row of a merge should have, where the rows that become one differ.

A source that merges has to choose; without a word it keeps what stands in the remaining row, or fills it from the duplicate, and either is
its newest statement from then on. The word is the golden value, so that what the hub has decided by all sources is not undone by a merge in
one of them.
"""

from __future__ import annotations

import duckdb

from pipelines.writeback.values import values_sql

KEPT = ("name", "gender", "birth_on", "phone", "email", "id_number")
_ONE_OF_EACH = "('name', 'gender', 'birth_on')"  # of a party: where two are said, one is wrong, also when only the remaining row has one


def keep_values(con: duckdb.DuckDBPyConnection, orders: str) -> None:
    """Add to the temp table `orders` (columns as exported, `customer_id` beside them) a row of kind `keep` for each such value, with the id
    of one of the merges it belongs to. Where a correction of the same value goes out too, that says it already."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_merging AS
        SELECT row_id AS record_id, r.source, m.customer_id, r.name, r.gender, r.birth_on, r.phone, r.phone_alt, r.email, r.id_number
        FROM (FROM raw.customers UNION ALL BY NAME FROM raw.members) r JOIN cluster.members m ON m.record_id = r.row_id
        WHERE r.row_id IN (SELECT unnest([record_id, other_record_id]) FROM {orders} WHERE kind = 'merge')"""
    )
    golden = ", ".join(f"{{'field': '{field}', 'value': {field}::VARCHAR}}" for field in KEPT)
    con.execute(
        f"""INSERT INTO {orders} BY NAME
        WITH stands AS ({_STANDS}),
        golden AS (
            SELECT customer_id, g.field, g.value FROM (SELECT customer_id, unnest([{golden}]) AS g FROM gold.customers)
            WHERE g.value IS NOT NULL AND NOT contains(g.value, '*')),
        merges AS (SELECT *, unnest([record_id, other_record_id]) AS speaker FROM {orders} WHERE kind = 'merge')
        SELECT min(m.order_id) AS order_id, 'keep' AS kind, m.other_record_id AS record_id, g.field, 'kept' AS reason,
               min(m.confidence) AS confidence, any_value(a.raw) AS old_value, g.value AS new_value, m.customer_id
        FROM merges m JOIN stands s ON s.record_id = m.speaker
        JOIN golden g ON g.customer_id = m.customer_id AND g.field = s.field
        LEFT JOIN stands a ON a.record_id = m.other_record_id AND a.field = s.field
        WHERE a.value IS DISTINCT FROM g.value AND (s.value IS DISTINCT FROM a.value OR s.field IN {_ONE_OF_EACH})
          AND NOT EXISTS (FROM {orders} c WHERE c.kind <> 'merge' AND c.record_id = m.other_record_id AND c.field = g.field)
        GROUP BY m.other_record_id, m.customer_id, g.field, g.value"""
    )
    con.execute("DROP TABLE writeback_merging")


_STANDS = f"""
    SELECT record_id, field, raw, value FROM ({values_sql("writeback_merging")}) WHERE field <> 'phone_alt'
    UNION ALL
    SELECT record_id, 'name', r.name, m.name FROM writeback_merging r JOIN std.mentions m USING (record_id)
    WHERE m.name IS NOT NULL AND NOT m.name_is_masked
    UNION ALL
    SELECT record_id, 'gender', gender, gender FROM writeback_merging WHERE gender IN ('male', 'female')
    UNION ALL
    SELECT record_id, 'birth_on', birth_on::VARCHAR, birth_on::VARCHAR FROM writeback_merging WHERE birth_on IS NOT NULL"""
