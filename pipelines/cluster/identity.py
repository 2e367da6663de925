"""Customer ids: a fold of the registry over the clusters (law 2).

- A split: the part that keeps most of the customer's mentions keeps the id; on a tie the part with the least record id.
- A merge: the oldest id survives (earlier stage transaction, then lesser id); the others resolve to it for ever.
- A part most of whose mentions once stood under an id that had merged into the customer gets that id back, and leaves the customer's to
  another part: undoing a merge restores both ids.
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
    _find_restorable(con)
    _choose(con)
    _restore(con)
    _name_new(con)
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
    _move_members(con, now)
    _write_registry(con, now, seq)
    mark(con, "cluster", "customers", "FROM moved WHERE customer_id IS NOT NULL UNION FROM reweighed", seq)
    for table in ("held", "overlap", "chosen", "label_ids", "placed", "moved", "reweighed", "new_ids", "restored", "losers"):
        con.execute(f"DROP TABLE {table}")
    return facts


def _overlap(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `held(record_id, customer_id)`: who held the mentions in scope; `overlap(label, customer_id, n, least)`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE held AS
        SELECT record_id, customer_id, since_at FROM cluster.members
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
        SELECT customer_id, label FROM overlap LEFT JOIN restorable USING (label, customer_id)
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY former_id IS NOT NULL, n DESC, least) = 1"""
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


def _find_restorable(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `restorable(label, customer_id, former_id)`: parts of customers that come apart, and the id under which most of each once stood
    that had merged into its customer; an id for one part only."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE restorable AS
        WITH parted AS (FROM overlap QUALIFY count(*) OVER (PARTITION BY customer_id) > 1),
        stood AS (
            SELECT p.label, p.customer_id, f.customer_id AS former_id, count(DISTINCT record_id) AS n, any_value(p.n) AS all_n, p.least
            FROM parted p JOIN grouped g USING (label) JOIN held h USING (record_id) JOIN cluster.former_members f USING (record_id)
            JOIN cluster.customers c ON c.customer_id = f.customer_id AND c.merged_into = p.customer_id
            WHERE h.customer_id = p.customer_id GROUP BY ALL),
        most AS (FROM stood WHERE 2 * n > all_n QUALIFY row_number() OVER (PARTITION BY label ORDER BY n DESC, former_id) = 1)
        SELECT label, customer_id, former_id FROM most QUALIFY row_number() OVER (PARTITION BY former_id ORDER BY n DESC, least) = 1"""
    )


def _restore(con: duckdb.DuckDBPyConnection) -> None:
    """Temp `restored(label, customer_id, split_from)`: restorable parts that got no other id, added to `label_ids`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE restored AS
        SELECT label, former_id AS customer_id, customer_id AS split_from FROM restorable ANTI JOIN label_ids USING (label)"""
    )
    con.execute("INSERT INTO label_ids SELECT label, customer_id FROM restored")
    con.execute("DROP TABLE restorable")


def _move_members(con: duckdb.DuckDBPyConnection, now: object) -> None:
    """Bring cluster.members up to date with `placed`; what a mention leaves is kept in cluster.former_members."""
    con.execute(
        """INSERT INTO cluster.former_members
        SELECT record_id, h.customer_id, h.since_at, ? FROM held h LEFT JOIN placed p USING (record_id)
        WHERE h.customer_id IS DISTINCT FROM p.customer_id""",
        [now],
    )
    con.execute("DELETE FROM cluster.members WHERE record_id IN (SELECT record_id FROM held)")
    con.execute(
        """INSERT INTO cluster.members
        SELECT record_id, p.customer_id, CASE WHEN h.customer_id = p.customer_id THEN h.since_at ELSE ? END
        FROM placed p LEFT JOIN held h USING (record_id)""",
        [now],
    )


def _name_new(con: duckdb.DuckDBPyConnection) -> None:
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


# What holds mentions of two customers together, or keeps mentions of them apart: judgements, or merges of a source.
_CONSTRAINED = """
    WITH judged AS (
        SELECT DISTINCT h.customer_id AS was, p.customer_id AS now_is, j.group_id, j.judged_group_id, j.apart_from
        FROM match.judged_records j JOIN placed p USING (record_id) LEFT JOIN held h USING (record_id))"""
_MERGED = f"""{_CONSTRAINED}
    SELECT a.was AS customer_id, b.was AS other_id FROM judged a JOIN judged b ON a.group_id = b.group_id AND a.was <> b.was"""
_JUDGED = f"""{_CONSTRAINED}
    SELECT a.was AS customer_id, b.was AS other_id FROM judged a JOIN judged b ON a.judged_group_id = b.judged_group_id AND a.was <> b.was
    UNION
    SELECT a.now_is, b.now_is FROM judged a JOIN judged b ON list_contains(a.apart_from, b.group_id) AND a.now_is <> b.now_is"""
# The model was adopted after clusters were last decided.
_NEW_MODEL = """
    SELECT coalesce(max(adopted_at) > (SELECT max(ended_at) FROM meta.runs WHERE stage = 'cluster'), false) FROM match.models"""


def _write_events(con: duckdb.DuckDBPyConnection, now: object, seq: int) -> dict[str, object]:
    con.execute(
        f"""INSERT INTO cluster.events
        WITH happened AS (
            SELECT CASE WHEN split_from IS NULL THEN 'created' ELSE 'split' END AS kind, customer_id, split_from AS other_id FROM new_ids
            UNION ALL SELECT 'restored', customer_id, split_from FROM restored
            UNION ALL SELECT 'merged', customer_id, survivor FROM losers
            UNION ALL
            SELECT 'gone', customer_id, NULL FROM (SELECT DISTINCT customer_id FROM held) ANTI JOIN chosen USING (customer_id))
        SELECT ?, row_number() OVER (ORDER BY customer_id, kind, other_id), ?, kind, customer_id, other_id,
               CASE WHEN (customer_id, other_id) IN ({_JUDGED}) THEN 'judgements' WHEN (customer_id, other_id) IN ({_MERGED}) THEN 'merges'
                    WHEN ({_NEW_MODEL}) THEN 'model' ELSE 'records' END
        FROM happened""",
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
