"""Typed rows into `raw.*` by the update semantics of their source.

snapshot: what the newest file does not hold is withdrawn. append: rows only come. upsert: the newest version of a key
wins; without a version column, the later file. A row equal to the current state changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from pipelines.ahead import ahead
from pipelines.extract.arrow_functions import pc
from pipelines.extract.bench import arrow, lend
from pipelines.extract.clear_values import remember_clear, restore_clear
from pipelines.extract.duplicates import settle_duplicates, take_out_superseded
from pipelines.extract.landing import LandingFile, modified
from pipelines.extract.manifest import Counts
from pipelines.extract.turns import Turns
from pipelines.extract.typed import TypedFile, stage_name
from pipelines.sql import quoted
from pipelines.stage import mark
from pipelines.warehouse import count, execute_with
from schemas.errors import FileIncomplete, FileUnreadable, HubError
from schemas.mapping import SourceMapping
from schemas.tables.raw import ROWS, SUPERSEDED

INSERT_BYTES = 128 * 2**20  # of one table; two hundred thousand rows and more

@dataclass(frozen=True)
class Target:
    """Where a file goes. `later`: ids of loaded files of the source that come after it; `is_reread`: it was read before under
    another mapping; `turns`: whose turn it is to store; `is_first`: nothing of the source is known, so nothing need be compared."""

    con: duckdb.DuckDBPyConnection
    file: LandingFile
    mapping: SourceMapping
    seq: int
    later: Collection[str]
    is_reread: bool
    turns: Turns

    @property
    def tables(self) -> list[str]:
        return [self.mapping.header.name, *(self.mapping.part_tables[name].name for name in self.mapping.parts)]

    @property
    def is_first(self) -> bool:
        if self.is_reread or (self.mapping.update.mode == "snapshot" and self.later):
            return False
        return not count(self.con, f"SELECT count(*) FROM (SELECT 1 FROM {ROWS.name} WHERE source = ? LIMIT 1)", [self.mapping.source])


@dataclass
class _Held:
    """Rows on their way into a table, held until there are many.

    DuckDB writes full row groups on all threads while it inserts; what small inserts leave is written by one thread at commit.
    """

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, rows: pa.Table) -> pa.Table | None:
        """Hold `rows`; answer all rows held for the table once they are enough."""
        self.tables.setdefault(name, []).append(rows)
        self.sizes[name] = self.sizes.get(name, 0) + rows.nbytes
        return self._take(name) if self.sizes[name] >= INSERT_BYTES else None

    def rest(self) -> Iterator[tuple[str, pa.Table]]:
        for name in list(self.tables):
            yield name, self._take(name)

    def _take(self, name: str) -> pa.Table:
        del self.sizes[name]
        return pa.concat_tables(self.tables.pop(name))


def load(target: Target, typed: TypedFile, quarantine: Callable[[], None]) -> Counts:
    """Bring a file through `typed` and store it; answer what became of its rows.

    quarantine: called once all rejected rows are known, before anything is replaced.

    Raises:
        FileUnreadable, FileIncomplete: nothing of the file is stored.
    """
    try:
        counts = (_load_compared if typed.keep else _load_first)(target, typed, quarantine)
    except HubError:
        if not typed.keep:
            with target.turns:
                for table in target.tables:
                    target.con.execute(f"DELETE FROM {table} WHERE file_id = ?", [target.file.file_id])
        raise
    rejected = count(typed.bench, "SELECT count(*) FROM rejects")
    return replace(counts, read=typed.tally.read, suppressed=typed.tally.suppressed, quarantined=rejected)


def _load_first(target: Target, typed: TypedFile, quarantine: Callable[[], None]) -> Counts:
    """Store rows as they come; the losers among duplicates are named, to be taken out by `settle`."""
    held = _Held()
    with closing(ahead(typed)) as batches:
        for tables in batches:
            for name, rows in tables.items():
                if full := held.add(name, rows):
                    with target.turns:
                        _insert(target, name, full)
    superseded = _end_of_file(target, typed)
    rows = arrow(typed.bench, "SELECT row_id, line_n, row_hash, version_at FROM seen")
    with target.turns:
        for name, rest in held.rest():
            _insert(target, name, rest)
        quarantine()
        _insert(target, SUPERSEDED.name, arrow(typed.bench, "SELECT line_n FROM losers"))
        _register_rows(target, rows)
        _mark(target, rows)
    return Counts(loaded=rows.num_rows, superseded=superseded)


def _load_compared(target: Target, typed: TypedFile, quarantine: Callable[[], None]) -> Counts:
    """Compare with the current state, then store only what is new or changed."""
    for _ in typed:
        pass
    superseded = _end_of_file(target, typed)
    with target.turns:
        take_out_superseded(target.con)  # of the source's first file, where the same stage read it
        quarantine()
        return _store_changed(target, typed, superseded)


def _store_changed(target: Target, typed: TypedFile, superseded: int) -> Counts:
    seen = arrow(typed.bench, "SELECT line_n, row_id, row_hash, version_at FROM seen")
    fates = _fates(target, seen)
    changed = fates.filter(pc.equal(fates["fate"], "loaded"))
    withdrawn = _withdrawn(target, typed, seen)
    known = changed.filter(changed["is_known"]).select(["row_id"])
    lend(target.con, "replaced", known)
    remember_clear(target.con, target.mapping.header, "replaced")
    target.con.unregister("replaced")
    _remove(target, pa.concat_tables([known, withdrawn]))
    lend(typed.bench, "changed", changed)
    for output in typed.contract.outputs:
        _insert(target, output.table.name, arrow(typed.bench, f"SELECT * FROM {stage_name(output)} SEMI JOIN changed USING (line_n)"))
    restore_clear(target.con, target.mapping.header)
    _register_rows(target, arrow(typed.bench, "SELECT row_id, line_n, row_hash, version_at FROM seen SEMI JOIN changed USING (line_n)"))
    typed.bench.unregister("changed")
    _mark(target, pa.concat_tables([changed.select(["row_id"]), withdrawn]))
    unchanged = pc.sum(pc.equal(fates["fate"], "unchanged")).as_py() or 0
    superseded += fates.num_rows - changed.num_rows - unchanged
    return Counts(loaded=changed.num_rows, unchanged=unchanged, superseded=superseded, withdrawn=withdrawn.num_rows)


def _end_of_file(target: Target, typed: TypedFile) -> int:
    """What can only be known once all rows are read; answer how many rows others of the file supersede."""
    info = target.file.path.stat()
    if info.st_size != target.file.size_bytes or modified(info) != target.file.modified_at:
        raise FileIncomplete("the file changed while it was read", where=target.file.name, mend="It is left alone until it has settled")
    if target.mapping.update.mode == "snapshot" and not typed.tally.read:
        raise FileUnreadable(
            "no_rows", "the file has a header and no rows", where=target.file.name,
            why="as a full snapshot it would withdraw every row of the source", mend="Send it again, or map the source as `upsert`",
        )  # fmt: skip
    return settle_duplicates(typed.bench)


def _fates(target: Target, seen: pa.Table) -> pa.Table:
    """`line_n, row_id, is_known, fate` of each row: loaded, unchanged or superseded by the current state."""
    con, update = target.con, target.mapping.update
    lend(con, "seen", seen)
    lend(con, "later_files", pa.table({"file_id": pa.array(list(target.later), pa.string())}))
    if update.mode == "snapshot":
        older = "false"
    elif update.version is None:
        older = "r.file_id IN (SELECT file_id FROM later_files)"
    else:
        older = "r.version_at > s.version_at OR (r.version_at = s.version_at AND r.file_id IN (SELECT file_id FROM later_files))"
    first = "WHEN EXISTS (FROM later_files) THEN 'superseded'" if update.mode == "snapshot" else ""  # a newer full snapshot came before
    fates = arrow(
        con,
        f"""SELECT s.line_n, s.row_id, r.row_id IS NOT NULL AS is_known,
            CASE {first} WHEN r.row_id IS NULL THEN 'loaded' WHEN r.row_hash = s.row_hash THEN 'unchanged'
            WHEN {older} THEN 'superseded' ELSE 'loaded' END AS fate
        FROM seen AS s
        LEFT JOIN (SELECT row_id, row_hash, version_at, file_id FROM {ROWS.name} WHERE source = $source) AS r USING (row_id)""",
        {"source": target.mapping.source},
    )
    con.unregister("seen")
    con.unregister("later_files")
    return fates


def _withdrawn(target: Target, typed: TypedFile, seen: pa.Table) -> pa.Table:
    """`row_id` of rows that the file takes back: absent from the newest snapshot, or read from it before under another mapping.

    A row that is in the snapshot but quarantined keeps its last good state, as far as its key can be read; a snapshot
    without any good row withdraws nothing.
    """
    none = pa.table({"row_id": pa.array([], pa.string())})
    conditions = ["file_id = $file_id AND row_id NOT IN (SELECT row_id FROM good)"] if target.is_reread else []
    if target.mapping.update.mode == "snapshot" and not target.later and seen.num_rows:
        conditions.append("row_id NOT IN (SELECT row_id FROM good UNION ALL SELECT row_id FROM bad)")
    if not conditions:
        return none
    con = target.con
    lend(con, "good", seen.select(["row_id"]))
    lend(con, "bad", arrow(typed.bench, "SELECT row_id FROM rejects WHERE row_id IS NOT NULL"))
    where = " OR ".join(f"({condition})" for condition in conditions)
    used: dict[str, object] = {"source": target.mapping.source}
    if target.is_reread:
        used["file_id"] = target.file.file_id
    rows = arrow(con, f"SELECT row_id FROM {ROWS.name} WHERE source = $source AND ({where})", used)
    con.unregister("good")
    con.unregister("bad")
    return rows


def _insert(target: Target, table: str, rows: pa.Table) -> None:
    """Store typed rows with their lineage."""
    if not rows.num_rows:
        return
    names = ", ".join(quoted(name) for name in rows.column_names)
    sql = f"INSERT INTO {table} (source, file_id, {names}) SELECT ?, ?, {names} FROM rows"
    execute_with(target.con, sql, [target.mapping.source, target.file.file_id], rows)


def _register_rows(target: Target, rows: pa.Table) -> None:
    """Enter rows `row_id, line_n, row_hash, version_at` into the registry."""
    _insert(target, ROWS.name, rows.append_column("entity", pa.repeat(pa.scalar(target.mapping.entity), rows.num_rows)))


def _remove(target: Target, rows: pa.Table) -> None:
    if not rows.num_rows:
        return
    lend(target.con, "removed", rows)
    parts = [table.name for table in target.mapping.part_tables.values()]
    for table in (target.mapping.header.name, *parts, ROWS.name):
        target.con.execute(f"DELETE FROM {table} WHERE row_id IN (SELECT row_id FROM removed)")
    target.con.unregister("removed")


def _mark(target: Target, rows: pa.Table) -> None:
    execute_with(target.con, "CREATE OR REPLACE TEMP TABLE marked AS SELECT row_id FROM rows", [], rows)
    mark(target.con, "raw", target.mapping.entity, "SELECT row_id FROM marked", target.seq)
    target.con.execute("DROP TABLE marked")
