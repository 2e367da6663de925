"""The same key several times in one file: the newest version wins, equal rows are superseded, contradictions are quarantined."""

from __future__ import annotations

import duckdb

from pipelines.warehouse import transaction
from schemas.tables.raw import ENTITIES, FILES, SUPERSEDED


def settle_duplicates(bench: duckdb.DuckDBPyConnection) -> int:
    """Take the losing rows of `seen` out of it, into `losers(line_n)`; contradictions go to `rejects`. Answer how many are superseded.

    Among rows of one key the newest version counts, and of those the first line. An older version, or the same content
    again, is superseded; the same version with other content is `duplicate_key` and names the first line.
    """
    bench.execute(
        """CREATE OR REPLACE TABLE losers AS
        WITH ranked AS (
            SELECT s.*, row_number() OVER newest AS rank, first_value(s.version_at) OVER newest AS top_version,
                first_value(s.row_hash) OVER newest AS top_hash, first_value(s.line_n) OVER newest AS first_line_n
            FROM seen AS s SEMI JOIN (SELECT row_id FROM seen GROUP BY row_id HAVING count(*) > 1) USING (row_id)
            WINDOW newest AS (PARTITION BY row_id ORDER BY version_at DESC, line_n)
        )
        SELECT * EXCLUDE (rank, top_version, top_hash), version_at = top_version AND row_hash <> top_hash AS contradicts
        FROM ranked WHERE rank > 1"""
    )
    row = bench.execute("SELECT count(*) FILTER (WHERE NOT contradicts), count(*) FILTER (WHERE contradicts) FROM losers").fetchone()
    superseded, contradicting = row if row else (0, 0)
    if contradicting:
        bench.execute(
            """INSERT INTO rejects BY NAME
            SELECT line_n, byte_at, byte_n, 'duplicate_key' AS reason, row_id, first_line_n FROM losers WHERE contradicts"""
        )
    if superseded or contradicting:
        bench.execute("DELETE FROM seen WHERE line_n IN (SELECT line_n FROM losers)")
    return int(superseded)


def settle(con: duckdb.DuckDBPyConnection) -> None:
    """Take the losers among duplicates out, once the stage that stored them is committed.

    A transaction that takes out rows it put in has all it wrote written again by one thread when it commits: 20 of 140 seconds at 2.5
    million orders. Where a killed run left some, the next one takes them out before it reads anything.
    """
    with transaction(con):
        take_out_superseded(con)


def take_out_superseded(con: duckdb.DuckDBPyConnection) -> None:
    """Take the rows that `raw.superseded` names out of the tables they are in."""
    entities = con.execute(f"SELECT DISTINCT entity FROM {FILES.name} SEMI JOIN {SUPERSEDED.name} USING (file_id)").fetchall()
    for (entity,) in entities:
        header, parts = ENTITIES[entity]
        for table in (header, *parts.values()):
            con.execute(f"DELETE FROM {table.name} WHERE (file_id, line_n) IN (SELECT (file_id, line_n) FROM {SUPERSEDED.name})")
    if entities:  # those of a file that is still being read have rows to come
        con.execute(f"DELETE FROM {SUPERSEDED.name} WHERE file_id IN (SELECT file_id FROM {FILES.name})")
