"""Early warnings and the life of a course: who comes late, leaves or is erased, what is over, who looks at the same moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from lti_tool.models import Enrolment, Organisation, Person
from lti_tool.services import erasure
from lti_tool.services.learners.evidence_process import Course, read_process
from lti_tool.services.programme.programme import CourseLine, list_courses
from lti_tool.services.warnings import early_warnings
from lti_tool.services.warnings.early_warnings import OPEN, WITHDRAWN, WarningRefusedError
from lti_tool.services.warnings.erasure import purge_warnings
from lti_tool.services.warnings.looking import Found, Looked, apply, find_reasons, look_due, look_now
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.classrooms import enter
from tests.factories.tool import SECRET, Tool
from tests.integration.programme.steps import link_of, plan_ahead
from tests.integration.programme.warning_steps import (
    absent_twice,
    acts,
    colleague,
    course_of,
    decide,
    idle_learner,
    look,
    rows,
)


def test_a_course_that_is_over_keeps_no_warning(room: Classroom) -> None:
    """Looked at every day for two years: who was absent and what is idle goes with the course, and is then deleted."""
    parts, clock = room.tool.runtime, room.tool.clock
    seats = [room.learner(number) for number in range(3)]
    seats[0].answer(right=[True])
    absent_twice(room)

    def every_day(days: int) -> None:
        for _ in range(0, days, 5):
            clock.advance(days=5)
            look_due(parts.database, parts.contents, secret=SECRET, now=clock.now)
            with parts.database.transaction() as session:
                purge_warnings(session, clock.now)

    every_day(55)
    assert {row.state for row in rows(room)} == {OPEN}
    # Nobody works there any more, so that nobody pauses.
    assert all(reason["rule"] == "absent" for row in rows(room) for reason in row.reasons)
    every_day(15)
    assert {row.state for row in rows(room)} == {WITHDRAWN}
    every_day(370)
    assert rows(room) == []


def test_who_pauses_while_others_work_is_told(room: Classroom) -> None:
    idle, busy = room.learner(1), room.learner(2)
    idle.answer(right=[True])
    room.tool.clock.advance(days=20)
    assert look(room).opened == 0
    busy = room.learner(2)
    busy.answer(right=[True])
    assert look(room).opened == 1
    assert [row.person_id for row in rows(room)] == [idle.who.person_id]


def test_work_in_another_course_is_no_work_in_this_one(tool: Tool, room: Classroom, another: Classroom) -> None:
    plan_ahead(room)
    enter(tool, "same", name="X", context=course_of(room)).answer(right=[True])
    tool.clock.advance(days=19)
    enter(tool, "same", name="X", context=course_of(another)).answer(right=[True])
    tool.clock.advance(days=1)
    assert look(room).opened == 1


def test_who_joined_late_missed_nothing_of_before(tool: Tool, room: Classroom, another: Classroom) -> None:
    enter(tool, "late", name="Late", context=course_of(another))
    present = room.learner(1)
    absent_twice(room)
    tool.clock.advance(days=20)
    here = open_classroom(tool, room.name)
    seat = enter(tool, "late", name="Late", context=course_of(room))
    look(here)
    assert [row.person_id for row in rows(here)] == [present.who.person_id]
    course = Course(organisation_id=tool.organisation_id, context_id=link_of(here).context_id)
    people = [seat.who.person_id, present.who.person_id]
    with tool.runtime.database.reading() as session:
        found = read_process(session, course, people)
        [line] = [each for each in list_courses_of(session, here) if each.context_id == course.context_id]
    assert [found[person].expected for person in people] == [0, 2]
    assert (line.came, line.expected) == (0, 2)


def test_who_was_excused_is_not_expected_in_the_programme(room: Classroom) -> None:
    seats = [room.learner(number) for number in range(1, 6)]
    room.plan()
    room.do("open")
    room.do("roll")
    for seat in seats[:2]:
        room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{seat.who.person_uuid}:excused")
    # A teacher who tries the roll call is nobody's presence.
    room.teacher.post(f"in-class/{room.row().uuid}/here", number=room.number())
    room.do("close")
    course = Course(organisation_id=room.tool.organisation_id, context_id=link_of(room).context_id)
    with room.tool.runtime.database.reading() as session:
        processes = read_process(session, course, [seat.who.person_id for seat in seats]).values()
        [line] = [each for each in list_courses_of(session, room) if each.context_id == course.context_id]
    assert (line.came, line.expected) == (0, 3)
    assert (sum(each.came for each in processes), sum(each.expected for each in processes)) == (0, 3)


def list_courses_of(session: Session, room: Classroom) -> Sequence[CourseLine]:
    return list_courses(session, room.tool.organisation_id, only=None, now=room.tool.clock.now)


def test_whoever_is_in_the_course_longest_owns_a_warning_at_first(tool: Tool, room: Classroom) -> None:
    """Not who has been known in the organisation longest."""
    old = enter(tool, "t-old", name="Olaf", role="teacher", context={**course_of(room), "id": f"{room.name}-old"})
    here = open_classroom(tool, f"{room.name}-new")
    tool.clock.advance(days=3)
    enter(tool, "t-old", name="Olaf", role="teacher", context=course_of(here))
    _, row = idle_learner(here)
    assert old.who.person_id < here.teacher.who.person_id
    assert row.owner_id == here.teacher.who.person_id


def test_an_owner_who_left_is_replaced_and_the_history_says_so(room: Classroom) -> None:
    _, row = idle_learner(room)
    other, database, now = colleague(room), room.tool.runtime.database, room.tool.clock.now
    with database.transaction() as session:
        early_warnings.arrange(
            session, link_of(room), row.uuid, owner=other.who.person_uuid, due_at=row.due_at, by=1, now=now
        )
    with database.transaction() as session:
        session.execute(update(Enrolment).where(Enrolment.person_id == other.who.person_id).values(left_at=now))
    look(room)
    assert rows(room)[0].owner_id == room.teacher.who.person_id
    assert acts(room, row) == ["arranged", "arranged", "opened"]


def test_no_day_that_is_over_can_be_set(room: Classroom) -> None:
    _, row = idle_learner(room)
    room.tool.clock.advance(days=9)
    now, by, own = room.tool.clock.now, room.teacher.who.person_id, room.teacher.who.person_uuid
    database, link = room.tool.runtime.database, link_of(room)
    with database.transaction() as session, pytest.raises(WarningRefusedError):
        early_warnings.arrange(session, link, row.uuid, owner=own, due_at=now - timedelta(days=1), by=by, now=now)
    # What is overdue can be handed over as it is.
    with database.transaction() as session:
        other = colleague(room).who.person_uuid
        early_warnings.arrange(session, link, row.uuid, owner=other, due_at=row.due_at, by=by, now=now)


def test_without_a_framework_every_warning_stays(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    idle_learner(room)
    parts = room.tool.runtime
    monkeypatch.setattr(type(parts.contents), "find_framework", lambda *_: None)
    assert look_now(parts.database, parts.contents, link_of(room), secret=SECRET, now=room.tool.clock.now) is None
    assert [row.state for row in rows(room)] == [OPEN]


def found_of(room: Classroom) -> Found:
    parts = room.tool.runtime
    with parts.database.reading() as session:
        found = find_reasons(session, parts.contents, link_of(room), secret=SECRET, now=room.tool.clock.now)
    assert found is not None
    return found


def test_who_is_erased_while_somebody_looks_has_no_warning(room: Classroom) -> None:
    plan_ahead(room)
    seat = room.learner(1)
    seat.answer(right=[True])
    room.tool.clock.advance(days=20)
    found, database, now = found_of(room), room.tool.runtime.database, room.tool.clock.now
    assert found.reasons[seat.who.person_id]
    with database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, seat.who.person_uuid, actor="operator", now=now)
    with database.transaction() as session:
        assert apply(session, link_of(room), found, now=now) == Looked()
    assert rows(room) == []


def test_what_was_read_before_a_later_look_is_not_written_any_more(room: Classroom) -> None:
    seat, _ = idle_learner(room)
    stale, then = found_of(room), room.tool.clock.now
    room.tool.clock.advance(hours=1)
    seat.read()
    assert look(room).withdrawn == 1
    with room.tool.runtime.database.transaction() as session:
        assert apply(session, link_of(room), stale, now=then) == Looked(learners=1)
    assert [row.state for row in rows(room)] == [WITHDRAWN]


def test_taking_back_while_somebody_looks_breaks_neither(room: Classroom) -> None:
    _, row = idle_learner(room)
    decide(room, row)
    room.tool.clock.advance(days=15)
    found, database, now = found_of(room), room.tool.runtime.database, room.tool.clock.now
    link = link_of(room)

    def write() -> Looked:
        with database.transaction() as session:
            return apply(session, link, found, now=now)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            early_warnings.take_back(session, link, row.uuid, by=room.teacher.who.person_id, now=now)
            writing = pool.submit(write)
            time.sleep(0.5)
        assert writing.result(30).opened == 0
    assert [each.state for each in rows(room)] == [OPEN]


def test_a_first_look_at_many_takes_few_statements(room: Classroom) -> None:
    plan_ahead(room)
    counts = []
    for number, people in enumerate((3, 30)):
        here = open_classroom(room.tool, f"{room.name}-{number}")
        plan_ahead(here)
        fill(here, people)
        room.tool.clock.advance(days=20)
        counted: list[str] = []
        engine = room.tool.runtime.database.engine

        def count(*told: object, into: list[str] = counted) -> None:
            into.append(str(told[2]))

        found, link, now = found_of(here), link_of(here), room.tool.clock.now
        event.listen(engine, "before_cursor_execute", count)
        with room.tool.runtime.database.transaction() as session:
            assert apply(session, link, found, now=now).opened == people
        event.remove(engine, "before_cursor_execute", count)
        counts.append(len(counted))
    assert counts[0] == counts[1]


def fill(room: Classroom, people: int) -> None:
    """Put people into the course who never do anything."""
    owned, now = {"organisation_id": room.tool.organisation_id}, room.tool.clock.now
    context = link_of(room).context_id
    with room.tool.runtime.database.transaction() as session:
        for number in range(people):
            person = Person(**owned, uuid=f"00000000-0000-4000-9000-{context:06}{number:06}", created_at=now)
            session.add(person)
            session.flush()
            session.add(
                Enrolment(
                    **owned, context_id=context, person_id=person.id, roles="learner", joined_at=now, updated_at=now
                )
            )


def test_warnings_are_listed_page_by_page_and_those_of_an_owner_apart(room: Classroom) -> None:
    plan_ahead(room)
    fill(room, 5)
    room.tool.clock.advance(days=20)
    look(room)
    other, database, now, link = colleague(room), room.tool.runtime.database, room.tool.clock.now, link_of(room)
    last = rows(room)[-1]
    with database.transaction() as session:
        due, owner = now + timedelta(days=60), other.who.person_uuid
        early_warnings.arrange(session, link, last.uuid, owner=owner, due_at=due, by=1, now=now)
    with database.reading() as session:
        pages = [early_warnings.list_warnings(session, link, state=OPEN, limit=2, after=each) for each in (0, 2, 4)]
        mine = early_warnings.list_warnings(session, link, state=OPEN, limit=2, owner=other.who.person_id)
    assert [each.row.id for page in pages for each in page] == [row.id for row in rows(room)]
    assert [each.row.id for each in mine] == [last.id]
