"""Who voted or answered in a class by a device that is theirs for sure was there, checked in or not."""

from __future__ import annotations

from sqlalchemy import select

from lti_tool.models import MasteryUpdate
from lti_tool.services.classes.seats import Comer, take_seat
from lti_tool.services.classes.sessions import get_session
from lti_tool.services.learners.evidence_process import Course, HeldSession, read_process
from lti_tool.services.programme.programme import list_courses
from qualoop.classroom.roll_call import Presence
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.classrooms import Seat
from tests.factories.team_classes import team_class
from tests.integration.classroom.test_class_devices import forms
from tests.integration.programme.steps import link_of, plan_ahead
from tests.integration.programme.warning_steps import absent_twice, keys, look, rows


def hold(room: Classroom, *voters: Seat, minutes: int = 0) -> None:
    """Hold a class whose roll is called: the voters vote, so many minutes later, and nobody checks in."""
    room.plan()
    poll = room.ask()
    for step in ("open", "roll"):
        room.do(step)
    room.tool.clock.advance(minutes=minutes)
    room.move(poll, "first")
    for seat in voters:
        room.vote(seat, poll, 1, choice="0")


def sessions(room: Classroom, seat: Seat) -> list[HeldSession]:
    course = Course(organisation_id=room.tool.organisation_id, context_id=link_of(room).context_id)
    with room.tool.runtime.database.reading() as session:
        return list(read_process(session, course, [seat.who.person_id])[seat.who.person_id].sessions)


def test_who_voted_was_there_and_the_questions_count(room: Classroom) -> None:
    voter, away = room.learner(1), room.learner(2)
    hold(room, voter)
    room.do("close")
    [mine], [other] = sessions(room, voter), sessions(room, away)
    assert (mine.presence, mine.way, mine.voted, mine.asked) == (Presence.PRESENT, "answered", 1, 1)
    assert (other.presence, other.way, other.voted) == (Presence.ABSENT, "", 0)
    csv = room.teacher.get(f"class/sessions/{room.row().uuid}/attendance.csv").text
    assert [line.split(",")[2:4] for line in csv.splitlines()[1:]] == [["present", "answered in class"], ["absent", ""]]
    assert "answered in class" in room.teacher.get(f"class/evidence/{voter.who.person_uuid}/").text
    # Presence is exposure: it is in the ledger, and moves no level.
    assert sorted(str(form) for form in forms(room, voter)) == ["attendance", "poll"]
    assert forms(room, away) == []
    with room.tool.runtime.database.reading() as session:
        codes = session.scalars(select(MasteryUpdate.codes).where(MasteryUpdate.learner == voter.who.person_uuid)).all()
    assert [text for text in codes if text] == [";SEM-1.1;"]


def test_who_came_late_and_voted_is_late(room: Classroom) -> None:
    voter = room.learner(1)
    hold(room, voter, minutes=11)
    room.do("close")
    assert [each.presence for each in sessions(room, voter)] == [Presence.LATE]


def test_a_mark_by_hand_counts_before_a_vote(room: Classroom) -> None:
    voter = room.learner(1)
    hold(room, voter)
    path = f"class/sessions/{room.row().uuid}/mark"
    room.teacher.post(path, mark=f"{voter.who.person_uuid}:absent")
    room.do("close")
    assert [(each.presence, each.way) for each in sessions(room, voter)] == [(Presence.ABSENT, "hand")]
    assert forms(room, voter) == ["poll"]
    room.teacher.post(path, mark=f"{voter.who.person_uuid}:")
    assert sorted(str(form) for form in forms(room, voter)) == ["attendance", "poll"]


def test_who_answers_in_a_team_check_was_there(room: Classroom) -> None:
    found = team_class(room, 4)
    answers, scratches, away, _ = found.learners
    room.do("roll")
    found.plan_check()
    found.until("individual")
    found.answer(answers, item_1=0)
    for step in ("individual-closed", "team"):
        found.move(step)
    found.scratch(scratches, 1, 0)
    room.do("close")
    there = [sessions(room, each)[0].presence for each in (answers, scratches, away)]
    assert there == [Presence.PRESENT, Presence.PRESENT, Presence.ABSENT]


