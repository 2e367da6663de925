"""What lies in the landing folder: which mapping claims each file, and whether it may be read now.

For the run, the sensor and `hub doctor`. Nothing is ever changed below the landing folder, and no link is followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any, Literal

from pipelines.extract.streams import GZIP
from pipelines.files import hash_file
from schemas.mapping import SourceMapping

Status = Literal["new", "known", "growing", "truncated", "unclaimed", "refused"]
DONE = ".done"  # `<file>.done` beside a file says that it is complete


@dataclass(frozen=True)
class LandingFile:
    """A file below landing under one mapping. `name`: path below landing, with `/`; `file_id`, `sha256`: of new and known files."""

    path: Path
    name: str
    status: Status
    source: str | None = None
    message: str | None = None
    file_id: str = ""
    sha256: str = ""
    size_bytes: int = 0
    modified_at: datetime = datetime.min


@dataclass(frozen=True)
class Seen:
    """A file as it was when it was read; the same name, size and time stand for the same bytes."""

    file_id: str
    sha256: str


SeenKey = tuple[str, str, int, datetime]  # source, name, size, modified_at


def seen_before(manifest: Iterable[Mapping[str, Any]]) -> dict[SeenKey, Seen]:
    """Rows of the manifest (`raw.files`, or its copy in the ledger) as `scan` takes them."""
    keys = ("source", "file_name", "size_bytes", "file_modified_at")
    return {tuple(row[key] for key in keys): Seen(row["file_id"], row["sha256"]) for row in manifest}


def scan(
    landing: Path,
    mappings: list[SourceMapping],
    known_file_ids: Collection[str],
    settle_seconds: float,
    *,
    seen: Mapping[SeenKey, Seen] | None = None,
    verify: bool = True,
) -> list[LandingFile]:
    """Every file below `landing`, in the order in which the run takes them: by source, then by name (numbers as numbers).

    seen: files that need not be read again to know their content. verify: look for the end of new gzip, Parquet and XLSX
    files; the run does without, its readers notice.
    """
    patterns = [(mapping.source, _pattern(mapping.files)) for mapping in mappings]
    found: list[LandingFile] = []
    for path, name in _walk(landing, landing):
        claims = [source for source, pattern in patterns if pattern.fullmatch(name) or pattern.fullmatch(name.removesuffix(".gz"))]
        refusal = _refusal(path)
        if refusal:
            found.append(LandingFile(path, name, "refused", claims[0] if claims else None, f"{name}: {refusal}"))
        elif not claims:
            message = f"{name}: no mapping claims this file. Correct `files` of a mapping, or move it away"
            found.append(LandingFile(path, name, "unclaimed", None, message))
        else:
            found += _claimed(path, name, claims, settle_seconds, seen or {})
    found.sort(key=lambda file: (file.source or "~", natural(file.name)))
    return list(_judged(found, set(known_file_ids), verify))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key of a name in which numbers count as numbers: `crm_9.csv` before `crm_10.csv`."""
    return tuple((0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in re.split(r"([0-9]+)", name) if piece)


def file_id_of(source: str, sha256: str) -> str:
    """First 16 hex digits of SHA-256 over source name and content (by its digest)."""
    return hashlib.sha256(f"{source}\n{sha256}".encode()).hexdigest()[:16]


def modified(info: os.stat_result) -> datetime:
    """Modification time in UTC."""
    return datetime.fromtimestamp(info.st_mtime, UTC).replace(tzinfo=None)


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob below landing: `*` and `?` stay within a folder, `**/` is any folders."""
    pieces = re.split(r"(\*\*/|\*|\?)", glob)
    parts = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(parts.get(piece, re.escape(piece)) for piece in pieces))


def _walk(folder: Path, landing: Path) -> Iterator[tuple[Path, str]]:
    """Files, links and folders named like files; hidden ones and `.done` marks are passed over."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or (entry.name.endswith(DONE) and not entry.is_dir(follow_symlinks=False)):
            continue
        if entry.is_dir(follow_symlinks=False) and not re.search(r"\.(csv|tsv|txt|jsonl|ndjson|json|parquet|xlsx)(\.gz)?$", entry.name):
            yield from _walk(path, landing)
        else:
            yield path, path.relative_to(landing).as_posix().encode("utf-8", "backslashreplace").decode()


def _refusal(path: Path) -> str | None:
    """Why an entry is not read at all."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, which is never followed. Put the file itself there"
    if stat.S_ISDIR(mode):
        return "it is a folder, not a file. Move its files up, or rename it"
    if not stat.S_ISREG(mode):
        return "it is not a regular file"
    return None if os.access(path, os.R_OK) else "the system does not let the hub read it. Correct its rights"


def _claimed(path: Path, name: str, claims: list[str], settle_seconds: float, seen: Mapping[SeenKey, Seen]) -> list[LandingFile]:
    try:
        return list(_measured(path, name, claims, settle_seconds, seen))
    except OSError as error:  # gone or locked since the folder was listed
        return [LandingFile(path, name, "refused", claims[0], f"{name}: it cannot be read ({error.strerror})")]


def _measured(path: Path, name: str, claims: list[str], settle_seconds: float, seen: Mapping[SeenKey, Seen]) -> Iterator[LandingFile]:
    """The file under each mapping that claims it, with its id unless it is still growing."""
    info = path.stat()
    age = time() - info.st_mtime
    modified_at = modified(info)
    is_growing = -settle_seconds < age < settle_seconds and not path.with_name(path.name + DONE).exists()
    digest = ""
    for source in claims:
        before = seen.get((source, name, info.st_size, modified_at))
        if before is not None:
            yield LandingFile(path, name, "new", source, None, before.file_id, before.sha256, info.st_size, modified_at)
        elif is_growing:
            message = f"{name}: still growing (changed {max(age, 0):.1f} s ago); it is left alone until it has settled"
            yield LandingFile(path, name, "growing", source, message, "", "", info.st_size, modified_at)
        else:
            digest = digest or hash_file(path)
            yield LandingFile(path, name, "new", source, None, file_id_of(source, digest), digest, info.st_size, modified_at)


def _judged(files: list[LandingFile], known: set[str], verify: bool) -> Iterator[LandingFile]:
    """Tell new files from known ones (also when renamed or sent twice under two names) and cut-off ones."""
    taken: set[str] = set()
    for file in files:
        if file.status != "new":
            yield file
        elif file.file_id in known or file.file_id in taken:
            yield _as(file, "known")
        elif verify and (message := _cut_off(file.path)):
            yield _as(file, "truncated", f"{file.name}: {message}; it is left alone until it is complete")
        else:
            taken.add(file.file_id)
            yield file


def _as(file: LandingFile, status: Status, message: str | None = None) -> LandingFile:
    return LandingFile(file.path, file.name, status, file.source, message, file.file_id, file.sha256, file.size_bytes, file.modified_at)


def _cut_off(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(4)
        if start[:2] == GZIP:
            file.seek(0)
            return _gzip_cut_off(iter(lambda: file.read(2**22), b""))
        if start == b"PAR1":
            file.seek(-4, os.SEEK_END)
            return None if file.tell() > 4 and file.read(4) == b"PAR1" else "the Parquet file ends too early"
    return "the workbook ends too early" if start == b"PK\x03\x04" and not zipfile.is_zipfile(path) else None


def _gzip_cut_off(chunks: Iterator[bytes]) -> str | None:
    """Walk through all members; a damaged file is complete (its reader sets it aside)."""
    member = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                member.decompress(rest)
                rest = member.unused_data
    except zlib.error:
        return None
    return None if member.eof else "the gzip file ends too early"
