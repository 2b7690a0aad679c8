"""Statuses and roll-ups on states that the model itself made: waiting never improves anything."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery import readings
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.kernel import new_item, new_learner, new_memory, new_point, new_rater, step
from qualoop.records import Ability, PointFacts, Status, roll_up, status_of
from tests.unit.records.test_status import RANKS, TWO_FORMS

CONSTANTS = DEFAULT_CONSTANTS
ROW = CONSTANTS.row()
DAY = 86400.0

Rows = list[list[float]]
answers = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0, 1), st.floats(0.1, 3), st.floats(0, 9 * DAY)), min_size=1, max_size=40
)
waits = st.floats(0, 900 * DAY)


def learnt(drawn: list[tuple[int, float, float, float]]) -> tuple[list[float], Rows, Rows, float]:
    """Return learner, memories and points after answers on three knowledge points, and when the last was given."""
    learner, at = new_learner(CONSTANTS), 0.0
    memories, points = ([make(CONSTANTS) for _ in range(3)] for make in (new_memory, new_point))
    for place, score, omega, gap in drawn:
        at += gap
        rows = (learner, new_item(CONSTANTS), new_rater(CONSTANTS))
        step(rows, (memories, points, (place,), (place,), (1.0,)), (at, score, omega, 1.0, 0.0, 0.0), ROW)
    return learner, memories, points, at


def facts(state: tuple[list[float], Rows, Rows, float], place: int, at: float) -> PointFacts:
    learner, memories, points, last = state
    reading = readings.read_point(learner, memories[place], points[place], at=at, constants=CONSTANTS)
    return PointFacts(reading=reading, items=3, forms=TWO_FORMS, last=last, review_months=12)


@given(drawn=answers, place=st.integers(0, 2), waited=waits, more=waits, was_competent=st.booleans())
def test_a_status_never_improves_by_idleness(
    drawn: list[tuple[int, float, float, float]], place: int, waited: float, more: float, *, was_competent: bool
) -> None:
    state = learnt(drawn)
    first, second = state[3] + waited, state[3] + waited + more
    before, after = (
        status_of(replace(facts(state, place, at), was_competent=was_competent), now=at) for at in (first, second)
    )
    assert RANKS[after] <= RANKS[before]
    assert (after is Status.NO_EVIDENCE) == (before is Status.NO_EVIDENCE)


@given(drawn=answers, waited=waits, raw=st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_the_roll_up_of_facts_is_that_of_the_states(
    drawn: list[tuple[int, float, float, float]], waited: float, raw: list[float]
) -> None:
    learner, memories, points, last = state = learnt(drawn)
    at, weights = last + waited, {str(place): each / sum(raw) for place, each in enumerate(raw)}
    unmet = readings.read_point(learner, None, None, at=at, constants=CONSTANTS)
    found = roll_up(
        weights,
        {str(place): facts(state, place, at) for place in range(3)},
        ability=Ability(variance=learner[1], unmet=unmet),
        now=at,
    )
    expected = readings.roll_up(
        learner,
        [(weights[str(place)], memories[place], points[place]) for place in range(3)],
        at=at,
        constants=CONSTANTS,
    )
    assert (found.mean, found.sd) == pytest.approx(expected, abs=1e-12)
    assert found.sd >= sqrt(learner[1])


@given(drawn=answers, waited=waits, more=waits)
def test_a_proposed_level_never_rises_by_idleness(
    drawn: list[tuple[int, float, float, float]], waited: float, more: float
) -> None:
    state = learnt(drawn)
    ability = Ability(
        variance=state[0][1], unmet=readings.read_point(state[0], None, None, at=0.0, constants=CONSTANTS)
    )
    ranks = []
    for at in (state[3] + waited, state[3] + waited + more):
        found = roll_up(
            dict.fromkeys("012", 1 / 3),
            {str(place): facts(state, place, at) for place in range(3)},
            ability=ability,
            now=at,
        )
        ranks.append(found.proposal.rank if found.proposal else 0)
    assert ranks[1] <= ranks[0]
