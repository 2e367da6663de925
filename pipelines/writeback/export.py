"""Write the released change orders of a source to a file of its own kind."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.extract.bench import arrow
from pipelines.files import write_new_file
from pipelines.writeback.kept import keep_values
from pipelines.writeback.native import file_content, native_field, native_rows
from schemas.errors import HubError
from schemas.mapping import SourceMapping
from schemas.writeback import Writeback


@dataclass(frozen=True)
class Exported:
    """`order_ids` went into the file `path`; `left_out`: contract column -> orders that the source cannot be told."""

    path: Path
    order_ids: tuple[str, ...]
    left_out: dict[str, int]


def export_released(
    con: duckdb.DuckDBPyConnection, mapping: SourceMapping, policy: Writeback, folder: Path, *, used: Collection[str] = ()
) -> Exported:
    """Write `folder/<source>/<source>_changes_<n>.<ending>`, mode 0600; `used`: names of earlier files, also of those taken away.

    Raises:
        UsageError: the source's rows cannot be named (see `native_rows`).
        HubError: nothing is released, or the folder cannot be written; nothing was written.
    """
    con.execute(
        """CREATE OR REPLACE TEMP TABLE writeback_released AS
        SELECT order_id, kind, record_id, other_record_id, field, reason, confidence, old_value, new_value, customer_id
        FROM writeback.change_orders SEMI JOIN (FROM writeback.standing WHERE state = 'released') USING (order_id)
        WHERE source = ?""",
        [mapping.source],
    )
    keep_values(con, "writeback_released")
    orders = pl.DataFrame(arrow(con, "SELECT * EXCLUDE (customer_id) FROM writeback_released"))
    con.execute("DROP TABLE writeback_released")
    fields = orders["field"].drop_nulls()
    left_out = {field: int((fields == field).sum()) for field in fields.unique() if native_field(mapping, field) is None}
    orders = orders.filter(orders["field"].is_null() | ~orders["field"].is_in(list(left_out)))
    if not len(orders):
        raise HubError(
            "nothing is released for this source", where=mapping.source,
            why=f"the source cannot be told {', '.join(sorted(left_out))}" if left_out else None, mend="`hub writeback release` releases",
        )  # fmt: skip
    content = file_content(native_rows(orders, mapping, policy.words), mapping)
    place = folder / mapping.source
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = place / _name(mapping, {*used, *(path.name for path in place.iterdir())})
        write_new_file(path, content)
    except OSError as error:
        raise HubError(
            "the change orders cannot be written", where=str(place), why=error.strerror, mend="They stay released: mend it and export again"
        ) from error
    return Exported(path, tuple(orders["order_id"].unique()), left_out)


def _name(mapping: SourceMapping, taken: Collection[str]) -> str:
    numbers = [int(found[1]) for name in taken if (found := re.fullmatch(rf"{mapping.source}_changes_([0-9]+)\.\w+", name))]
    return f"{mapping.source}_changes_{max(numbers, default=0) + 1}.{mapping.format}"
