"""A key and curl lines that work when pasted: what to try first. No personal value in any of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb

from cli.keys import issue_key_for
from cli.terminal import out
from schemas.settings import Settings

HOURS = 8


def print_examples(settings: Settings, url: str) -> None:
    """Print a fresh agent key and three requests against `url`."""
    from pipelines.publish.manifest import current_version

    version = current_version(settings.published)
    example = _example(version) if version else None
    key = issue_key_for(settings, "example", "agent", timedelta(hours=HOURS))
    out.print(f"\nAn agent's key for {HOURS} hours:\n  {key}\n\nTry:", markup=False)
    header = f"-H 'Authorization: Bearer {key}'"
    lines = [f"curl -s {url}/readyz"]
    if example:
        order_no, customer_id = example
        body = f'{{"type": "order", "value": "{order_no}"}}'
        lines = [
            f"curl -s {header} -H 'Content-Type: application/json' -d '{body}' {url}/v1/customers/lookup",
            f"curl -s {header} {url}/v1/customers/{customer_id}",
            *lines,
        ]
    for line in lines:
        out.print(f"  {line}", markup=False)
    out.print()


def _example(version: Path) -> tuple[str, str] | None:
    """An order number and the customer it leads to, the same ones each time for one version."""
    con = duckdb.connect()
    try:
        row = con.execute(
            """SELECT order_no, customer_id FROM read_parquet(?)
            WHERE order_no IS NOT NULL AND customer_id IS NOT NULL AND regexp_full_match(order_no, '[0-9A-Za-z_-]+')
            ORDER BY line_n DESC, order_no LIMIT 1""",
            [str(version / "mart.orders.parquet")],
        ).fetchone()
    finally:
        con.close()
    return (str(row[0]), str(row[1])) if row else None
