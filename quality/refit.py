"""A refit is tried on judged pairs that were held back from it: only one that says better what stewards said is worth a file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import numpy as np

from pipelines.cluster.health import Z_95, interval
from pipelines.match.classifier import correct
from pipelines.match.judged_pairs import JudgedPairs, held_back, judged_pairs
from pipelines.match.learn import Floats
from pipelines.match.names_used import model_in_use
from pipelines.match.refit import SPREAD, refit
from pipelines.match.weigh import weigh
from schemas.errors import HubError
from schemas.match_model import MatchModel

LEAST, LEAST_HELD_BACK = 50, 10  # judged pairs of each verdict

Interval = dict[str, float]  # share, low, high, of (pipelines/cluster/health.py)


@dataclass(frozen=True)
class Scores:
    """What a model says of held-back pairs: `log_loss` in bits a pair; of its line for merging how many pairs it would merge wrongly and
    how many it would miss, and precision, recall and F with their intervals, None where there is nothing to count."""

    log_loss: float
    wrongly_merged: int
    missed: int
    precision: Interval | None
    recall: Interval | None
    f: Interval | None


@dataclass(frozen=True)
class Trial:
    """A refitted `model` beside the one in use. `gain`: by how many bits a pair its log loss is less, with the 95 % interval."""

    model: MatchModel
    fitted: tuple[int, int]
    held_back: tuple[int, int]
    before: Scores
    after: Scores
    gain: tuple[float, float, float]

    @property
    def is_better(self) -> bool:
        """Its log loss is less beyond chance, and its line costs no more. A line at b bits says that one wrong merge weighs as much as 2^b
        missed ones (Elkan 2001)."""
        before, after = (of.wrongly_merged * 2**self.model.merge_bits + of.missed for of in (self.before, self.after))
        return self.gain[1] > 0 and after <= before


def try_refit(con: duckdb.DuckDBPyConnection, model: MatchModel, *, seed: int = 1) -> Trial:
    """Refit the model in use by two thirds of the judged pairs and try it on the rest. Call it between two runs.

    Raises:
        HubError: the pairs were scored by another model, or too few were judged.
    """
    if model_in_use(con) != model.fingerprint:
        raise HubError("the pairs were not scored by the model in use", where=model.fingerprint, mend="Run `hub run` first")
    return try_on(model, judged_pairs(con, model), seed=seed)


def try_on(model: MatchModel, judged: JudgedPairs, *, seed: int = 1) -> Trial:
    """As `try_refit`, of given pairs."""
    apart = held_back(judged, seed)
    fitting, rest = judged.only(~apart), judged.only(apart)
    _check_enough(judged, fitting, rest)
    fitted = refit(model, fitting)
    losses, scores = [], []
    for tried in (model, fitted):
        losses.append(_losses(tried, fitting, rest))
        scores.append(_scores(tried, rest, losses[-1]))
    gain = _mean_by_group(losses[0] - losses[1], rest)
    facts: dict[str, int | float | str] = {
        "judged_same": judged.counts[0], "judged_different": judged.counts[1], "held_back": len(rest), "seed": seed, "spread_bits": SPREAD,
        "log_loss_before": round(scores[0].log_loss, 4), "log_loss": round(scores[1].log_loss, 4), "gain_low": round(gain[1], 4),
        "wrongly_merged_before": scores[0].wrongly_merged, "wrongly_merged": scores[1].wrongly_merged,
        "missed_before": scores[0].missed, "missed": scores[1].missed, "from": model.fingerprint,
    }  # fmt: skip
    return Trial(fitted.model_copy(update={"trained": facts}), fitting.counts, rest.counts, scores[0], scores[1], gain)


def _check_enough(judged: JudgedPairs, fitting: JudgedPairs, rest: JudgedPairs) -> None:
    same, different = judged.counts
    why = "only pairs of distinct evidence that the model puts in the band for review or above count, without judgements set aside"
    if min(same, different) < LEAST:
        raise HubError(f"{same} pairs judged same and {different} judged different are too few to refit by", why=why,
                       mend=f"It takes {LEAST} of each")  # fmt: skip
    if min(*rest.counts) < LEAST_HELD_BACK or not all(fitting.counts):
        raise HubError(
            f"of the judged pairs {rest.counts[0]} same and {rest.counts[1]} different can be held back, too few to try a refit on",
            why="judgements that hang together are held back together", mend=f"It takes {LEAST_HELD_BACK} of each: judge other customers",
        )  # fmt: skip


def _said(model: MatchModel, pairs: JudgedPairs) -> Floats:
    """Bits of each pair, as the match stage scores it."""
    return np.array([weigh(model, *pair).bits for pair in zip(pairs.levels.tolist(), pairs.name_share.tolist(), strict=True)])


def _losses(model: MatchModel, fitting: JudgedPairs, rest: JudgedPairs) -> Floats:
    """-log2 of what the model gives each verdict of `rest`, shifted by what fits `fitting` best: how many of the judged are same is the
    stewards' choice, and a model is not to win or lose by it."""
    nats = math.log(2)
    shift = correct(np.zeros((len(fitting), 0)), _said(model, fitting) * nats, fitting.same, spread=1.0).shift
    log_odds = _said(model, rest) * nats + shift
    return np.asarray(np.logaddexp(0.0, np.where(rest.same, -log_odds, log_odds)) / nats)


def _scores(model: MatchModel, rest: JudgedPairs, losses: Floats) -> Scores:
    merged = _said(model, rest) >= model.merge_bits
    right, wrong, missed = (int(of.sum()) for of in (merged & rest.same, merged & ~rest.same, ~merged & rest.same))
    overlap = _interval(right, right + wrong + missed)
    f = overlap and {**overlap, **{end: round(2 * overlap[end] / (1 + overlap[end]), 4) for end in ("share", "low", "high")}}
    return Scores(float(losses.mean()), wrong, missed, _interval(right, right + wrong), _interval(right, right + missed), f)


def _interval(hits: int, n: int) -> Interval | None:
    return interval(hits, n) if n else None


def _mean_by_group(values: Floats, pairs: JudgedPairs) -> tuple[float, float, float]:
    """The mean and its 95 % interval, pairs of one group being one draw (Liang and Zeger 1986)."""
    mean = float(values.mean())
    _, number = np.unique(pairs.group, return_inverse=True)
    sums = np.bincount(number, values - mean)
    half = Z_95 * math.sqrt(float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)) / len(values)
    return mean, mean - half, mean + half
