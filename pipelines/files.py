"""Single files: their hash, another name for one, and new ones that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path


def hash_file(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def share(source: Path, target: Path) -> None:
    """Let the new name `target` be the same file as `source`; a copy where the file system has no hard links."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def write_new_file(path: Path, content: bytes) -> None:
    """Write `path`, for its owner's eyes only (mode 0600): beside it first, then under its name by a link, which fails where the name is
    taken.

    Raises:
        FileExistsError: the name is taken; that file stays as it is.
        OSError: the folder is not there or cannot be written.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}")
    temp.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temp)
    finally:
        temp.unlink(missing_ok=True)
