"""The publish stage: from the derived layers to what analysts and the API read, outside the derivation transaction.

Everything is built beside what is current and verified; then the serving index is switched, then the Parquet version, and only then
the changes count as taken in. Killed anywhere before that, the next publish finds the same changes still pending and starts over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import duckdb
import lmdb
import pyarrow as pa

from pipelines.publish import serving_build, version
from pipelines.publish.keyring import Keyring, check_same_key
from pipelines.publish.manifest import SCHEMA_VERSION as MANIFEST_SCHEMA
from pipelines.publish.manifest import current_version, schema_of
from pipelines.publish.pointer import link_current
from pipelines.publish.serving_delta import DeltaMismatch, apply_delta
from pipelines.publish.serving_index import ServingIndex, is_open_here
from pipelines.stage import Run, all_pending, pending, take_in
from pipelines.warehouse import count, transaction
from schemas.errors import HubError, ServingUnavailable
from schemas.match_model import MatchModel, load_match_model

CONSUMER = "publish"
LAYERS = ("mart", "gold", "cluster")
CHANGED = "publish_changed"
REMATCHED = "publish_rematched"  # these, and whoever says something else to the matching of new records
DELTA_AT_MOST = 0.2  # of all customers; above it writing everything front to back is faster

Mode = Literal["full", "delta", "nothing"]


@dataclass(frozen=True)
class _Home:
    """What is current when the stage begins. `base`: the serving index, None without a sound one; `agrees`: it may be built upon."""

    version: Path | None
    base: Path | None = None
    agrees: bool = False


def publish(
    con: duckdb.DuckDBPyConnection, run: Run, *, published: Path, serving: Path, keyring: Keyring, keep_versions: int, ledger_seq: int = 0
) -> dict[str, object]:
    """Publish what changed since the last time as a new Parquet version and in the serving index.

    Answers facts: `mode` (full | delta | nothing), `version`, `changed_n` (customers), `tables` (written, linked), `rows`, `bytes`,
    `profiles_n`, `tokens_n`, `seconds`.

    Raises:
        HubError: the home was published with another key, something is damaged, or it cannot be written; what was current still is.
    """
    began, started = perf_counter(), datetime.now(UTC).replace(tzinfo=None)
    with _failures_named(published.parent):
        for store in (published, serving):
            store.mkdir(parents=True, exist_ok=True)
        check_same_key(keyring, (published, serving))
        version.tidy_versions(published, keep_versions)  # first, for the room that a killed run still takes
        serving_build.tidy_bases(serving)
        home = _look_around(con, published, serving)
        changed = changes_waiting(con)
        mode = _choose(con, run, home, changed, keyring)
        if mode == "nothing" and home.version:
            link_current(published, home.version.name)
            return {"mode": mode, "version": home.version.name, "changed_n": 0, "seconds": round(perf_counter() - began, 3)}
        facts = _publish(con, run, home, mode, published=published, serving=serving, keyring=keyring, ledger_seq=ledger_seq)
    facts |= {"changed_n": changed, "seconds": round(perf_counter() - began, 3)}
    _record(con, run, started, facts)
    version.tidy_versions(published, keep_versions)
    return facts


def _publish(
    con: duckdb.DuckDBPyConnection, run: Run, home: _Home, mode: Mode, *, published: Path, serving: Path, keyring: Keyring, ledger_seq: int
) -> dict[str, object]:
    name, moment = version.name_version(published, run.run_id)
    edition = version.Edition(name, run.run_id, moment, ledger_seq, home.version)
    build = partial(_build, con, home, edition, load_match_model(run.model), published=published, serving=serving, keyring=keyring)
    try:
        manifest, counts = build(mode)
    except DeltaMismatch:  # some change was not marked
        mode = "full"
        manifest, counts = build(mode)
    version.make_current(published, name, keyring)
    tables = manifest["tables"].values()
    return {
        "mode": mode,
        "version": name,
        "tables": {"written": sum(not t["linked"] for t in tables), "linked": sum(t["linked"] for t in tables)},
        "rows": sum(t["rows"] for t in tables),
        "bytes": sum(t["bytes"] for t in tables),
        "profiles_n": counts["profiles"],
        "tokens_n": counts["tokens"],
    }


def _build(
    con: duckdb.DuckDBPyConnection, home: _Home, edition: version.Edition, model: MatchModel, mode: Mode, *, published: Path, serving: Path,
    keyring: Keyring,
) -> tuple[dict[str, Any], dict[str, int]]:  # fmt: skip
    """Build version and serving index and switch to the index; answers the manifest and the counts of the index. On DeltaMismatch
    nothing is left of either."""
    changed = con.sql(f"SELECT key FROM {CHANGED}").to_arrow_table() if mode == "delta" else None
    with _building(con, published, edition, keyring, changed) as manifest_of:
        counts = _serve(con, home, mode, serving, edition, keyring, model=model, ready=manifest_of)
        return manifest_of(), counts


@contextmanager
def _building(
    con: duckdb.DuckDBPyConnection, published: Path, edition: version.Edition, keyring: Keyring, changed: pa.Table | None
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Build the Parquet version on a thread of its own; yields what waits for it and answers its manifest. On an error, also of the caller,
    nothing is left of it. Parquet is DuckDB's work, the serving index Python's: side by side they take little longer than one."""
    with closing(con.cursor()) as cursor, ThreadPoolExecutor(1, thread_name_prefix="version") as pool:
        building = pool.submit(version.build_version, cursor, published, edition, keyring, changed)
        try:
            yield building.result
        except BaseException:
            cursor.interrupt()
            wait([building])
            version.drop_version(published, edition.version)
            raise


