"""Group work where somebody leaves, is erased or comes late; who reads what mates wrote."""

from __future__ import annotations

from sqlalchemy import update

from lti_tool.models import Enrolment, Organisation
from lti_tool.services import erasure
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.factories.team_classes import TeamClass
from tests.integration.classroom.test_class_group_work import PLAN, change, rate, ratings, trio


def leave(found: TeamClass, seat: Seat) -> None:
    with found.room.tool.runtime.database.transaction() as session:
        moment = found.room.tool.clock.now
        session.execute(update(Enrolment).where(Enrolment.person_id == seat.who.person_id).values(left_at=moment))


def erase(found: TeamClass, seat: Seat) -> None:
    with found.room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, found.room.row().organisation_id)
        erasure.erase(session, organisation, seat.who.person_uuid, actor="operator", now=found.room.tool.clock.now)


def test_a_mate_who_left_keeps_nobody_from_rating_and_loses_nothing_by_silence(room: Classroom) -> None:
    found = trio(room, penalty="10")
    a, b, c = found.learners[:3]
    leave(found, c)
    assert f"points-{c.who.person_uuid}" not in found.see(a)
    assert "done=rated" in rate(found, a, [(b, 3)])
    # Whoever had the page before may still say something of the one who left.
    assert "done=rated" in rate(found, b, [(a, 3), (c, 1)])
    assert "refused=class-rating" in rate(found, b, [(c, 1)])
    assert len(ratings(found)) == 3
    change(found, "close")
    change(found, "product", a, product="80")
    assert "done=approved" in change(found, "approve", a)
    # c received 1 of the 4 points that b gave to two: half an equal part, and no penalty.
    assert [[body["score"] for body in found.events(seat)] for seat in (a, b, c)] == [["0.96"], ["0.8"], ["0.4"]]


def test_nobody_who_was_erased_gets_a_mark(room: Classroom) -> None:
    found = trio(room)
    a, b, c = found.learners[:3]
    erase(found, c)
    assert "done=rated" in rate(found, a, [(b, 3)])
    change(found, "close")
    change(found, "product", a, product="80")
    assert "0 of 2" not in found.page("group-work")
    assert "done=approved" in change(found, "approve", a)
    assert [len(found.events(seat)) for seat in (a, b, c)] == [1, 1, 0]
    assert "done=withdrawn" in change(found, "withdraw", a)


def test_a_teacher_alone_reads_what_mates_gave_and_wrote(room: Classroom) -> None:
    found = trio(room)
    a, b, c = found.learners[:3]
    rate(found, a, [(b, 5), (c, 1), (a, 4)], **{f"comment-{b.who.person_uuid}": "Wrote all of it"})
    page = room.assistant().get(f"class/sessions/{room.row().uuid}/group-work")
    assert page.status_code == 200
    assert "A poster" in page.text
    for text in ("Wrote all of it", "for you alone", "Gave to oneself"):
        assert text not in page.text, text
        assert text in found.page("group-work"), text


def test_who_comes_after_the_approval_is_named_until_it_is_given_again(room: Classroom) -> None:
    found = trio(room)
    a, late = found.learners[0], room.learner(8)
    found.see(late)
    change(found, "close")
    change(found, "product", a, product="80")
    change(found, "approve", a)
    note = "No mark yet, since they came after the approval: Learner 8."
    assert "No mark yet" not in found.page("group-work")
    found.post("teams/place", person=late.who.person_uuid, team=found.team_of(a).uuid)
    assert note in found.page("group-work")
    room.tool.clock.advance(seconds=1)
    change(found, "withdraw", a)
    assert note not in found.page("group-work")
    change(found, "approve", a)
    assert note not in found.page("group-work")
    assert len(found.events(late)) == 1


def test_a_bound_that_no_database_holds_is_refused(room: Classroom) -> None:
    found = trio(room)
    for low in ("1e-7", "0.00001"):
        assert "refused=class-factor" in found.post("group-work/plan", **{**PLAN, "low": low})
    assert "refused=class-factor" in found.post("group-work/plan", **{**PLAN, "penalty": "ten"})
    assert "done=task-planned" in found.post("group-work/plan", **{**PLAN, "low": "0.125"})
    assert found.task().low == "0.125"
