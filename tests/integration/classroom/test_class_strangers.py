"""Whose device it is, where somebody would rather have it be another's; and two who change a class at one moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import ClassDevice, ClassSeat, ClassSession, Enrolment
from lti_tool.services.classes import closing, devices, sessions
from lti_tool.services.classes import seats as class_seats
from lti_tool.services.classes.evidence import SYSTEM, Corrector
from lti_tool.services.courses.members import get_member
from qualoop.classroom.roll_call import MAX_CODE_TRIES
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.integration.classroom.test_class_devices import confirm, forms, pairing_code

T = TypeVar("T")
BLOCKED_S = 0.3


def meanwhile(room: Classroom, act: Callable[[Session, ClassSession], object], other: Callable[[], T]) -> T:
    """Do ``act`` in a transaction that commits only after ``other`` has begun, and waits for it where it must."""
    with ThreadPoolExecutor(1) as pool:
        with room.tool.runtime.database.transaction() as session:
            row = sessions.get_by_uuid(session, room.row().uuid)
            row = sessions.get_session(session, sessions.link_of_session(row), row.uuid, locked=True)
            act(session, row)
            session.flush()
            begun = pool.submit(other)
            wait([begun], BLOCKED_S)
        return begun.result()


def by_system(room: Classroom) -> Corrector:
    return Corrector(actor=SYSTEM, secret=room.tool.runtime.settings.secret_key)


def close(room: Classroom) -> Callable[[Session, ClassSession], object]:
    def act(session: Session, row: ClassSession) -> None:
        framework = room.tool.runtime.contents.find_framework(session.connection(), row.organisation_id)
        closing.close_session(session, row, framework, by=by_system(room), now=room.tool.clock.now)

    return act


def confirming(room: Classroom, learner: Seat) -> Callable[[Session, ClassSession], object]:
    def act(session: Session, row: ClassSession) -> None:
        link = sessions.link_of_session(row)
        member = get_member(session.connection(), link, learner.who.person_uuid)
        [seat] = session.scalars(select(ClassSeat.id).where(ClassSeat.class_session_id == row.id))
        closing.confirm_seat(session, row, (seat, member), None, by=by_system(room), now=room.tool.clock.now)

    return act


def test_a_vote_while_its_device_is_confirmed_is_the_learners(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    phone.enter(room.row().code or "")
    phone.post("name", name="Learner 1")
    answer = meanwhile(room, confirming(room, learner), lambda: phone.vote(poll, 1, choice="0"))
    assert "Your vote is saved" in answer.text
    room.do("close")
    assert forms(room, learner) == ["poll"]


def test_who_comes_while_the_class_is_closed_is_told_so_and_nothing_is_lost(room: Classroom) -> None:
    typing, scanning = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    number, path = room.number(), f"in-class/{room.row().uuid}/here"
    answer = meanwhile(room, close(room), lambda: typing.post(path, number=number))
    assert answer.headers["Location"].endswith("refused=class-closed")
    room.plan()
    room.do("open")
    token = room.token()
    assert "This code has changed" in meanwhile(room, close(room), lambda: scanning.scan(token)).text
    with room.tool.runtime.database.reading() as session:
        seats = session.scalars(select(ClassSeat.checked_at).where(ClassSeat.class_session_id == room.row().id)).all()
    assert [at for at in seats if at] == []


def test_a_phone_that_is_paired_while_the_class_is_closed_keeps_its_mark(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    phone.scan(room.token())
    code = pairing_code(room, learner)
    assert "This device is yours now" in meanwhile(room, close(room), lambda: phone.enter(code)).text
    assert forms(room, learner) == ["attendance"]


def test_who_scans_while_a_planned_class_is_deleted_finds_none(room: Classroom) -> None:
    room.plan()
    token, uuid, phone = room.token(), room.row().uuid, room.phone()
    answer = meanwhile(room, sessions.remove_session, lambda: phone.get(f"/class/here/{uuid}/{token}"))
    assert answer.status_code == 404


def test_a_phone_is_good_only_while_its_learner_is_in_the_course(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    phone.enter(pairing_code(room, learner))
    assert "Roll call" in phone.page().text
    enrolment = update(Enrolment).where(
        Enrolment.person_id == learner.who.person_id, Enrolment.context_id == room.row().context_id
    )
    for changes in ({"left_at": room.tool.clock.now}, {"left_at": None, "roles": "teacher"}):
        with room.tool.runtime.database.transaction() as session:
            session.execute(enrolment.values(**changes))
        assert "Join a class" in phone.page().text
    with room.tool.runtime.database.transaction() as session:
        session.execute(enrolment.values(roles="learner"))
    assert "Roll call" in phone.page().text


def test_a_new_pairing_code_takes_devices_back_that_were_confirmed_by_mistake(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    phone.enter(room.row().code or "")
    phone.post("name", name="Learner 1")
    confirm(room, learner)
    assert "has not confirmed" not in phone.page().text
    pairing_code(room, learner)
    assert "Join a class" in phone.page().text
    assert "Whose device is this?" in phone.enter(room.row().code or "").text
    with room.tool.runtime.database.reading() as session:
        good = select(ClassDevice.pairing_hash).where(
            ClassDevice.person_id == learner.who.person_id, ClassDevice.expires_at > room.tool.clock.now
        )
        [waiting] = session.scalars(good).all()
    assert waiting is not None


def test_nobody_uses_up_the_tries_of_another(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    wrong = "000000" if room.number() != "000000" else "000001"
    phone.enter(room.row().code or "")
    phone.post("name", name="Learner 1")
    for _ in range(MAX_CODE_TRIES):
        assert "This is not the number" in phone.post("here", number=wrong).text
    assert "This was tried too often" in phone.post("here", number=wrong).text
    answer = learner.post(f"in-class/{room.row().uuid}/here", number=room.number())
    assert "refused" not in answer.headers["Location"]


def test_a_room_takes_only_so_many_devices_without_a_name(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_seats, "MOST_UNCONFIRMED", 1)
    learner, first, second = room.learner(1), room.phone(), room.phone()
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    code = room.row().code or ""
    assert "So many devices wait" not in first.enter(code).text
    for page in (second.enter(code), second.scan(room.token()), second.post("name", name="Learner 1")):
        assert (page.status_code, "So many devices wait for their names" in page.text) == (200, True)
    assert "done=voted" in room.vote(learner, poll, 1, choice="0").headers["Location"]
    second.enter(pairing_code(room, learner))
    assert "So many devices wait" not in second.page().text


def test_a_class_takes_only_so_many_wrong_names(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "MOST_WRONG_NAMES", 2)
    room.learner(1)
    room.plan()
    room.do("open")
    phones = [room.phone() for _ in range(4)]
    for phone in phones:
        phone.enter(room.row().code or "")
    # A right name is none of them.
    assert "has not confirmed yet" in phones[0].post("name", name="Learner 1").text
    for phone in phones[1:3]:
        assert "Nobody of this course is called so" in phone.post("name", name="Nobody").text
    assert "So many wrong names were given" in phones[3].post("name", name="Learner 1").text
