"""Appeals and withdrawals from the event to the page."""

from __future__ import annotations

import json
import uuid

import pytest

from lti_tool.services.ledger import flags
from lti_tool.services.ledger.flags import AppealRefusedError, Notice
from lti_tool.services.people.learner_keys import KeyOwner, LearnerMissingError, open_text
from qualoop.framework import UnknownCodeError
from qualoop.ledger import EventType
from qualoop.records import Flag, Outcome
from tests.factories.classrooms import Seat
from tests.factories.tool import SECRET
from tests.integration.ledger.conftest import TEACHER, School
from tests.integration.pages.reading_html import text_of

CODE = "SEM-1.1"
ASSESSOR = str(uuid.UUID(int=78))


@pytest.fixture
def school(teaching: School) -> School:
    return teaching


@pytest.fixture
def seat(school: School) -> Seat:
    learner = school.enter("s-1", name="Li Wei")
    learner.answer(right=[True, False])
    return learner


def notice(learner: str, *codes: str, words: str = "") -> Notice:
    return Notice(learner=uuid.UUID(learner), codes=codes or (CODE,), actor=TEACHER, secret=SECRET, words=words)


def appeal(school: School, said: Notice) -> uuid.UUID:
    with school.tool.runtime.database.transaction() as session:
        framework = school.tool.runtime.contents.find_framework(session.connection(), school.tool.organisation_id)
        assert framework is not None
        return flags.open_appeal(session, school.organisation(), framework, said, now=school.tool.clock.now)


def decide(school: School, opened: uuid.UUID, outcome: Outcome = Outcome.UPHELD, *, actor: str = ASSESSOR) -> None:
    with school.tool.runtime.database.transaction() as session:
        flags.decide_appeal(session, school.organisation(), opened, outcome, actor=actor, now=school.tool.clock.now)


def withdraw(school: School, said: Notice, outcome: Outcome) -> None:
    with school.tool.runtime.database.transaction() as session:
        framework = school.tool.runtime.contents.find_framework(session.connection(), school.tool.organisation_id)
        assert framework is not None
        now = school.tool.clock.now
        flags.decide_points(session, school.organisation(), framework, said, outcome=outcome, now=now)


def read(school: School, *learners: str) -> dict[str, dict[str, Flag]]:
    with school.tool.runtime.database.reading() as session:
        found = flags.read_flags(session.connection(), school.tool.organisation_id, learners)
    return {learner: dict(each) for learner, each in found.items()}


def test_an_appeal_is_on_the_record_and_in_the_class_until_it_is_decided(school: School, seat: Seat) -> None:
    teacher = school.enter("t-1", name="Tina", role="teacher")
    opened = appeal(school, notice(seat.who.person_uuid))
    assert "Under appeal" in text_of(seat.get(f"record/{CODE}/"))
    assert "Li Wei" in text_of(teacher.get("class/levels/?status=under-appeal"))
    decide(school, opened)
    assert "Under appeal" not in text_of(seat.get(f"record/{CODE}/"))
    assert read(school, seat.who.person_uuid) == {}


def test_a_withdrawal_holds_until_it_is_taken_back(school: School, seat: Seat) -> None:
    withdraw(school, notice(seat.who.person_uuid), Outcome.WITHDRAWN)
    assert read(school, seat.who.person_uuid) == {seat.who.person_uuid: {CODE: Flag.WITHDRAWN}}
    assert "Withdrawn" in text_of(seat.get(f"record/{CODE}/"))
    withdraw(school, notice(seat.who.person_uuid), Outcome.REINSTATED)
    assert read(school, seat.who.person_uuid) == {}


def test_flags_are_of_one_learner_and_one_organisation(school: School, seat: Seat) -> None:
    other = school.enter("s-2").who.person_uuid
    appeal(school, notice(seat.who.person_uuid))
    assert set(read(school, seat.who.person_uuid, other)) == {seat.who.person_uuid}
    with school.tool.runtime.database.reading() as session:
        assert flags.read_flags(session.connection(), school.tool.organisation_id + 1, [seat.who.person_uuid]) == {}


def test_the_grounds_are_under_the_data_key(school: School, seat: Seat) -> None:
    appeal(school, notice(seat.who.person_uuid, words="Question 3 was ambiguous."))
    (row,) = school.events(EventType.APPEAL_OPENED)
    assert "ambiguous" not in row.body
    owner = KeyOwner(organisation_id=school.tool.organisation_id, learner=seat.who.person_uuid, secret=SECRET)
    with school.tool.runtime.database.reading() as session:
        assert open_text(session.connection(), owner, json.loads(row.body)["grounds"]) == "Question 3 was ambiguous."


def test_what_cannot_be_is_refused_and_leaves_nothing(school: School, seat: Seat) -> None:
    with pytest.raises(LearnerMissingError):
        appeal(school, notice(str(uuid.UUID(int=9))))
    with pytest.raises(UnknownCodeError):
        appeal(school, notice(seat.who.person_uuid, "SEM-9.9"))
    assert school.events(EventType.APPEAL_OPENED) == []
    opened = appeal(school, notice(seat.who.person_uuid))
    for actor, outcome in (
        (TEACHER, Outcome.UPHELD),
        (seat.who.person_uuid, Outcome.UPHELD),
        (ASSESSOR, Outcome.WITHDRAWN),
    ):
        with pytest.raises(AppealRefusedError):
            decide(school, opened, outcome, actor=actor)
    with pytest.raises(AppealRefusedError):
        decide(school, uuid.UUID(int=3))
    decide(school, opened)
    with pytest.raises(AppealRefusedError, match="already"):
        decide(school, opened, Outcome.CHANGED)
    assert len(school.events(EventType.APPEAL_DECIDED)) == 1
