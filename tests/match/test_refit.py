"""Refitting corrects what judged pairs say is wrong, and nothing else."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from pipelines.match.classifier import correct
from pipelines.match.judged_pairs import JudgedPairs, held_back, judged_pairs
from pipelines.match.refit import refit
from pipelines.match.weigh import parts_counted, reached_levels
from pipelines.warehouse import open_warehouse
from schemas.match_model import MatchModel, load_match_model
from tests.match.judged import draw, overstated, weights
from tests.match.world import judge, mention, put, resolve

MODEL = load_match_model()
DOOR = ("place", "same_door")
PAIRS = draw(MODEL, MODEL, 300, seed=3)


def test_the_classifier_keeps_the_offset_and_finds_what_a_direct_search_finds() -> None:
    rng = np.random.default_rng(5)
    evidence, log_odds = rng.integers(0, 2, (300, 4)).astype(np.float64), rng.normal(0, 6, 300)
    same = rng.random(300) < 1 / (1 + np.exp(-(log_odds + evidence @ [2.0, -1.0, 0.5, 0.0] - 1.5)))

    def penalised(of: np.ndarray) -> float:
        said = log_odds + of[0] + evidence @ of[1:]
        return float(np.logaddexp(0, np.where(same, -said, said)).sum() + (of[1:] ** 2).sum() / 2 / 1.5**2)

    wanted = minimize(penalised, np.zeros(5)).x
    found = correct(evidence, log_odds, same, spread=1.5)
    np.testing.assert_allclose([found.shift, *found.coefficients], wanted, atol=1e-3)


def test_judgements_that_agree_with_the_model_change_little() -> None:
    before, after = weights(MODEL), weights(refit(MODEL, draw(MODEL, MODEL, 1500, seed=1)))
    assert max(abs(after[level] - before[level]) for level in before) < 1.5


def test_a_weight_that_is_overstated_comes_down_and_the_others_stay_about_where_they_are() -> None:
    wrong = overstated(MODEL, *DOOR, bits=8)
    before, after = weights(wrong), weights(refit(wrong, draw(MODEL, wrong, 1500, seed=1)))
    assert -9 < after[DOOR] - before[DOOR] < -4
    assert max(abs(after[level] - before[level]) for level in before if level != DOOR) < 2


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_whatever_was_judged_guards_and_unmet_levels_stay_and_levels_keep_their_order(seed: int, share: float) -> None:
    same = np.random.default_rng(seed).random(len(PAIRS)) < share
    same[:2] = True, False
    judged = JudgedPairs(PAIRS.levels, PAIRS.name_share, same, PAIRS.group)
    fitted = refit(MODEL, judged)
    met = {(of.comparison, of.level.level) for packed in judged.levels.tolist() for of in reached_levels(MODEL, packed, 0.001)}
    for name, levels in MODEL.comparisons.items():
        for old, new in zip(levels, fitted.comparisons[name], strict=True):
            if old.contradicts or old.forbids or (name, old.level) not in met:
                assert new == old
            assert 0 < new.m <= 1 and (new.u == "name_share" or 0 < float(new.u) <= 1)
    assert not _turned_round(fitted)
    assert fitted.prior_population == MODEL.prior_population and fitted.version == f"{MODEL.version}-refit"


def _turned_round(fitted: MatchModel) -> list[tuple[str, str, str]]:
    """Levels of one comparison, clear or masked both, the first of which weighed more and now weighs less."""
    before, after = weights(MODEL), weights(fitted)
    return [
        (name, one.level, other.level)
        for name, levels in MODEL.comparisons.items()
        for one in levels
        for other in levels
        if one.masked == other.masked
        and before[name, one.level] > before[name, other.level]
        and after[name, one.level] < after[name, other.level] - 0.01  # m and u are written with four digits
    ]


def test_the_weaker_of_two_that_see_one_fact_counts_in_part() -> None:
    names = list(MODEL.comparisons)
    packed = (1 << 4 * names.index("phone")) + (1 << 4 * names.index("place"))
    assert parts_counted(MODEL, tuple(reached_levels(MODEL, packed, 0.001))) == {"phone": 1.0, "place": 0.4}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(0, 5))
def test_groups_are_held_back_whole_and_at_most_a_third(groups: list[int], seed: int) -> None:
    n = len(groups)
    pairs = JudgedPairs(np.zeros(n, np.uint64), np.zeros(n), np.zeros(n, np.bool_), np.array([f"crm:{group}" for group in groups]))
    apart = held_back(pairs, seed)
    assert apart.sum() <= n / 3
    assert not set(pairs.group[apart]) & set(pairs.group[~apart])
    assert (apart == held_back(pairs, seed)).all()


def test_pairs_in_the_band_or_above_are_taken_and_the_order_of_judgements_does_not_matter() -> None:
    wei = {"name": "王伟", "pinyin": "wang wei", "phone": "13800010001"}
    people = [mention(f"crm:{n}", email=f"{n}@x.cn", **wei) for n in range(4)]
    made = [("crm:0", "crm:1", "same"), ("crm:2", "crm:3", "different"), ("crm:0", "crm:9", "same"), ("crm:0", "crm:0b", "same")]
    taken = []
    for order in (made, made[::-1]):
        con = open_warehouse(":memory:")
        put(con, [*people, mention("crm:0b", email="0@x.cn", **wei), mention("crm:9", name="赵敏", phone="13900010009")])
        judge(con, *order)
        resolve(con)
        taken.append(judged_pairs(con, MODEL))
    one, other = taken
    assert one.counts == (1, 1), "neither what says the very same nor what has nothing in common"
    assert all((getattr(one, name) == getattr(other, name)).all() for name in ("levels", "name_share", "same", "group"))
    assert {level.level.level for level in reached_levels(MODEL, int(one.levels[0]), 0.001)} >= {"exact"}
    assert math.isclose(float(one.name_share[0]), MODEL.rare_name_share)


def test_a_judgement_that_a_newer_one_contradicts_teaches_nothing() -> None:
    con = open_warehouse(":memory:")
    put(con, [mention(f"crm:{n}", name="王伟", pinyin="wang wei", phone="13800010001", email=f"{n}@x.cn") for n in range(3)])
    judge(con, ("crm:0", "crm:1", "different"), ("crm:0", "crm:2", "same"), ("crm:1", "crm:2", "same"))
    resolve(con)
    pairs = judged_pairs(con, MODEL)
    assert pairs.counts == (2, 0) and len(set(pairs.group)) == 1
