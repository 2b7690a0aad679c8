"""Who counts as an assessor of a learner's work, on the table of the class and on the learner's page alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lti_tool.services.learners.evidence import class_evidence, learner_evidence, required
from lti_tool.services.records.records import Subject
from qualoop.assessment.peer_rules import Effect
from qualoop.ledger import EvidenceForm
from qualoop.policies.multi_form import multi_form_rule
from qualoop.records.multi_form import MultiForm
from tests.factories import peers
from tests.factories.classrooms import Seat
from tests.factories.marking import Room, make_room, one_lesson, open_course
from tests.factories.tool import make_tool


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    tool = make_tool(database_url, content=one_lesson())
    peers.bring_samples(tool)
    yield make_room(tool, open_course(tool), course="c-1")
    tool.runtime.database.close()
    tool.runtime.http.close()


def forms_of(room: Room, seat: Seat) -> MultiForm:
    """Return the forms of a learner; the table of the class and the learner's page say the same."""
    parts, rule, who = room.tool.runtime, multi_form_rule(), seat.who
    subject = Subject(organisation_id=who.organisation_id, person_id=who.person_id, uuid=who.person_uuid)
    with parts.database.reading() as session:
        connection = session.connection()
        framework = parts.contents.find_framework(connection, who.organisation_id)
        assert framework
        about = required(connection, framework, room.link)
        table = class_evidence(session, about, room.link, rule=rule, now=room.now)
        page = learner_evidence(
            session, parts.contents, about, room.link, subject=subject, rule=rule, language="en"
        ).forms
    [line] = [each.forms for each in table if each.member.subject.uuid == who.person_uuid]
    assert (line.forms, line.assessors) == (page.forms, page.assessors)
    return page


def test_a_teacher_who_marked_is_an_assessor(room: Room) -> None:
    seat = room.learner(1)
    work = room.submit(seat)
    room.approve(room.teacher, work, 2, 1)
    room.release(work)
    found = forms_of(room, seat)
    assert found.forms == (EvidenceForm.PROJECT,)
    assert found.assessors == {room.teacher.who.person_uuid}


def test_peers_whose_mark_stands_are_none(room: Room) -> None:
    peers.set_rules(room, reviews=2, enough=2, effect=Effect.STAND)
    seats = list(peers.ready(room, 3))
    for _ in range(2):
        for seat in seats:
            peers.review(room, seat, 2, 1)
    work = room.found(seats[0])
    assert work
    room.release(work.uuid)
    found = forms_of(room, seats[0])
    assert found.forms == (EvidenceForm.PROJECT,)
    assert found.assessors == frozenset()