def _serve(
    con: duckdb.DuckDBPyConnection, home: _Home, mode: Mode, serving: Path, edition: version.Edition, keyring: Keyring, *,
    model: MatchModel, ready: Callable[[], object],
) -> dict[str, int]:  # fmt: skip
    """Bring the serving index to `edition` and switch to it once `ready` returns; answers its counts.

    Raises:
        DeltaMismatch: a delta does not add up.
    """
    if mode == "delta" and home.base is not None:
        counts = apply_delta(con, home.base, CHANGED, edition, keyring, model=model, rematched=REMATCHED, ready=ready)
        serving_build.make_current(serving, edition, keyring, home.base.name)
        return counts
    counts = serving_build.build_base(con, serving, edition, keyring, model=model, ready=ready)
    serving_build.make_current(serving, edition, keyring, serving_build.base_name(edition.version))
    serving_build.tidy_bases(serving, also_keep=home.base.name if home.base else None)
    return counts


def _look_around(con: duckdb.DuckDBPyConnection, published: Path, serving: Path) -> _Home:
    """The current version and serving index; they agree when both are of the version that this warehouse published last."""
    current = current_version(published)
    if current is not None and schema_of(current) < MANIFEST_SCHEMA:  # of an earlier release: nothing of it is built upon
        return _Home(None)
    try:
        index = ServingIndex.open(serving)
    except ServingUnavailable:
        return _Home(current)
    served, base = index.meta.get("version"), index.folder
    index.close()
    return _Home(current, base, current is not None and served == current.name == last_published(con))


def last_published(con: duckdb.DuckDBPyConnection) -> str | None:
    """The version this warehouse knows to have published last; after a restore or a kill it may not be the current one."""
    rows = con.execute("SELECT facts FROM meta.runs WHERE stage = ? ORDER BY seq DESC LIMIT 1", [CONSUMER]).fetchall()
    return json.loads(rows[0][0])["version"] if rows else None


def changes_waiting(con: duckdb.DuckDBPyConnection) -> int:
    """Temp table of the customers with changes in any layer that are not published; answers how many."""
    for layer in LAYERS:
        pending(con, CONSUMER, layer, "customers", f"{CHANGED}_{layer}")
    union = " UNION ".join(f"SELECT key FROM {CHANGED}_{layer}" for layer in LAYERS)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS {union}").fetchall()
    pending(con, CONSUMER, "match", "nodes", f"{CHANGED}_nodes")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {REMATCHED} AS
        WITH nodes AS (SELECT key::UBIGINT AS node_id FROM {CHANGED}_nodes),
        records AS (SELECT record_id FROM match.node_records SEMI JOIN nodes USING (node_id))
        SELECT key FROM {CHANGED} UNION SELECT customer_id FROM cluster.members SEMI JOIN records USING (record_id)"""
    ).fetchall()
    return count(con, f"SELECT count(*) FROM {CHANGED}")


def _choose(con: duckdb.DuckDBPyConnection, run: Run, home: _Home, changed: int, keyring: Keyring) -> Mode:
    """Without a changed customer there may still be something to publish: the age of a section, an order of nobody."""
    if home.version is None or home.base is None or not home.agrees or run.full or all_pending(con, CONSUMER, "match"):
        return "full"
    if not changed and version.holds_everything(con, home.version, keyring):
        return "nothing"
    small = changed <= DELTA_AT_MOST * count(con, "SELECT count(*) FROM mart.profiles")
    return "delta" if small and not is_open_here(home.base) else "full"


def _record(con: duckdb.DuckDBPyConnection, run: Run, started: datetime, facts: dict[str, object]) -> None:
    """The changes are taken in, and the warehouse knows which version holds them."""
    with transaction(con):
        for layer in (*LAYERS, "match"):
            take_in(con, CONSUMER, layer)
        con.execute(
            "INSERT INTO meta.runs SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ? FROM meta.runs",
            [run.run_id, CONSUMER, started, datetime.now(UTC).replace(tzinfo=None), json.dumps(facts)],
        )


@contextmanager
def _failures_named(home: Path) -> Iterator[None]:
    """A disk that is full or read-only becomes a sentence. Whatever was reached, readers have a whole version."""
    try:
        yield
    except (OSError, lmdb.Error, duckdb.IOException) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).split("\n")[0]
        raise HubError(
            "publishing was broken off, readers keep the version they have", where=str(home), why=reason,
            mend="Make room or mend the disk, and run again",
        ) from error
