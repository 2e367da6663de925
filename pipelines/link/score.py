"""How much speaks for a pair: levels in SQL generated from the model, weights once per distinct pattern of levels."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.link.sources import all_pairs, keep_apart
from pipelines.match.kinds import begins_exact, has_rarity, holds, levels_of
from pipelines.match.learn import Apart, Floats, Learned, Masked, learn, shares
from pipelines.warehouse import execute_with
from schemas.errors import UsageError
from schemas.table_model import TableModel

_WIDTH = 4  # bits of a packed level


@dataclass(frozen=True)
class Patterns:
    """The distinct patterns among levelled pairs: `packed`, `levels` (a column a comparison, 0 or the level reached) and `counts`."""

    packed: NDArray[np.uint64]
    levels: NDArray[np.uint8]
    counts: Floats


def level_names(model: TableModel) -> dict[str, tuple[str, ...]]:
    """Of each comparison the names of its levels."""
    return {name: tuple(x.name for x in levels_of(of, model.fields[of.of])) for name, of in model.comparisons.items()}


def masked_levels(model: TableModel) -> tuple[Masked, ...]:
    """By comparison, which of its levels only pairs with a hidden value reach."""
    return tuple(np.array([x.is_of_masked for x in levels_of(of, model.fields[of.of])]) for of in model.comparisons.values())


def levels_apart(model: TableModel) -> tuple[Apart, ...]:
    """By comparison, which of its levels tell apart."""
    return tuple(np.array([x.tells_apart for x in levels_of(of, model.fields[of.of])]) for of in model.comparisons.values())


def reached(number: int) -> str:
    """SQL: the level that the comparison of that number has in the packed `levels`; 0 for none."""
    return f"((levels >> {_WIDTH * number}) & {2**_WIDTH - 1})"


def put_levels(con: duckdb.DuckDBPyConnection, model: TableModel, pairs: str, into: str) -> None:
    """Make temp `into(a, b, levels, rarity)` of the table `pairs(a, b)`: levels packed four bits a comparison, and the bits that values
    the two have exactly in common are worth by their rarity."""
    packed, rarity = [], ["0"]
    for number, (name, comparison) in enumerate(model.comparisons.items()):
        field = model.fields[comparison.of]
        cases = " ".join(f"WHEN {holds(level, comparison)} THEN {n}" for n, level in enumerate(levels_of(comparison, field), 1))
        packed.append(f"((CASE {cases} ELSE 0 END)::UBIGINT << {_WIDTH * number})")
        if has_rarity(comparison, field):
            rarity.append(f"CASE WHEN l.{comparison.of} = r.{comparison.of} THEN l.rare_{name} ELSE 0 END")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT a, b, {" | ".join(packed)} AS levels, ({" + ".join(rarity)})::FLOAT AS rarity
        FROM {pairs} JOIN prepared l ON l.n = a JOIN prepared r ON r.n = b"""
    )


def patterns_of(con: duckdb.DuckDBPyConnection, model: TableModel, levelled: str) -> Patterns:
    """The distinct patterns of the table `levelled`."""
    found = con.execute(f"SELECT levels, count(*) AS n FROM {levelled} GROUP BY levels ORDER BY levels").fetchnumpy()
    packed = np.asarray(found["levels"], dtype=np.uint64)
    shifts = np.arange(len(model.comparisons), dtype=np.uint64) * np.uint64(_WIDTH)
    levels = ((packed[:, None] >> shifts) & np.uint64(2**_WIDTH - 1)).astype(np.uint8)
    return Patterns(packed, levels, np.asarray(found["n"], dtype=np.float64))


def learn_weights(con: duckdb.DuckDBPyConnection, model: TableModel, rows_n: int) -> Learned:
    """Learn from temp `prepared` and the levelled candidates in temp `levelled`; weights the model gives are kept."""
    names = level_names(model)
    given = tuple(_given(model, name, levels) for name, levels in names.items())
    found = patterns_of(con, model, "levelled")
    random = shares_of_random_pairs(con, model, rows_n)
    return learn(found.levels, found.counts, random, all_pairs(con, model), given, masked_levels(model), levels_apart(model))


