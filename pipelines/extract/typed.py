"""One file through reader and contract on the bench: good rows by contract table, all rows in `seen`, bad ones in `rejects`.

seen      line_n | byte_at | byte_n | row_id | row_hash | version_at
rejects   line_n | byte_at | byte_n | reason | column_n | column_name | row_id | first_line_n
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.extract.arrow_functions import pc
from pipelines.extract.batch import SCAN_ROWS, Batch, Reader
from pipelines.extract.bench import arrow, lend
from pipelines.extract.contract import Contract, Output
from pipelines.sql import quoted
from schemas.errors import FileUnreadable, HubError

SEEN = "line_n BIGINT, byte_at BIGINT, byte_n BIGINT, row_id VARCHAR, row_hash VARCHAR, version_at TIMESTAMP"
REJECTS = (
    "line_n BIGINT, byte_at BIGINT, byte_n BIGINT, reason VARCHAR, column_n BIGINT, column_name VARCHAR, "
    "row_id VARCHAR, first_line_n BIGINT"
)

Relations = dict[str, pa.Table]  # `head` and `items_<part>` of a batch


@dataclass
class Tally:
    """Rows the reader gave, and rows dropped because their person was erased."""

    read: int = 0
    suppressed: int = 0


class TypedFile:
    """Iterate to bring a file through; yields the good rows of each batch by contract table name.

    name: of the file, for messages.
    keep: hold the good rows back in bench tables `stage_<noun>` (yielding nothing) instead of handing them out, for files
        that must be compared with the current state first.
    suppressed: the bench has a table `suppressed(row_id)`.
    """

    def __init__(
        self, bench: duckdb.DuckDBPyConnection, reader: Reader, contract: Contract, *, name: str, keep: bool, suppressed: bool
    ) -> None:
        self.bench, self.reader, self.contract, self.name = bench, reader, contract, name
        self.keep, self.suppressed = keep, suppressed
        self.tally = Tally()
        bench.execute(f"CREATE OR REPLACE TABLE seen ({SEEN})")
        bench.execute(f"CREATE OR REPLACE TABLE rejects ({REJECTS})")
        for output in contract.outputs if keep else ():
            bench.execute(f"CREATE OR REPLACE TABLE {stage_name(output)} ({_columns(output)})")

    def __iter__(self) -> Iterator[dict[str, pa.Table]]:
        """Raises FileUnreadable for what nobody foresaw: one odd file must not stop all others. Values never get into its text."""
        try:
            yield from self._batches()
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise HubError(
                "there is not enough memory or disk to read the file", where=self.name, why=type(error).__name__,
                mend="Free some, or set HUB_MEMORY; nothing was stored",
            ) from None  # fmt: skip
        except (duckdb.Error, pa.ArrowException) as error:
            raise FileUnreadable(
                "unforeseen", "the file made the reader fail", where=self.name, why=type(error).__name__,
                mend="Report this as a fault of the hub",
            ) from None  # fmt: skip

    def _batches(self) -> Iterator[dict[str, pa.Table]]:
        for batch in self.reader:
            self.tally.read += batch.rows.num_rows + batch.rejects.num_rows
            self._reject_unread(batch)
            if batch.rows.num_rows:
                yield self._good(self._type(batch))

    def close(self) -> None:
        """Free the bench."""
        for output in self.contract.outputs:
            self.bench.execute(f"DROP TABLE IF EXISTS {stage_name(output)}")
        self.bench.execute("DROP TABLE IF EXISTS seen; DROP TABLE IF EXISTS rejects")
        for name in ("batch", "head", *(f"items_{part}" for part in self.contract.item_sql)):
            self.bench.unregister(name)

    def _reject_unread(self, batch: Batch) -> None:
        if batch.rejects.num_rows:
            lend(self.bench, "unread", batch.rejects)
            self.bench.execute("INSERT INTO rejects BY NAME SELECT * FROM unread")

    def _type(self, batch: Batch) -> Relations:
        """The good rows of the batch as `head` and `items_<part>`, lent to the bench; the bad ones go to `rejects`, the good to `seen`.

        They stay Arrow tables: a table of the bench would be one more copy of every value.
        """
        lend(self.bench, "batch", batch.rows)
        found: Relations = {}
        self._make(found, "head", self.contract.head_sql)
        if self.suppressed:
            self._suppress(found)
        self._reject(found, "head", "SELECT line_n, byte_at, byte_n, fault, row_id FROM head WHERE fault IS NOT NULL")
        for part, sql in self.contract.item_sql.items():
            items = f"items_{part}"
            self._make(found, items, sql)
            self._reject(
                found,
                items,
                f"""SELECT line_n, byte_at, byte_n, bad.fault, row_id
                FROM head JOIN (SELECT line_n, min_by(fault, item_n) AS fault FROM {items} WHERE fault IS NOT NULL GROUP BY line_n) AS bad
                USING (line_n)""",
            )
        self.bench.execute("INSERT INTO seen SELECT line_n, byte_at, byte_n, row_id, row_hash, version_at FROM head")
        return found

    def _make(self, found: Relations, name: str, sql: str) -> None:
        found[name] = _cut(arrow(self.bench, sql, self.contract.params.of(sql)))
        lend(self.bench, name, found[name])

    def _suppress(self, found: Relations) -> None:
        before = found["head"].num_rows
        self._make(found, "head", "SELECT * FROM head ANTI JOIN suppressed USING (row_id)")
        self.tally.suppressed += before - found["head"].num_rows

    def _reject(self, found: Relations, relation: str, faulty: str) -> None:
        """Move the rows that `faulty` answers, if any of `relation` has a fault, from all of `found` to `rejects`."""
        if found[relation]["fault"].null_count == found[relation].num_rows:
            return
        self.bench.execute(
            f"""INSERT INTO rejects BY NAME
            SELECT line_n, byte_at, byte_n, fault.reason AS reason, fault.column_name AS column_name, row_id FROM ({faulty})"""
        )
        rejected = arrow(self.bench, "SELECT line_n FROM rejects")["line_n"]
        for name, rows in found.items():
            found[name] = _cut(rows.filter(pc.invert(pc.is_in(rows["line_n"], value_set=rejected))))
            lend(self.bench, name, found[name])

    def _good(self, found: Relations) -> dict[str, pa.Table]:
        good: dict[str, pa.Table] = {}
        for output in self.contract.outputs:
            params = self.contract.params.of(output.select)
            rows = found[output.relation]
            if self.keep:
                self.bench.execute(f"INSERT INTO {stage_name(output)} BY NAME {output.select}", params)
            elif output.where == "true" and set(output.columns.values()) <= set(rows.column_names):
                good[output.table.name] = rows.select(list(output.columns.values())).rename_columns(list(output.columns))
            else:
                good[output.table.name] = arrow(self.bench, output.select, params)
        return good


def stage_name(output: Output) -> str:
    return f"stage_{output.table.noun}"


def _columns(output: Output) -> str:
    return ", ".join(f"{quoted(name)} {output.table.column(name).type}" for name in output.columns)


def _cut(rows: pa.Table) -> pa.Table:
    """Cut for parallel scans, without a copy."""
    return pa.Table.from_batches(rows.to_batches(max_chunksize=SCAN_ROWS), rows.schema)
