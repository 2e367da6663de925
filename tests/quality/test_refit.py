"""A refit is tried on judgements that were held back, and only a better one counts as better."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pipelines.warehouse import open_warehouse
from quality.refit import LEAST, Scores, Trial, try_on, try_refit
from schemas.errors import HubError
from schemas.match_model import load_match_model
from tests.match.judged import draw, overstated
from tests.match.world import judge, mention, put, resolve

MODEL = load_match_model()
WRONG = overstated(MODEL, "place", "same_door", bits=8)
PAIRS = draw(MODEL, WRONG, 1500, seed=1)


def test_a_refit_of_a_wrong_weight_wins_on_what_was_held_back_and_says_what_it_was_fitted_by() -> None:
    tried = try_on(WRONG, PAIRS)
    assert tried.is_better and tried.gain[1] > 0
    assert tried.after.log_loss < tried.before.log_loss and tried.after.wrongly_merged < tried.before.wrongly_merged
    assert sum(tried.fitted) == 1000 and sum(tried.held_back) == 500
    facts = tried.model.trained
    assert facts is not None and facts["from"] == WRONG.fingerprint and facts["held_back"] == 500 and facts["seed"] == 1
    assert (facts["judged_same"], facts["judged_different"]) == PAIRS.counts
    precision, f = tried.after.precision, tried.after.f
    assert precision and f and precision["low"] < precision["share"] <= precision["high"] and f["low"] < f["share"] < f["high"]


def test_a_model_that_is_right_is_not_bettered() -> None:
    assert not try_on(MODEL, draw(MODEL, MODEL, 1500, seed=2)).is_better


def test_the_same_seed_gives_the_same_model_and_another_holds_others_back() -> None:
    assert try_on(WRONG, PAIRS) == try_on(WRONG, PAIRS)
    assert try_on(WRONG, PAIRS).model.fingerprint != try_on(WRONG, PAIRS, seed=2).model.fingerprint


def test_how_many_of_the_judged_are_the_same_is_no_evidence() -> None:
    """Stewards who judge nine in ten of the different pairs and one in ten of the same ones teach the same weights, but for chance."""
    rng = np.random.default_rng(4)
    many = draw(MODEL, WRONG, 6000, seed=4)
    picked = try_on(WRONG, many.only(rng.random(6000) < np.where(many.same, 0.1, 0.9)))
    share = picked.held_back[0] / sum(picked.held_back)
    of_the_share_alone = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    assert picked.is_better and picked.before.log_loss < of_the_share_alone, "neither model loses by what was picked"
    for name, levels in picked.model.comparisons.items():
        for level, true in zip(levels, MODEL.comparisons[name], strict=True):
            if isinstance(level.u, float):
                assert abs(level.bits() - true.bits()) < 3


def test_a_wrong_merge_outweighs_what_is_no_longer_missed_up_to_the_odds_of_the_line() -> None:
    def trial(missed: int) -> Trial:
        scores = [Scores(loss, wrong, n, None, None, None) for loss, wrong, n in ((0.5, 0, missed), (0.4, 1, 0))]
        return Trial(MODEL, (50, 50), (20, 20), scores[0], scores[1], (0.1, 0.05, 0.15))

    assert MODEL.merge_bits == 6
    assert not trial(63).is_better and trial(64).is_better


def test_too_few_judgements_are_refused_with_how_many_it_takes() -> None:
    con = open_warehouse(":memory:")
    put(con, [mention(f"crm:{n}", name="王伟", pinyin="wang wei", phone="13800010001", email=f"{n}@x.cn") for n in range(2)])
    judge(con, ("crm:0", "crm:1", "same"))
    resolve(con)
    with pytest.raises(HubError, match=f"1 pairs judged same and 0 judged different are too few.*It takes {LEAST} of each"):
        try_refit(con, MODEL)
    with pytest.raises(HubError, match="not scored by the model in use"):
        try_refit(con, WRONG)


def test_judgements_that_all_hang_together_cannot_be_held_back() -> None:
    with pytest.raises(HubError, match="hang together"):
        try_on(WRONG, replace(PAIRS, group=np.full(len(PAIRS), "crm:0")))
