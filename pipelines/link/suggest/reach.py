"""Which pairing rules: few pairs, and different enough that an error in one field does not lose a pair.

Every candidate is counted on the data. How many true pairs it would reach is simulated: pairs that are clean or dirty, whose fields agree
exactly, in part, or not at all. Rules are taken by how much more they reach a pair, until more reach costs too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.link.suggest.choose import Chosen
from schemas.table_model import Kind, PairingRule

CAP = PairingRule.model_fields["cap"].default
_SIMULATED = 20_000
_CLEAN, _DIRTY = 0.93, 0.6  # chance that a field of a pair agrees exactly
_PART = 0.5  # and that, if it does not, a part of it does
_MOST_PAIRS_A_ROW, _OF_ONE_RULE, _LEAST_GAIN, _MOST_RULES = 30, 6, 0.0008, 16
_FEW_PAIRS = 0.2  # a row
_SHORT, _LONG_CODE, _LONG_TEXT, _SPACED = 5, 7, 16, 0.3
_WORTH = 0.0003  # reach that a pair more per row must bring


@dataclass(frozen=True)
class Key:
    """SQL over a prepared field that two rows may agree on; `part`: of several parts of the field, which; none for all."""

    sql: tuple[str, ...]
    field: str
    part: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A rule, counted: `rows` have all its keys, `rows_over_cap` of them are in blocks that propose nothing."""

    keys: tuple[Key, ...]
    pairs: int
    blocks_over_cap: int
    rows_over_cap: int
    rows: int

    @property
    def agree_on(self) -> list[str]:
        return [sql for key in self.keys for sql in key.sql]

    @property
    def reaches(self) -> float:
        """Share of the rows with these keys that are not in too large blocks."""
        return 1 - self.rows_over_cap / max(self.rows, 1)


_WHOLE: tuple[Kind, ...] = (
    "given_name", "family_name", "full_name", "date", "postcode", "code", "email", "text", "address", "category",
    "organisation", "credit_code",
)  # fmt: skip
_WORDS, _FIRST, _LAST = "{f}_words", "string_split({f}, ' ')[1]", "string_split({f}, ' ')[-1]"


def keys_of(of: Chosen) -> list[Key]:
    """What two rows may agree on in a field: all of it, or a part that survives a slip."""
    column = of.columns[0]
    is_spaced = of.of.kind == "full_name" and column.forms["spaced"] >= _SPACED
    parts = [(_FIRST,), (_LAST,)] if is_spaced else _parts(of.of.kind, column.length)
    whole = [Key((_WORDS if is_spaced else "{f}",), of.name)] if of.of.kind in _WHOLE else []
    found = whole + [Key(part, of.name, n) for n, part in enumerate(parts)]
    return [replace(key, sql=tuple(sql.format(f=of.name) for sql in key.sql)) for key in found]


def _parts(kind: Kind, length: float) -> list[tuple[str, ...]]:
    """The parts of a value, by its mean `length`: what is short has none that says much."""
    if kind == "date":
        return [("{f}_year",), ("{f}_month", "{f}_day")]
    if kind == "email":
        return [("{f}_mailbox",)]
    if kind == "organisation":
        return [("{f}_core",), ("{f}_sound",)]
    if kind == "credit_code":
        return [("{f}_organisation",), ("right({f}_shown, 4)",)]
    if kind == "text" and length >= _LONG_TEXT:
        return [("left({f}, 12)",), ("right({f}, 6)",)]
    of_kind: dict[Kind, list[tuple[str, ...]]] = {
        "given_name": [("left({f}, 2)",)], "family_name": [("left({f}, 3)",)], "text": [("left({f}, 4)",)],
        "postcode": [("left({f}, length({f}) - 3)",)], "code": [("left({f}, 5)",), ("right({f}, 4)",)] if length >= _LONG_CODE else [],
    }  # fmt: skip
    return of_kind.get(kind, []) if length >= _SHORT else []