def shares_of_random_pairs(con: duckdb.DuckDBPyConnection, model: TableModel, rows_n: int) -> tuple[Floats, ...]:
    """How often random pairs of temp `prepared` reach each level of every comparison; all pairs, where these are not three times as many.
    The same for the same seed. How often they agree exactly is counted, not drawn: of a phone a million draws show nothing."""
    drawn = rows_n * (rows_n - 1) // 2 > 3 * model.random_pairs
    if not drawn:
        a, b = np.triu_indices(rows_n, 1)
    else:
        a, b = np.random.default_rng(model.seed).integers(0, rows_n, (2, model.random_pairs))
    pairs = pa.table({"a": np.minimum(a, b)[a != b], "b": np.maximum(a, b)[a != b]})
    execute_with(con, "CREATE OR REPLACE TEMP TABLE random_pairs AS FROM rows", [], pairs)
    keep_apart(con, model, "random_pairs")
    put_levels(con, model, "random_pairs", "random_levels")
    found = patterns_of(con, model, "random_levels")
    con.execute("DROP TABLE random_pairs; DROP TABLE random_levels")
    masked = masked_levels(model)
    seen = shares(found.levels, found.counts, masked)
    if not drawn or model.link_only:
        return seen  # across sources it cannot be counted so simply
    return tuple(_with_exact(*of) for of in zip(seen, _shares_of_exact(con, model), masked, strict=True))


def _shares_of_exact(con: duckdb.DuckDBPyConnection, model: TableModel) -> list[float | None]:
    """By comparison, the share of all pairs with a value on both sides that have the same; None where no level says so."""
    return [_share_of_exact(con, of.of) if begins_exact(model.fields[of.of]) else None for of in model.comparisons.values()]


def _share_of_exact(con: duckdb.DuckDBPyConnection, field: str) -> float:
    sizes = f"SELECT count(*)::DOUBLE AS size FROM prepared WHERE {field} IS NOT NULL GROUP BY {field}"
    pairs, all_pairs = con.execute(f"SELECT sum(size * (size - 1)), sum(size) * (sum(size) - 1) FROM ({sizes})").fetchall()[0]
    return float((pairs + 1) / (all_pairs + 2))


def _with_exact(drawn: Floats, exact: float | None, masked: Masked) -> Floats:
    """The shares as drawn, but the first one as counted."""
    if exact is None:
        return drawn
    others = np.where(masked, 0, drawn)[1:].sum()
    return np.concatenate([[exact], np.where(masked, drawn, drawn * (1 - exact) / others)[1:]])


def weigh(con: duckdb.DuckDBPyConnection, model: TableModel, learned: Learned, levelled: str, into: str) -> None:
    """Make temp `into(a, b, levels, bits, probability, told)` of the table `levelled(a, b, levels, rarity)`. `told`: of all that the
    comparisons can tell, the share of those that had a value on both sides."""
    found = patterns_of(con, model, levelled)
    bits = np.full(len(found.packed), learned.prior_bits)
    for k, weights in enumerate(level_bits(model, learned).values()):
        bits += np.concatenate([[0.0], weights])[found.levels[:, k]]
    told = (found.levels > 0) @ learned.information / learned.information.sum()
    patterns = pa.table({"levels": found.packed, "bits": bits, "told": told})
    execute_with(con, "CREATE OR REPLACE TEMP TABLE patterns AS FROM rows", [], patterns)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {into} AS
        WITH summed AS (SELECT a, b, levels, p.bits + rarity AS bits, told FROM {levelled} JOIN patterns p USING (levels))
        SELECT * EXCLUDE (told), 1 / (1 + pow(2, -bits)) AS probability, told FROM summed"""
    )
    con.execute("DROP TABLE patterns")


def level_bits(model: TableModel, learned: Learned) -> dict[str, Floats]:
    """log2(m / u) by comparison and level."""
    return {name: np.asarray(np.log2(m / u)) for name, m, u in zip(model.comparisons, learned.m, learned.u, strict=True)}


def _given(model: TableModel, name: str, levels: tuple[str, ...]) -> tuple[Floats, Floats] | None:
    weights = model.comparisons[name].weights
    if weights is None:
        return None
    if set(weights) != set(levels):
        raise UsageError(f"the weights of comparison {name!r} are of {', '.join(weights)}", mend=f"Its levels are {', '.join(levels)}")
    return np.array([weights[level].m for level in levels]), np.array([weights[level].u for level in levels])
