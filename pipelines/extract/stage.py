"""Stage `extract`: complete new files in landing/ become typed rows; what cannot be read is set aside and indexed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from time import perf_counter

import duckdb
import pyarrow as pa

from pipelines.extract.bench import arrow, lend, open_bench
from pipelines.extract.contract import Contract
from pipelines.extract.duplicates import take_out_superseded
from pipelines.extract.landing import LandingFile, Seen, SeenKey, natural, scan, seen_before
from pipelines.extract.load import Target, load
from pipelines.extract.manifest import Counts, FileReport, check_account, index_rejects, record
from pipelines.extract.quarantine import QuarantineFolder
from pipelines.extract.readers import open_reader
from pipelines.extract.turns import Turns
from pipelines.extract.typed import TypedFile
from pipelines.stage import Run
from pipelines.warehouse import one
from schemas.errors import FileIncomplete, FileUnreadable, HubError
from schemas.mapping import SourceMapping
from schemas.tables.raw import FILES, QUARANTINE, READINGS

Facts = dict[str, object]
SOURCES_AT_ONCE = 2  # one keeps little more than a core busy; each more takes the memory of its batches
_SLOWER = {"xlsx": 4}  # times what a byte of the others costs


def extract(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    seq: int,
    *,
    landing: Path,
    quarantine: Path,
    mappings: list[SourceMapping],
    timezone: str,
    settle_seconds: float,
    suppressed_keys: Collection[str] = (),
    on_file: Callable[[Facts], None] | None = None,
) -> Facts:
    """Take in every complete new file below `landing`; called inside the transaction of the stage, and followed by `settle`.

    suppressed_keys: row ids of erased persons; their rows are counted and dropped.
    on_file: gets the facts of each file (manifest columns) when its source has been read.

    Returns:
        `files`: facts of each file read; `messages`: sentences about files left alone, refused, unclaimed or set aside;
        `rows_<outcome>_n`: sums over the files.
    """
    extraction = _Extraction(con, run, seq, QuarantineFolder(quarantine), {m.source: m for m in mappings}, timezone, suppressed_keys)
    take_out_superseded(con)
    files = scan(landing, mappings, extraction.known(), settle_seconds, seen=extraction.seen(), verify=False)
    found: dict[LandingFile, FileReport] = {}
    for file, report in extraction.take_in_all([file for file in files if file.status == "new"]):
        found[file] = report
        if report.outcome != "left_alone" and on_file is not None:
            on_file(report.facts)
    extraction.folder.publish()
    reports = [found[file] for file in files if file in found and found[file].outcome != "left_alone"]
    messages = [said.message for file in files if (said := found.get(file, file)).message]
    return {**_sums(reports), "files": [report.facts for report in reports], "messages": messages}


@dataclass
class _Extraction:
    """What taking in a file needs, the same for all files of a run."""

    con: duckdb.DuckDBPyConnection
    run: Run
    seq: int
    folder: QuarantineFolder
    mappings: dict[str, SourceMapping]
    timezone: str
    suppressed_keys: Collection[str]
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        self.turns = Turns(self.con)
        temp, threads = one(self.con, "SELECT current_setting('temp_directory')"), one(self.con, "SELECT current_setting('threads')")
        self.spill = Path(temp) / "bench" if isinstance(temp, str) and temp else None
        self.threads = threads if isinstance(threads, int) else 0

    def known(self) -> set[str]:
        """Ids of files read before under the mapping as it is now."""
        rows = self.con.execute(f"SELECT file_id, source, mapping_id FROM {FILES.name} JOIN {READINGS.name} USING (file_id)").fetchall()
        return {file_id for file_id, source, mapping_id in rows if source in self.mappings and mapping_id == self._mapping_id(source)}

    def seen(self) -> dict[SeenKey, Seen]:
        return seen_before(
            arrow(self.con, f"SELECT source, file_name, size_bytes, file_modified_at, file_id, sha256 FROM {FILES.name}").to_pylist()
        )

    def take_in_all(self, files: list[LandingFile]) -> Iterator[tuple[LandingFile, FileReport]]:
        """Take in `files`: those of one source in their order, several sources side by side, the longest first."""
        sources = [list(group) for _, group in groupby(files, key=lambda file: file.source)]
        sources.sort(key=self._effort, reverse=True)
        with ThreadPoolExecutor(SOURCES_AT_ONCE, thread_name_prefix="source") as pool:
            try:
                for source in as_completed([pool.submit(self._take_in_source, group) for group in sources]):
                    yield from source.result()
            except BaseException:
                self.turns.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _effort(self, files: list[LandingFile]) -> int:
        return sum(file.size_bytes for file in files) * _SLOWER.get(self.mappings[files[0].source or ""].format, 1)

    def _take_in_source(self, files: list[LandingFile]) -> list[tuple[LandingFile, FileReport]]:
        with open_bench(self.spill and self.spill / str(files[0].source), threads=self.threads) as bench:
            lend(bench, "suppressed_keys", pa.table({"row_id": pa.array(list(self.suppressed_keys), pa.string())}))
            bench.execute("CREATE TABLE suppressed AS SELECT DISTINCT row_id FROM suppressed_keys")
            return [(file, self._take_in(file, bench)) for file in files]

    def _take_in(self, file: LandingFile, bench: duckdb.DuckDBPyConnection) -> FileReport:
        """Read one file and store it, or set it aside, or leave it alone."""
        began, mapping = perf_counter(), self.mappings[file.source or ""]
        outcome, reason, message, counts = "loaded", None, None, Counts()
        with self.turns:
            target = self._target(file, mapping)
        try:
            counts = self._load(target, bench)
        except FileIncomplete as error:
            outcome, message = "left_alone", str(error)
        except FileUnreadable as error:
            outcome, reason, message = "set_aside", error.reason, str(error)
            self.folder.keep_file(mapping.source, file.file_id, file.path)
        seconds = round(perf_counter() - began, 3)
        report = FileReport(file.name, mapping.source, mapping.entity, file.file_id, outcome, reason, message, counts, seconds)
        if outcome != "left_alone":
            self.folder.forget(mapping.source, file.file_id)
            with self.turns:
                if outcome == "set_aside":
                    self.con.execute(f"DELETE FROM {QUARANTINE.name} WHERE file_id = ?", [file.file_id])
                record(self.con, file, self._mapping_id(mapping.source), report, self.run.now)
        return report

    def _target(self, file: LandingFile, mapping: SourceMapping) -> Target:
        loaded = self.con.execute(f"SELECT file_id, file_name, outcome FROM {FILES.name} WHERE source = ?", [mapping.source]).fetchall()
        later = {file_id for file_id, name, outcome in loaded if outcome == "loaded" and natural(name) > natural(file.name)}
        is_reread = any(file_id == file.file_id for file_id, *_ in loaded)
        return Target(self.con, file, mapping, self.seq, later, is_reread, self.turns)

    def _load(self, target: Target, bench: duckdb.DuckDBPyConnection) -> Counts:
        file, mapping = target.file, target.mapping
        reader = open_reader(file.path, mapping, bench)
        contract = Contract(mapping, timezone=self.timezone, file_id=file.file_id, modified_at=file.modified_at)
        with self.turns:
            keep = not target.is_first
        typed = TypedFile(bench, reader, contract, name=file.name, keep=keep, suppressed=bool(self.suppressed_keys))

        def quarantine() -> None:
            rejected = index_rejects(self.con, bench, file, mapping, reader.numbers)
            try:
                if rejected.num_rows:
                    self.folder.keep_rows(mapping.source, file.file_id, mapping.format, reader.as_sent(rejected))
            except (FileIncomplete, FileUnreadable) as error:  # it was read whole a moment ago
                raise HubError("the file changed while it was read", where=file.name, mend="Run again; nothing was stored") from error

        try:
            counts = load(target, typed, quarantine)
        finally:
            typed.close()
        check_account(counts, file.name)
        return counts

    def _mapping_id(self, source: str) -> str:
        return self.mappings[source].fingerprint(self.timezone)


def _sums(reports: list[FileReport]) -> Facts:
    sums: dict[str, int] = {"files_loaded_n": 0, "files_set_aside_n": 0}
    for report in reports:
        sums[f"files_{report.outcome}_n"] += 1
        for name, value in report.facts.items():
            if name.startswith("rows_") and isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    return dict(sums)
