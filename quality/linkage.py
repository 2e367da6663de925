"""How well records were linked, measured against a known truth. For demos and benchmarks; no stage reads a truth."""

from __future__ import annotations

from pathlib import Path

import duckdb


def duplicates_left(con: duckdb.DuckDBPyConnection, truth: Path) -> float:
    """Share of the customers with CRM records that stand for a party which another customer stands for too, by `truth` (Parquet:
    `record_id`, `party_id`)."""
    row = con.execute(
        """WITH standing AS (
            SELECT DISTINCT t.party_id, m.customer_id
            FROM cluster.members m JOIN read_parquet(?) t USING (record_id) JOIN std.mentions s USING (record_id)
            WHERE s.role = 'crm_customer')
        SELECT count(*) - count(DISTINCT party_id), count(DISTINCT customer_id) FROM standing""",
        [str(truth)],
    ).fetchone()
    return int(row[0]) / int(row[1]) if row and row[1] else 0.0
