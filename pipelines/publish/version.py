"""A published version: a folder of Parquet that is complete when it gets its name, and is never changed afterwards."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from pipelines.publish.catalog import FILE as CATALOG
from pipelines.publish.catalog import write_catalog
from pipelines.publish.keyring import Keyring
from pipelines.publish.manifest import FILE as MANIFEST
from pipelines.publish.manifest import SCHEMA_VERSION, lineage, read_manifest
from pipelines.publish.parquet import is_unchanged, put_table
from pipelines.publish.pointer import link_current, switch, sync_files, sync_folder
from pipelines.warehouse import execute_with
from schemas.publishing import PUBLISHED

BUILDING = ".building-"


@dataclass(frozen=True)
class Edition:
    """What a version is to be called and what it stands on."""

    version: str
    run_id: str
    created_at: datetime
    ledger_seq: int = 0
    parent: Path | None = None


def name_version(published: Path, run_id: str, now: datetime | None = None) -> tuple[str, datetime]:
    """`v<UTC time to the millisecond>-<end of the run id>` that no folder of `published` has yet, and that time."""
    moment = now or datetime.now(UTC)
    short = re.sub(r"[^0-9A-Za-z]", "", run_id)[-8:] or "run"
    base = f"v{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}-{short}"
    name, attempt = base, 1
    while (published / name).exists():
        attempt += 1
        name = f"{base}.{attempt}"
    return name, moment


def build_version(
    con: duckdb.DuckDBPyConnection, published: Path, edition: Edition, keyring: Keyring, changed: pa.Table | None = None
) -> dict[str, Any]:
    """Write, verify and name the folder of `edition`; it is not current yet. Answers its manifest.

    changed: `key` of the customers who changed since the parent; None when that is not known.

    Raises:
        HubError, OSError, duckdb.Error: nothing is left of the folder.
    """
    building = published / f"{BUILDING}{edition.version}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        manifest = _fill(con, building, edition, keyring, changed)
        sync_files(building)
        building.rename(published / edition.version)
        sync_folder(published)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return manifest


def _fill(
    con: duckdb.DuckDBPyConnection, building: Path, edition: Edition, keyring: Keyring, changed: pa.Table | None
) -> dict[str, Any]:
    before = _entries_before(edition.parent, keyring)
    if changed is not None:
        execute_with(con, "CREATE OR REPLACE TEMP TABLE version_changed AS SELECT key FROM rows", [], changed)
    known = None if changed is None else "version_changed"
    tables = {
        table.name: put_table(
            con, table, building, keyring=keyring, parent=edition.parent, before=before.get(table.name), changed=known
        )
        for table in PUBLISHED
    }
    write_catalog(building)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "version": edition.version,
        "parent": edition.parent.name if edition.parent else None,
        "created_at": edition.created_at.isoformat(timespec="milliseconds"),
        "run_id": edition.run_id,
        "ledger_seq": edition.ledger_seq,
        "key_fingerprint": keyring.fingerprint,
        "key_version": keyring.token.version,
        "catalog": CATALOG,
        "tables": tables,
    }
    (building / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return manifest


def _entries_before(parent: Path | None, keyring: Keyring) -> dict[str, Any]:
    """Table entries of the version before, when it was made with the same key."""
    if parent is None:
        return {}
    manifest = read_manifest(parent)
    return dict(manifest["tables"]) if manifest["key_fingerprint"] == keyring.fingerprint else {}


def holds_everything(con: duckdb.DuckDBPyConnection, version: Path, keyring: Keyring) -> bool:
    """The files of `version` hold what the warehouse holds now; costs a scan of the published tables."""
    before = _entries_before(version, keyring)
    return all(is_unchanged(con, table, before.get(table.name)) for table in PUBLISHED)


def make_current(published: Path, version: str, keyring: Keyring) -> None:
    """Switch readers to `version`: the pointer first, it is the truth; the symlink follows."""
    switch(published, {"version": version, "folder": version, "key_fingerprint": keyring.fingerprint})
    link_current(published, version)


def drop_version(published: Path, version: str) -> None:
    """Remove a version that was built and will not become current."""
    shutil.rmtree(published / version, ignore_errors=True)


def tidy_versions(published: Path, keep: int) -> None:
    """Remove what is not the current version or one of the `keep - 1` before it, also leftovers of a killed run."""
    kept = lineage(published)[: max(keep, 1)]
    removable = (BUILDING, "v") if kept else (BUILDING,)  # without a pointer nobody knows which versions count
    for folder in published.iterdir():
        if folder.name.startswith(removable) and folder.is_dir() and not folder.is_symlink() and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
