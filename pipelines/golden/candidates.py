"""`gold.candidates`: the values that were said of a contested field, in the order of its chain, and what put each behind the first."""

from __future__ import annotations

import duckdb

from pipelines.golden.chain import moment_of, record_of
from schemas.survivorship import Chain, DecidedField

MOST_KEPT = 8  # of a customer and field; the number there were is in gold.provenance


def keep_candidates(con: duckdb.DuckDBPyConnection, field: DecidedField, chain: Chain, *, shown: str = "value") -> None:
    """Add the contested values of temp `golden_ranked`, which `in_order` made; `shown`: SQL of the value as text.

    A partly hidden value beside a clear one is left out: on nearly every waybill stands one, and it says nothing else.
    """
    con.execute(
        f"""INSERT INTO gold.candidates BY NAME
        SELECT customer_id, $field AS field, rank, ({shown})::VARCHAR AS value, record_id, event_at, rule, record_n, source_n
        FROM (
            SELECT customer_n, value, value_key, rule, record_n, source_n, {record_of("best", chain)} AS record_key,
                   {moment_of("best", chain)} AS event_at, row_number() OVER (PARTITION BY customer_n ORDER BY rank) AS rank
            FROM (SELECT *, bool_or(is_clear) OVER (PARTITION BY customer_n) AS has_clear FROM golden_ranked WHERE value_n > 1)
            WHERE is_clear OR NOT has_clear
            QUALIFY count(*) OVER (PARTITION BY customer_n) > 1)
        JOIN golden_customers USING (customer_n)
        JOIN (SELECT record_key, record_id FROM golden_mentions) USING (record_key)
        WHERE rank <= {MOST_KEPT}""",
        {"field": field},
    )
