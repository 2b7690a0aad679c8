"""After a correction and its replay, mastery is what the corrected ledger says."""

from __future__ import annotations

import argparse
import uuid

import pytest
from sqlalchemy import select

from lti_tool.commands import replay
from lti_tool.models import MasteryGeneration, MasteryMemory
from qualoop.ledger import EventType
from tests.integration.ledger.conftest import School


@pytest.fixture
def school(commanded: School, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> School:
    monkeypatch.setenv("QUALOOP_DATA_FOLDER", str(tmp_path_factory.mktemp("data")))
    return commanded


def replayed() -> None:
    parser = argparse.ArgumentParser()
    replay.register(parser.add_subparsers())
    arguments = parser.parse_args(["replay"])
    assert arguments.run(arguments) == 0


def memories(school: School, learner: str) -> dict[str, tuple[float, float]]:
    """Return slow memory and number of responses by knowledge point, as they are adopted."""
    with school.tool.runtime.database.reading() as session:
        rows = session.execute(
            select(MasteryMemory.code, MasteryMemory.m, MasteryMemory.n)
            .join(MasteryGeneration, MasteryGeneration.id == MasteryMemory.generation_id)
            .where(MasteryGeneration.state == "adopted", MasteryMemory.learner == learner)
        )
        return {code: (m, n) for code, m, n in rows}


def test_voided_evidence_counts_no_more(school: School) -> None:
    seat = school.enter("s-1")
    seat.answer(right=[True, False])
    learner = seat.who.person_uuid
    assert memories(school, learner)
    first, second = school.events(EventType.EVIDENCE_RECORDED)
    void = school.correct(uuid.UUID(first.uuid))
    replayed()
    assert [n for _, n in memories(school, learner).values()] == [1]
    school.correct(uuid.UUID(second.uuid))
    replayed()
    assert memories(school, learner) == {}
    school.correct(void.uuid)
    replayed()
    assert [n for _, n in memories(school, learner).values()] == [1]


def test_a_revised_score_moves_mastery(school: School) -> None:
    seat = school.enter("s-1")
    seat.answer(right=[False])
    learner = seat.who.person_uuid
    (before,) = memories(school, learner).values()
    school.correct(uuid.UUID(school.events(EventType.EVIDENCE_RECORDED)[0].uuid), "1")
    replayed()
    (after,) = memories(school, learner).values()
    assert after[0] > before[0]
