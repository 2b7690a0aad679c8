"""The readable face of the model: what a step does to a state, and what is read of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import FilledState, Response, State, read, step

DAY = 86_400.0


def answered(*scores: float, at: float = 0.0) -> State:
    state = State()
    for number, score in enumerate(scores):
        after, _ = step(state, Response(weights={"A": 1.0}, at=at + 60 * number, score=score), DEFAULT_CONSTANTS)
        state = State(
            learner=after.learner, memories=after.memories, item=None, knowledge_points=after.knowledge_points
        )
    return state


def test_nothing_known_is_a_wide_band() -> None:
    reading = read(State(), "A", 0.0, DEFAULT_CONSTANTS)
    assert reading.n == 0
    assert reading.high - reading.low > 0.9


def test_right_answers_raise_the_level_and_narrow_the_band() -> None:
    before, after = (read(answered(*scores), "A", 0.0, DEFAULT_CONSTANTS) for scores in ((1.0,), (1.0,) * 8))
    assert after.level > before.level
    assert after.high - after.low < before.high - before.low
    assert after.n == 8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 400))
def test_idleness_never_raises_a_level(scores: list[float], days: float) -> None:
    state = answered(*scores)
    now = read(state, "A", 60.0 * len(scores), DEFAULT_CONSTANTS)
    later = read(state, "A", 60.0 * len(scores) + days * DAY, DEFAULT_CONSTANTS)
    # The wider band of a faded memory pulls the averaged level towards one half; the mean itself never rises.
    assert later.mean <= now.mean
    assert later.low <= now.low + 1e-12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_variances_stay_positive(scores: list[float]) -> None:
    state = answered(*scores)
    assert state.learner
    assert state.learner.v_g > 0
    assert state.learner.v_h > 0
    assert all(memory.v_m > 0 and memory.v_f > 0 for memory in state.memories.values())
    assert all(point.variance > 0 for point in state.knowledge_points.values())


def test_a_step_leaves_its_state_alone() -> None:
    state = answered(1.0, 0.0)
    before = repr(state)
    after, _ = step(state, Response(weights={"A": 1.0}, at=500, score=1), DEFAULT_CONSTANTS)
    assert repr(state) == before
    assert isinstance(after, FilledState)


def test_an_item_without_knowledge_points_moves_ability_only() -> None:
    after, update = step(State(), Response(weights={}, at=0, score=1), DEFAULT_CONSTANTS)
    assert after.learner.g > 0
    assert update.changes == {}


def test_what_a_change_says_is_what_is_read_before_and_after() -> None:
    state = answered(1.0, 0.0, 1.0)
    after, update = step(state, Response(weights={"A": 1.0}, at=10 * DAY, score=1), DEFAULT_CONSTANTS)
    change = update.changes["A"]
    # What is read has the variance of the slow memory back at its ceiling, what is told of an update not yet.
    assert change.stored == pytest.approx(read(state, "A", 120.0, DEFAULT_CONSTANTS).level, abs=0.002)
    assert change.after == pytest.approx(read(after, "A", 10 * DAY, DEFAULT_CONSTANTS).level, abs=0.002)
    assert (change.n, round(change.days)) == (4, 10)


@given(st.floats(0, 1), st.floats(0, 300), st.sampled_from([0.0, 1.0]))
def test_practice_never_costs_anything(score: float, days: float, practice: float) -> None:
    response = Response(weights={"A": 1.0}, at=1000 + days * DAY, score=score, practice=practice)
    _, update = step(answered(1.0, 0.5), response, DEFAULT_CONSTANTS)
    assert (update.changes["A"].practice > 0) == (practice > 0)


def test_a_rater_is_part_of_the_update_only_where_somebody_rated() -> None:
    for rated in (True, False):
        _, update = step(State(), Response(weights={"A": 1.0}, at=0, score=0, rated=rated), DEFAULT_CONSTANTS)
        assert (update.rater is not None) == rated
