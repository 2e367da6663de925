"""recordlinkage's classifiers, which want pandas: nothing else of the hub imports either.

Its logistic regression knows neither an offset nor weights of rows. Weights are handed to its kernel; the offset is a column whose
coefficient two heavy rows hold at 1, as prior data hold a coefficient in Greenland (2007): rows that agree on nothing but an offset of
log 3, three parts of four of them same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipelines.match.learn import Floats

_HELD = 1e7  # weight of the rows that hold the offset: it moves by some millionths
_FREE = 1e3  # the constant's column is this large, so that what holds the coefficients near 0 leaves the shift free
_TOLERANCE = 1e-13  # of the mean gradient, in which the heavy rows are counted


@dataclass(frozen=True)
class Correction:
    """What is to be added to log odds: `coefficients` times the evidence, and `shift`, the same for every pair."""

    coefficients: Floats
    shift: float


def correct(evidence: Floats, log_odds: Floats, same: NDArray[np.bool_], *, spread: float) -> Correction:
    """Fit log P(same) / P(different) = `log_odds` (n) + `shift` + `evidence` (n × k) · coefficients by logistic regression, in natural
    logs. Coefficients are normal about 0 with standard deviation `spread` beforehand, the shift is free; both verdicts must occur."""
    import pandas as pd  # with recordlinkage three seconds: only who refits pays them
    from recordlinkage import LogisticRegressionClassifier

    n, k = evidence.shape
    rows = np.zeros((n + 2, k + 2))
    rows[:n] = np.column_stack([np.full(n, _FREE), log_odds, evidence])
    rows[n:, 1] = np.log(3)
    weights = np.concatenate([np.ones(n), [0.75 * _HELD, 0.25 * _HELD]])
    classifier = LogisticRegressionClassifier(C=spread**2, fit_intercept=False, solver="newton-cholesky", tol=_TOLERANCE)
    classifier.kernel.fit = partial(classifier.kernel.fit, sample_weight=weights)
    pairs = pd.MultiIndex.from_arrays([np.arange(n + 2), np.arange(n + 2)])
    classifier.fit(pd.DataFrame(rows, index=pairs), pairs[np.concatenate([same, [True, False]])])
    found = np.asarray(classifier.coefficients, dtype=np.float64)
    return Correction(found[2:], float(found[0]) * _FREE)
