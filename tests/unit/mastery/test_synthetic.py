"""The generator of learners with known truth: the same plan makes the same world, and the world is as planned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.synthetic import CRITERIA, LEVELS, Floats, Plan, World, make_world

SMALL = Plan(learners=60, responses=24, items=40, points=6, criteria=8, raters=5)

#: A world in which nothing moves: what people score is then a plain function of what is true of them at the end.
STILL = Constants(
    v_h0=0.0, v_f0=0.0, q_g=0.0, q_m=0.0, gain_success=0.0, gain_failure=0.0, phi_m=0.0, phi_f=0.0, psi=0.0
)


def expected(world: World) -> Floats:
    """Return the true chance (or expected level) of each response of a still world, without guessing."""
    truth, log = world.truth, world.log
    tags = truth.tags[log.item]
    share = (tags >= 0) / (tags >= 0).sum(axis=1, keepdims=True)
    known = truth.deviation[log.learner[:, None], tags] - truth.point_difficulty[tags]
    logit = truth.base + truth.ability[log.learner] - truth.difficulty[log.item] + (share * known).sum(axis=1)
    logit -= np.where(log.rater >= 0, truth.severity[log.rater], 0.0)
    chance: Floats = 1 / (1 + np.exp(-logit))
    return chance


def test_the_same_plan_makes_the_same_world() -> None:
    first, again = make_world(SMALL), make_world(SMALL)
    assert np.array_equal(first.log.score, again.log.score)
    assert np.array_equal(first.log.time, again.log.time)
    assert np.array_equal(first.truth.deviation, again.truth.deviation)
    assert not np.array_equal(first.log.score, make_world(replace(SMALL, seed=1)).log.score)


def test_the_log_is_one_that_others_can_read() -> None:
    log = make_world(SMALL).log
    assert log.rows == SMALL.learners * SMALL.responses
    assert len(log.point_start) == len(log.items) + 1
    for learner in range(SMALL.learners):
        rows = np.flatnonzero(log.learner == learner)
        assert (np.diff(log.order[rows]) > 0).all()
        assert (np.diff(log.time[rows]) > 0).all()
    assert set(np.unique(log.score[log.rater < 0])) == {0.0, 1.0}
    assert set(np.unique(np.round(log.score[log.rater >= 0] * (LEVELS - 1)))) <= {0.0, 1.0, 2.0, 3.0}


def test_a_sheet_is_one_rater_on_all_criteria_of_one_rubric() -> None:
    log = make_world(SMALL).log
    for sheet in np.unique(log.sheet[log.sheet >= 0]):
        rows = np.flatnonzero(log.sheet == sheet)
        assert len(rows) == CRITERIA
        assert len(set(log.rater[rows])) == 1
        assert len(set(log.learner[rows])) == 1
        assert np.diff(log.item[rows]).tolist() == [1] * (CRITERIA - 1)


def test_scores_follow_the_truth() -> None:
    world = make_world(replace(SMALL, learners=400, responses=100, constants=STILL))
    chance = expected(world)
    for low in np.arange(0.0, 1.0, 0.2):
        inside = (chance >= low) & (chance < low + 0.2)
        assert world.log.score[inside].mean() == pytest.approx(chance[inside].mean(), abs=0.02)


def test_guessing_lifts_scores_to_its_floor() -> None:
    world = make_world(replace(SMALL, learners=400, responses=100, sheets=0.0, options=4, constants=STILL))
    chance = expected(world)
    assert (world.log.guess == 0.25).all()
    hard = chance < 0.1
    assert world.log.score[hard].mean() == pytest.approx(0.25 + 0.75 * chance[hard].mean(), abs=0.03)


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.5])
def test_a_share_of_the_tags_is_wrong(wrong: float) -> None:
    world = make_world(replace(SMALL, items=2000, two_points=0.0, wrong_tags=wrong))
    told, right = world.log.points, world.truth.tags[:, 0]
    assert np.mean(told != right) == pytest.approx(wrong, abs=0.03)
    # Wrong tags change what is written down, not what happens.
    assert np.array_equal(world.log.score, make_world(replace(SMALL, items=2000, two_points=0.0)).log.score)


def test_items_of_two_points_have_two_different_ones() -> None:
    world = make_world(replace(SMALL, items=500, two_points=0.5, wrong_tags=0.3))
    sizes = np.diff(world.log.point_start)
    assert np.mean(sizes == 2) == pytest.approx(0.5, abs=0.06)
    first = world.log.point_start[:-1][sizes == 2]
    assert (world.log.points[first] != world.log.points[first + 1]).all()


def test_states_keep_the_spread_that_the_constants_say() -> None:
    # Memories fade towards nothing known: however long the log, their variance stays that of the prior and the drift.
    world = make_world(replace(SMALL, learners=2000, responses=60, constants=replace(DEFAULT_CONSTANTS, q_m=0.0)))
    assert world.truth.deviation.var() == pytest.approx(DEFAULT_CONSTANTS.v_m0, rel=0.1)
    drift = DEFAULT_CONSTANTS.q_g * 60
    assert world.truth.ability.var() == pytest.approx(DEFAULT_CONSTANTS.v_g0 + drift, rel=0.1)


def test_no_raters_no_sheets() -> None:
    log = make_world(replace(SMALL, raters=0)).log
    assert (log.rater == -1).all()
    assert (log.sheet == -1).all()
    assert (log.omega == 1.0).all()
