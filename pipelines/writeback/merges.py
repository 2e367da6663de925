"""Duplicates of one source: rows of one customer, all but one of which should be merged into that one."""

from __future__ import annotations

import duckdb

# Who was named as the row to keep stays it: an order that is out would otherwise cross with one the other way round, and both rows go.
_PINNED = "SELECT other_record_id AS record_id, true AS is_pinned FROM writeback.standing WHERE state IN ('released', 'open', 'refused')"
_LEAVING = "SELECT record_id, true AS is_leaving FROM writeback.standing WHERE kind = 'merge' AND state IN ('released', 'open')"


def propose_merges(con: duckdb.DuckDBPyConnection, least: float) -> None:
    """Temp `writeback_merges(record_id, other_record_id, source, customer_id, confidence)` of `writeback_rows`, those at or above `least`.

    The row to keep is the active, then the most complete, the oldest, the one of the least key. The two hang together at least as surely
    as the weakest join of their customer, and as their own pair; they certainly do when they are the same evidence or were judged so.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE writeback_merges AS
        WITH ranked AS (
            SELECT record_id, source, customer_id, first_value(record_id) OVER kept AS other_record_id
            FROM writeback_rows LEFT JOIN ({_PINNED} GROUP BY ALL) USING (record_id) LEFT JOIN ({_LEAVING} GROUP BY ALL) USING (record_id)
            WINDOW kept AS (
                PARTITION BY source, customer_id
                ORDER BY coalesce(is_leaving, false), NOT coalesce(is_pinned, false), coalesce(status, 'active') <> 'active',
                         filled_n DESC, created_at NULLS LAST, record_id)),
        duplicates AS (FROM ranked WHERE record_id <> other_record_id),
        weighed AS (
            SELECT d.*, CASE WHEN a.node_id = b.node_id OR j.group_id = k.group_id THEN 1.0
                ELSE greatest(c.confidence, coalesce(1 / (1 + pow(2, -p.bits)), 0)) END AS confidence
            FROM duplicates d JOIN cluster.customers c USING (customer_id)
            JOIN match.node_records a ON a.record_id = d.record_id JOIN match.node_records b ON b.record_id = d.other_record_id
            LEFT JOIN match.pairs p ON p.node_a = least(a.node_id, b.node_id) AND p.node_b = greatest(a.node_id, b.node_id)
            LEFT JOIN match.judged_records j ON j.record_id = d.record_id
            LEFT JOIN match.judged_records k ON k.record_id = d.other_record_id)
        FROM weighed WHERE confidence >= ?""",
        [least],
    )
