"""Columns that say what others say, and columns that hold one thing in several: both would count, or miss, the same evidence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import duckdb

from pipelines.link.suggest.columns import Column, look_at
from pipelines.sql import quoted
from pipelines.warehouse import count
from schemas.table_model import Kind

OPEN: tuple[Kind, ...] = ("category", "number", "text", "code")  # kinds that may be of anything
_NAMES: tuple[Kind, ...] = ("given_name", "family_name")
_APART, _MADE_OF = 0.1, 0.7


def repeats(con: duckdb.DuckDBPyConnection, rows: str, columns: list[Column], kinds: dict[str, Kind]) -> Iterator[tuple[Column, str]]:
    """Columns to do without, each with the reason: whole names whose parts are there, and labels one to one with another column."""
    given, family = (next((c for c in columns if kinds[c.name] == kind), None) for kind in _NAMES)
    for column in columns:
        if given and family and kinds[column.name] == "full_name" and _is_made_of(con, rows, column, given, family):
            yield column, f"says what {given.name} and {family.name} say"
    gone: list[str] = []
    for first, second in combinations([c for c in columns if kinds[c.name] in OPEN], 2):
        is_label = "category" in (kinds[first.name], kinds[second.name])  # two numbers of one person are not one evidence
        if is_label and first.name not in gone and second.name not in gone and _is_one_to_one(con, rows, first, second):
            gone.append(second.name)
            yield second, f"is one to one with {first.name}: the same evidence twice"


def together(
    con: duckdb.DuckDBPyConnection, rows: str, columns: list[Column], kinds: dict[str, Kind]
) -> list[tuple[Column, tuple[str, ...]]]:
    """What fields to make: a column by itself, or several that hold one thing: where rows have either the parts of a name or the whole, and
    where they have an address in either of two columns. `kinds` learns the kind of what was put together."""
    given, family = ([c for c in columns if kinds[c.name] == kind] for kind in _NAMES)
    wholes = [c for c in columns if kinds[c.name] == "full_name" and all(_are_apart(con, rows, c, part) for part in (*given, *family))]
    addresses = [c for c in columns if kinds[c.name] == "address"]
    groups: list[tuple[Kind, list[Column]]] = []
    if wholes and given and family:
        groups.append(("full_name", [*given, *family, *wholes]))
    if len(addresses) > 1 and all(_are_apart(con, rows, one, two) for one, two in combinations(addresses, 2)):
        groups.append(("address", addresses))
    found: list[tuple[Column, tuple[str, ...]]] = []
    for column in columns:
        group = next(((kind, members) for kind, members in groups if column in members), None)
        if group is None:
            found.append((column, (column.name,)))
        elif column is group[1][0]:
            names = tuple(c.name for c in group[1])
            whole = look_at(con, rows, names)
            kinds[whole.name] = group[0]
            found.append((whole, names))
    return found


def _is_made_of(con: duckdb.DuckDBPyConnection, rows: str, whole: Column, *parts: Column) -> bool:
    text = f"lower({quoted(whole.name)}::VARCHAR)"
    inside = " AND ".join(f"contains({text}, lower({quoted(part.name)}::VARCHAR))" for part in parts)
    told, inside_n = con.execute(f"SELECT count({inside}), count(*) FILTER ({inside}) FROM {rows}").fetchall()[0]
    return bool(told > 0.5 * whole.filled and inside_n >= _MADE_OF * told)


def _is_one_to_one(con: duckdb.DuckDBPyConnection, rows: str, first: Column, second: Column) -> bool:
    if first.distinct != second.distinct or first.distinct in (first.filled, second.filled):
        return False
    both = " AND ".join(f"{quoted(c.name)} IS NOT NULL" for c in (first, second))
    pair = f"{quoted(first.name)}, {quoted(second.name)}"
    return count(con, f"SELECT count(*) FROM (SELECT DISTINCT {pair} FROM {rows} WHERE {both})") == first.distinct


def _are_apart(con: duckdb.DuckDBPyConnection, rows: str, one: Column, two: Column) -> bool:
    """Whether rows that have one column hardly ever have the other."""
    both = count(con, f"SELECT count(*) FROM {rows} WHERE {quoted(one.name)} IS NOT NULL AND {quoted(two.name)} IS NOT NULL")
    return both <= _APART * min(one.filled, two.filled)
