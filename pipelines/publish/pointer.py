"""Which folder is current: a small JSON file that is replaced in one step, and helpers that make what it names durable first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import HomeDamaged

FILE = "current.json"
LINK = "current"


def read_pointer(store: Path) -> dict[str, Any] | None:
    """What `store/current.json` says; None when there is none.

    Raises:
        HomeDamaged: it is no JSON object with a `version` and a `folder` of this store.
    """
    path = store / FILE
    try:
        pointer: dict[str, Any] = orjson.loads(path.read_bytes())
        if not isinstance(pointer["version"], str) or Path(pointer["folder"]).name != pointer["folder"]:
            raise ValueError("names no folder")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise HomeDamaged(
            "the pointer to the current version is damaged", where=str(path), why=type(error).__name__, mend="Delete it and run `hub run`"
        ) from error
    return pointer


def switch(store: Path, pointer: dict[str, Any]) -> None:
    """Make `pointer` what `store/current.json` says, in one durable step."""
    replace_file(store / FILE, orjson.dumps(pointer, option=orjson.OPT_INDENT_2))


def replace_file(path: Path, content: bytes) -> None:
    """Make `content` what `path` holds, in one durable step: readers see the file before or this one."""
    temp = path.with_name(f".{path.name}.new")
    with temp.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temp.replace(path)
    sync_folder(path.parent)


def link_current(store: Path, folder: str) -> None:
    """Let the symlink `store/current` follow the pointer; file systems without symlinks do without."""
    link = store / LINK
    try:
        if link.is_symlink() and str(link.readlink()) == folder:
            return
        temp = store / f".{LINK}.new"
        temp.unlink(missing_ok=True)
        temp.symlink_to(folder, target_is_directory=True)
        temp.replace(link)
    except OSError:
        return


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_files(folder: Path) -> None:
    """Make every file directly in `folder`, and their names, survive a power cut."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)
