"""Nobody observes, counts or joins beyond what was allowed: groups, other rubrics, levels behind other hindrances, old staff."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import Client

from lti_tool.models import (
    Attempt,
    CourseGroup,
    CourseGroupMember,
    Enrolment,
    ObservationCapture,
    ObservationInvitation,
    Person,
)
from lti_tool.services.people import assessor_qualifications
from qualoop.assessment.rubric import Rubric, content_hash, read_rubric
from qualoop.classroom.assessors import QualificationRule
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.phones import APP, TASK, PracticeCourse, install, join, link_in, moment
from tests.factories.rubrics import RUBRIC


def another_rubric() -> Rubric:
    """Return a rubric with the rows of the one that is installed, under a key that nothing has yet."""
    return read_rubric(RUBRIC.replace("key: product-copy", f"key: other-{uuid.uuid4().hex[:8]}"), None)


def newest_invitation(course: PracticeCourse) -> ObservationInvitation:
    with course.tool.runtime.database.reading() as session:
        return session.scalars(select(ObservationInvitation).order_by(ObservationInvitation.id.desc()).limit(1)).one()


def group_of(course: PracticeCourse, number: int) -> int:
    """Let the course have a group of Learner One, whose id has more digits than a class has groups."""
    context = newest_invitation(course).context_id
    with course.tool.runtime.database.transaction() as session:
        learner = course.learners[0].who.person_uuid
        person = session.scalars(select(Person.id).where(Person.uuid == learner)).one()
        organisation = course.tool.organisation_id
        group = CourseGroup(
            id=number, organisation_id=organisation, context_id=context, platform_key=str(number), name="Shift"
        )
        session.add(group)
        session.flush()
        session.add(CourseGroupMember(organisation_id=organisation, group_id=number, person_id=person))
    return number


@pytest.fixture
def ruled(course: PracticeCourse) -> Iterator[PracticeCourse]:
    """A course whose organisation lets nobody judge anything without qualifications."""
    tool = course.tool
    with tool.runtime.database.transaction() as session:
        assessor_qualifications.set_rule(
            session, tool.organisation_id, QualificationRule(from_level=1), now=tool.clock.now
        )
    yield course
    with tool.runtime.database.transaction() as session:
        assessor_qualifications.set_rule(session, tool.organisation_id, QualificationRule(), now=tool.clock.now)


# -- Whom and what an invitation is for


def test_a_group_of_any_number_limits_and_no_group_is_never_the_class(course: PracticeCourse) -> None:
    course.own_link()
    group = group_of(course, 70_000 + len(course.learners[0].who.person_uuid) + newest_invitation(course).context_id)
    phone = join(course.tool, link_in(course.invite(group=str(group)).text))
    assert [each["name"] for each in phone.pack["learners"]] == ["Learner One"]
    before = newest_invitation(course).id
    for wrong in (str(group + 1_000_000), "0", "x", "9" * 30, f"{group} "):
        answer = course.invite(group=wrong)
        assert (answer.status_code, "Choose a group of this course" in answer.text) == (422, True), wrong
    assert newest_invitation(course).id == before


def test_a_level_that_is_none_is_refused_and_not_lifted(course: PracticeCourse) -> None:
    course.own_link()
    for wrong in ("0", "x", "1000", "9" * 30):
        assert course.invite(level=wrong).status_code == 422, wrong


def test_a_task_is_not_observed_by_another_rubric(course: PracticeCourse) -> None:
    other = another_rubric()
    install(course.tool, other)
    phone = join(course.tool, link_in(course.invite(what="some", task=TASK).text))
    made = phone.capture("Learner One", 2, rubric=content_hash(other))
    assert phone.states(made) == [("kept", "observation-task")]
    assert course.evidence() == []
    assert course.decide(made, "count") == "done=count"
    assert course.events()[0][1]["activity"] == f"observed-practice-{content_hash(other)[:16]}"


def test_the_enterprise_of_the_invitation_is_not_for_the_phone_to_change(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite().text))
    phone.send(phone.capture("Learner One", 2, enterprise="Somebody else"))
    assert course.events()[0][1]["enterprise"] == "Tmall shop"


# -- What one hindrance hides


def test_nobody_counts_above_the_own_level_what_waits_for_another_reason(ruled: PracticeCourse) -> None:
    phone = join(ruled.tool, link_in(ruled.invite(what="some", task="no-such").text))
    made = phone.capture("Learner One", 2)
    assert phone.states(made) == [("kept", "observation-task")]
    assert ruled.decide(made, "count") == "refused=own-level"
    assert ruled.evidence() == []


def test_what_an_unknown_rubric_hid_is_shown_before_it_counts(course: PracticeCourse) -> None:
    unknown = another_rubric()
    phone = join(course.tool, link_in(course.invite(what="some", task=TASK).text))
    made = phone.capture("Learner One", 2, rubric=content_hash(unknown), task=f"rubric:{unknown.key}")
    assert phone.states(made) == [("kept", "observation-rubric-unknown")]
    install(course.tool, unknown)
    assert course.decide(made, "count") == "done=looked"
    assert (course.evidence(), phone.states(made)) == ([], [("kept", "observation-task")])
    assert course.decide(made, "count") == "done=count"
    assert [row[1:3] for row in course.evidence()] == [("headline", "1")]


def test_what_was_left_out_is_taken_back_before_it_is_counted(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite(what="some", task="no-such").text))
    made = phone.capture("Learner One", 2)
    phone.send(made)
    assert course.decide(made, "leave-out", reason="error") == "done=leave-out"
    assert course.decide(made, "count") == "refused=moved"


# -- One that is bad among many


def test_one_that_cannot_be_evidence_does_not_hold_up_the_others(course: PracticeCourse) -> None:
    phone, learner = join(course.tool, course.own_link()), course.learners[0]
    learner.answer(right=[True])
    with course.tool.runtime.database.reading() as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id.desc())).first()
    assert attempt is not None
    early = moment(attempt.started_at - timedelta(minutes=1))
    bad, good = phone.capture("Learner One", 2, id=attempt.uuid, made_at=early), phone.capture("Learner Two", 2)
    assert phone.states(bad, good) == [("kept", "observation-no-evidence"), ("recorded", "")]
    assert [row[0] for row in course.evidence()] == [course.learners[1].who.person_uuid]
    assert "The record cannot take it" in course.page()
    assert course.decide(bad, "count") == "refused=ledger"
    assert course.decide(bad, "leave-out", reason="error") == "done=leave-out"


# -- Who is of the staff


def test_who_left_the_staff_observes_no_more(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    context = newest_invitation(course).context_id
    with course.tool.runtime.database.transaction() as session:
        teacher = select(Person.id).where(Person.uuid == course.teacher.who.person_uuid).scalar_subquery()
        own = (Enrolment.person_id == teacher, Enrolment.context_id == context)
        session.execute(update(Enrolment).where(*own).values(left_at=course.tool.clock.now))
    made = phone.capture("Learner One", 2)
    for path in ("pack", "captures"):
        answer = phone.get(path)
        assert (answer.status_code, (answer.json or {})["code"]) == (401, "observation-ended")
    assert phone.states(made) == [("kept", "observation-ended")]
    assert course.evidence() == []


# -- Doors


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": TOOL_ORIGIN}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 303),
    ],
)
def test_only_our_own_page_makes_a_phone_of_a_browser(
    course: PracticeCourse, headers: dict[str, str], status: int
) -> None:
    assert Client(course.tool.app).post(course.own_link(), base_url=TOOL_ORIGIN, headers=headers).status_code == status


def test_one_browser_between_two_courses_is_told_and_uses_no_places_up(
    course: PracticeCourse, another: PracticeCourse
) -> None:
    browser = Client(course.tool.app)
    for _ in range(7):
        for each in (course, another):
            assert browser.post(each.own_link(), base_url=TOOL_ORIGIN).status_code == 303
    door = browser.get(course.own_link(), base_url=TOOL_ORIGIN).text
    assert "This phone observes for another invitation now" in door
    assert "Open that one first" in door
    assert "another invitation now" not in browser.get(another.own_link(), base_url=TOOL_ORIGIN).text


def test_an_address_with_a_null_in_it_is_nobodys(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    for capture, picture in (("a%00b", "0" * 64), (str(uuid.uuid4()), "%00" * 64), (str(uuid.uuid4()), "0" * 63)):
        answer = phone.client.put(
            f"/phone/api/captures/{capture}/photo/{picture}", base_url=TOOL_ORIGIN, headers=APP, data=b"x"
        )
        assert (answer.status_code, (answer.json or {})["code"]) == (404, "observation-photo-unknown")
    for path in ("invitations/a%00b/change", "phones/a%00b/remove", "captures/a%00b/decide"):
        assert course.post(path, do="revoke" if "change" in path else "undo").status_code == 404
    assert course.teacher.get("observe/photos/a%00b").status_code == 404
    assert course.invite(what="some", task="a\0b").status_code == 422
    assert course.invite(known="a\0b").status_code == 404


# -- Links


def test_only_what_was_asked_for_is_done_to_an_invitation(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite().text))
    address = f"invitations/{newest_invitation(course).uuid}/change"
    assert course.post(address).status_code == 404
    assert course.post(address, do="x").status_code == 404
    assert phone.get("pack").status_code == 200
    link_in(course.post(address, do="link").text)
    course.post(address, do="revoke")
    answer = course.post(address, do="link")
    assert (answer.status_code, answer.headers["Location"].partition("?")[2]) == (303, "refused=over")


def test_nobody_gets_a_link_to_be_the_phone_of_a_colleague(course: PracticeCourse) -> None:
    course.own_link()
    own = newest_invitation(course)
    assert own.is_own
    assert course.post(f"invitations/{own.uuid}/change", do="link").status_code == 404


# -- Files


def test_a_capture_of_an_unknown_rubric_is_a_line_of_the_file(course: PracticeCourse) -> None:
    phone, unknown = join(course.tool, course.own_link()), another_rubric()
    made: dict[str, Any] = phone.capture("Learner One", 2, rubric=content_hash(unknown), task=f"rubric:{unknown.key}")
    phone.send(made)
    text = course.teacher.get("observe/observations.csv").data.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Learner"], row["Criterion"], row["State"]) == ("Learner One", "", "kept")
    assert row["Number of the observation"] == made["id"]
    assert row["Observed at"] != ""
    with course.tool.runtime.database.reading() as session:
        assert session.scalars(select(ObservationCapture.id).where(ObservationCapture.capture == made["id"])).one()
