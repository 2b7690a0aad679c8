"""How a class ends: by its teacher, by nobody, before it began; and who is found out only afterwards."""

from __future__ import annotations

import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from lti_tool.models import ClassPoll, ClassSession, ClassVote, LedgerEvent
from lti_tool.services.classes import evidence as class_evidence
from lti_tool.services.classes import overdue
from lti_tool.services.evidence import locks
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.integration.classroom.test_class_devices import forms, pairing_code
from tests.integration.classroom.test_class_polls import evidence


def close_overdue(room: Classroom) -> int:
    parts = room.tool.runtime
    return overdue.close_overdue(
        parts.database, parts.contents, secret=parts.settings.secret_key, now=room.tool.clock.now
    )


def check_in(room: Classroom, seat: Seat) -> None:
    seat.post(f"in-class/{room.row().uuid}/here", number=room.number())


def test_who_checked_in_was_there_though_the_roll_call_never_began(room: Classroom) -> None:
    came, stayed_away = room.learner(1), room.learner(2)
    room.plan()
    room.do("open")
    check_in(room, came)
    room.tool.clock.advance(minutes=40)
    room.do("close")
    assert [forms(room, seat) for seat in (came, stayed_away)] == [["attendance"], []]
    csv = room.teacher.get(f"class/sessions/{room.row().uuid}/attendance.csv").text
    assert [line.split(",")[2] for line in csv.splitlines()[1:]] == ["present", "absent"]


def test_a_roll_call_that_nobody_used_is_not_begun_by_closing(room: Classroom) -> None:
    room.plan()
    room.do("open")
    room.do("close")
    assert room.row().roll_opened_at is None


