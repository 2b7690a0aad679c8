"""Who has judged what an appeal is about does not decide it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from lti_tool.services.content import parts
from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.ledger.flags import FirstAssessorDecidesError
from qualoop.ledger import EventType, Evidence, EvidenceForm
from qualoop.policies import Sheet
from qualoop.records import Outcome
from qualoop.values import Score
from tests.integration.ledger.conftest import TEACHER, School
from tests.integration.ledger.test_flags import appeal, decide, notice

FIRST = str(uuid.UUID(int=81))
SECOND = str(uuid.UUID(int=82))


@dataclass(frozen=True)
class Judged:
    """A learner of a school with an answer that the machine scored, and what people judge of the same part."""

    school: School
    learner: str
    answer: Evidence

    @property
    def code(self) -> str:
        """The knowledge point that the part serves."""
        with self.school.tool.runtime.database.connection() as connection:
            organisation_id = self.school.tool.organisation_id
            version = parts.find_version(connection, organisation_id, self.answer.activity, self.answer.content)
            assert version is not None
            return parts.tags_around(connection, organisation_id, version)[0][self.answer.part][0][0]

    def judge(self, rater: str, *, learner: str | None = None) -> uuid.UUID:
        """Record a judgement and return the uuid of its event."""
        now = self.school.tool.clock.now
        made = replace(
            self.answer,
            rater=rater,
            form=EvidenceForm.OBSERVATION,
            score=Score("0.25"),
            occasion=Sheet(criteria=4).as_text(),
            attempt=str(uuid.uuid4()),
        )
        submission = Submission(
            learner=learner or self.learner,
            evidence=made,
            source=("observation", str(uuid.uuid4()), ""),
            occurred_at=now,
        )
        with self.school.tool.runtime.database.connection() as connection:
            return uuid.UUID(evidence.record(connection, self.school.tool.organisation_id, submission, now=now).uuid)

    def appeal(self) -> uuid.UUID:
        return appeal(self.school, notice(self.learner, self.code))

    def later(self) -> None:
        self.school.tool.clock.now += timedelta(hours=1)


@pytest.fixture
def judged(teaching: School) -> Judged:
    seat = teaching.enter("s-1", name="Li Wei")
    seat.answer(right=[True])
    answered = teaching.events(EventType.EVIDENCE_RECORDED)[0]
    return Judged(teaching, seat.who.person_uuid, Evidence.from_body(json.loads(answered.body)))


def test_who_judged_it_first_does_not_decide_the_appeal(judged: Judged) -> None:
    judged.judge(FIRST)
    opened = judged.appeal()
    with pytest.raises(FirstAssessorDecidesError, match=judged.code) as refused:
        decide(judged.school, opened, actor=FIRST)
    assert refused.value.code == "appeal-first-assessor"
    assert judged.school.events(EventType.APPEAL_DECIDED) == []
    decide(judged.school, opened, Outcome.CHANGED, actor=SECOND)
    assert [event.actor for event in judged.school.events(EventType.APPEAL_DECIDED)] == [SECOND]


def test_who_judged_other_learners_or_other_points_may_decide(judged: Judged) -> None:
    judged.judge(FIRST, learner=judged.school.enter("s-2").who.person_uuid)
    judged.judge(SECOND)
    other = next(code for code in ("SEM-1.1", "SEM-1.2", "OA-1.1") if code != judged.code)
    decide(judged.school, appeal(judged.school, notice(judged.learner, other)), actor=SECOND)
    decide(judged.school, judged.appeal(), actor=FIRST)


def test_the_machine_is_no_assessor(judged: Judged) -> None:
    decide(judged.school, judged.appeal(), actor=judged.answer.rater)


def test_a_judgement_voided_since_is_still_what_the_appeal_was_about(judged: Judged) -> None:
    first = judged.judge(FIRST)
    opened = judged.appeal()
    judged.later()
    judged.school.correct(first)
    with pytest.raises(FirstAssessorDecidesError):
        decide(judged.school, opened, actor=FIRST)


def test_a_judgement_that_did_not_count_any_more_hinders_nobody(judged: Judged) -> None:
    judged.school.correct(judged.judge(FIRST))
    judged.later()
    decide(judged.school, judged.appeal(), actor=FIRST)


def test_whose_score_stood_in_place_of_another_is_an_assessor_too(judged: Judged) -> None:
    judged.school.correct(judged.judge(FIRST), "0.5")
    judged.later()
    said = replace(notice(judged.learner, judged.code), actor="operator")
    opened = appeal(judged.school, said)
    for assessor in (FIRST, TEACHER):
        with pytest.raises(FirstAssessorDecidesError):
            decide(judged.school, opened, actor=assessor)


def test_who_marks_anew_because_of_the_appeal_may_decide_it(judged: Judged) -> None:
    first = judged.judge(FIRST)
    said = replace(notice(judged.learner, judged.code), actor="operator")
    opened = appeal(judged.school, said)
    judged.later()
    judged.judge(SECOND)
    judged.school.correct(first, "0.75")
    decide(judged.school, opened, Outcome.CHANGED, actor=TEACHER)
    assert len(judged.school.events(EventType.APPEAL_DECIDED)) == 1
