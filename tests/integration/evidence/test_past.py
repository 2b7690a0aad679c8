"""How a learner stood at an earlier moment, from the updates of the adopted generation, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from lti_tool.models import LedgerEvent
from lti_tool.services.records.as_of import find_first_day, standing_then
from lti_tool.services.records.records import StandingNow, Subject, standing_now
from qualoop.records import PointFacts
from tests.factories.replays import LEARNERS, answer_some
from tests.factories.tool import Tool, make_tool

CODES = ("SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4")
EXACT = 1e-5
"""Updates are kept in single precision."""


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def subject_of(tool: Tool, learner: str) -> Subject:
    return Subject(organisation_id=tool.organisation_id, person_id=0, uuid=learner)


def read(tool: Tool, learner: str, at: datetime | None = None) -> StandingNow:
    """Return how a learner stands now; or how the learner stood at a moment."""
    with tool.runtime.database.reading() as session:
        connection, subject = session.connection(), subject_of(tool, learner)
        if at is None:
            return standing_now(connection, subject, CODES, tool.clock.now)
        return standing_then(connection, subject, CODES, at).standing


def counts(facts: PointFacts) -> PointFacts:
    return replace(facts, reading=None)


def test_the_past_is_what_the_present_was(tool: Tool) -> None:
    """Of a learner who is alone, whose knowledge points are as difficult as the own answers say, down to the counts."""
    learner = LEARNERS[0]
    answer_some(tool, 150, seed=1, learners=(learner,))
    then, present = tool.clock.now, read(tool, learner)
    tool.clock.advance(seconds=1)
    answer_some(tool, 30, seed=2)
    past = read(tool, learner, then)

    known = {code for code, facts in present.facts.items() if facts.known}
    assert known == {code for code, facts in past.facts.items() if facts.known} == {"SEM-1.1", "SEM-1.2"}
    assert past.ability
    assert present.ability
    assert past.ability.variance == pytest.approx(present.ability.variance, rel=EXACT)
    assert past.ability.unmet.level == pytest.approx(present.ability.unmet.level, rel=EXACT)
    for code in known:
        new, old = past.facts[code], present.facts[code]
        assert counts(new) == counts(old)
        assert new.reading
        assert old.reading
        assert new.reading.n == old.reading.n
        for name in ("level", "low", "high", "mean", "sd"):
            assert getattr(new.reading, name) == pytest.approx(getattr(old.reading, name), rel=EXACT, abs=EXACT)


def test_evidence_counts_from_the_moment_when_it_was_recorded(tool: Tool) -> None:
    learner = LEARNERS[0]
    answer_some(tool, 5, seed=1, learners=(learner,))
    with tool.runtime.database.reading() as session:
        first = session.scalars(select(LedgerEvent.recorded_at).where(LedgerEvent.learner == learner)).first()
        assert first
        subject = subject_of(tool, learner)
        assert find_first_day(session.connection(), subject) == first.date()
        assert not standing_then(session.connection(), subject, CODES, first - timedelta(microseconds=1)).standing.facts
        assert standing_then(session.connection(), subject, CODES, first).standing.facts


def test_another_organisation_knows_nothing_of_a_learner(tool: Tool) -> None:
    answer_some(tool, 10, seed=1)
    with tool.runtime.database.reading() as session:
        subject = replace(subject_of(tool, LEARNERS[0]), organisation_id=tool.organisation_id + 1)
        assert find_first_day(session.connection(), subject) is None
        assert not standing_then(session.connection(), subject, CODES, tool.clock.now).standing.facts
