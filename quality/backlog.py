"""What lies in landing/ as far as the ledger knows, and whether a run would have anything to do. Opens no warehouse, takes no lock."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ledger.files import recent_files
from ledger.judgements import last_judgement_id
from ledger.overrides import last_override_id
from ledger.runs import RunRecord, recent_runs
from ledger.store import Ledger, open_ledger
from pipelines.extract.landing import LandingFile, Seen, scan
from pipelines.publish.manifest import SCHEMA_VERSION as MANIFEST_SCHEMA
from pipelines.publish.manifest import current_version
from pipelines.publish.serving_index import SCHEMA as SERVING_SCHEMA
from pipelines.warehouse import SCHEMA_VERSION
from schemas.mapping import load_mappings
from schemas.settings import PROJECT, Settings
from schemas.tables import TABLES

ALL = 10_000_000


def look_into_landing(settings: Settings, ledger: Ledger) -> list[LandingFile]:
    """Every file in landing/ with its status; `new` are complete and were not read yet."""
    files = recent_files(ledger, limit=ALL)
    seen = {
        (row["source"], row["file_name"], row["size_bytes"], row["file_modified_at"]): Seen(row["file_id"], row["sha256"]) for row in files
    }
    known = {row["file_id"] for row in files}
    return scan(settings.landing, load_mappings(settings.sources_dir), known, settings.settle_seconds, seen=seen)


def new_files_digest(settings: Settings) -> str | None:
    """A digest of the set of complete new files; None when there are none."""
    with closing(open_ledger(settings.ledger)) as ledger:
        ids = sorted(file.file_id for file in look_into_landing(settings, ledger) if file.status == "new")
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16] if ids else None


def recipe(settings: Settings) -> str:
    """A digest of what decides the result besides the rows: mappings, models, rules, vocabulary, schemas, and the day (age bands)."""
    paths = sorted(path for folder in {PROJECT / "schemas", settings.sources_dir} for path in folder.rglob("*") if path.suffix != ".py")
    paths += [settings.match_model, settings.survivorship]
    digest = hashlib.sha256(f"{SCHEMA_VERSION} {SERVING_SCHEMA} {MANIFEST_SCHEMA} {datetime.now(UTC).date()}".encode())
    for table in TABLES:  # a column may come without a new number
        digest.update(table.ddl.encode())
    for path in paths:
        if path.is_file():
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def nothing_to_do(settings: Settings) -> str | None:
    """Why a run would change nothing, as a sentence; None when it might: new files or human acts, a run that did not end well, another
    recipe."""
    with closing(open_ledger(settings.ledger)) as ledger:
        runs = recent_runs(ledger, limit=1)
        version = current_version(settings.published)
        if version is None or not runs or not _ended_well(runs[0], settings, version):
            return None
        if _published(runs[0]).get("acts", {}) != acts_in(ledger):
            return None
        files = look_into_landing(settings, ledger)
    if any(file.status == "new" for file in files):
        return None
    left = "".join(f"\n  {file.message}" for file in files if file.status in ("growing", "truncated", "unclaimed", "refused"))
    return f"Nothing new: every complete file in {settings.landing} has been read, version {version.name} stays as it is.{left}"


def acts_in(ledger: Ledger) -> dict[str, int]:
    """The newest number of each kind of human act that a run takes in."""
    return {"judgements": last_judgement_id(ledger), "overrides": last_override_id(ledger)}


def _published(run: RunRecord) -> dict[str, object]:
    """What the publish stage of a run reported."""
    return next((report["facts"] for report in run.stages if report["stage"] == "publish"), {})


def _ended_well(run: RunRecord, settings: Settings, version: Path) -> bool:
    published = _published(run)
    return run.outcome == "succeeded" and published.get("version") == version.name and published.get("recipe") == recipe(settings)
