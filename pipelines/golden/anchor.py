"""Which record an override is entered for: it follows that record through merges and splits."""

from __future__ import annotations

import duckdb

from pipelines.warehouse import one
from schemas.errors import UsageError


def anchor_of(con: duckdb.DuckDBPyConnection, customer_id: str, field: str) -> str:
    """The record of the customer that stands for `field`: the one that gives it now, else its first CRM row, else its least record.

    Raises:
        UsageError: there is no such customer now.
    """
    found = one(
        con,
        """SELECT coalesce(
            (SELECT record_id FROM gold.provenance SEMI JOIN cluster.members USING (record_id) WHERE customer_id = $id AND field = $field),
            (SELECT min(record_id) FROM gold.crosswalk WHERE customer_id = $id AND role = 'crm_customer'),
            (SELECT min(record_id) FROM cluster.members WHERE customer_id = $id))""",
        {"id": customer_id, "field": field},
    )
    if found is None:
        raise UsageError("there is no such customer now", where=customer_id, mend="`hub history` tells what became of an id")
    return str(found)


def overridden_records(con: duckdb.DuckDBPyConnection, customer_id: str, field: str) -> list[str]:
    """Records of the customer for which a value of `field` is in force, as of the last run.

    Raises:
        UsageError: there is none.
    """
    rows = con.execute(
        """SELECT record_id FROM raw.overrides JOIN cluster.members USING (record_id) WHERE customer_id = ? AND field = ? ORDER BY ALL""",
        [customer_id, field],
    ).fetchall()
    if not rows:
        raise UsageError(
            f"nothing that was entered for {field} is in force", where=customer_id,
            mend="`hub golden overrides` lists what was entered; an entry counts from the next run on",
        )
    return [str(row[0]) for row in rows]