def propose(con: duckdb.DuckDBPyConnection, fields: list[Chosen], rows_n: int) -> list[Candidate]:
    """Rules over temp `prepared`, the one that brings most first."""
    found = list(_candidates(con, fields, rows_n))
    agree = _simulate(fields)
    dice = np.random.default_rng(2)
    reached = {c: np.logical_and.reduce([agree[k] for k in c.keys]) & (dice.random(_SIMULATED) < c.reaches) for c in found}
    taken: list[Candidate] = []
    missed = np.ones(_SIMULATED, dtype=np.bool_)
    left = float(_MOST_PAIRS_A_ROW * rows_n)
    while reached and len(taken) < _MOST_RULES:
        gain = {c: float((hit & missed).mean()) for c, hit in reached.items() if c.pairs <= left}
        worth = {c: g / (1 + c.pairs / rows_n) for c, g in gain.items() if g >= max(_LEAST_GAIN, _WORTH * c.pairs / rows_n)}
        if not worth:
            break
        best = max(worth, key=lambda c: (worth[c], -len(c.keys)))
        taken.append(best)
        left -= best.pairs
        missed &= ~reached.pop(best)
    return [c for c in taken if not any(_is_implied(c, other) for other in taken)]


def _is_implied(candidate: Candidate, other: Candidate) -> bool:
    """Whether `other` proposes all that `candidate` does."""
    if candidate is other or other.blocks_over_cap:
        return False
    return all(any(key.field == of.field and key.part in (None, of.part) for key in candidate.keys) for of in other.keys)


def _candidates(con: duckdb.DuckDBPyConnection, fields: list[Chosen], rows_n: int) -> Iterator[Candidate]:
    """One key; two, or three parts, of different fields. What makes few pairs already is not narrowed by a further key."""
    keys = [key for of in fields for key in keys_of(of)]
    few: set[tuple[Key, ...]] = set()
    for size in (1, 2, 3):
        for group in combinations(keys, size):
            if len({key.field for key in group}) < size or (size == 3 and any(key.part is None for key in group)):
                continue
            if any(smaller in few for smaller in combinations(group, size - 1)):
                few.add(group)
                continue
            found = _count(con, group)
            if found.pairs <= _FEW_PAIRS * rows_n and found.reaches == 1:
                few.add(group)
            if 0 < found.pairs <= _OF_ONE_RULE * rows_n and found.reaches >= 0.5 and found.rows >= 0.01 * rows_n:
                yield found


def _count(con: duckdb.DuckDBPyConnection, keys: tuple[Key, ...]) -> Candidate:
    expressions = [sql for key in keys for sql in key.sql]
    present = " AND ".join(f"({sql}) IS NOT NULL" for sql in expressions)
    sql = f"""
        WITH blocks AS (SELECT count(*) AS size FROM prepared WHERE {present} GROUP BY hash({", ".join(expressions)}))
        SELECT coalesce(sum(size * (size - 1) // 2) FILTER (size <= {CAP}), 0), count(*) FILTER (size > {CAP}),
            coalesce(sum(size) FILTER (size > {CAP}), 0), coalesce(sum(size), 0) FROM blocks"""
    pairs, blocks, over, rows = con.execute(sql).fetchall()[0]
    return Candidate(keys, int(pairs), int(blocks), int(over), int(rows))


def _simulate(fields: list[Chosen]) -> dict[Key, NDArray[np.bool_]]:
    """Of simulated true pairs, which agree on each key."""
    dice = np.random.default_rng(1)
    exact = np.where(dice.random(_SIMULATED) < 0.5, _CLEAN, _DIRTY)
    found = {}
    for of in fields:
        present = dice.random(_SIMULATED) < of.filled**2
        same = dice.random(_SIMULATED) < exact
        for key in keys_of(of):
            in_part = dice.random(_SIMULATED) < (_PART if key.part is not None else 0.0)
            found[key] = present & (same | in_part)
    return found
