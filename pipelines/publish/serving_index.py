"""The serving index as API workers read it: an LMDB environment named by `serving/current.json`.

Databases of an environment (`base-<version>/`):

| name | key | value |
| --- | --- | --- |
| profiles | customer id | the JSON document, as served |
| tokens | lookup token, 16 bytes | customer id (several, sorted) |
| customer_tokens | customer id | its tokens, sorted and joined |
| aliases | merged id | the id it was merged into |
| meta | `meta` | version, schema, times, counts |
| and those of `pipelines/resolve/index.py` | | what resolving new records needs |

A full build makes a new environment and switches the pointer. A delta is one write transaction in the current one, so a reader sees all
of it or nothing. Light: an API worker imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary

import lmdb
import orjson

from pipelines.publish import pointer
from pipelines.resolve.index import DATABASES as RESOLVING
from schemas.errors import HomeDamaged, ServingUnavailable

SCHEMA = 2
DATABASES = ("profiles", "tokens", "customer_tokens", "aliases", "meta", *RESOLVING)
META_KEY = b"meta"
DATA, LOCK = "data.mdb", "lock.mdb"
FOUND_AT_MOST = 50
MAX_READERS = 1024
_LEAST_MAP = 1 << 36  # address space, not memory: room for deltas without ever remapping under a reader
_MAX_HOPS = 64
_MAX_KEY = 511  # of LMDB
_REBUILD = "Run `hub run --full` to build it anew"
_Answer = TypeVar("_Answer")


class Found(NamedTuple):
    """Answer of a lookup: the first ids in order, and how many there are."""

    customer_ids: list[str]
    total: int


@dataclass(frozen=True)
class _Base:
    """One open environment with its databases; swapped as a whole."""

    folder: str
    env: lmdb.Environment
    dbs: dict[str, Any]


# LMDB forbids opening one file twice in a process, so several indexes share it; it closes when the last of them lets go.
_open_here: WeakValueDictionary[tuple[int, int], _Base] = WeakValueDictionary()
_opening = Lock()


class Snapshot:
    """Reads of one moment: everything a snapshot answers is of one version."""

    def __init__(self, txn: lmdb.Transaction[bytes], dbs: dict[str, Any]) -> None:
        self._txn, self._dbs = txn, dbs

    def get(self, customer_id: str) -> bytes | None:
        """The document of a customer, by current id."""
        key = _key(customer_id)
        return self._txn.get(key, db=self._dbs["profiles"]) if key else None

    def resolve(self, customer_id: str) -> str | None:
        """The id under which the customer is served now: itself, or what it was merged into; None when nobody is."""
        key: bytes | None = _key(customer_id)
        for _ in range(_MAX_HOPS):
            if not key:
                return None
            if self._txn.get(key, db=self._dbs["profiles"]) is not None:
                return key.decode()
            key = self._txn.get(key, db=self._dbs["aliases"])
        return None

    def find(self, token: bytes, limit: int = FOUND_AT_MOST) -> Found:
        """The customers that `token` (`tokens.lookup_token`) leads to: at most `limit` ids, and the total."""
        with self._txn.cursor(self._dbs["tokens"]) as cursor:
            if not token or not cursor.set_key(token):
                return Found([], 0)
            total = cursor.count()
            ids = [value.decode() for value, _ in zip(cursor.iternext_dup(), range(limit), strict=False)]
        return Found(ids, total)

    def value(self, database: str, key: bytes) -> bytes | None:
        """What stands under `key` in one of the databases."""
        return self._txn.get(key, db=self._dbs[database]) if key else None

    def entries(self, database: str) -> Iterator[tuple[bytes, bytes]]:
        """All entries of one of the databases in the order of their keys; a key with several values comes with each."""
        with self._txn.cursor(self._dbs[database]) as cursor:
            yield from cursor

    @property
    def meta(self) -> dict[str, Any]:
        """`schema, version, built_at, ledger_seq, key_fingerprint, key_version, section_ages, counts`."""
        return dict(orjson.loads(self._txn.get(META_KEY, db=self._dbs["meta"]) or b"{}"))


class ServingIndex:
    """Reads the current environment; safe to share between threads. Open it after a worker has forked, not before."""

    def __init__(self, serving: Path, seen: tuple[int, int, int], base: _Base) -> None:
        self._serving, self._seen = serving, seen
        self._base: _Base | None = base

    @classmethod
    def open(cls, serving: Path, *, walks: bool = False) -> ServingIndex:
        """Open what `serving/current.json` names. `walks`: for somebody who reads it from front to back, so that the system reads ahead.

        Raises:
            ServingUnavailable: absent, damaged, or of another schema.
        """
        seen, base = _open_current(serving, walks=walks)
        return cls(serving, seen, base)

    def get(self, customer_id: str) -> bytes | None:
        return self.read(lambda snapshot: snapshot.get(customer_id))

    def resolve(self, customer_id: str) -> str | None:
        return self.read(lambda snapshot: snapshot.resolve(customer_id))

    def find(self, token: bytes, limit: int = FOUND_AT_MOST) -> Found:
        return self.read(lambda snapshot: snapshot.find(token, limit))

    @property
    def folder(self) -> Path | None:
        """The environment that answers now; None when closed."""
        base = self._base
        return Path(base.folder) if base else None

    @property
    def meta(self) -> dict[str, Any]:
        return self.read(lambda snapshot: snapshot.meta)

    def read(self, ask: Callable[[Snapshot], _Answer]) -> _Answer:
        """Answer `ask` from one snapshot: a lookup with the documents it leads to, all of one version."""
        base = self._base
        if base is None:
            raise ServingUnavailable("the serving index is closed", where=str(self._serving))
        try:
            with base.env.begin() as txn:
                return ask(Snapshot(txn, base.dbs))
        except lmdb.Error as error:
            raise ServingUnavailable("the serving index cannot be read", where=base.folder, why=error.reason) from error

    def refresh(self) -> bool:
        """Follow the pointer if it was switched since; cheap (one `stat`) when it was not. True when it was.

        Raises:
            ServingUnavailable: the new index cannot be opened; this one goes on with what it has.
        """
        if _look(self._serving) == self._seen:
            return False
        seen, base = _open_current(self._serving, self._base)
        self._seen, self._base = seen, base
        return True

    def close(self) -> None:
        """Let go of the environment; reads fail from now on."""
        self._base = None


def is_open_here(folder: Path) -> bool:
    """This process reads the environment in `folder`, so it cannot write to it."""
    try:
        found = (folder / DATA).stat()
    except FileNotFoundError:
        return False
    return (found.st_dev, found.st_ino) in _open_here


def _key(customer_id: str) -> bytes | None:
    """The id as LMDB takes it; None for what cannot be one (from the outside anything may come)."""
    key = customer_id.encode("utf-8", "replace")
    return key if 0 < len(key) <= _MAX_KEY else None


def _look(serving: Path) -> tuple[int, int, int]:
    try:
        found = (serving / pointer.FILE).stat()
    except OSError as error:
        raise ServingUnavailable(
            "there is no serving index yet", where=str(serving), why=error.strerror, mend="Run `hub run` to publish one"
        ) from error
    return found.st_mtime_ns, found.st_ino, found.st_size


def _open_current(serving: Path, open_base: _Base | None = None, *, walks: bool = False) -> tuple[tuple[int, int, int], _Base]:
    """Open what the pointer names; when that vanishes between two quick switches, look again."""
    for last in (False, False, True):
        seen = _look(serving)
        try:
            named = pointer.read_pointer(serving)
        except HomeDamaged as error:
            raise ServingUnavailable(error.what, where=error.where, why=error.why, mend=error.mend) from error
        folder = serving / str(named["folder"]) if named else serving
        if named and (folder / DATA).is_file():
            if open_base is not None and open_base.folder == str(folder):
                return seen, open_base
            return seen, _open_base(folder, int(named.get("bytes", 0)), walks)
        if last:
            break
    raise ServingUnavailable("the serving index is missing", where=str(folder), mend=_REBUILD)


def _open_base(folder: Path, least_bytes: int, walks: bool) -> _Base:
    with _opening:
        found = (folder / DATA).stat()
        if found.st_size < least_bytes:  # LMDB would only notice by a bus error on the first page that is not there
            raise ServingUnavailable("the serving index is cut off", where=str(folder), mend=_REBUILD)
        base = _open_here.get((found.st_dev, found.st_ino))
        if base is None:
            base = _open_folder(folder, found.st_size, walks)
            _open_here[(found.st_dev, found.st_ino)] = base
        return base


def _open_folder(folder: Path, size: int, walks: bool) -> _Base:
    try:
        env = lmdb.open(
            str(folder), readonly=True, create=False, max_dbs=len(DATABASES), max_readers=MAX_READERS,
            map_size=max(_LEAST_MAP, 8 * size), readahead=walks,
        )
        base = _Base(str(folder), env, {name: env.open_db(name.encode(), create=False) for name in DATABASES})
        with env.begin() as txn:
            schema = Snapshot(txn, base.dbs).meta.get("schema")
    except lmdb.Error as error:
        raise ServingUnavailable("the serving index cannot be opened", where=str(folder), why=error.reason, mend=_REBUILD) from error
    except ValueError as error:
        raise ServingUnavailable("the serving index is damaged", where=str(folder), why="unreadable meta", mend=_REBUILD) from error
    if schema != SCHEMA:
        raise ServingUnavailable(f"the serving index has schema {schema}, this release reads {SCHEMA}", where=str(folder), mend=_REBUILD)
    return base
