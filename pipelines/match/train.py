"""Learn the weights of the hub's own model from the mentions there are, without labels. Whether it is used, a person says.

u is how often random pairs of nodes reach a level; where a level is too rare to be met by chance (a shared phone, a document), what the
model declares stays, being knowledge of the world and not of the sample. m and the prior come from expectation maximisation over proposed
pairs (pipelines/match/learn.py): of names, births and places over pairs that identifiers and orders propose, of the identifiers over the
pairs that the other rules propose, since pairs agree on what proposed them. Levels of masked pairs are learned among masked pairs: that a
value is masked says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.match.block import fill_blocks, propose
from pipelines.match.learn import Floats, Learned, Masked, learn, shares
from pipelines.match.score import gather_compared, levels_sql
from pipelines.warehouse import execute_with
from schemas.errors import HubError
from schemas.match_model import Level, MatchModel

LEARNED = "-learned"
RANDOM_PAIRS = 3_000_000
_LEAST_NODES = 1000
_LEAST_MET = 20.0  # times a level must be met among random pairs for its share to be trusted
_PARTS = 4  # of the pairs, levelled one after the other
_IDENTIFIERS = ("document", "phone", "email")
# forbidden by rule whatever it weighs, or present in a pair or not: nothing to learn by contrast
_NOT_LEARNED = ("kind", "account", "order")


@dataclass(frozen=True)
class _Compared:
    """A comparison that is learned, and its place in packed levels."""

    name: str
    place: int
    levels: tuple[Level, ...]

    @property
    def masked(self) -> Masked:
        return np.array([level.masked for level in self.levels])


def train(con: duckdb.DuckDBPyConnection, model: MatchModel, *, seed: int = 1) -> MatchModel:
    """Answer `model` with weights and prior learned from match.*; the same for the same seed and mentions.

    Raises:
        HubError: there are too few mentions to learn from.
    """
    nodes = con.execute("SELECT node_id FROM match.nodes ORDER BY node_id").fetchnumpy()["node_id"]
    if len(nodes) < _LEAST_NODES:
        raise HubError(f"{len(nodes):,} pieces of evidence are too few to learn from", mend=f"It takes {_LEAST_NODES:,}")
    gather_compared(con, model, None)
    compared = [
        _Compared(name, place, levels) for place, (name, levels) in enumerate(model.comparisons.items()) if name not in _NOT_LEARNED
    ]
    masked = tuple(of.masked for of in compared)
    _draw(con, np.asarray(nodes), seed)
    random, met = _patterns(con, model, compared)
    chances, all_pairs = _chances(compared, random, met), len(nodes) * (len(nodes) - 1) / 2
    of_persons = learn(*_proposed(con, model, compared, by_identifiers=True), chances, all_pairs, masked=masked)
    known = tuple(None if of.name in _IDENTIFIERS else (m, u) for of, m, u in zip(compared, of_persons.m, of_persons.u, strict=True))
    of_identifiers = learn(*_proposed(con, model, compared, by_identifiers=False), chances, all_pairs, known, masked)
    for table in ("candidates", "compared", "blocks"):
        con.execute(f"DROP TABLE {table}")
    learned = replace(of_identifiers, prior=max(of_persons.prior, of_identifiers.prior))  # each finds a part of the true pairs
    return _with_weights(model, compared, learned, nodes=len(nodes), seed=seed)


def _proposed(
    con: duckdb.DuckDBPyConnection, model: MatchModel, compared: list[_Compared], *, by_identifiers: bool
) -> tuple[NDArray[np.uint8], Floats]:
    """Patterns of the pairs that identifiers and orders propose, or of those that the other rules do."""
    rules = tuple(rule for rule in model.blocking if bool(rule.identifiers or rule.orders) == by_identifiers)
    some = model.model_copy(update={"blocking": rules})
    fill_blocks(con, some, None)
    propose(con, some, None)
    return _patterns(con, model, compared)


def _draw(con: duckdb.DuckDBPyConnection, nodes: NDArray[np.uint64], seed: int) -> None:
    """Temp `candidates`: random pairs of nodes."""
    a, b = nodes[np.random.default_rng(seed).integers(0, len(nodes), (2, RANDOM_PAIRS))]
    pairs = pa.table({"node_a": np.minimum(a, b)[a != b], "node_b": np.maximum(a, b)[a != b]})
    execute_with(con, "CREATE OR REPLACE TEMP TABLE candidates AS SELECT *, false AS same_order FROM rows", [], pairs)


def _patterns(con: duckdb.DuckDBPyConnection, model: MatchModel, compared: list[_Compared]) -> tuple[NDArray[np.uint8], Floats]:
    """The distinct patterns of levels among temp `candidates`, a column a comparison (0, or the level reached), and how often each."""
    con.execute("CREATE OR REPLACE TEMP TABLE patterns (levels UBIGINT, n BIGINT)")
    for part in range(_PARTS):
        reached = levels_sql(model, part=part, parts=_PARTS)
        con.execute(f"INSERT INTO patterns SELECT levels, count(*) FROM ({reached}) GROUP BY levels")
    found = con.execute("SELECT levels, sum(n)::DOUBLE AS n FROM patterns GROUP BY levels ORDER BY levels").fetchnumpy()
    con.execute("DROP TABLE patterns")
    packed = np.asarray(found["levels"], dtype=np.uint64)
    levels = np.stack([(packed >> np.uint64(4 * of.place)) & np.uint64(15) for of in compared], axis=1)
    return levels.astype(np.uint8), np.asarray(found["n"], dtype=np.float64)


def _chances(compared: list[_Compared], random: NDArray[np.uint8], met: Floats) -> tuple[Floats, ...]:
    """u by comparison and level: the share among random pairs where it was met often enough, else what the model declares."""
    chances = []
    for k, (of, counted) in enumerate(zip(compared, shares(random, met, tuple(of.masked for of in compared)), strict=True)):
        seen = np.bincount(random[:, k], met, minlength=len(of.levels) + 1)[1:]
        declared = np.array([level.u if isinstance(level.u, float) else 0.0 for level in of.levels])
        u = np.where((seen >= _LEAST_MET) | (declared == 0), counted, np.minimum(declared, counted))
        chances.append(np.asarray(u / np.where(of.masked, u[of.masked].sum(), u[~of.masked].sum())))
    return tuple(chances)


def _with_weights(model: MatchModel, compared: list[_Compared], learned: Learned, **facts: int) -> MatchModel:
    """What contradicts is kept as declared: it guards against chains, and a few wrong pairs among the proposed would teach that it means
    little (at 300,000 people precision fell from 0.9990 to 0.9946)."""
    comparisons = dict(model.comparisons)
    for of, m, u in zip(compared, learned.m, learned.u, strict=True):
        fresh = {
            level.level: level.model_copy(update={"m": float(f"{a:.4g}"), "u": level.u if level.u == "name_share" else float(f"{b:.4g}")})
            for level, a, b in zip(of.levels, m, u, strict=True)
            if not level.contradicts
        }
        comparisons[of.name] = tuple(fresh.get(level.level, level) for level in of.levels)
    trained: dict[str, int | float | str] = {**facts, "iterations": learned.iterations, "from": model.fingerprint}
    prior = float(f"{(1 - learned.prior) / learned.prior:.4g}")
    version = f"{model.version.removesuffix(LEARNED)}{LEARNED}"
    return model.model_copy(update={"version": version, "comparisons": comparisons, "prior_population": prior, "trained": trained})

