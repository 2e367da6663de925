"""Files for their owner's eyes only, written whole or not at all, never over another."""

from __future__ import annotations

import os
from pathlib import Path


def write_new_file(path: Path, content: bytes) -> None:
    """Write `path` with mode 0600: beside it first, then under its name by a link, which fails where the name is taken.

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
