"""What people decide about observations: who is meant by it, what it is silent about, and that it can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from lti_tool.models import (
    CourseGroup,
    CourseGroupMember,
    Enrolment,
    ObservationCapture,
    ObservationInvitation,
    Organisation,
    Person,
)
from lti_tool.services.evidence import corrections
from lti_tool.services.ledger.standings import read_corrections
from qualoop.ledger import Reason, settle_corrections
from tests.factories.phones import Phone, PracticeCourse, join, link_in
from tests.factories.tool import SECRET


def context_of(course: PracticeCourse) -> int:
    """Return the row of a course whose staff have opened a phone."""
    with course.tool.runtime.database.reading() as session:
        query = select(ObservationInvitation.context_id).order_by(ObservationInvitation.id.desc()).limit(1)
        return session.scalars(query).one()


def group_of_one(course: PracticeCourse) -> int:
    """Return a group of the course with learner One in it."""
    course.own_link()
    context = context_of(course)
    with course.tool.runtime.database.transaction() as session:
        one = course.learners[0].who.person_uuid
        person = session.scalars(select(Person.id).where(Person.uuid == one)).one()
        organisation = course.tool.organisation_id
        group = CourseGroup(
            organisation_id=organisation, context_id=context, platform_key=str(uuid.uuid4()), name="First group"
        )
        session.add(group)
        session.flush()
        session.add(CourseGroupMember(organisation_id=organisation, group_id=group.id, person_id=person))
        return group.id


def decided(course: PracticeCourse, capture: Mapping[str, Any]) -> tuple[str, bool]:
    """Return what was decided about a capture, and whether it says by whom."""
    with course.tool.runtime.database.reading() as session:
        row = session.scalars(select(ObservationCapture).where(ObservationCapture.capture == capture["id"])).one()
        return row.decision, row.decided_by == course.teacher.who.person_uuid


def test_a_correction_out_of_scope_changes_nothing_before_it_is_counted(course: PracticeCourse) -> None:
    group = group_of_one(course)
    phone = join(course.tool, link_in(course.invite(group=str(group)).text))
    first = phone.capture("Learner One", 2)
    phone.send(first)
    with course.tool.runtime.database.transaction() as session:
        session.execute(delete(CourseGroupMember).where(CourseGroupMember.group_id == group))
    second = phone.capture(first["learner"], 0, replaces=first["id"])
    assert phone.states(second) == [("kept", "observation-learner-scope")]
    assert course.corrections() == []
    assert course.decide(second, "count") == "done=count"
    assert [body["score"] for body in course.corrections()] == ["0"]
    assert course.decide(second, "undo") == "done=undo"
    assert [body["score"] for body in course.corrections()] == ["0", "1"]


def test_counting_another_learner_is_noted_and_can_be_taken_back(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite(group=str(group_of_one(course))).text))
    two = course.learners[1].who.person_uuid
    made = phone.capture(two, 2)
    assert phone.states(made) == [("kept", "observation-learner-scope")]
    assert course.decide(made, "count") == "done=count"
    assert [row[0] for row in course.evidence()] == [two]
    assert decided(course, made) == ("learners", True)
    assert course.decide(made, "undo") == "done=undo"
    assert phone.states(made) == [("kept", "observation-learner-scope")]
    assert [body.get("score") for body in course.corrections()] == [None]


def test_naming_a_learner_is_noted_and_can_be_taken_back(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    stranger, one = str(uuid.uuid4()), course.learners[0].who.person_uuid
    made = phone.capture(stranger, 2, overall="Of whom?")
    phone.send(made)
    assert course.decide(made, "assign", signed=stranger, person=one) == "done=assign"
    assert decided(course, made) == ("learners", True)
    assert course.decide(made, "undo") == "done=undo"
    assert phone.states(made) == [("kept", "observation-learner-unknown")]
    assert "Of whom?" in course.page()
    # The other one may be named now, and gets it.
    two = course.learners[1].who.person_uuid
    assert course.decide(made, "assign", signed=stranger, person=two) == "done=assign"
    assert [row[0] for row in course.evidence() if row[0] == two] == [two]


def test_who_left_the_course_counts_and_a_stranger_is_left_out_of_the_team(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    one, two = (seat.who.person_uuid for seat in course.learners)
    stranger, context = str(uuid.uuid4()), context_of(course)
    with course.tool.runtime.database.transaction() as session:
        person = session.scalars(select(Person.id).where(Person.uuid == two)).one()
        session.execute(
            update(Enrolment)
            .where(Enrolment.person_id == person, Enrolment.context_id == context)
            .values(left_at=course.tool.clock.now)
        )
    made = phone.capture([one, two, stranger], 2)
    assert phone.states(made) == [("kept", "observation-learner-unknown")]
    assert "Leave this person out of the team" in course.page()
    assert course.decide(made, "count") == "done=count"
    assert sorted(row[0] for row in course.evidence()) == sorted([one, two])
    assert course.decide(made, "count") == "refused=learner"
    assert course.decide(made, "without", signed=one) == "refused=moved"
    assert course.decide(made, "without", signed=stranger) == "done=without"
    assert phone.states(made) == [("recorded", "")]
    assert "Nothing waits." in course.page()
    assert course.decide(made, "undo") == "done=undo"
    assert phone.states(made) == [("kept", "observation-learner-unknown")]


def test_the_last_one_of_a_team_is_not_left_out_so(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    strangers = [str(uuid.uuid4()), str(uuid.uuid4())]
    made = phone.capture(strangers, 2)
    phone.send(made)
    assert course.decide(made, "without", signed=strangers[0]) == "done=without"
    assert course.decide(made, "without", signed=strangers[1]) == "refused=learner"


def test_a_correction_of_what_was_left_out_waits_and_counts_alone(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    first = phone.capture("Learner One", 2)
    phone.send(first)
    course.decide(first, "leave-out", reason="error")
    second = phone.capture("Learner One", 1, replaces=first["id"])
    assert phone.states(second) == [("kept", "observation-target-out")]
    assert "Corrects one that was left out" in course.page()
    assert course.decide(second, "count") == "done=count"
    assert sorted(row[2] for row in course.evidence()) == ["0.5", "1"]
    assert [body.get("score") for body in course.corrections()] == [None]


def limited(course: PracticeCourse) -> tuple[Phone, dict[str, Any], dict[str, Any]]:
    """Return a phone with an observation above its level, and its correction that came when the limit was gone."""
    phone = join(course.tool, link_in(course.invite(level="1").text))
    first = phone.capture("Learner One", 2)
    assert phone.states(first) == [("kept", "observation-level")]
    with course.tool.runtime.database.transaction() as session:
        session.execute(
            update(ObservationInvitation).where(ObservationInvitation.level_cap == 1).values(level_cap=None)
        )
    second = phone.capture("Learner One", 0, replaces=first["id"])
    return phone, first, second


def test_what_a_correction_corrects_is_decided_first(course: PracticeCourse) -> None:
    phone, first, second = limited(course)
    assert phone.states(second) == [("kept", "observation-target-waits")]
    assert course.decide(second, "count") == "refused=target"
    assert course.evidence() == []
    assert course.decide(first, "count") == "done=count"
    assert phone.states(first, second) == [("recorded", "")] * 2
    assert [row[2] for row in course.evidence()] == ["1"]
    assert [body["score"] for body in course.corrections()] == ["0"]


def test_what_corrects_one_that_waits_and_is_left_out_may_count_alone(course: PracticeCourse) -> None:
    phone, first, second = limited(course)
    phone.send(second)
    course.decide(first, "leave-out", reason="error")
    assert phone.states(second) == [("kept", "observation-target-out")]
    assert course.decide(second, "count") == "done=count"
    assert [row[2] for row in course.evidence()] == ["0"]


def test_counting_alone_does_not_hide_that_two_stand_side_by_side(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    first = phone.capture("Learner One", 2)
    second = phone.capture("Learner One", 0, replaces=first["id"])
    phone.send(second)
    assert course.decide(second, "count") == "done=count"
    phone.send(first)
    assert "Nothing waits." not in course.page()
    assert course.decide(first, "both") == "done=both"
    assert "Nothing waits." in course.page()
    assert phone.states(first, second) == [("recorded", "observation-repeated")] * 2
    assert (decided(course, first)[0], decided(course, second)[0]) == ("both", "alone-both")


def test_both_are_right_is_said_of_one_assessor_alone(course: PracticeCourse) -> None:
    own, mentor = join(course.tool, course.own_link()), join(course.tool, link_in(course.invite().text))
    mine = [own.capture("Learner One", 2), own.capture("Learner One", 2)]
    theirs = [mentor.capture("Learner One", 0), mentor.capture("Learner One", 0)]
    own.send(*mine)
    mentor.send(*theirs)
    assert course.decide(mine[0], "both") == "done=both"
    assert [decided(course, each)[0] for each in (*mine, *theirs)] == ["both", "both", "", ""]
    assert "Nothing waits." not in course.page()


def test_of_two_corrections_one_is_left_out_and_nothing_waits(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    first = phone.capture("Learner One", 2)
    second, third = (phone.capture("Learner One", level, replaces=first["id"]) for level in (1, 0))
    phone.send(first, second, third)
    assert "Nothing waits." not in course.page()
    course.decide(second, "leave-out", reason="error")
    assert "Nothing waits." in course.page()


def test_what_staff_put_right_in_the_ledger_is_not_voided_by_taking_back(course: PracticeCourse) -> None:
    """Voided in the ledger, left out here, right again in the ledger, taken back here: it counts."""
    phone = join(course.tool, course.own_link())
    made = phone.capture("Learner One", 2)
    phone.send(made)
    event = course.events()[0][0].uuid

    def correct(target: str) -> str:
        with course.tool.runtime.database.transaction() as session:
            request = corrections.Request(target=uuid.UUID(target), reason=Reason.ERROR, actor="staff", score=None)
            organisation = session.get_one(Organisation, course.tool.organisation_id)
            now = course.tool.clock.now + timedelta(seconds=1)
            return str(corrections.correct(session, organisation, request, secret=SECRET, now=now).uuid)

    voided = correct(event)
    course.decide(made, "leave-out", reason="error")
    correct(voided)
    course.decide(made, "undo")
    one = course.learners[0].who.person_uuid
    with course.tool.runtime.database.reading() as session:
        known = read_corrections(session.connection(), course.tool.organisation_id, learner=one)
    standing = settle_corrections(known).get(event)
    assert standing is None or not standing.voided
