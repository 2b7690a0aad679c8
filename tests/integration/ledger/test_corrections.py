"""Corrections in the database: scoped, refused where they make no sense, with notes that only the data key opens."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select

from lti_tool.models import InboxItem, Job, LedgerEvent
from lti_tool.services.administration import inbox_actions
from lti_tool.services.evidence.corrections import EventMissingError
from lti_tool.services.ledger import ledger
from lti_tool.services.ledger.adoptions import note_model
from lti_tool.services.ledger.standings import read_corrections, read_standings
from lti_tool.services.mastery import replay
from lti_tool.services.people.learner_keys import KeyOwner, open_text
from qualoop.ledger import CorrectionRefusedError, EventType, Reason, settle_corrections
from qualoop.values import Score
from tests.factories.tool import SECRET
from tests.integration.ledger.conftest import TEACHER, School

LEARNER = str(uuid.UUID(int=5))


def standings(school: School) -> dict[str, str]:
    with school.tool.runtime.database.reading() as session:
        found = read_standings(session.connection(), school.tool.organisation_id, learner=LEARNER)
    return {target: "void" if row.voided else str(row.score) for target, row in found.items()}


def test_a_void_is_an_event_and_the_old_stays_readable(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    made = school.correct(event.uuid, reason=Reason.FRAUD)
    (row,) = school.events(EventType.ASSERTION_VOIDED)
    assert (row.uuid, row.learner, row.actor) == (str(made.uuid), LEARNER, TEACHER)
    assert json.loads(row.body) == {"target": str(event.uuid), "reason": "fraud"}
    (kept,) = school.events(EventType.EVIDENCE_RECORDED)
    assert json.loads(kept.body)["score"] == "0.5"
    assert standings(school) == {str(event.uuid): "void"}


def test_a_revision_gives_another_score_and_the_newest_holds(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    school.correct(event.uuid, "0.75")
    school.correct(event.uuid, "1", reason=Reason.APPEAL)
    assert standings(school) == {str(event.uuid): "1"}


def test_each_correction_asks_for_a_replay(school: School) -> None:
    made = school.correct(school.record(LEARNER, "p-1").uuid)
    with school.tool.runtime.database.reading() as session:
        (job,) = session.scalars(select(Job))
    assert (job.uuid, job.kind) == (made.job, replay.KIND)


def test_a_voided_event_can_neither_be_voided_nor_revised(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    void = school.correct(event.uuid)
    for score in (None, "1"):
        with pytest.raises(CorrectionRefusedError, match=str(void.uuid)):
            school.correct(event.uuid, score)
    school.correct(void.uuid)
    assert standings(school) == {str(void.uuid): "void"}
    school.correct(event.uuid, "1")
    assert standings(school)[str(event.uuid)] == "1"


def test_only_the_correction_that_holds_can_be_withdrawn(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    first = school.correct(event.uuid, "0.75")
    second = school.correct(event.uuid, "1")
    with pytest.raises(CorrectionRefusedError, match=str(second.uuid)):
        school.correct(first.uuid)
    school.correct(second.uuid)
    assert standings(school)[str(event.uuid)] == "0.75"
    with pytest.raises(CorrectionRefusedError, match="voided"):
        school.correct(second.uuid)


@pytest.mark.parametrize("present", ["0.5", "0.50"])
def test_the_score_that_stands_is_no_revision(school: School, present: str) -> None:
    event = school.record(LEARNER, "p-1")
    with pytest.raises(CorrectionRefusedError, match="already"):
        school.correct(event.uuid, present)


def test_what_is_no_judgement_cannot_be_corrected(school: School) -> None:
    void = school.correct(school.record(LEARNER, "p-1").uuid)
    with pytest.raises(CorrectionRefusedError, match=r"assertion\.voided cannot be revised"):
        school.correct(void.uuid, "1")
    with school.tool.runtime.database.connection() as connection:
        note_model(connection, school.tool.organisation_id, constants="c1", weights="w1", now=school.tool.clock.now)
    (adopted,) = school.events(EventType.CONSTANTS_ADOPTED)
    with pytest.raises(EventMissingError):
        school.correct(uuid.UUID(adopted.uuid))


def test_an_event_of_another_organisation_is_not_there(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    other = school.another()
    with pytest.raises(EventMissingError):
        school.correct(event.uuid, organisation_id=other.id)
    with school.tool.runtime.database.reading() as session:
        assert not session.scalars(select(Job)).all()


def test_a_note_is_kept_under_the_learners_key(school: School) -> None:
    words = "Answered by somebody else: 王小明 says so."
    school.correct(school.record(LEARNER, "p-1").uuid, reason=Reason.FRAUD, note=words)
    (row,) = school.events(EventType.ASSERTION_VOIDED)
    token = json.loads(row.body)["note"]
    owner = KeyOwner(organisation_id=school.tool.organisation_id, learner=LEARNER, secret=SECRET)
    with school.tool.runtime.database.connection() as connection:
        assert open_text(connection, owner, token) == words
    with school.tool.runtime.database.reading() as session:
        assert not any("王小明" in body or "somebody" in body for body in session.scalars(select(LedgerEvent.body)))


def test_refused_corrections_write_nothing(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    school.correct(event.uuid)
    with pytest.raises(CorrectionRefusedError):
        school.correct(event.uuid, note="once more")
    assert len(school.events(EventType.ASSERTION_VOIDED)) == 1


def test_standings_can_be_asked_up_to_a_number(school: School) -> None:
    event = school.record(LEARNER, "p-1")
    first = school.correct(event.uuid, "0.75")
    school.correct(event.uuid, "1")
    with school.tool.runtime.database.reading() as session:
        rows = read_corrections(session.connection(), school.tool.organisation_id, through_seq=first.seq)
        found = settle_corrections(rows)
    assert found[str(event.uuid)].score == Score("0.75")


def contradict(school: School, score: str) -> InboxItem:
    """Let the same message come once more with another score."""
    first = school.record(LEARNER, "p-1")
    body = {**first.body, "score": score}
    with school.tool.runtime.database.connection() as connection:
        event = replace(first, uuid=uuid.uuid4(), body=body)
        assert ledger.append(connection, school.tool.organisation_id, event) is None
    with school.tool.runtime.database.reading() as session:
        return session.scalars(select(InboxItem)).one()


def decide(school: School, item: InboxItem, action: str) -> None:
    with school.tool.runtime.database.transaction() as session:
        inbox_actions.decide(session, item.organisation_id, item.id, action=action, now=school.tool.clock.now)


def test_a_contradiction_can_be_taken_over_as_a_revision(school: School) -> None:
    item = contradict(school, "0.75")
    decide(school, item, "revise")
    assert standings(school) == {item.details["event"]: "0.75"}


def test_a_contradiction_can_be_left_alone(school: School) -> None:
    decide(school, contradict(school, "0.75"), "keep")
    assert standings(school) == {}