def test_a_device_that_is_nobodys_for_sure_was_nobodys_presence(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    hold(room)
    phone.get(f"/class/s/{room.row().uuid}/")
    phone.post("name", name="Learner 1")
    phone.vote(room.polls()[0].uuid, 1, choice="0")
    room.do("close")
    assert [each.presence for each in sessions(room, learner)] == [Presence.ABSENT]


def test_who_took_part_is_not_warned_about_as_absent(room: Classroom) -> None:
    voter, away = room.learner(1), room.learner(2)
    absent_twice(room)
    hold(room, voter)
    room.do("close")
    absent_twice(room)
    look(room)
    warned = {row.person_id: row.reasons[0]["figures"]["missed"] for row in rows(room) if "absent" in keys(row)[0]}
    assert warned[away.who.person_id] == warned.get(voter.who.person_id, 0) + 1


def test_the_programme_counts_presences_as_the_page_of_evidence(room: Classroom) -> None:
    seats = [room.learner(number) for number in range(1, 6)]
    hold(room, *seats[:2])
    room.do("close")
    with room.tool.runtime.database.reading() as session:
        found = list_courses(session, room.tool.organisation_id, only=None, now=room.tool.clock.now)
    [line] = [each for each in found if each.context_id == link_of(room).context_id]
    assert (line.came, line.expected) == (2, 5)


def test_who_joined_and_did_not_check_in_is_listed_before_the_class_is_closed(room: Classroom) -> None:
    voter, joined, marked, away = (room.learner(number, name) for number, name in enumerate("ABCD", 1))
    hold(room, voter)
    room.tool.clock.advance(minutes=1)
    for seat in (joined, marked):
        seat.get(f"in-class/{room.row().uuid}/")
    page = room.console()
    assert "2 joined, but did not check in" in page
    assert "1 did not check in, but answered" in page
    path = f"class/sessions/{room.row().uuid}/mark"
    led = room.teacher.post(path, mark=f"{marked.who.person_uuid}:present", back="end").headers["Location"]
    assert f"sessions/{room.row().uuid}/?" in led
    assert led.endswith("#end")
    room.teacher.post(path, joined=joined.who.person_uuid, mark="joined:present", back="end")
    assert "joined, but did not check in" not in room.console()
    room.do("close")
    there = [sessions(room, each)[0] for each in (voter, joined, marked, away)]
    assert [(each.presence.value, each.way) for each in there] == [
        ("present", "answered"),
        ("present", "hand"),
        ("present", "hand"),
        ("absent", ""),
    ]


def test_all_at_once_marks_only_who_is_still_without_a_word(room: Classroom) -> None:
    """The page may be minutes old: whoever was marked in the meantime stays as marked."""
    joined, excused = room.learner(1), room.learner(2)
    hold(room)
    for seat in (joined, excused):
        seat.get(f"in-class/{room.row().uuid}/")
    path = f"class/sessions/{room.row().uuid}/mark"
    room.teacher.post(path, mark=f"{excused.who.person_uuid}:excused")
    both = [each.who.person_uuid for each in (joined, excused)]
    room.teacher.post(path, joined=both, mark="joined:present")
    room.do("close")
    assert [sessions(room, each)[0].presence.value for each in (joined, excused)] == ["present", "excused"]


def hold_later(room: Classroom, days: int) -> str:
    """Hold a class days later, by another launch; return its uuid."""
    room.tool.clock.advance(days=days)
    room.teacher = open_classroom(room.tool, room.name).teacher
    hold(room)
    return room.row().uuid


def sit(room: Classroom, held: str, seat: Seat) -> None:
    """Let a learner take a seat in a class, as a launch does, or a table that says something."""
    with room.tool.runtime.database.transaction() as session:
        row = get_session(session, link_of(room), held)
        take_seat(session, row, Comer(person_id=seat.who.person_id), room.tool.clock.now)


def set_mark(room: Classroom, held: str, seat: Seat, word: str) -> None:
    room.teacher.post(f"class/sessions/{held}/mark", mark=f"{seat.who.person_uuid}:{word}")


def idle(room: Classroom, after: int) -> bool:
    """Say whether the course's learner is warned about as idle some days later."""
    plan_ahead(room)
    room.tool.clock.advance(days=after)
    look(room)
    return [keys(row)[0].partition(":")[0] for row in rows(room)] == ["idle"]


def test_who_came_did_something_whatever_the_mark_says(room: Classroom) -> None:
    seat = room.learner(1)
    seat.answer(right=[True])
    held = hold_later(room, 10)
    sit(room, held, seat)
    set_mark(room, held, seat, "excused")
    room.do("close")
    assert not idle(room, 10)


def test_a_mark_that_was_taken_back_is_nothing_that_the_learner_did(room: Classroom) -> None:
    seat = room.learner(1)
    seat.answer(right=[True])
    held = hold_later(room, 19)
    for word in ("present", ""):
        set_mark(room, held, seat, word)
    assert "joined, not checked in" not in room.roll()
    assert idle(room, 1)


def test_a_seat_that_came_to_be_after_the_class_is_nothing_that_the_learner_did(room: Classroom) -> None:
    seat = room.learner(1)
    seat.answer(right=[True])
    held = hold_later(room, 18)
    room.do("close")
    room.tool.clock.advance(days=1)
    sit(room, held, seat)
    assert idle(room, 1)
