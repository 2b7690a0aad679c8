"""Attendance from a table reaches roll call, evidence and warnings; taken back, it is gone from all of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lti_tool.models import ClassSeat, ClassSession
from lti_tool.services.classes.closing import mark_member
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.roll_call import read_roll
from lti_tool.services.classes.seats import Comer, take_seat
from lti_tool.services.classes.sessions import ClassPlan, plan_session
from lti_tool.services.courses.members import get_member
from lti_tool.services.learners.evidence_process import Course, read_process
from lti_tool.services.sheets.marks_rolls import Held, tables_of
from qualoop.classroom.session import ClassRefusedError
from tests.factories.classrooms import Seat
from tests.factories.mark_tables import bring, change_table
from tests.factories.paper_halls import Hall
from tests.factories.tool import SECRET

HEAD = b"Student number,Attendance\n"


def stands(hall: Hall, seat: Seat) -> list[tuple[str, str, str]]:
    """Return how the page of evidence has a learner's classes: title, presence, how it is known."""
    course = Course(organisation_id=hall.link.organisation_id, context_id=hall.link.context_id)
    with hall.tool.runtime.database.reading() as session:
        found = read_process(session, course, [seat.who.person_id])[seat.who.person_id]
    return [(each.title, each.presence.value, each.way) for each in found.sessions]


def classes(hall: Hall) -> list[ClassSession]:
    with hall.tool.runtime.database.reading() as session:
        return list(session.scalars(select(ClassSession).order_by(ClassSession.id)))


def hold(hall: Hall, title: str = "Monday") -> str:
    """Hold a class here, at which Ada checks in; return its uuid."""
    at = hall.tool.clock()
    with hall.tool.runtime.database.transaction() as session:
        row = plan_session(session, hall.link, ClassPlan(title=title), now=at)
        row.state, row.code, row.opened_at, row.roll_opened_at, row.closed_at = "closed", None, at, at, at
        seat = take_seat(session, row, Comer(person_id=hall.ada.who.person_id), at)
        seat.checked_at, seat.way = at, "scan"
        return row.uuid


def test_a_table_is_a_class_of_its_own(hall: Hall) -> None:
    table = bring(hall, HEAD + b"ada,late\nbo,excused\n")
    change_table(hall, table, held=Held(title="Guest lecture"))
    assert stands(hall, hall.ada) == [("Guest lecture", "late", "table")]
    assert stands(hall, hall.bo) == [("Guest lecture", "excused", "table")]
    assert [body["learner"] for body in hall.events("evidence.recorded")] == [hall.ada.who.person_uuid]
    [row] = classes(hall)
    with hall.tool.runtime.database.reading() as session:
        assert [each.uuid for each in tables_of(session, row)] == [table]
        assert {(line.member.name, line.presence.value, line.way) for line in read_roll(session, row).lines} == {
            ("ada", "late", "table"),
            ("bo", "excused", "table"),
        }
    change_table(hall, table, undo=True)
    assert len(hall.events("assertion.voided")) == 1
    assert stands(hall, hall.ada) == stands(hall, hall.bo) == []
    assert classes(hall) == []


def test_what_the_roll_call_knows_stays_and_the_table_says_the_rest(hall: Hall) -> None:
    held = Held(uuid=hold(hall))
    assert stands(hall, hall.bo) == [("Monday", "absent", "")]
    table = bring(hall, HEAD + b"ada,absent\nbo,present\n")
    change_table(hall, table, held=held)
    assert stands(hall, hall.ada) == [("Monday", "present", "scan")]
    assert stands(hall, hall.bo) == [("Monday", "present", "table")]
    change_table(hall, table, undo=True)
    assert stands(hall, hall.ada) == [("Monday", "present", "scan")]
    assert stands(hall, hall.bo) == [("Monday", "absent", "")]


def test_a_mark_by_hand_stays_when_the_table_is_taken_back(hall: Hall) -> None:
    table = bring(hall, HEAD + b"ada,absent\n")
    change_table(hall, table, held=Held(title="Lecture"))
    by, now = Corrector(actor=hall.teacher, secret=SECRET), hall.tool.clock()
    with hall.tool.runtime.database.transaction() as session:
        [row] = session.scalars(select(ClassSession)).all()
        member = get_member(session.connection(), hall.link, hall.ada.who.person_uuid)
        mark_member(session, row, (member, "present"), None, by=by, now=now)
    assert stands(hall, hall.ada) == [("Lecture", "present", "hand")]
    change_table(hall, table, undo=True)
    assert stands(hall, hall.ada) == [("Lecture", "present", "hand")]


@pytest.mark.parametrize("first_undone", [True, False])
def test_of_two_tables_taking_one_back_loses_nothing_of_the_other(hall: Hall, *, first_undone: bool) -> None:
    first = bring(hall, HEAD + b"ada,present\nbo,absent\n")
    change_table(hall, first, held=Held(title="Lecture"))
    [row] = classes(hall)
    second = bring(hall, HEAD + b"ada,present\nbo,late\n")
    change_table(hall, second, held=Held(uuid=row.uuid))
    assert stands(hall, hall.bo) == [("Lecture", "late", "table")]
    change_table(hall, first if first_undone else second, undo=True)
    assert stands(hall, hall.ada) == [("Lecture", "present", "table")]
    assert stands(hall, hall.bo) == [("Lecture", "late" if first_undone else "absent", "table")]
    change_table(hall, second if first_undone else first, undo=True)
    with hall.tool.runtime.database.reading() as session:
        assert session.scalars(select(ClassSeat.mark).where(ClassSeat.mark != "")).all() == []
    voided = {body["target"] for body in hall.events("assertion.voided")}
    assert len(voided) == len(hall.events("evidence.recorded"))


def test_a_class_that_is_not_over_takes_up_no_table(hall: Hall) -> None:
    with hall.tool.runtime.database.transaction() as session:
        uuid = plan_session(session, hall.link, ClassPlan(title="Soon"), now=hall.tool.clock()).uuid
    with pytest.raises(ClassRefusedError):
        change_table(hall, bring(hall, HEAD + b"ada,present\n"), held=Held(uuid=uuid))
    assert hall.events("evidence.recorded") == []
