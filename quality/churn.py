"""What another match model would do to the customers there are, before it is adopted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.cluster.stage import cluster
from pipelines.match.stage import match
from pipelines.stage import Run
from pipelines.warehouse import count
from quality.linkage import Difference, compare


@dataclass(frozen=True)
class Churn:
    """`difference` of the customers after from those before, over mentions; of the customers that would change how many there are, and
    their net revenue."""

    difference: Difference
    customers_touched: int
    touched_cny: Decimal


def preview_churn(con: duckdb.DuckDBPyConnection, model: Path) -> Churn:
    """Match and cluster by the model in the file `model`, count what differs, and take everything back. Call it between two runs."""
    con.execute("BEGIN")
    try:
        con.execute("CREATE OR REPLACE TEMP TABLE stood AS SELECT record_id, customer_id AS entity_id FROM cluster.members")
        seq = count(con, "SELECT coalesce(max(seq), 0) FROM meta.runs")
        run = Run("preview", model=model)
        match(con, run, seq + 1)
        cluster(con, run, seq + 2)
        difference = compare(con, "stood", "SELECT record_id, customer_id AS entity_id FROM cluster.members")
        customers, value = con.execute(_TOUCHED).fetchall()[0]
        return Churn(difference, int(customers), Decimal(value))
    finally:
        con.execute("ROLLBACK")


# customers that gained, lost or exchanged mentions
_TOUCHED = """
    WITH changed AS (
        SELECT DISTINCT s.entity_id AS customer_id FROM stood s JOIN cluster.members m USING (record_id) WHERE s.entity_id <> m.customer_id
        UNION SELECT m.customer_id FROM stood s JOIN cluster.members m USING (record_id) WHERE s.entity_id <> m.customer_id)
    SELECT count(*), coalesce(sum(net_cny), 0) FROM changed SEMI JOIN (SELECT entity_id AS customer_id FROM stood) USING (customer_id)
    LEFT JOIN mart.customer_values USING (customer_id)"""
