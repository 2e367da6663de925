"""What a backup is: a folder of files and, written last, `backup.json`, which names the folder and every file in it with its SHA-256.

A folder without that file, or with one that does not hold what it says of itself, is half a backup and refused. The file is replaced in
one step, so a backup that is made over an older one leaves the older one whole until then.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from pipelines.home_use import LOCK, SWITCHING
from pipelines.publish.pointer import replace_file
from schemas.errors import HubError

FILE = "backup.json"
FORMAT = 1
LEDGER = "ledger.db"
FOLDER = re.compile(r"\d{8}T\d{12}Z")
LEFT_OUT = ("dagster", "tmp", LOCK, SWITCHING)
_AGAIN = "Make the backup again, or restore an older one"


@dataclass(frozen=True)
class StoredFile:
    """One file: its path below the backup's folder and below the home, size in bytes, SHA-256. `same_as`: the path of one it shares its
    content with, as published versions share Parquet."""

    path: str
    bytes: int
    sha256: str
    same_as: str | None = None


@dataclass(frozen=True)
class Versions:
    """Schemas of what is in it; None where there is none of it."""

    warehouse: int | None
    ledger: str
    serving: int | None
    manifest: int | None


@dataclass(frozen=True)
class Archive:
    """A whole backup. `folder`: its name, another one each time; `made_at`: ISO 8601, UTC; `judged_up_to`: of the newest judgement in it;
    `published`: name of the current version; `key_fingerprint`: of the keys that are not in it."""

    folder: str
    made_at: str
    key_fingerprint: str
    versions: Versions
    judged_up_to: int
    published: str | None
    files: tuple[StoredFile, ...]

    @property
    def bytes(self) -> int:
        """Of all files, shared content once."""
        return sum(file.bytes for file in self.files if file.same_as is None)


def is_left_out(name: str) -> bool:
    """Of the top of a home, what no backup holds and no restore touches: Dagster's history of runs (the ledger has its own), what is being
    worked on or made, locks, and the ledger's own files, which are copied by its database."""
    return name in LEFT_OUT or name.startswith((".", LEDGER, "run.lock"))


def write_archive(directory: Path, archive: Archive) -> None:
    """Make `archive` what `directory` holds, in one durable step."""
    document = {"format": FORMAT, **asdict(archive)}
    replace_file(directory / FILE, orjson.dumps({**document, "seal": _seal(document)}, option=orjson.OPT_INDENT_2))


def read_archive(directory: Path) -> Archive:
    """The backup in `directory`; every file of it is there in its size. Checksums are verified when files are read.

    Raises:
        HubError: there is none, it is half a one, it is damaged, or a later release made it.
    """
    path = directory / FILE
    try:
        document: dict[str, Any] = orjson.loads(path.read_bytes())
        seal, form = document.pop("seal"), document.pop("format")
        if form != FORMAT:
            raise HubError(f"the backup has form {form}, this release reads {FORMAT}", where=str(path), mend="Use the release that made it")
        if seal != _seal({"format": form, **document}):
            raise ValueError("seal")
        archive = _archive(document)
    except FileNotFoundError:
        why = f"there is no {FILE}, which is written last"
        raise HubError("this is no whole backup", where=str(directory), why=why, mend=_AGAIN) from None
    except OSError as error:
        raise HubError("the backup cannot be read", where=str(path), why=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HubError("the backup is damaged", where=str(path), why="it is not what it says of itself", mend=_AGAIN) from None
    for file in archive.files:
        _check_present(directory / archive.folder / (file.same_as or file.path), file)
    return archive


def refuse_damaged(file: StoredFile, where: Path, sha256: str) -> None:
    """Raise HubError unless `sha256` is the one the backup was made with."""
    if sha256 != file.sha256:
        raise HubError("a file of the backup is damaged", where=str(where), why="its checksum is another", mend=_AGAIN)


def _check_present(path: Path, file: StoredFile) -> None:
    found = path.stat().st_size if path.is_file() else None
    if found != file.bytes:
        why = "it is missing" if found is None else f"it has {found} bytes and should have {file.bytes}"
        raise HubError("a file of the backup is damaged", where=str(path), why=why, mend=_AGAIN)


def _archive(document: dict[str, Any]) -> Archive:
    files = tuple(StoredFile(**file) for file in document.pop("files"))
    for name in (document["folder"], *(path for file in files for path in (file.path, file.same_as) if path)):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError("path")  # a restore writes below the home and nowhere else
    return Archive(**{**document, "versions": Versions(**document["versions"]), "files": files})


def _seal(document: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
