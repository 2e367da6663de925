"""`hub backup`: a copy of the home that can be restored, made while it is served.

It takes the run lock, so nothing writes the warehouse, the serving index, the published versions or the quarantine meanwhile, and plain
copies of them are whole; the serving index is read by others, never written. The ledger is written by whoever judges or revokes at that
moment and is copied as of one moment by its database. The keys are not in it: whoever finds a backup must not find them with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ledger.judgements import last_judgement_id
from ledger.migrate import HEAD
from ledger.portable import write_portable
from ledger.store import Ledger, open_ledger
from operations.archive import FILE, FOLDER, LEDGER, Archive, StoredFile, Versions, is_left_out, write_archive
from operations.copying import copy_hashed, failures_named, two_at_a_time
from pipelines.files import hash_file, share
from pipelines.home_use import refuse_half_restored
from pipelines.publish.keyring import load_keyring
from pipelines.publish.manifest import SCHEMA_VERSION as MANIFEST_SCHEMA
from pipelines.publish.manifest import current_version
from pipelines.publish.pointer import read_pointer, sync_folder
from pipelines.publish.serving_index import LOCK as LMDB_LOCK
from pipelines.run_lock import run_lock
from pipelines.warehouse import schema_version
from schemas.errors import HomeDamaged, UsageError
from schemas.settings import Settings


def back_up(settings: Settings, directory: Path, *, force: bool = False) -> Archive:
    """Make a backup of the home in `directory`, which is new or empty, and answer what is in it. With `force` it replaces an older backup
    there, which stays whole until this one is.

    Raises:
        UsageError: `directory` holds something else, an older backup without `force`, or lies in the home.
        HomeBusy: a run goes on; says which.
        HubError: the keys are not those of the home, or something cannot be read or written; no new backup is left.
    """
    with failures_named("the backup was broken off, nothing is left of it", directory):
        older = _check_place(settings, directory, force)
        fingerprint = load_keyring(settings.keys_dir, stores=[settings.published, settings.serving]).fingerprint
        with run_lock(settings.run_lock, "hub backup"):
            refuse_half_restored(settings.home)
            archive = _make(settings, directory, fingerprint)
        for name in older:
            shutil.rmtree(directory / name)
    return archive


def _check_place(settings: Settings, directory: Path, force: bool) -> list[str]:
    """The folders of older backups in `directory`."""
    if directory.resolve().is_relative_to(settings.home.resolve()):
        raise UsageError("a backup cannot lie in the home it is of", where=str(directory), mend="Name one elsewhere, best on another disk")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = [path.name for path in directory.iterdir() if path.name != f".{FILE}.new"]
    older = [name for name in found if FOLDER.fullmatch(name)]
    if set(found) - {FILE, *older}:
        raise UsageError("this folder holds something else", where=str(directory), mend="Name a new or empty folder")
    if found and not force:
        raise UsageError("there is a backup already", where=str(directory), mend="Name another folder; --force replaces it by a new one")
    return older


def _make(settings: Settings, directory: Path, fingerprint: str) -> Archive:
    now = datetime.now(UTC)
    folder = directory / f"{now:%Y%m%dT%H%M%S%f}Z"
    versions, version = _versions(settings), current_version(settings.published)
    folder.mkdir(mode=0o700)
    try:
        with closing(open_ledger(settings.ledger)) as ledger:
            entry, judged_up_to = _copy_ledger(ledger, folder)
        files = (entry, *_copy_home(settings, folder))
        for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            sync_folder(place)
        archive = Archive(
            folder.name, now.isoformat(timespec="seconds"), fingerprint, versions, judged_up_to, version.name if version else None, files
        )
        write_archive(directory, archive)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return archive


def _copy_ledger(ledger: Ledger, folder: Path) -> tuple[StoredFile, int]:
    """The ledger as a portable file, and the newest judgement it surely holds."""
    judged_up_to = last_judgement_id(ledger)
    portable = folder / LEDGER
    write_portable(ledger, portable)
    return StoredFile(LEDGER, portable.stat().st_size, hash_file(portable)), judged_up_to


def _copy_home(settings: Settings, folder: Path) -> list[StoredFile]:
    """Everything else, the largest file first; a file that several names share is copied once."""
    home = settings.home
    named: dict[tuple[int, int, int], list[Path]] = {}
    for path in _files(settings):
        found = path.stat()
        named.setdefault((-found.st_size, found.st_dev, found.st_ino), []).append(path.relative_to(home))
    groups = [sorted(paths) for _, paths in sorted(named.items())]

    def copy(group: list[Path]) -> list[StoredFile]:
        first, *others = group
        try:
            size, sha256 = copy_hashed(home / first, folder / first)
        except FileNotFoundError:
            if (home / first).is_relative_to(settings.landing):  # no lock keeps a source from taking its file away again
                return []
            raise
        for other in others:
            (folder / other).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            share(folder / first, folder / other)
        return [StoredFile(first.as_posix(), size, sha256), *(StoredFile(o.as_posix(), size, sha256, first.as_posix()) for o in others)]

    return [file for files in two_at_a_time(copy, groups) for file in files]


def _files(settings: Settings) -> Iterator[Path]:
    """Files of the home that a backup holds. Names that begin with a dot are being made; of the serving index the current one counts."""
    pointer = read_pointer(settings.serving)
    for top in settings.home.iterdir():
        if is_left_out(top.name):
            continue
        if top.is_file():
            yield top
            continue
        for path in top.rglob("*"):
            inside = path.relative_to(top).parts
            unused_base = top == settings.serving and len(inside) > 1 and (not pointer or inside[0] != pointer["folder"])
            if path.is_file() and not unused_base and path.name != LMDB_LOCK and not any(part.startswith(".") for part in inside):
                yield path


def _versions(settings: Settings) -> Versions:
    pointer = read_pointer(settings.serving)
    published = read_pointer(settings.published)
    return Versions(
        _warehouse_schema(settings.warehouse), HEAD, int(pointer["schema"]) if pointer else None, MANIFEST_SCHEMA if published else None
    )


def _warehouse_schema(path: Path) -> int | None:
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            return schema_version(con)
    except duckdb.Error as error:
        raise HomeDamaged("the warehouse cannot be opened", where=str(path), why=str(error).split("\n")[0],
                          mend="Restore an older backup, or move it away and run `hub run --full`") from error
