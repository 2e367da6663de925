"""Checks within the warehouse, and of the ledger's copy of its manifest."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.files import recent_files
from ledger.tables import FILES
from operations.verify import SHOWN, Check, Home, compare

_ALL = 10_000_000
_OUTCOMES = "rows_loaded_n + rows_unchanged_n + rows_superseded_n + rows_suppressed_n + rows_quarantined_n"

# Ids that resolve by way of another: pairs of an id and where it leads, as far as it leads. A set of pairs is finite, so a cycle ends too.
_WALK = """
    WITH RECURSIVE walk AS (
        SELECT customer_id AS start, merged_into AS leads_to FROM cluster.customers WHERE merged_into IS NOT NULL
        UNION
        SELECT w.start, c.merged_into FROM walk w JOIN cluster.customers c ON c.customer_id = w.leads_to WHERE c.merged_into IS NOT NULL)"""

# name, what is counted, what is wrong
TABLE_CHECKS = (
    (
        "rows of a file: read = loaded + unchanged + superseded + suppressed + quarantined",
        "SELECT count(*) FROM raw.files",
        f"SELECT file_id FROM raw.files WHERE outcome = 'loaded' AND rows_read_n IS DISTINCT FROM {_OUTCOMES}",
    ),
    (
        "quarantined rows are indexed",
        "SELECT count(*) FROM raw.quarantine",
        """SELECT coalesce(f.file_id, q.file_id)
        FROM (SELECT file_id, rows_quarantined_n AS n FROM raw.files WHERE outcome = 'loaded' AND rows_quarantined_n > 0) f
        FULL JOIN (SELECT file_id, count(*) AS n FROM raw.quarantine GROUP BY file_id) q USING (file_id)
        WHERE f.n IS DISTINCT FROM q.n""",
    ),
    (
        "current rows come from a file that was read",
        "SELECT count(*) FROM raw.rows",
        "SELECT DISTINCT file_id FROM raw.rows ANTI JOIN (SELECT file_id FROM raw.files WHERE outcome = 'loaded') USING (file_id)",
    ),
    (
        "every mention belongs to one active customer",
        "SELECT count(*) FROM std.mentions",
        """SELECT m.customer_id FROM cluster.members m FULL JOIN std.mentions s USING (record_id)
        LEFT JOIN cluster.customers c ON c.customer_id = m.customer_id
        WHERE c.status IS DISTINCT FROM 'active' OR s.record_id IS NULL""",
    ),
    (
        "customers have as many mentions as the registry says",
        "SELECT count(*) FROM cluster.customers",
        """SELECT c.customer_id FROM cluster.customers c
        LEFT JOIN (SELECT customer_id, count(*) AS n FROM cluster.members GROUP BY customer_id) m USING (customer_id)
        WHERE coalesce(m.n, 0) <> c.record_n OR (c.status = 'active') <> (m.n IS NOT NULL)""",
    ),
    (
        "merged ids resolve, none in a circle",
        "SELECT count(*) FROM cluster.customers WHERE status = 'merged' OR merged_into IS NOT NULL",
        f"""{_WALK}
        SELECT start FROM walk WHERE leads_to = start OR leads_to NOT IN (SELECT customer_id FROM cluster.customers)
        UNION SELECT customer_id FROM cluster.customers WHERE (status = 'merged') <> (merged_into IS NOT NULL)""",
    ),
    (
        "the crosswalk is the members",
        "SELECT count(*) FROM gold.crosswalk",
        """SELECT coalesce(x.customer_id, m.customer_id) FROM gold.crosswalk x FULL JOIN cluster.members m USING (record_id)
        WHERE x.customer_id IS DISTINCT FROM m.customer_id""",
    ),
    (
        "active customers have a golden record and a profile, nobody else has",
        "SELECT count(*) FROM cluster.customers WHERE status = 'active'",
        """SELECT customer_id FROM (SELECT customer_id, true AS a FROM cluster.customers WHERE status = 'active')
        FULL JOIN (SELECT customer_id, true AS g FROM gold.customers) USING (customer_id)
        FULL JOIN (SELECT customer_id, true AS p FROM mart.profiles) USING (customer_id)
        WHERE a IS NULL OR g IS NULL OR p IS NULL""",
    ),
    (
        "golden values come from a record of their customer",
        "SELECT count(*) FROM gold.provenance WHERE source <> 'steward'",
        """SELECT p.customer_id FROM gold.provenance p LEFT JOIN cluster.members m USING (record_id)
        WHERE p.source <> 'steward' AND m.customer_id IS DISTINCT FROM p.customer_id""",
    ),
)


def table_checks(home: Home) -> Iterator[Check]:
    """What the tables of the warehouse say of each other."""
    for name, looked_at, wrong in TABLE_CHECKS:
        yield compare(home.con, name, looked_at, wrong)


def ledger_checks(home: Home) -> Iterator[Check]:
    """The ledger's manifest, which others read during a run, is the warehouse's."""
    names = FILES.columns.keys()
    rows = home.con.execute(f"SELECT {', '.join(names)} FROM raw.files").fetchall()
    warehouse = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    ledger = {str(row["file_id"]): dict(row) for row in recent_files(home.ledger, limit=_ALL)}
    wrong = sorted(key for key in warehouse.keys() | ledger.keys() if warehouse.get(key) != ledger.get(key))
    yield Check("the ledger lists the files that were read", len(warehouse), len(wrong), tuple(wrong[:SHOWN]))
