"""Customer ids: a fold of the registry over the clusters (law 2).

- A split: the part that keeps most of the customer's mentions keeps the id; on a tie the part with the least record id.
- A merge: the oldest id survives (earlier stage transaction, then lesser id); the others resolve to it for ever.
- A new id is made from the least mention of its cluster and how often that mention has founded a customer before,
  so that a repeated run gives the same ids.
"""

from __future__ import annotations

import duckdb

from pipelines.stage import mark
from pipelines.warehouse import count


def fold_ids(con: duckdb.DuckDBPyConnection, now: object, seq: int) -> dict[str, object]:
    """Give every cluster of temp `grouped(record_id, label)` a customer id and write cluster.*; temp `stale(record_id)` are mentions in
    scope that may have left, temp `joins(label, bits)` the weakest joins. Marks the customers that changed."""
    _overlap(con)
    _choose(con)
    _name_new(con, seq)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE placed AS
        SELECT g.record_id, i.customer_id FROM grouped g JOIN label_ids i USING (label)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE moved AS
        SELECT DISTINCT unnest([h.customer_id, p.customer_id]) AS customer_id
        FROM held h FULL JOIN placed p USING (record_id) WHERE h.customer_id IS DISTINCT FROM p.customer_id"""
    )
    facts = _write_events(con, now, seq)
    con.execute("DELETE FROM cluster.members WHERE record_id IN (SELECT record_id FROM held)")
    con.execute("INSERT INTO cluster.members SELECT record_id, customer_id FROM placed")
    _write_registry(con, now, seq)
    mark(con, "cluster", "customers", "FROM moved WHERE customer_id IS NOT NULL UNION FROM reweighed", seq)
    for table in ("held", "overlap", "chosen", "label_ids", "placed", "moved", "reweighed", "new_ids", "losers"):
        con.execute(f"DROP TABLE {table}")
    return facts


def _overlap(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `held(record_id, customer_id)`: who held the mentions in scope; `overlap(label, customer_id, n, least)`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE held AS
        SELECT record_id, customer_id FROM cluster.members
        WHERE record_id IN (SELECT record_id FROM grouped UNION ALL SELECT record_id FROM stale)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE overlap AS
        SELECT g.label, h.customer_id, count(*) AS n, min(g.record_id) AS least
        FROM grouped g JOIN held h USING (record_id) GROUP BY g.label, h.customer_id"""
    )


def _choose(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `chosen(customer_id, label)`: where each old id goes; `label_ids(label, customer_id)`: which id each label keeps; `losers`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT customer_id, label FROM overlap
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY n DESC, least) = 1"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE label_ids AS
        SELECT label, customer_id FROM chosen JOIN cluster.customers USING (customer_id)
        QUALIFY row_number() OVER (PARTITION BY label ORDER BY created_seq, customer_id) = 1"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE losers AS
        SELECT c.customer_id, i.customer_id AS survivor FROM chosen c JOIN label_ids i USING (label) WHERE c.customer_id <> i.customer_id"""
    )


def _name_new(con: duckdb.DuckDBPyConnection, seq: int) -> None:
    """Temp `new_ids(label, customer_id, origin_record_id, split_from)` for labels without an old id, added to `label_ids`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE new_ids AS
        WITH fresh AS (
            SELECT label, min(record_id) AS origin_record_id FROM grouped ANTI JOIN label_ids USING (label) GROUP BY label),
        founded AS (SELECT origin_record_id, count(*) AS n FROM cluster.customers SEMI JOIN fresh USING (origin_record_id) GROUP BY ALL),
        parted AS (SELECT label, arg_max(customer_id, (n, customer_id)) AS split_from FROM overlap GROUP BY label)
        SELECT label, 'c' || left(md5(f.origin_record_id || ':' || coalesce(o.n, 0)), 15) AS customer_id, f.origin_record_id, p.split_from
        FROM fresh f LEFT JOIN founded o USING (origin_record_id) LEFT JOIN parted p USING (label)"""
    )
    con.execute("INSERT INTO label_ids SELECT label, customer_id FROM new_ids")


def _write_events(con: duckdb.DuckDBPyConnection, now: object, seq: int) -> dict[str, object]:
    con.execute(
        """INSERT INTO cluster.events
        SELECT ?, row_number() OVER (ORDER BY customer_id, kind, other_id), ?, kind, customer_id, other_id FROM (
            SELECT CASE WHEN split_from IS NULL THEN 'created' ELSE 'split' END AS kind, customer_id, split_from AS other_id FROM new_ids
            UNION ALL SELECT 'merged', customer_id, survivor FROM losers
            UNION ALL
            SELECT 'gone', customer_id, NULL FROM (SELECT DISTINCT customer_id FROM held) ANTI JOIN chosen USING (customer_id))""",
        [seq, now],
    )
    counted = con.execute("SELECT kind, count(*) FROM cluster.events WHERE seq = ? GROUP BY kind", [seq]).fetchall()
    return {f"customers_{kind}": n for kind, n in sorted(counted)}


def _write_registry(con: duckdb.DuckDBPyConnection, now: object, seq: int) -> None:
    """Registry rows of all ids in scope; temp `reweighed(customer_id)`: same members, other confidence."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE registered AS
        WITH sizes AS (SELECT customer_id, count(*) AS record_n FROM placed GROUP BY customer_id),
        weighed AS (SELECT i.customer_id, round(1 / (1 + pow(2, -j.bits)), 4) AS confidence FROM label_ids i JOIN joins j USING (label))
        SELECT customer_id, 'active' AS status, NULL::VARCHAR AS merged_into,
               coalesce(n.origin_record_id, r.origin_record_id) AS origin_record_id,
               s.record_n, coalesce(w.confidence, 1.0) AS confidence,
               coalesce(r.created_seq, ?) AS created_seq, coalesce(r.created_at, ?) AS created_at
        FROM sizes s LEFT JOIN weighed w USING (customer_id) LEFT JOIN new_ids n USING (customer_id)
        LEFT JOIN cluster.customers r USING (customer_id)
        UNION ALL
        SELECT r.customer_id, CASE WHEN l.survivor IS NULL THEN 'gone' ELSE 'merged' END, l.survivor, r.origin_record_id, 0, r.confidence,
               r.created_seq, r.created_at
        FROM (SELECT DISTINCT customer_id FROM held) h ANTI JOIN (SELECT customer_id FROM label_ids) USING (customer_id)
        JOIN cluster.customers r USING (customer_id) LEFT JOIN losers l USING (customer_id)""",
        [seq, now],
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE reweighed AS
        SELECT r.customer_id FROM registered r JOIN cluster.customers c USING (customer_id) WHERE c.confidence <> r.confidence"""
    )
    con.execute("DELETE FROM cluster.customers WHERE customer_id IN (SELECT customer_id FROM registered)")
    con.execute("INSERT INTO cluster.customers SELECT * FROM registered")
    # an id that merged into one that merges now resolves to the last survivor at once
    con.execute(
        """CREATE OR REPLACE TEMP TABLE followed AS
        SELECT c.* REPLACE (l.survivor AS merged_into) FROM cluster.customers c JOIN losers l ON c.merged_into = l.customer_id"""
    )
    if count(con, "SELECT count(*) FROM followed"):
        con.execute("DELETE FROM cluster.customers WHERE customer_id IN (SELECT customer_id FROM followed)")
        con.execute("INSERT INTO cluster.customers SELECT * FROM followed")
    con.execute("DROP TABLE registered; DROP TABLE followed")
