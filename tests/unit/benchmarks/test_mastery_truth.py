"""The bench against known truth, in small worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.mastery_truth import GUESSED, Outcome, _figures, empty, follow, truth_figures
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Response, State, step
from qualoop.mastery.logs import ResponseLog
from qualoop.mastery.synthetic import Plan, make_world

SMALL = Plan(learners=150, responses=60, items=60, points=6, criteria=12, raters=8)


def test_the_engine_finds_most_of_the_truth() -> None:
    figures, notes = truth_figures(
        {"": SMALL, "_wrong_tags": replace(SMALL, wrong_tags=0.1)}, guessed=replace(GUESSED, learners=150), worlds=1
    )
    assert 0.8 < (figures["coverage_90"] or 0) < 0.97
    assert (figures["coverage_90_plain"] or 0) < (figures["coverage_90"] or 0)
    assert (figures["r_b"] or 0) > 0.85
    assert (figures["r_s"] or 0) > 0.75
    assert (figures["r_b_wrong_tags"] or 0) < (figures["r_b"] or 0)
    # Counting guesses as knowledge makes learners look better than they are.
    for options in (4, 2):
        assert abs(figures[f"floor_{options}_on.bias_g"] or 0) < (figures[f"floor_{options}_off.bias_g"] or 0)
    assert set(notes) == {key for key, value in figures.items() if value is None}


def test_the_same_seed_gives_the_same_figures() -> None:
    plan = replace(SMALL, learners=40, responses=20)
    guessed = replace(GUESSED, learners=20)
    assert truth_figures({"": plan}, guessed=guessed, worlds=1) == truth_figures({"": plan}, guessed=guessed, worlds=1)


def test_following_a_log_is_stepping_through_it() -> None:
    log = make_world(replace(SMALL, learners=1, responses=12, sheets=0.0)).log
    state = State()
    for row in range(log.rows):
        item = int(log.item[row])
        points = log.points[log.point_start[item] : log.point_start[item + 1]]
        weights = {str(point): 1 / len(points) for point in points}
        response = Response(weights=weights, at=float(log.time[row]), score=float(log.score[row]))
        known = State(learner=state.learner, memories=state.memories, knowledge_points=state.knowledge_points)
        after, _ = step(known, response, DEFAULT_CONSTANTS)
        state = State(
            learner=after.learner,
            memories={**state.memories, **after.memories},
            knowledge_points={**state.knowledge_points, **after.knowledge_points},
        )
    tables = follow(_each_item_once(log), DEFAULT_CONSTANTS)
    assert state.learner
    assert tables.learners[0, 0] == pytest.approx(state.learner.g, abs=1e-12)
    assert tables.memories[0, 0] == pytest.approx(state.memories["0"].m, abs=1e-12)


def _each_item_once(log: ResponseLog) -> ResponseLog:
    """Return the log with a new item for each response, as the loop above has it."""
    sizes = np.diff(log.point_start)[log.item]
    start = np.concatenate([[0], np.cumsum(sizes)])
    points = np.concatenate([log.points[log.point_start[i] : log.point_start[i + 1]] for i in log.item])
    names = tuple(f"i{row}" for row in range(log.rows))
    return replace(log, item=np.arange(log.rows), items=names, point_start=start, points=points)


def test_following_leaves_the_start_alone() -> None:
    log = make_world(replace(SMALL, learners=5, responses=8)).log
    start = empty(log, DEFAULT_CONSTANTS)
    follow(log, DEFAULT_CONSTANTS, start)
    assert (start.learners == empty(log, DEFAULT_CONSTANTS).learners).all()


def outcome(*, awarded: list[bool], deserved: list[bool], errors: list[float]) -> Outcome:
    flags = np.array([True] * len(errors))
    return Outcome(
        errors=np.array(errors),
        declared=flags,
        mastered=~flags,
        awarded=np.array(awarded),
        deserved=np.array(deserved),
        r_b=0.9,
        r_s=0.8,
    )


def test_figures_by_hand() -> None:
    worlds = [
        outcome(awarded=[True, False], deserved=[False, True], errors=[0.0, 1.7]),
        outcome(awarded=[True, True], deserved=[True, True], errors=[-1.8, 2.0]),
    ]
    figures = _figures(worlds)
    assert figures["coverage_90"] == 0.75
    assert figures["coverage_90_plain"] == 0.25
    assert figures["bound_fails"] == 0.25
    assert figures["awards"] == 3
    assert figures["false_pass"] == pytest.approx(1 / 3)
    assert figures["award_recall"] == pytest.approx(2 / 3)
    assert (figures["false_mastery"], figures["mastery_recall"]) == (1.0, None)


def test_no_award_is_no_share() -> None:
    figures = _figures([outcome(awarded=[False], deserved=[False], errors=[0.0])])
    assert figures["false_pass"] is None
    assert figures["award_recall"] is None
