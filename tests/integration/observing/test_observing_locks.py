"""On PostgreSQL: who takes or decides observations keeps nobody waiting who only names the course, and waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.orm import Session

from lti_tool.models import CourseGroup, ObservationInvitation, Organisation
from lti_tool.services.observing.ledger import hold_course
from tests.factories.phones import PracticeCourse, join
from tests.factories.tool import Tool


@contextmanager
def impatient(tool: Tool) -> Iterator[Connection]:
    """Open a connection that waits for no lock longer than half a second, and keeps nothing."""
    if tool.runtime.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    with tool.runtime.database.engine.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
        yield connection
        connection.rollback()


def test_rows_that_name_the_course_are_written_while_a_batch_is_taken(course: PracticeCourse) -> None:
    course.own_link()
    organisation = course.tool.organisation_id
    with impatient(course.tool) as one, impatient(course.tool) as two:
        query = select(ObservationInvitation.context_id).order_by(ObservationInvitation.id.desc()).limit(1)
        context = one.scalars(query).one()
        hold_course(Session(one), organisation, context)
        two.execute(
            insert(CourseGroup).values(
                organisation_id=organisation, context_id=context, platform_key="while", name="Meanwhile"
            )
        )


def test_what_is_registered_already_waits_for_nobody(course: PracticeCourse) -> None:
    """Who installs, or ends a class, holds the organisation: a phone whose rubric is known does not wait for that."""
    phone = join(course.tool, course.own_link())
    phone.send(phone.capture("Learner One", 2))
    with impatient(course.tool) as other:
        owner = select(Organisation.id).where(Organisation.id == course.tool.organisation_id)
        other.execute(owner.with_for_update(key_share=True))
        assert phone.states(phone.capture("Learner Two", 1)) == [("recorded", "")]
