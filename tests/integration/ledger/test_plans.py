"""How SQLite goes about the questions that are asked again and again of a ledger of millions."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import event, text

from lti_tool.services.ledger import verification
from lti_tool.services.ledger.flags import read_flags
from lti_tool.services.ledger.standings import read_standings
from tests.integration.ledger.conftest import School
from tests.integration.ledger.test_verification import verify


@pytest.fixture
def school(commanded: School) -> School:
    """A school on SQLite; PostgreSQL plans by its statistics."""
    return commanded


@pytest.fixture
def asked(school: School) -> list[tuple[str, object]]:
    """The questions about events that the database gets from here on."""
    questions: list[tuple[str, object]] = []

    @event.listens_for(school.tool.runtime.database.engine, "before_cursor_execute")
    def note(*told: object) -> None:
        statement = str(told[2])
        if statement.lstrip().startswith("SELECT") and "FROM ledger_event" in statement:
            questions.append((statement, told[3]))

    return questions


def plan(school: School, question: tuple[str, object]) -> str:
    with school.tool.runtime.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question[0]}", question[1])
        return "; ".join(str(row[3]) for row in rows)


def test_sealing_and_verifying_never_sort_the_ledger(school: School, asked: list[tuple[str, object]]) -> None:
    school.record(str(uuid.UUID(int=5)), "p-1")
    school.seal()
    school.record(str(uuid.UUID(int=5)), "p-2")
    asked.clear()
    school.seal()
    assert isinstance(verify(school), verification.Verified)
    paged = [question for question in asked if "ORDER BY" in question[0]]
    assert len(paged) >= 2
    assert [found for question in paged if "B-TREE" in (found := plan(school, question))] == []


@pytest.mark.parametrize("learners", [1, 2])
def test_flags_are_found_without_reading_the_answers(
    school: School, asked: list[tuple[str, object]], learners: int
) -> None:
    people = [str(uuid.UUID(int=number)) for number in range(learners)]
    with school.tool.runtime.database.reading() as session:
        assert read_flags(session.connection(), school.tool.organisation_id, people) == {}
    (question,) = asked
    assert "ix_ledger_event_rare" in plan(school, question)


def test_corrections_are_found_without_reading_the_answers(school: School, asked: list[tuple[str, object]]) -> None:
    with school.tool.runtime.database.reading() as session:
        assert session.scalar(text("SELECT 1")) == 1
        read_standings(session.connection(), school.tool.organisation_id)
    (question,) = asked
    assert "ix_ledger_event_rare" in plan(school, question)
