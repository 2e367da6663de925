"""What a published version says of itself. Read by the API and by people with nothing but a JSON reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from pipelines.publish.pointer import read_pointer
from schemas.errors import HomeDamaged

FILE = "manifest.json"
SCHEMA_VERSION = 1


def current_version(published: Path) -> Path | None:
    """The folder that `published/current.json` names; None when nothing is published.

    Raises:
        HomeDamaged: the pointer is damaged or names a folder that is not there.
    """
    pointer = read_pointer(published)
    if pointer is None:
        return None
    folder = published / str(pointer["folder"])
    if not folder.is_dir():
        raise HomeDamaged(
            "the current published version is missing", where=str(folder),
            mend=f"Restore it from a backup, or delete {published / 'current.json'} and run `hub run`",
        )
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of one version: `schema_version, version, parent, created_at, run_id, ledger_seq, key_fingerprint, tables`.

    Each of `tables` has `file, rows, bytes, sha256, content, columns`.

    Raises:
        HomeDamaged: absent, damaged, or of another schema.
    """
    manifest = _read(folder)
    schema = manifest["schema_version"]
    if schema != SCHEMA_VERSION:
        mend = "Run `hub run`, which publishes anew" if schema < SCHEMA_VERSION else "Use the release that wrote it"
        raise HomeDamaged(f"the manifest has schema {schema}, this release reads {SCHEMA_VERSION}", where=str(folder / FILE), mend=mend)
    return manifest


def schema_of(folder: Path) -> int:
    """The schema of the manifest of one version, whatever it is.

    Raises:
        HomeDamaged: the manifest is absent or damaged.
    """
    return int(_read(folder)["schema_version"])


def _read(folder: Path) -> dict[str, Any]:
    path = folder / FILE
    try:
        manifest = dict(orjson.loads(path.read_bytes()))
        int(manifest["schema_version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HomeDamaged(
            "the manifest cannot be read", where=str(path), why=type(error).__name__,
            mend=f"Restore it from a backup, or delete {folder.parent / 'current.json'} and run `hub run`",
        ) from error
    return manifest


def lineage(published: Path) -> list[str]:
    """Names of the current version and those before it that are still there, newest first; it ends at a damaged one."""
    folder = current_version(published)
    names: list[str] = []
    while folder is not None and folder.is_dir() and folder.name not in names:
        names.append(folder.name)
        try:
            parent = read_manifest(folder)["parent"]
        except HomeDamaged:
            break
        folder = published / parent if parent else None
    return names
