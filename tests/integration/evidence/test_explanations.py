"""An explanation that was packed when the answer came says what the engine says, and so does a class's level."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lti_tool.services.evidence import entries as evidence_entries
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.mastery import cache
from lti_tool.services.mastery.cache import Standing
from lti_tool.services.mastery.steps import weighed
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Response, State, read, step
from qualoop.mastery.explanation import numbers
from qualoop.mastery.readings import Reading, read_point
from tests.factories.evidence import NOON
from tests.integration.evidence.conftest import Desk
from tests.integration.evidence.test_recording import spread


def told_by_the_engine(desk: Desk, submissions: list[Submission]) -> tuple[State, list[dict[str, Any]]]:
    """Return the state and the explanations of one learner's first answers, each of another item, by the engine."""
    state, told = State(), []
    updates = {row.seq: row for row in desk.updates(submissions[0].learner)}
    for submission, (seq, _) in zip(submissions, desk.events(), strict=True):
        codes = updates[seq].codes
        given = submission.evidence
        omega, score, practice, guess = weighed(
            given.form.value, given.score, 1, hints=given.hints, options=desk.options(given.activity, given.part)
        )
        response = Response(
            weights=dict.fromkeys(codes, 1 / len(codes)),
            at=submission.occurred_at.timestamp(),
            score=score,
            omega=omega,
            practice=practice,
            guess=guess,
        )
        after, update = step(state, response, DEFAULT_CONSTANTS)
        told.append(numbers(update))
        state = State(
            learner=after.learner,
            memories={**state.memories, **after.memories},
            knowledge_points={**state.knowledge_points, **after.knowledge_points},
        )
    return state, told


def different_items(desk: Desk) -> list[Submission]:
    """Return answers of one learner to different items."""
    found: dict[tuple[str, str], Submission] = {}
    for each in spread(desk, 200, seed=5):
        if each.learner == desk.school.learners[0]:
            found.setdefault((each.evidence.activity, each.evidence.part), each)
    return list(found.values())


def as_numbers(explanation: Any) -> list[float]:
    """Return every number in an explanation, in order."""
    if isinstance(explanation, dict):
        return [number for key in sorted(explanation) for number in as_numbers(explanation[key])]
    if isinstance(explanation, list):
        return [number for each in explanation for number in as_numbers(each)]
    try:
        return [float(explanation)]
    except ValueError:
        return []


def reading_of(standing: Standing, code: str, at: float) -> Reading:
    """Return the level of a knowledge point that was met, at a time in seconds since 1970."""
    row = standing.memories[code].row
    return read_point(standing.learner, row, standing.points[code], at=at, constants=DEFAULT_CONSTANTS)


def test_packed_explanations_are_those_of_the_engine(desk: Desk) -> None:
    submissions = different_items(desk)
    desk.record_many(submissions)
    _, told = told_by_the_engine(desk, submissions)
    with desk.database.connection() as connection:
        entries = evidence_entries.list_entries(connection, desk.school.organisation_id, submissions[0].learner)
    assert len(entries) == len(told) > 10
    for entry, expected in zip(entries, told, strict=True):
        assert entry.codes == tuple(row["kp"] for row in expected["kps"])
        found = as_numbers(dict(entry.change))
        # Single precision: the last digit that is kept may differ by one.
        assert all(abs(a - b) < 0.11 for a, b in zip(found, as_numbers(expected), strict=True)), expected
        shares = [float(entry.change[key]) - float(expected[key]) for key in ("predicted", "score", "z", "r")]
        assert max(map(abs, shares)) < 0.0011


def test_levels_read_from_the_cache_are_those_of_the_engine(desk: Desk) -> None:
    submissions = different_items(desk)
    desk.record_many(submissions)
    state, _ = told_by_the_engine(desk, submissions)
    later = (NOON + timedelta(days=9)).timestamp()
    learner = submissions[0].learner
    with desk.database.connection() as connection:
        place = cache.place_to_advance(connection, desk.school.organisation_id, 0, NOON)
        standing = cache.load_learner(connection, place, learner, state.memories)
    levels = {code: reading_of(standing, code, later) for code in state.memories}
    expected = {code: read(state, code, later, DEFAULT_CONSTANTS) for code in state.memories}
    assert {code: round(each.level, 9) for code, each in levels.items()} == {
        code: round(each.level, 9) for code, each in expected.items()
    }
    assert {each.n for each in levels.values()} > {1}
