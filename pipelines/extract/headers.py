"""Which column of a file is which mapped column, by its header."""

from __future__ import annotations

import difflib
from pathlib import Path

from schemas.errors import FileUnreadable
from schemas.mapping import SourceMapping


def number_columns(header: list[str], mapping: SourceMapping, path: Path, hint: str | None = None) -> dict[str, int]:
    """Number (1-based) of each mapped column that the file has.

    Raises:
        FileUnreadable: `columns_missing` names all that are not there and not optional, `duplicate_header` the one that stands twice.
    """
    names = [name.replace("\ufeff", "").strip() for name in header]
    wanted = mapping.columns()
    missing = [name for name in wanted if name not in names and name not in mapping.optional_columns]
    if missing:
        raise _columns_missing(missing, names, path, hint)
    for name in wanted:
        if names.count(name) > 1:
            found = [str(i + 1) for i, other in enumerate(names) if other == name]
            raise FileUnreadable(
                "duplicate_header", f"the header has {name!r} more than once", where=path.name, why=f"columns {', '.join(found)}",
                mend="Rename one of them at the source",
            )  # fmt: skip
    return {name: names.index(name) + 1 for name in wanted if name in names}


def _columns_missing(missing: list[str], names: list[str], path: Path, hint: str | None) -> FileUnreadable:
    """Header cells are not quoted back: a file without a header would show a person's values."""
    close = {name: match[0] for name in missing if (match := difflib.get_close_matches(name, names, 1, 0.75))}
    near = "; ".join(f"{name!r} may be column {names.index(other) + 1}" for name, other in close.items())
    return FileUnreadable(
        "columns_missing", f"the header ({len(names)} columns) lacks {', '.join(repr(name) for name in missing)}", where=path.name,
        why=near or hint, mend="Correct the mapping, or list them under `optional_columns`",
    )  # fmt: skip
