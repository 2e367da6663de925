"""Ranges of customer ids: documents are written and served a range at a time, so that no step has to hold or sort all of them."""

from __future__ import annotations

import duckdb


def id_ranges(con: duckdb.DuckDBPyConnection, table: str, size: int) -> list[tuple[str, str | None]]:
    """Cut the ids of `table(customer_id)` into ranges of `size` ids: `(first, first of the next)`, the last one open.

    Ranges of equal or divided size over the same ids begin at the same ids: whoever reads ranges meets the row groups they were written in.
    """
    rows = con.execute(
        f"""SELECT customer_id
        FROM (SELECT customer_id, row_number() OVER (ORDER BY customer_id) - 1 AS n FROM {table})
        WHERE n % ? = 0 ORDER BY customer_id""",
        [size],
    ).fetchall()
    starts = [str(row[0]) for row in rows]
    return list(zip(starts, [*starts[1:], None], strict=False))
