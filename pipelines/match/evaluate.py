"""How right the clusters are, measured against a known truth; used by evaluation only, never by a stage."""

from __future__ import annotations

from pathlib import Path

import duckdb


def evaluate(con: duckdb.DuckDBPyConnection, truth: Path) -> dict[str, float]:
    """Pairwise precision, recall and F1 over all mentions that the truth (`record_id`, `party_id`, Parquet) names.

    A pair is two mentions; it is predicted when both are of one customer, true when both are of one party.
    """
    row = con.execute(
        """WITH judged AS (
            SELECT m.customer_id, t.party_id FROM cluster.members m JOIN read_parquet(?) t USING (record_id)),
        cells AS (SELECT customer_id, party_id, count(*) AS n FROM judged GROUP BY ALL),
        correct AS (SELECT sum(n * (n - 1) / 2) AS pairs FROM cells),
        predicted AS (SELECT sum(n * (n - 1) / 2) AS pairs FROM (SELECT sum(n) AS n FROM cells GROUP BY customer_id)),
        true_pairs AS (SELECT sum(n * (n - 1) / 2) AS pairs FROM (SELECT sum(n) AS n FROM cells GROUP BY party_id))
        SELECT correct.pairs, predicted.pairs, true_pairs.pairs, (SELECT count(*) FROM judged),
               (SELECT count(DISTINCT customer_id) FROM cells), (SELECT count(DISTINCT party_id) FROM cells)
        FROM correct, predicted, true_pairs""",
        [str(truth)],
    ).fetchone()
    if row is None or row[0] is None:
        return {"mentions": 0.0}
    correct, predicted, true, mentions, customers, parties = (float(value) for value in row)
    precision = correct / predicted if predicted else 1.0
    recall = correct / true if true else 1.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "mentions": mentions,
        "customers": customers,
        "parties": parties,
    }


def duplicate_rates(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Share of CRM records that repeat a customer another CRM record already stands for: before, as sent; after, as customers."""
    row = con.execute(
        """SELECT count(*), count(DISTINCT customer_id)
        FROM cluster.members JOIN std.mentions USING (record_id) WHERE role = 'crm_customer'"""
    ).fetchone()
    records, customers = (int(row[0]), int(row[1])) if row else (0, 0)
    return {"crm_records": records, "crm_customers": customers, "duplicate_rate": 1 - customers / records if records else 0.0}