def test_a_class_that_nobody_closed_is_closed_after_twelve_hours(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    check_in(room, learner)
    room.vote(learner, poll, 1, choice="0")
    room.tool.clock.advance(hours=12)
    close_overdue(room)
    assert room.row().state == "open"
    room.tool.clock.advance(seconds=1)
    close_overdue(room)
    assert (room.row().state, room.row().code) == ("closed", None)
    assert sorted(str(form) for form in forms(room, learner)) == ["attendance", "poll"]
    assert close_overdue(room) == 0


def test_two_classes_that_end_at_the_same_moment_both_end(
    room: Classroom, another: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that share the organisation with votes, and then want all of it for who came, each would wait for the other."""
    monkeypatch.setattr(locks, "MOST_LOCKS", 4)
    meeting, came, classes = threading.Barrier(2), class_evidence.record_attendance, []
    for each in (room, another):
        learners = [each.learner(number) for number in range(1, 5)]
        each.plan()
        each.do("open")
        each.move(each.ask(), "first")
        each.vote(learners[0], each.polls()[0].uuid, 1, choice="0")
        for learner in learners:
            check_in(each, learner)
        classes.append((each, each.row().uuid, learners))

    def record(*given: Any, **named: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)
        came(*given, **named)

    monkeypatch.setattr(class_evidence, "record_attendance", record)
    with ThreadPoolExecutor(2) as hands:
        answers = list(
            hands.map(lambda each: each[0].teacher.post(f"class/sessions/{each[1]}/change", do="close"), classes)
        )
    assert [answer.status_code for answer in answers] == [303, 303]
    for each, _, learners in classes:
        assert sorted(str(form) for form in forms(each, learners[0])) == ["attendance", "poll"]


def test_a_class_at_which_its_teacher_is_just_now_is_left_for_later(room: Classroom) -> None:
    room.plan()
    room.do("open")
    room.tool.clock.advance(hours=13)
    database = room.tool.runtime.database
    if not database.is_sqlite:
        with database.transaction() as other:
            other.scalar(select(ClassSession).where(ClassSession.uuid == room.row().uuid).with_for_update())
            close_overdue(room)
            assert room.row().state == "open"
    close_overdue(room)
    assert room.row().state == "closed"


def test_a_planned_class_can_be_deleted_while_nobody_sits_in_it(room: Classroom, another: Classroom) -> None:
    learner, uuid = room.learner(1), room.plan()
    path = f"class/sessions/{uuid}/delete"
    room.ask()
    assert "Delete the class" in room.console()
    assert another.teacher.post(path).status_code == 404
    assert learner.post(path).status_code == 403
    check_in(room, learner)
    assert room.teacher.post(path).headers["Location"].endswith("refused=class-peopled")
    empty = room.plan()
    room.ask()
    assert room.teacher.post(f"class/sessions/{empty}/delete").headers["Location"].endswith("done=removed")
    assert room.teacher.get(f"class/sessions/{empty}/").status_code == 404
    assert room.phone().get(f"/class/live/{empty}").status_code == 404
    with room.tool.runtime.database.reading() as session:
        ids = session.scalars(select(ClassSession.id)).all()
        assert session.scalars(select(ClassPoll.id).where(ClassPoll.class_session_id.not_in(ids))).all() == []
    room.do("open")
    assert room.teacher.post(path).headers["Location"].endswith("refused=class-moved")
    assert "Delete the class" not in room.console()


def test_a_vote_of_a_round_that_is_closed_is_recorded_with_the_class_at_last(room: Classroom) -> None:
    """What was cast while its seat became a learner's may have missed the moment in which the others were recorded."""
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    room.vote(learner, poll, 1, choice="0")
    with room.tool.runtime.database.transaction() as session:
        moment = room.tool.clock.now
        session.execute(
            update(ClassPoll).where(ClassPoll.uuid == poll).values(state="first-closed", first_closed_at=moment)
        )
    room.do("close")
    assert forms(room, learner) == ["poll"]


def test_a_slow_sign_in_costs_neither_mark_nor_vote(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    for _ in range(2):
        room.plan()
        room.do("open")
        room.do("roll")
        phone.scan(room.token())
        room.do("close")
    assert "type your pairing code" in phone.page().text
    assert forms(room, learner) == []
    room.tool.clock.advance(hours=2)
    phone.enter(pairing_code(room, learner))
    assert forms(room, learner) == ["attendance", "attendance"]
    assert "type your pairing code" not in phone.page().text


def test_a_launch_in_the_same_browser_brings_along_what_was_done_in_a_class_that_is_over(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    phone.scan(room.token())
    room.do("close")
    for cookie in (phone.client._cookies or {}).values():
        learner.browser.client.set_cookie(cookie.key, cookie.value, domain="tool.example.test", secure=True)
    assert "No class" in learner.get("in-class/").text
    assert forms(room, learner) == ["attendance"]


def test_a_mark_by_hand_is_its_teachers_and_of_the_moment_of_the_class(room: Classroom) -> None:
    by_hand, scanned, afterwards = room.learner(1), room.learner(2), room.learner(3)
    room.plan()
    room.do("open")
    check_in(room, scanned)
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{by_hand.who.person_uuid}:present")
    room.do("close")
    closed_at = room.row().closed_at
    room.tool.clock.advance(hours=2)
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{afterwards.who.person_uuid}:late")
    teacher = room.teacher.who.person_uuid
    assert [evidence(room, seat)[0]["rater"] for seat in (by_hand, scanned, afterwards)] == [teacher, "auto", teacher]
    with room.tool.runtime.database.reading() as session:
        moments = session.scalars(
            select(LedgerEvent.occurred_at).where(LedgerEvent.learner == afterwards.who.person_uuid)
        ).all()
    assert moments == [closed_at]


def test_every_mark_is_a_change_that_console_and_phones_see(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    before = room.row().version
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{learner.who.person_uuid}:present")
    assert room.row().version == before + 1


def test_a_second_vote_waits_for_the_first_of_another_question_and_none_is_stranded(room: Classroom) -> None:
    room.plan()
    room.do("open")
    one, two = room.ask(), room.ask(prompt="And which?")
    for wanted in ("first", "first-closed", "discussion"):
        room.move(one, wanted)
    room.move(two, "first")
    assert room.move(one, "second").headers["Location"].endswith("refused=class-moved")
    assert offered(room) == {"first-closed", "shown"}
    room.move(two, "first-closed")
    assert offered(room) == {"discussion", "second", "shown"}
    assert "refused" not in room.move(one, "second").headers["Location"]
    assert [poll.state for poll in room.polls()] == ["second", "first-closed"]


def offered(room: Classroom) -> set[str]:
    """Return the moves that the console offers, of whichever question."""
    states = "first|first-closed|discussion|second|second-closed|shown"
    return set(re.findall(rf'name="do" value="({states})"', room.console()))


def test_a_seat_that_says_to_be_somebody_else_waits_for_the_teacher(room: Classroom) -> None:
    mine, theirs, phone = room.learner(1), room.learner(2), room.phone()
    room.plan()
    room.do("open")
    room.do("roll")
    poll = room.ask()
    room.move(poll, "first")
    phone.scan(room.token())
    phone.post("name", name="Learner 2")
    phone.vote(poll, 1, choice="0")
    phone.enter(pairing_code(room, mine))
    room.do("close")
    assert [forms(room, seat) for seat in (mine, theirs)] == [[], []]
    assert "1 device" in room.console()
    with room.tool.runtime.database.reading() as session:
        votes = session.scalars(select(ClassVote).where(ClassVote.class_poll_id == room.polls()[0].id)).all()
    assert [vote.event for vote in votes] == [None]
