"""The single examinations of `hub doctor`. Each answers findings and raises nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from assets.failures import describe
from schemas.settings import PROJECT, Settings

LEAST_PYTHON = (3, 11)
PACKAGES = (
    "dagster", "duckdb", "polars", "pyarrow", "great-expectations", "fastapi", "lmdb", "sqlalchemy", "opencc-python-reimplemented",
    "pypinyin", "phonenumbers", "python-stdnum", "python-calamine", "cryptography", "filelock",
)
ROOM_WANTED, ROOM_NEEDED = 10e9, 1e9


@dataclass(frozen=True)
class Finding:
    """`well`: as it should be; `note`: worth knowing; `ill`: must be mended, and the text says how."""

    subject: str
    state: Literal["well", "note", "ill"]
    text: str


Examination = Callable[[Settings], Iterator[Finding]]
EXAMINATIONS: list[Examination] = []


def examination(subject: str) -> Callable[[Examination], Examination]:
    """Register an examination; what it raises becomes a finding."""

    def register(examine: Examination) -> Examination:
        @wraps(examine)
        def guarded(settings: Settings) -> Iterator[Finding]:
            try:
                yield from examine(settings)
            except Exception as error:  # whatever is wrong, the other examinations follow
                yield Finding(subject, "ill", describe(error))

        EXAMINATIONS.append(guarded)
        return guarded

    return register


@examination("python")
def _python(settings: Settings) -> Iterator[Finding]:
    state: Literal["well", "ill"] = "well" if sys.version_info >= LEAST_PYTHON else "ill"
    yield Finding("python", state, f"{platform.python_version()} at {sys.executable}")


@examination("packages")
def _packages(settings: Settings) -> Iterator[Finding]:
    missing = [name for name in PACKAGES if _version(name) is None]
    if missing:
        yield Finding("packages", "ill", f"missing: {', '.join(missing)}. Run `make clean` and `make test`, which installs what is locked")
    else:
        yield Finding("packages", "well", f"{len(PACKAGES)} present; duckdb {_version('duckdb')}, dagster {_version('dagster')}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@examination("home")
def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home.absolute()
    if not settings.landing.is_dir():
        yield Finding("home", "ill", f"there is none at {home}. Run `hub init`, or set HUB_HOME")
        return
    probe = home / f".doctor-{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()
    yield Finding("home", "well", f"{home} is there and can be written")
    free = shutil.disk_usage(home).free
    text = f"{free / 1e9:.1f} GB free"
    if free < ROOM_NEEDED:
        yield Finding("disk", "ill", f"{text}; a run needs room for the warehouse and a new version beside the old. Make room")
    else:
        yield Finding("disk", "note" if free < ROOM_WANTED else "well", text)


@examination("keys")
def _keys(settings: Settings) -> Iterator[Finding]:
    from pipelines.publish.keyring import load_keyring

    load_keyring(settings.keys_dir, stores=[settings.published, settings.serving])
    yield Finding("keys", "well", f"{settings.keys_dir.absolute()} is for its owner only and fits what is published. Keep a copy elsewhere")


@examination("lock")
def _lock(settings: Settings) -> Iterator[Finding]:
    from pipelines.run_lock import lock_holder

    holder = lock_holder(settings.run_lock)
    yield Finding("lock", "note", f"held by {holder}") if holder else Finding("lock", "well", "free")


@examination("ledger")
def _ledger(settings: Settings) -> Iterator[Finding]:
    from ledger.runs import recent_runs, reconcile
    from ledger.store import open_ledger

    with closing(open_ledger(settings.ledger)) as ledger:
        died = reconcile(ledger)
        runs = recent_runs(ledger, limit=1)
        yield Finding("ledger", "well", f"{ledger.where} has this release's schema")
    if died:
        yield Finding("runs", "note", f"{len(died)} died without saying so; `hub run` goes on where they stopped")
    elif runs and runs[0].outcome in ("failed", "died"):
        yield Finding("runs", "ill", f"the last one {runs[0].outcome}: {runs[0].message}")
    elif runs:
        yield Finding("runs", "well", f"the last one {'is running' if runs[0].outcome == 'running' else runs[0].outcome}")


@examination("warehouse")
def _warehouse(settings: Settings) -> Iterator[Finding]:
    from pipelines.run_lock import lock_holder
    from pipelines.warehouse import count, open_warehouse

    if not settings.warehouse.exists():
        yield Finding("warehouse", "note", "there is none yet; the first `hub run` makes it")
    elif lock_holder(settings.run_lock):
        yield Finding("warehouse", "note", "not looked at: a run has it open")
    else:
        with closing(open_warehouse(settings.warehouse, memory=settings.memory, threads=settings.threads)) as con:
            yield Finding("warehouse", "well", f"readable, {count(con, 'SELECT count(*) FROM raw.rows'):,} source rows")


@examination("published")
def _published(settings: Settings) -> Iterator[Finding]:
    from pipelines.publish.manifest import current_version
    from pipelines.publish.serving_index import ServingIndex

    version_folder = current_version(settings.published)
    if version_folder is None:
        yield Finding("published", "note", "nothing yet; `hub run` publishes")
        return
    with closing(ServingIndex.open(settings.serving)) as index:
        served = index.meta.get("version")
    if served == version_folder.name:
        yield Finding("published", "well", f"{served}, and the same is served")
    else:
        yield Finding("published", "ill", f"{version_folder.name} is published but {served} is served. `hub run` brings them together")


@examination("mappings")
def _mappings(settings: Settings) -> Iterator[Finding]:
    from schemas.mapping import load_mappings

    mappings = load_mappings(settings.sources_dir)
    yield Finding("mappings", "well", f"{len(mappings)} valid in {settings.sources_dir}")


@examination("dagster")
def _dagster(settings: Settings) -> Iterator[Finding]:
    from assets.instance import CONFIG

    named = settings.dagster_home
    if named is not None and named.absolute() != settings.dagster.absolute():
        yield Finding("dagster", "note", f"DAGSTER_HOME is {named}; the hub uses {settings.dagster.absolute()} instead")
    own, ours = settings.dagster / CONFIG, Path(PROJECT / CONFIG)
    if not own.exists():
        yield Finding("dagster", "ill", f"{own} is missing. Run `hub init`")
    elif own.read_bytes() != ours.read_bytes():
        yield Finding("dagster", "note", f"{own} differs from this release's {CONFIG}; delete it and run `hub init` to have that")
    else:
        yield Finding("dagster", "well", f"DAGSTER_HOME {settings.dagster.absolute()} is set up")


@examination("landing")
def _landing(settings: Settings) -> Iterator[Finding]:
    from ledger.store import open_ledger
    from quality.backlog import look_into_landing

    with closing(open_ledger(settings.ledger)) as ledger:
        files = look_into_landing(settings, ledger)
    counts = Counter(file.status for file in files)
    for file in files:
        if file.status in ("growing", "truncated"):
            yield Finding("landing", "note", f"{file.message}")
        elif file.status in ("unclaimed", "refused"):
            yield Finding("landing", "ill", f"{file.message}")
    yield Finding("landing", "well", ", ".join(f"{n} {status}" for status, n in counts.items()) or "empty")
