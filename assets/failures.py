"""What went wrong, as a sentence that holds no personal value: for the ledger, for Dagster, for the terminal."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

from schemas.errors import HubError

_MEND = {
    errno.ENOSPC: "Give it more space on that disk and run again: nothing is lost, the run goes on where it stopped",
    errno.EDQUOT: "Make room in your quota and run again: nothing is lost, the run goes on where it stopped",
    errno.EROFS: "Mount it writable, or set HUB_HOME to a folder you may write to",
    errno.EACCES: "Give this user the right to write there, or set HUB_HOME to another folder",
    errno.EPERM: "Give this user the right to write there, or set HUB_HOME to another folder",
    errno.EMFILE: "Raise the limit of open files (ulimit -n) and run again",
}
_WORDS = {  # DuckDB and SQLite tell an error of the disk by words only
    "no space left": errno.ENOSPC, "disk quota": errno.EDQUOT, "read-only file system": errno.EROFS, "permission denied": errno.EACCES,
    "too many open files": errno.EMFILE, "failed to offload": errno.ENOSPC, "max_temp_directory_size": errno.ENOSPC,
    "disk i/o error": errno.ENOSPC, "disk is full": errno.ENOSPC, "readonly database": errno.EROFS,
}


class Fault(HubError):
    """A fault of the program. The text of the original error is left out, since it could quote a value; its traceback stays."""


def as_hub_error(error: BaseException) -> HubError | None:
    """`error`, or what caused it, as a sentence a person can act on; None when it is a fault of the program."""
    for cause in _chain(error):
        if isinstance(cause, HubError):
            return cause
        if isinstance(cause, OSError) and cause.strerror:
            where = str(cause.filename) if cause.filename else None
            return HubError("the system refused", where=where, why=cause.strerror.lower(), mend=_MEND.get(cause.errno or 0))
        known = _of_duckdb(cause) or _of_sqlite(cause)
        if known:
            return known
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes; Dagster makes circular ones."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def without_values(error: BaseException) -> HubError:
    """`error` as it may be stored and shown: a sentence, or a `Fault` with the traceback and not the text of an unexpected error."""
    known = as_hub_error(error)
    if known is None:
        kind = type(error)
        known = Fault("the hub has a fault", why=f"{kind.__module__.lstrip('_')}.{kind.__qualname__}", mend="Please report it")
    return known.with_traceback(error.__traceback__)


def describe(error: BaseException) -> str:
    """The sentence of `without_values`."""
    return str(without_values(error))


def _of_duckdb(error: BaseException) -> HubError | None:
    kind = type(error)
    if not kind.__module__.startswith(("duckdb", "_duckdb")):
        return None
    if kind.__name__ == "OutOfMemoryException":
        return HubError("the warehouse needs more memory than it may use", mend="Raise HUB_MEMORY, or run on a machine with more")
    code = _code_of(error)
    if kind.__name__ == "IOException" or code:
        return HubError("the warehouse cannot be read or written", why=str(error).split("\n")[0], mend=_MEND.get(code or 0))
    return None


def _of_sqlite(error: BaseException) -> HubError | None:
    """Of the ledger or of Dagster's history."""
    code = _code_of(error) if isinstance(error, sqlite3.OperationalError) else None
    return HubError("a database of the home cannot be read or written", why=str(error), mend=_MEND[code]) if code else None


def _code_of(error: BaseException) -> int | None:
    text = str(error).lower()
    return next((code for words, code in _WORDS.items() if words in text), None)
