"""Attendance from a table reaches roll call, evidence and warnings; taken back, it is gone from all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassPoll, ClassSeat, ClassSession, ClassTeam, LedgerEvent, Person
from lti_tool.services.classes.closing import mark_member
from lti_tool.services.classes.devices import make_device
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.roll_call import read_roll
from lti_tool.services.classes.seats import Comer, find_seat, settle, take_seat
from lti_tool.services.classes.sessions import ClassPlan, get_session, plan_session
from lti_tool.services.classes.votes import Given, cast
from lti_tool.services.courses.members import get_member
from lti_tool.services.evidence import evidence
from lti_tool.services.learners.evidence_process import Course, read_process
from lti_tool.services.sheets.marks_rolls import OF_A_CLASS, Held, tables_of, unmark
from lti_tool.services.sheets.marks_settling import settle_rows
from qualoop.classroom.session import ClassRefusedError
from tests.factories.classrooms import Seat
from tests.factories.mark_tables import bring, change_table, with_table
from tests.factories.paper_halls import Hall
from tests.factories.tool import SECRET

RECORDED = "evidence.recorded"
HEAD = b"Student number,Attendance\n"


def stands(hall: Hall, seat: Seat) -> list[tuple[str, str, str]]:
    """Return how the page of evidence has a learner's classes: title, presence, how it is known."""
    course = Course(organisation_id=hall.link.organisation_id, context_id=hall.link.context_id)
    with hall.tool.runtime.database.reading() as session:
        found = read_process(session, course, [seat.who.person_id])[seat.who.person_id]
    return [(each.title["en"], each.presence.value, each.way) for each in found.sessions]


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


def vote(hall: Hall, uuid: str, comer: Comer) -> None:
    """Let somebody sit in a class and vote."""
    now = hall.tool.clock()
    with hall.tool.runtime.database.transaction() as session:
        row = get_session(session, hall.link, uuid)
        seat = take_seat(session, row, comer, now)
        poll = ClassPoll(
            organisation_id=row.organisation_id,
            class_session_id=row.id,
            uuid=str(uuid4()),
            number=1,
            state="shown",
            question={},
            created_at=now,
        )
        session.add(poll)
        session.flush()
        cast(session.connection(), poll, seat, 1, given=Given(response=("a",), score=None, sealed=None, cast_at=now))


def change_class(hall: Hall, uuid: str, do: Callable[[Session, ClassSession], Any]) -> None:
    with hall.tool.runtime.database.transaction() as session:
        do(session, get_session(session, hall.link, uuid, locked=True))


def uncalled(hall: Hall) -> str:
    """Hold a class without a roll call; return its uuid."""
    at = hall.tool.clock()
    with hall.tool.runtime.database.transaction() as session:
        row = plan_session(session, hall.link, ClassPlan(title="Monday"), now=at)
        row.state, row.code, row.opened_at, row.closed_at = "closed", None, at, at
        return row.uuid


def by_hand(hall: Hall, uuid: str, seat: Seat, word: str) -> None:
    """Mark a learner by hand, some time later; an empty word takes the mark back."""
    hall.tool.clock.advance(minutes=1)
    by, now = Corrector(actor=hall.teacher, secret=SECRET), hall.tool.clock()

    def do(session: Session, row: ClassSession) -> None:
        member = get_member(session.connection(), hall.link, seat.who.person_uuid)
        if word:
            mark_member(session, row, (member, word), None, by=by, now=now)
        else:
            unmark(session, row, member, None, by=by, now=now)

    change_class(hall, uuid, do)


def standing(hall: Hall) -> set[str]:
    """Return of whom evidence stands."""
    gone = {body["target"] for body in hall.events("assertion.voided")}
    with hall.tool.runtime.database.reading() as session:
        rows = session.execute(select(LedgerEvent.uuid, LedgerEvent.learner).where(LedgerEvent.type == RECORDED))
        return {learner or "" for uuid, learner in rows if uuid not in gone}


def joined(hall: Hall, uuid: str) -> list[str]:
    with hall.tool.runtime.database.reading() as session:
        lines = read_roll(session, get_session(session, hall.link, uuid)).lines
        return [line.member.name or "" for line in lines if line.has_joined]


def test_a_roll_call_that_only_a_table_began_leaves_no_evidence_of_others(hall: Hall) -> None:
    uuid = uncalled(hall)
    vote(hall, uuid, Comer(person_id=hall.ada.who.person_id))
    table = bring(hall, HEAD + b"bo,present\n")
    change_table(hall, table, held=Held(uuid=uuid))
    assert standing(hall) == {hall.ada.who.person_uuid, hall.bo.who.person_uuid}
    change_table(hall, table, undo=True)
    assert standing(hall) == set()
    [row] = classes(hall)
    assert row.roll_opened_at is None


def test_a_class_that_tables_made_goes_with_the_last_of_them(hall: Hall) -> None:
    first, second = bring(hall, HEAD + b"ada,present\n"), bring(hall, HEAD + b"bo,present\n")
    change_table(hall, first, held=Held(title="Lecture"))
    [row] = classes(hall)
    change_table(hall, second, held=Held(uuid=row.uuid))
    change_table(hall, first, undo=True)
    assert stands(hall, hall.ada) == [("Lecture", "absent", "")]
    change_table(hall, second, undo=True)
    assert classes(hall) == []


