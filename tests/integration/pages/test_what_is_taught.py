"""What a learner's record takes as taught: the tags that hold, in the courses that the learner is in."""

from __future__ import annotations

from sqlalchemy import select

from lti_tool.models import Enrolment, TagSet
from lti_tool.services.records.learner_records import learner_record
from lti_tool.services.records.records import Subject
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import Tool


def taught(tool: Tool, learner: Seat) -> set[str]:
    """Return the units that the record of a learner without evidence opens: those that a course teaches."""
    with tool.runtime.database.reading() as session:
        framework = tool.runtime.contents.find_framework(session.connection(), tool.organisation_id)
        assert framework is not None
        found = learner_record(
            session.connection(),
            tool.runtime.contents,
            framework,
            Subject(
                organisation_id=tool.organisation_id, person_id=learner.who.person_id, uuid=learner.who.person_uuid
            ),
            language="en",
            now=tool.clock(),
        )
    units = [unit for section in found.record.sections for unit in section.units]
    return {unit.unit.code for unit in units if unit.is_open}


def test_a_point_that_re_tagging_dropped_is_taught_no_more(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    before = taught(tool, learner)
    with tool.runtime.database.transaction() as session:
        for held in session.scalars(select(TagSet)).all():
            session.add(
                TagSet(
                    organisation_id=held.organisation_id,
                    version_id=held.version_id,
                    hash="f" * 64,
                    framework=held.framework,
                    tags={},
                    adopted_at=tool.clock(),
                )
            )
    assert before
    assert taught(tool, learner) == set()


def test_a_course_that_the_learner_has_left_teaches_nothing(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    assert taught(tool, learner)
    with tool.runtime.database.transaction() as session:
        session.scalars(select(Enrolment)).one().left_at = tool.clock()
    assert taught(tool, learner) == set()
