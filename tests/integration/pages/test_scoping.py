"""Who sees what: a learner nothing of the class, a teacher nothing of another course or organisation."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select

from lti_tool.models import Organisation, OutboxRow
from lti_tool.services.mechanisms import imports
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import LTI, MEMBERSHIP, TOOL_ORIGIN, LaunchingPlatform
from tests.factories.tool import Tool, register_platform, shipped
from tests.integration.pages.reading_html import text_of

OTHER_COURSE = {"id": "c-2", "label": "DA", "title": "Data analysis", "type": ["CourseSection"]}


@pytest.fixture
def learner(tool: Tool) -> Seat:
    """A learner of the ordinary course with some evidence and a grade."""
    seat = enter(tool, "s-1", name="Li Wei")
    seat.answer(right=[True, False, True])
    return seat


@pytest.fixture
def neighbour(tool: Tool) -> Tool:
    """The same tool, launched by the platform of another organisation that has the same ids for everything."""
    platform = LaunchingPlatform(
        issuer="https://other.example.test", target_link_uri=tool.platform.target_link_uri, kid="other-key"
    )
    tool.keys.documents[platform.jwks_url] = platform.jwks()
    now = tool.clock()
    with tool.runtime.database.transaction() as session:
        organisation = Organisation(uuid=str(uuid.uuid4()), key="other", name="Other", kind="school", created_at=now)
        session.add(organisation)
        session.flush()
        imports.apply(session, shipped(), organisation.id, now)
        register_platform(tool.runtime, platform, organisation.id, session=session)
        tool.runtime.registrations.forget()
        return replace(tool, platform=platform, organisation_id=organisation.id)


def test_a_learner_cannot_open_the_class(learner: Seat) -> None:
    person = f"class/{learner.who.person_uuid}/"
    for path in ("class/", "class/levels/", "class/levels.csv", person, f"{person}SEM-1.1/"):
        text = text_of(learner.get(path), status=403)
        assert "Your role in this course does not allow this." in text


def test_a_learner_cannot_send_grades(learner: Seat) -> None:
    assert learner.post("class/send-again", person="all").status_code == 403


def test_a_teacher_without_the_token_of_the_launch_changes_nothing(tool: Tool, learner: Seat) -> None:
    teacher = enter(tool, "t-1", role="teacher")
    sent = teacher.browser.client.post(f"{teacher.page}class/send-again", data={"person": "all"}, base_url=TOOL_ORIGIN)
    assert sent.status_code == 403


def test_a_learner_sees_only_the_own_record(tool: Tool, learner: Seat) -> None:
    assert "Nothing here yet" in text_of(enter(tool, "s-2").get("record/"))


def test_a_teacher_of_another_course_sees_nobody(tool: Tool, learner: Seat) -> None:
    teacher = enter(tool, "t-2", role="teacher", context=OTHER_COURSE)
    text = text_of(teacher.get("class/"))
    assert "Nobody has opened it yet" in text
    assert "Li Wei" not in text
    assert "Nobody has opened anything yet" in text_of(teacher.get("class/levels/"))
    assert "Li Wei" not in teacher.get("class/levels.csv").text


def test_a_person_of_another_course_is_not_found(tool: Tool, learner: Seat) -> None:
    teacher = enter(tool, "t-2", role="teacher", context=OTHER_COURSE)
    text = text_of(teacher.get(f"class/{learner.who.person_uuid}/"), status=404)
    assert "There is no such person in this course." in text
    assert teacher.get(f"class/{learner.who.person_uuid}/SEM-1.1/").status_code == 404
    assert teacher.post("class/send-again", person=learner.who.person_uuid).status_code == 404


def test_a_teacher_of_another_organisation_sees_nobody(neighbour: Tool, learner: Seat) -> None:
    teacher = enter(neighbour, "t-1", role="teacher")
    assert teacher.who.organisation_id != learner.who.organisation_id
    assert "Nobody has opened it yet" in text_of(teacher.get("class/"))
    assert teacher.get(f"class/{learner.who.person_uuid}/").status_code == 404
    assert teacher.get(f"class/{learner.who.person_uuid}/SEM-1.1/").status_code == 404
    assert "Li Wei" not in teacher.get("class/levels.csv").text


def test_sending_all_again_stays_in_the_organisation(tool: Tool, neighbour: Tool, learner: Seat) -> None:
    with tool.runtime.database.transaction() as session:
        session.scalars(select(OutboxRow)).one().state = "dead"
    enter(neighbour, "t-1", role="teacher").post("class/send-again", person="all")
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(OutboxRow)).one().state == "dead"


def test_levels_of_another_organisation_do_not_reach_a_record(neighbour: Tool, learner: Seat) -> None:
    same_person = enter(neighbour, "s-1", name="Li Wei")
    assert "Nothing here yet" in text_of(same_person.get("record/"))


@pytest.mark.parametrize("person", ["nobody", "00000000-0000-0000-0000-000000000000", "%27", "../class"])
def test_a_person_that_is_none_is_not_found(tool: Tool, person: str) -> None:
    assert enter(tool, "t-1", role="teacher").get(f"class/{person}/").status_code == 404


def test_the_teacher_is_no_learner_of_the_class(tool: Tool) -> None:
    teacher = enter(tool, "t-1", role="teacher")
    assert teacher.get(f"class/{teacher.who.person_uuid}/").status_code == 404


def test_a_stand_in_is_not_in_the_class(tool: Tool) -> None:
    enter(
        tool,
        "stand-in",
        name="Test Student",
        changes={LTI + "roles": [MEMBERSHIP + "Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]},
    )
    assert "Nobody has opened it yet" in text_of(enter(tool, "t-1", role="teacher").get("class/"))


def test_the_record_needs_the_cookie_of_its_launch(tool: Tool, learner: Seat) -> None:
    stranger = tool.browser()
    assert stranger.get(f"{learner.page}record/").status_code == 401