def test_a_roll_call_that_tables_began_goes_with_the_last_of_them(hall: Hall) -> None:
    uuid = uncalled(hall)
    first, second = bring(hall, HEAD + b"ada,present\n"), bring(hall, HEAD + b"bo,present\n")
    for table in (first, second):
        change_table(hall, table, held=Held(uuid=uuid))
    for table in (first, second):
        change_table(hall, table, undo=True)
    [row] = classes(hall)
    assert row.roll_opened_at is None


def test_a_class_with_teams_stays_when_its_table_is_taken_back(hall: Hall) -> None:
    table = bring(hall, HEAD + b"ada,present\nbo,present\n")
    change_table(hall, table, held=Held(title="Lecture"))
    [row] = classes(hall)
    change_class(
        hall,
        row.uuid,
        lambda session, held: session.add(
            ClassTeam(
                organisation_id=held.organisation_id,
                class_session_id=held.id,
                uuid=str(uuid4()),
                number=1,
                name="",
                version=1,
                created_at=hall.tool.clock(),
            )
        ),
    )
    change_table(hall, table, undo=True)
    assert [each.uuid for each in classes(hall)] == [row.uuid]


def test_all_that_refers_to_a_class_says_that_it_is_used() -> None:
    table = ClassSession.metadata.tables["class_session"]
    referring = {
        each.name for each in table.metadata.tables.values() for key in each.foreign_keys if key.references(table)
    }
    assert {each.__tablename__ for each in OF_A_CLASS} == referring


def test_who_was_only_marked_never_joined(hall: Hall) -> None:
    uuid = hold(hall)
    hall.tool.clock.advance(hours=1)
    by_hand(hall, uuid, hall.bo, "present")
    by_hand(hall, uuid, hall.bo, "")
    assert joined(hall, uuid) == ["ada"]
    hall.tool.clock.advance(minutes=1)
    table = bring(hall, HEAD + b"bo,present\n")
    change_table(hall, table, held=Held(uuid=uuid))
    change_table(hall, table, undo=True)
    assert joined(hall, uuid) == ["ada"]


def test_who_joins_after_a_mark_has_joined(hall: Hall) -> None:
    at = hall.tool.clock()
    with hall.tool.runtime.database.transaction() as session:
        row = plan_session(session, hall.link, ClassPlan(title="Now"), now=at)
        row.state, uuid = "open", row.uuid
    by_hand(hall, uuid, hall.bo, "late")
    assert joined(hall, uuid) == []
    change_class(hall, uuid, lambda session, held: take_seat(session, held, Comer(person_id=hall.bo.who.person_id), at))
    by_hand(hall, uuid, hall.bo, "")
    assert joined(hall, uuid) == ["bo"]


def test_a_mark_by_hand_that_is_taken_back_lets_the_table_speak(hall: Hall) -> None:
    table = bring(hall, HEAD + b"bo,late\n")
    uuid = hold(hall)
    change_table(hall, table, held=Held(uuid=uuid))
    by_hand(hall, uuid, hall.bo, "absent")
    assert stands(hall, hall.bo) == [("Monday", "absent", "hand")]
    by_hand(hall, uuid, hall.bo, "")
    assert stands(hall, hall.bo) == [("Monday", "late", "table")]
    assert hall.bo.who.person_uuid in standing(hall)
    change_table(hall, table, undo=True)
    assert stands(hall, hall.bo) == [("Monday", "absent", "")]


def test_a_device_that_voted_counts_before_a_table(hall: Hall) -> None:
    uuid = hold(hall)
    with hall.tool.runtime.database.transaction() as session:
        row = get_session(session, hall.link, uuid)
        device = make_device(session, row, hall.tool.clock())
    vote(hall, uuid, device.comer)
    table = bring(hall, HEAD + b"bo,absent\n")
    change_table(hall, table, held=Held(uuid=uuid))
    assert stands(hall, hall.bo) == [("Monday", "absent", "table")]

    def do(session: Session, held: ClassSession) -> None:
        seat = find_seat(session, held, device.comer)
        assert seat is not None
        person = session.get_one(Person, hall.bo.who.person_id)
        settle(session, held, seat, person, secret=SECRET, now=hall.tool.clock())

    change_class(hall, uuid, do)
    assert stands(hall, hall.bo) == [("Monday", "present", "answered")]


@pytest.mark.parametrize("undo", [False, True])
def test_the_class_is_locked_before_the_evidence(hall: Hall, *, undo: bool) -> None:
    """As wherever else a class is changed: else two of them may wait for each other."""
    table = bring(hall, HEAD + b"bo,late\n")
    held = Held(uuid=hold(hall))
    if undo:
        change_table(hall, table, held=held)
    order: list[str] = []
    with patched(order):
        change_table(hall, table, held=held, undo=undo)
    assert order[0] == "class"
    assert "evidence" in order


def test_the_class_is_locked_before_the_evidence_of_a_row_that_waited(hall: Hall) -> None:
    table = bring(hall, HEAD + b"ada,late\nb0,late\n")
    change_table(hall, table, held=Held(uuid=hold(hall)))
    order: list[str] = []
    with patched(order):
        matches = {3: hall.bo.who.person_uuid}
        with_table(hall, table, lambda session, made: settle_rows(session, made, matches, now=hall.tool.clock()))
    assert order[0] == "class"
    assert "evidence" in order


@contextmanager
def patched(order: list[str]) -> Iterator[None]:
    """Note in which order classes are read and all evidence is held."""

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT class_session"):
            order.append("class")

    def hold_all(connection: Any, organisation_id: int) -> None:
        order.append("evidence")

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evidence, "hold_all", hold_all)
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
