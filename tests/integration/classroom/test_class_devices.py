"""Who comes and whose device it is: scans at once, names that wait for a word, pairing codes, presence as evidence."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from sqlalchemy import select

from lti_tool.models import ClassDevice, ClassSeat, ClassSession, LedgerEvent, MasteryMemory, MasteryUpdate
from lti_tool.services.classes.devices import purge_devices
from lti_tool.services.classes.sessions import EARLY
from lti_tool.services.mechanisms.jobs import JobState
from qualoop.classroom.roll_call import MAX_CODE_TRIES
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.factories.replays import run_replay
from tests.integration.classroom.test_class_polls import evidence


def forms(room: Classroom, seat: Seat) -> list[object]:
    return [body["form"] for body in evidence(room, seat)]


def confirm(room: Classroom, person: Seat) -> None:
    seat = re.findall(r'name="seat" value="(\d+)"', room.roll())[0]
    answer = room.teacher.post(
        f"class/sessions/{room.row().uuid}/confirm", seat=seat, person=person.who.person_uuid, back="roll"
    )
    assert "done=confirmed" in answer.headers["Location"]


def pairing_code(room: Classroom, learner: Seat) -> str:
    page = learner.post(f"in-class/{room.row().uuid}/pair").text
    found = re.search(r'translate="no">([A-Z]{4}) ([A-Z]{4})<', page)
    assert found
    return found[1] + found[2]


def test_a_scan_counts_before_anybody_has_signed_in(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    room.do("roll")
    page = phone.scan(room.token()).text
    assert "Whose device is this?" in page
    assert "You are marked as present." in page
    room.tool.clock.advance(minutes=30)
    phone.enter(pairing_code(room, learner))
    assert "You are marked as present." in phone.page().text
    room.do("close")
    assert forms(room, learner) == ["attendance"]


def test_an_early_scan_waits_and_a_late_one_is_late(room: Classroom) -> None:
    early, late, absent = room.learner(1), room.learner(2), room.learner(3)
    room.plan(late="5")
    path = f"in-class/{room.row().uuid}/"
    early.post(path + "here", number=room.number())
    assert "You are early." in early.get(path).text
    room.do("open")
    room.do("roll")
    assert "You are marked as present." in early.get(path).text
    room.tool.clock.advance(minutes=6)
    late.post(path + "here", number=room.number())
    assert "You are marked as late." in late.get(path).text
    room.do("close")
    assert [forms(room, seat) for seat in (early, late, absent)] == [["attendance"], ["attendance"], []]
    csv = room.teacher.get(f"class/sessions/{room.row().uuid}/attendance.csv").text
    assert [line.split(",")[2] for line in csv.splitlines()[1:]] == ["present", "came late", "absent"]


def test_a_token_is_good_for_seconds_and_its_copy_of_yesterday_for_nothing(room: Classroom) -> None:
    room.plan()
    room.do("open")
    old = room.token()
    room.tool.clock.advance(seconds=20)
    assert "This code has changed in the meantime" in room.phone().scan(old).text
    assert "Whose device" in room.phone().scan(room.token()).text
    assert "This code has changed" in room.phone().scan("A" * 22).text


def test_the_short_code_takes_few_tries(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    path = f"in-class/{room.row().uuid}/here"
    wrong = "000000" if room.number() != "000000" else "000001"
    for _ in range(MAX_CODE_TRIES):
        assert learner.post(path, number=wrong).headers["Location"].endswith("refused=class-code")
    assert learner.post(path, number=room.number()).headers["Location"].endswith("refused=class-tries")
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{learner.who.person_uuid}:present")
    room.do("close")
    assert forms(room, learner) == ["attendance"]


def test_a_mark_after_the_class_corrects_the_ledger(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    room.do("roll")
    learner.post(f"in-class/{room.row().uuid}/here", number=room.number())
    room.do("close")
    uuid, person = room.row().uuid, learner.who.person_uuid
    room.teacher.post(f"class/sessions/{uuid}/mark", mark=f"{person}:absent")
    with room.tool.runtime.database.reading() as session:
        events = session.scalars(select(LedgerEvent.type).where(LedgerEvent.learner == person)).all()
    assert sorted(events) == ["assertion.voided", "evidence.recorded"]
    room.tool.clock.advance(seconds=1)
    room.teacher.post(f"class/sessions/{uuid}/mark", mark=f"{person}:")
    assert forms(room, learner) == ["attendance", "attendance"]


def test_a_name_waits_for_the_teacher_and_then_earlier_votes_count(room: Classroom) -> None:
    learner, phone = room.learner(1, "王 思源"), room.phone()
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    assert "Say first whose device this is" in phone.enter(room.row().code or "").text
    assert "Nobody of this course is called so" in phone.post("name", name="Somebody Else").text
    assert "Your teacher has not confirmed yet" in phone.post("name", name="王思源").text
    assert "Your vote is saved" in phone.vote(poll, 1, choice="0").text
    room.move(poll, "first-closed")
    assert evidence(room, learner) == []
    assert "1 more wait" in room.console()
    confirm(room, learner)
    [body] = evidence(room, learner)
    assert (body["form"], body["score"]) == ("poll", "1")
    assert "has not confirmed" not in phone.page().text


def test_of_two_votes_of_one_learner_the_later_counts(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    phone.enter(room.row().code or "")
    phone.post("name", name="learner 1")
    phone.vote(poll, 1, choice="1")
    room.tool.clock.advance(seconds=5)
    room.vote(learner, poll, 1, choice="0")
    phone.enter(pairing_code(room, learner))
    room.move(poll, "first-closed")
    [body] = evidence(room, learner)
    assert body["score"] == "1"
    with room.tool.runtime.database.reading() as session:
        seats = session.scalars(select(ClassSeat).where(ClassSeat.class_session_id == room.row().id)).all()
    assert [seat.is_confirmed for seat in seats] == [True]


def test_a_pairing_code_is_good_once_and_for_ten_minutes(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    code = pairing_code(room, learner)
    assert "This device is yours now" in room.phone().enter(code.lower()).text
    assert "There is no such code" in room.phone().enter(code).text
    again = pairing_code(room, learner)
    room.tool.clock.advance(minutes=11)
    assert "There is no such code" in room.phone().enter(again).text


def test_a_device_of_another_course_is_nobody_here(room: Classroom, another: Classroom) -> None:
    learner, phone = another.learner(1), room.phone()
    another.plan()
    another.do("open")
    code = pairing_code(another, learner)
    phone.enter(code)
    room.plan()
    room.do("open")
    assert "No class" not in phone.page().text
    assert "Join a class" in phone.page().text
    page = phone.enter(room.row().code or "").text
    assert "Whose device is this?" in page


def test_a_form_without_its_token_is_refused(room: Classroom) -> None:
    phone = room.phone()
    room.plan()
    room.do("open")
    phone.enter(room.row().code or "")
    url = f"/class/s/{room.row().uuid}/name"
    assert phone.client.post(url, base_url="https://tool.example.test", data={"name": "x"}).status_code == 403
    cross = phone.client.post(
        "/class",
        base_url="https://tool.example.test",
        data={"code": "ABCDEF"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert cross.status_code == 403


def test_a_code_leads_nowhere_until_the_class_is_near(room: Classroom) -> None:
    """Whoever tries codes finds no class that is only planned."""
    room.plan()
    code, now = room.row().code or "", room.tool.clock.now
    refused = "No class is found with this code, or its time has not come yet."
    assert refused in room.phone().enter(code).text
    for early in (timedelta(seconds=1), timedelta(0)):
        with room.tool.runtime.database.transaction() as session:
            session.get_one(ClassSession, room.row().id).starts_at = now + EARLY + early
        page = room.phone().enter(code)
        assert (refused in page.text, page.request.path.startswith("/class/s/")) == (bool(early), not early)
    with room.tool.runtime.database.transaction() as session:
        session.get_one(ClassSession, room.row().id).starts_at = None
    room.do("open")
    assert "Whose device is this?" in room.phone().enter(code).text


def test_a_code_leads_nowhere_after_the_class(room: Classroom) -> None:
    room.plan()
    room.do("open")
    code, token = room.row().code or "", room.token()
    room.do("close")
    assert "No class is found with this code" in room.phone().enter(code).text
    assert "This code has changed" in room.phone().scan(token).text
    with room.tool.runtime.database.reading() as session:
        assert (
            session.scalars(select(ClassDevice.id).where(ClassDevice.context_id == room.row().context_id)).all() == []
        )


def test_learners_are_told_that_a_class_is_on(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    assert "Join the class" not in learner.get().text
    room.do("open")
    assert "Join the class" in learner.get().text
    assert learner.get("in-class/").headers["Location"].endswith(f"in-class/{room.row().uuid}/")
    assert "Join the class" in learner.get("record/").text
    room.do("close")
    assert "Join the class" not in learner.get().text


def test_the_stage_is_answered_from_memory(room: Classroom) -> None:
    room.plan()
    room.do("open")
    url, phone = f"/class/live/{room.row().uuid}", room.phone()
    found = phone.get(url)
    assert set(json.loads(found.text)) == {"version", "state", "timer"}
    same = phone.get(url, headers={"If-None-Match": found.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    room.do("timer:5")
    after = phone.get(url, headers={"If-None-Match": found.headers["ETag"]})
    assert json.loads(after.text)["timer"] == int((room.tool.clock.now + timedelta(minutes=5)).timestamp() * 1000)


def test_presence_moves_no_knowledge_point_and_survives_a_replay(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    room.do("roll")
    learner.post(f"in-class/{room.row().uuid}/here", number=room.number())
    room.do("close")
    tables = (MasteryMemory, MasteryUpdate)
    person, database = learner.who.person_uuid, room.tool.runtime.database
    with database.reading() as session:
        moved = [session.scalars(select(table).where(table.learner == person)).all() for table in tables]
    assert moved == [[], []]
    assert run_replay(room.tool) is JobState.DONE
    with database.reading() as session:
        assert session.scalars(select(MasteryUpdate).where(MasteryUpdate.learner == person)).all() == []


def test_a_phone_that_is_good_no_longer_is_forgotten_unless_it_sat_in_a_class(room: Classroom) -> None:
    learner, phone = room.learner(1), room.phone()
    room.plan()
    room.do("open")
    phone.scan(room.token())
    pairing_code(room, learner)
    kept = []
    for hours in (0, 13):
        with room.tool.runtime.database.connection() as connection:
            purge_devices(connection, room.tool.clock() + timedelta(hours=hours))
            rows = connection.execute(select(ClassDevice.context_id, ClassDevice.person_id, ClassDevice.pairing_hash))
            kept.append([row for row in rows.all() if row[0] == room.row().context_id])
    assert [len([row for row in rows if row[2]]) for rows in kept] == [1, 0]
    assert [len([row for row in rows if not row[2]]) for rows in kept] == [1, 1]
