"""The manifest entry of a file and the index of its quarantined rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.extract.bench import arrow, lend
from pipelines.extract.landing import LandingFile
from schemas.errors import HubError
from schemas.mapping import SourceMapping
from schemas.reasons import reasons
from schemas.tables.raw import FILES, QUARANTINE, READINGS


@dataclass(frozen=True)
class Counts:
    """Rows of a file by what became of them; `withdrawn` rows are not in the file."""

    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    superseded: int = 0
    suppressed: int = 0
    quarantined: int = 0
    withdrawn: int = 0


@dataclass(frozen=True)
class FileReport:
    """What became of a file: `outcome` is loaded, set_aside or left_alone (only the first two enter the manifest)."""

    file_name: str
    source: str
    entity: str
    file_id: str
    outcome: str
    reason: str | None
    message: str | None
    counts: Counts
    seconds: float

    @property
    def facts(self) -> dict[str, object]:
        flat = asdict(self)
        counts = flat.pop("counts")
        return {**flat, **{f"rows_{name}_n": n for name, n in counts.items()}}


def check_account(counts: Counts, where: str) -> None:
    """Every row read is accounted for.

    Raises:
        HubError: it is not; the run ends and nothing is stored.
    """
    sum_n = counts.loaded + counts.unchanged + counts.superseded + counts.suppressed + counts.quarantined
    if counts.read != sum_n:
        why = f"{counts.read} were read, {sum_n} are accounted for"
        raise HubError("rows do not add up", where=where, why=why, mend="Nothing was stored; report this as a fault of the hub")


def record(con: duckdb.DuckDBPyConnection, file: LandingFile, mapping_id: str, report: FileReport, now: datetime) -> None:
    """Write the manifest entry, in place of an earlier one of the same file."""
    c = report.counts
    values: dict[str, object] = {
        "file_id": file.file_id, "source": report.source, "entity": report.entity, "file_name": file.name,
        "sha256": file.sha256, "size_bytes": file.size_bytes, "file_modified_at": file.modified_at, "loaded_at": now,
        "outcome": report.outcome, "reason": report.reason, "message": report.message, "rows_read_n": c.read, "rows_loaded_n": c.loaded,
        "rows_unchanged_n": c.unchanged, "rows_superseded_n": c.superseded, "rows_suppressed_n": c.suppressed,
        "rows_quarantined_n": c.quarantined, "rows_withdrawn_n": c.withdrawn, "seconds": report.seconds,
    }  # fmt: skip
    con.execute(f"DELETE FROM {FILES.name} WHERE file_id = ?", [file.file_id])
    con.execute(f"INSERT INTO {FILES.name} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", list(values.values()))
    con.execute(f"DELETE FROM {READINGS.name} WHERE file_id = ?", [file.file_id])
    con.execute(f"INSERT INTO {READINGS.name} (file_id, mapping_id) VALUES (?, ?)", [file.file_id, mapping_id])


def index_rejects(
    con: duckdb.DuckDBPyConnection, bench: duckdb.DuckDBPyConnection, file: LandingFile, mapping: SourceMapping, numbers: dict[str, int]
) -> pa.Table:
    """Write `raw.quarantine` for the rows in `rejects`; answer their places, ascending by line."""
    known = [(code, reason.what, reason.mend) for code, reason in reasons().items()]
    lend(bench, "reason_words", pa.table(dict(zip(("reason", "what", "mend"), map(list, zip(*known, strict=True)), strict=True))))
    names, places = pa.array(list(numbers), pa.string()), pa.array(list(numbers.values()), pa.int64())
    lend(bench, "column_numbers", pa.table({"column_name": names, "number": places}))
    row_word = "line" if mapping.format in ("csv", "jsonl") else "row"
    rows = arrow(
        bench,
        f"""SELECT line_n, byte_at, byte_n, reason, column_name, coalesce(column_n, number) AS column_n,
            $name || ', {row_word} ' || line_n
            || CASE WHEN coalesce(column_n, number) IS NULL AND column_name IS NULL THEN '' ELSE ', column' END
            || coalesce(' ' || coalesce(column_n, number), '') || coalesce(' ''' || column_name || '''', '')
            || ': ' || coalesce(what, reason)
            || coalesce(' (first in {row_word} ' || first_line_n || ')', '') || coalesce('. ' || mend, '') AS message
        FROM rejects LEFT JOIN reason_words USING (reason) LEFT JOIN column_numbers USING (column_name) ORDER BY line_n""",
        {"name": file.name},
    )
    con.execute(f"DELETE FROM {QUARANTINE.name} WHERE file_id = ?", [file.file_id])
    lend(con, "rejected", rows)
    con.execute(
        f"""INSERT INTO {QUARANTINE.name} (file_id, line_n, source, file_name, reason, column_name, column_n, message)
        SELECT ?, line_n, ?, ?, reason, column_name, column_n, message FROM rejected""",
        [file.file_id, mapping.source, file.name],
    )
    con.unregister("rejected")
    return rows.select(["line_n", "byte_at", "byte_n"])
