"""One file through reader and contract on the bench: good rows by contract table, all rows in `seen`, bad ones in `rejects`.

seen      line_n | byte_at | byte_n | row_id | row_hash | version_at
rejects   line_n | byte_at | byte_n | reason | column_n | column_name | row_id | first_line_n
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.extract.batch import Batch, Reader
from pipelines.extract.bench import arrow, lend, quoted
from pipelines.extract.contract import Contract, Output
from schemas.errors import FileUnreadable, HubError

SEEN = "line_n BIGINT, byte_at BIGINT, byte_n BIGINT, row_id VARCHAR, row_hash VARCHAR, version_at TIMESTAMP"
REJECTS = (
    "line_n BIGINT, byte_at BIGINT, byte_n BIGINT, reason VARCHAR, column_n BIGINT, column_name VARCHAR, "
    "row_id VARCHAR, first_line_n BIGINT"
)


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
                self._type(batch)
                yield dict(self._good())

    def close(self) -> None:
        """Free the bench."""
        for output in self.contract.outputs:
            self.bench.execute(f"DROP TABLE IF EXISTS {stage_name(output)}")
        for name in ("head", "seen", "rejects", *(f"items_{part}" for part in self.contract.item_sql)):
            self.bench.execute(f"DROP TABLE IF EXISTS {name}")

    def _reject_unread(self, batch: Batch) -> None:
        if batch.rejects.num_rows:
            lend(self.bench, "unread", batch.rejects)
            self.bench.execute("INSERT INTO rejects BY NAME SELECT * FROM unread")

    def _type(self, batch: Batch) -> None:
        """Fill `head` and `items_<part>` with the good rows of the batch, `rejects` with the bad ones, `seen` with the good ones."""
        lend(self.bench, "batch", batch.rows)
        self._make("head", self.contract.head_sql)
        if self.suppressed:
            self.tally.suppressed += self._count("DELETE FROM head WHERE row_id IN (SELECT row_id FROM suppressed)")
        self._reject("SELECT line_n, byte_at, byte_n, fault, row_id FROM head WHERE fault IS NOT NULL")
        for part, sql in self.contract.item_sql.items():
            items = f"items_{part}"
            self._make(items, sql)
            self._reject(
                f"""SELECT line_n, byte_at, byte_n, bad.fault, row_id
                FROM head JOIN (SELECT line_n, min_by(fault, item_n) AS fault FROM {items} WHERE fault IS NOT NULL GROUP BY line_n) AS bad
                USING (line_n)"""
            )
        self.bench.execute("INSERT INTO seen SELECT line_n, byte_at, byte_n, row_id, row_hash, version_at FROM head")

    def _reject(self, faulty: str) -> None:
        """Move the rows of `faulty` from `head` (and from the items made so far) to `rejects`."""
        moved = self._count(
            f"""INSERT INTO rejects BY NAME
            SELECT line_n, byte_at, byte_n, fault.reason AS reason, fault.column_name AS column_name, row_id FROM ({faulty})"""
        )
        if not moved:
            return
        self.bench.execute("DELETE FROM head WHERE line_n IN (SELECT line_n FROM rejects)")
        for part in self.contract.item_sql:
            if self._count("SELECT count(*) FROM duckdb_tables() WHERE table_name = $name", {"name": f"items_{part}"}):
                self.bench.execute(f"DELETE FROM items_{part} WHERE line_n IN (SELECT line_n FROM rejects)")

    def _good(self) -> Iterator[tuple[str, pa.Table]]:
        for output in self.contract.outputs:
            params = self.contract.params.of(output.select)
            if self.keep:
                self.bench.execute(f"INSERT INTO {stage_name(output)} BY NAME {output.select}", params)
            else:
                yield output.table.name, arrow(self.bench, output.select, params)

    def _make(self, name: str, sql: str) -> None:
        self.bench.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}", self.contract.params.of(sql))

    def _count(self, sql: str, params: dict[str, object] | None = None) -> int:
        row = self.bench.execute(sql, params or {}).fetchone()
        return int(row[0]) if row else 0


def stage_name(output: Output) -> str:
    return f"stage_{output.table.noun}"


def _columns(output: Output) -> str:
    return ", ".join(f"{quoted(name)} {output.table.column(name).type}" for name in output.columns)
