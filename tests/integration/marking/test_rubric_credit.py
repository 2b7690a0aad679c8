"""Who is credited with a rubric that work is judged by, and how works are counted that were handed in."""

from __future__ import annotations

import dataclasses

from lti_tool.services.attempts.marking_setups import find_setup, save_setup
from lti_tool.services.learners.evidence_process import Course, read_process
from lti_tool.services.programme.teacher_records import Holder
from lti_tool.services.programme.teacher_records_built import BuiltKind, BuiltLine, list_built
from tests.factories.classrooms import Seat
from tests.factories.marking import Room
from tests.factories.tool import SECRET


def built(room: Room, seat: Seat) -> list[BuiltLine]:
    who = Holder(
        organisation_id=room.link.organisation_id,
        person_id=seat.who.person_id,
        uuid=seat.who.person_uuid,
        secret=SECRET,
    )
    with room.tool.runtime.database.reading() as session:
        return [each for each in list_built(session, who) if each.context_id == room.link.context_id]


def test_a_rubric_is_of_who_chose_it_whoever_changes_the_rest(room: Room) -> None:
    other = room.enter("t-9", "Other", role="teacher")
    [before] = built(room, room.teacher)
    room.tool.clock.advance(days=1)
    with room.tool.runtime.database.transaction() as session:
        found = find_setup(session.connection(), room.link.organisation_id, room.link.resource_link_id)
        assert found
        changed = dataclasses.replace(found, second_share=10)
        save_setup(session, room.link, changed, by=other.who.person_id, now=room.now)
    [after] = built(room, room.teacher)
    assert (before.kind, after) == (BuiltKind.RUBRIC, before)
    assert built(room, other) == []


def test_work_that_is_handed_in_again_counts_once(room: Room) -> None:
    seat = room.learner(1)
    room.submit(seat)
    room.tool.clock.advance(minutes=5)
    room.submit(seat)
    course = Course(organisation_id=room.link.organisation_id, context_id=room.link.context_id)
    with room.tool.runtime.database.reading() as session:
        process = read_process(session, course, [seat.who.person_id])[seat.who.person_id]
    assert (process.handed_in, process.works[0].at) == (1, room.now)
