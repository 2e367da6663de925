"""What went wrong, as a sentence that holds no personal value: for the ledger, for Dagster, for the terminal."""

from __future__ import annotations

import errno

from schemas.errors import HubError

_MEND = {
    errno.ENOSPC: "Make room on that disk and run again: nothing is lost, the run goes on where it stopped",
    errno.EDQUOT: "Make room in your quota and run again: nothing is lost, the run goes on where it stopped",
    errno.EROFS: "Mount it writable, or set HUB_HOME to a folder you may write to",
    errno.EACCES: "Give this user the right to write there, or set HUB_HOME to another folder",
    errno.EPERM: "Give this user the right to write there, or set HUB_HOME to another folder",
    errno.EMFILE: "Raise the limit of open files (ulimit -n) and run again",
}
_WORDS_OF_DUCKDB = {  # DuckDB tells an error of the disk by words only
    "no space left": errno.ENOSPC, "disk quota": errno.EDQUOT, "read-only file system": errno.EROFS, "permission denied": errno.EACCES,
    "too many open files": errno.EMFILE, "failed to offload": errno.ENOSPC, "max_temp_directory_size": errno.ENOSPC,
}


class Fault(HubError):
    """A fault of the program. The text of the original error is left out, since it could quote a value; its traceback stays."""


def as_hub_error(error: BaseException) -> HubError | None:
    """`error` as a sentence a person can act on; None when it is a fault of the program."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, OSError) and error.strerror:
        where = str(error.filename) if error.filename else None
        return HubError("the system refused", where=where, why=error.strerror.lower(), mend=_MEND.get(error.errno or 0))
    return _of_duckdb(error)


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
    text = str(error).lower()
    code = next((code for words, code in _WORDS_OF_DUCKDB.items() if words in text), None)
    if kind.__name__ == "IOException" or code:
        return HubError("the warehouse cannot be read or written", why=str(error).split("\n")[0], mend=_MEND.get(code or 0))
    return None
