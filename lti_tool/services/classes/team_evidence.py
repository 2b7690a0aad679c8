"""What a team check leaves in the ledger of each learner's own answers. Nobody unconfirmed.

Only what somebody answered alone says something of that learner's knowledge points; what the team reached is process
evidence (`team_scores`), and an accepted appeal changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassSeat,
    ClassSession,
    ClassTeamAnswer,
    ClassTeamCheck,
    ClassTeamScore,
    Organisation,
    Person,
)
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from qualoop.classroom.team_check import CheckItem
from qualoop.ledger import SCORED_BY_MACHINE, CorrectionRefusedError, Evidence, EvidenceForm, Reason
from qualoop.values import Score

SOURCE: Final = "class-team-check"


def record_answers(session: Session, row: ClassSession, *, now: datetime) -> None:
    """Record the answers of closed individual tests that are not recorded yet and not taken back, of learners for sure."""
    due = session.execute(
        select(ClassTeamAnswer, ClassTeamCheck, Person.uuid)
        .join(ClassTeamCheck, ClassTeamCheck.id == ClassTeamAnswer.check_id)
        .join(ClassSeat, ClassSeat.id == ClassTeamAnswer.seat_id)
        .join(Person, Person.id == ClassSeat.person_id)
        .where(
            ClassTeamAnswer.organisation_id == row.organisation_id,
            ClassTeamCheck.class_session_id == row.id,
            ClassTeamCheck.individual_closed_at.is_not(None),
            ClassTeamCheck.taken_back_at.is_(None),
            ClassSeat.is_confirmed.is_(True),
            ClassTeamAnswer.event.is_(None),
        )
        .order_by(ClassTeamAnswer.id)
    ).all()
    submissions = [_submission((answer, check), learner, row.uuid, now) for answer, check, learner in due]
    if submissions:
        done = evidence.record_many(session.connection(), row.organisation_id, submissions, now=now)
        for (answer, _, _), recorded in zip(due, done, strict=True):
            answer.event = recorded.uuid
        session.flush()


def take_back(session: Session, check: ClassTeamCheck, *, by: Corrector, now: datetime) -> None:
    """Void everything that a check recorded; answers and cards stay as they are, and can be counted again.

    The check's row is the caller's to lock. A repeat does nothing.
    """
    if check.taken_back_at is not None:
        return
    organisation = session.get_one(Organisation, check.organisation_id)
    rows: Sequence[ClassTeamAnswer | ClassTeamScore] = [
        *session.scalars(
            select(ClassTeamAnswer).where(
                ClassTeamAnswer.organisation_id == check.organisation_id,
                ClassTeamAnswer.check_id == check.id,
                ClassTeamAnswer.event.is_not(None),
            )
        ),
        *session.scalars(
            select(ClassTeamScore).where(
                ClassTeamScore.organisation_id == check.organisation_id,
                ClassTeamScore.check_id == check.id,
                ClassTeamScore.event.is_not(None),
            )
        ),
    ]
    events = [each.event for each in rows if each.event]
    corrections.void_many(session, organisation, events, actor=by.actor, now=now)
    for each in rows:
        each.event = None
    check.taken_back_at, check.recording = now, check.recording + 1
    session.flush()


def void(session: Session, organisation: Organisation, event: str, *, by: Corrector, now: datetime) -> None:
    """Void an event because it was recorded in error; one that somebody voided elsewhere is so already."""
    request = corrections.Request(target=UUID(event), reason=Reason.ERROR, actor=by.actor)
    with suppress(CorrectionRefusedError):
        corrections.correct(session, organisation, request, secret=by.secret, now=now)


def _submission(
    given: tuple[ClassTeamAnswer, ClassTeamCheck], learner: str, session_uuid: str, now: datetime
) -> Submission:
    answer, check = given
    item = CheckItem.from_document(check.items[answer.number - 1])
    return Submission(
        learner=learner,
        evidence=Evidence(
            activity=item.activity_key,
            content=item.content_hash,
            part=item.part,
            score=Score(answer.score),
            form=EvidenceForm.QUIZ,
            rater=SCORED_BY_MACHINE,
            attempt=session_uuid,
            tries=1,
            hints=0,
        ),
        source=(SOURCE, f"{check.uuid}:{learner}", f"{answer.number}.{check.recording}"),
        # Another machine's clock may be ahead of this one, and nothing is recorded before it has happened.
        occurred_at=min(answer.answered_at, now),
    )
