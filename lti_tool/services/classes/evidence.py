"""What a class leaves in the ledger: votes for each part, presence for each learner who came. Nobody unconfirmed.

Whatever is recorded is remembered in its row, so doing it again records only what is new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ClassPoll, ClassSeat, ClassSession, ClassVote, Organisation, Person
from lti_tool.services.classes.questions import register_attendance
from lti_tool.services.classes.roll_call import stands
from lti_tool.services.classes.taking_part import seats_that_took_part
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from qualoop.classroom.roll_call import CAME, first_sign
from qualoop.classroom.session import SessionState
from qualoop.framework import Framework
from qualoop.ledger import SCORED_BY_MACHINE, CorrectionRefusedError, Evidence, EvidenceForm, Reason
from qualoop.values import ONE, Score

POLL: Final = "class-poll"
ATTENDANCE: Final = "class-attendance"
SYSTEM: Final = "system"
"""In whose name a session is recorded where nobody pressed anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrector:
    """Who corrects what was recorded, as a pseudonym; ``secret`` is the installation's."""

    actor: str
    secret: str


def record_votes(session: Session, row: ClassSession, *, now: datetime) -> None:
    """Record the votes of closed rounds that are not recorded yet: of learners for sure, of polls that name their part."""
    rows = session.execute(
        select(ClassVote, ClassPoll, Person.uuid)
        .join(ClassPoll, ClassPoll.id == ClassVote.class_poll_id)
        .join(ClassSeat, ClassSeat.id == ClassVote.class_seat_id)
        .join(Person, Person.id == ClassSeat.person_id)
        .where(
            ClassVote.organisation_id == row.organisation_id,
            ClassPoll.class_session_id == row.id,
            ClassPoll.part.is_not(None),
            ClassSeat.is_confirmed.is_(True),
            ClassVote.event.is_(None),
            ClassVote.score.is_not(None),
        )
        .order_by(ClassVote.id)
    ).all()
    due = [(vote, poll, learner) for vote, poll, learner in rows if _is_closed(poll, vote.round)]
    submissions = [_vote_submission((vote, poll), learner, row.uuid, now) for vote, poll, learner in due]
    if submissions:
        done = evidence.record_many(session.connection(), row.organisation_id, submissions, now=now)
        for (vote, _, _), recorded in zip(due, done, strict=True):
            vote.event = recorded.uuid
        session.flush()


def record_attendance(
    session: Session, row: ClassSession, framework: Framework | None, *, by: Corrector, now: datetime
) -> None:
    """Record who came to a closed session, and take back what a later mark says was wrong; nothing while it is open."""
    if row.state != SessionState.CLOSED:
        return
    seats = session.execute(
        select(ClassSeat, Person.uuid)
        .join(Person, Person.id == ClassSeat.person_id)
        .where(
            ClassSeat.organisation_id == row.organisation_id,
            ClassSeat.class_session_id == row.id,
            ClassSeat.is_confirmed.is_(True),
        )
        .order_by(ClassSeat.id)
    ).all()
    active = seats_that_took_part(session, row.organisation_id, [row.id])
    came = {seat.id for seat, _ in seats if stands(row, seat, active) in CAME}
    new = [(seat, learner) for seat, learner in seats if seat.id in came and seat.attendance_event is None]
    if new:
        named = register_attendance(session, row.organisation_id, framework, now)
        submissions = [_presence_submission(row, each, (named, active), by=by, now=now) for each in new]
        done = evidence.record_many(session.connection(), row.organisation_id, submissions, now=now)
        for (seat, _), recorded in zip(new, done, strict=True):
            seat.attendance_event = recorded.uuid
    _take_back(session, row, (seat for seat, _ in seats if seat.id not in came), by=by, now=now)
    session.flush()


def _take_back(
    session: Session, row: ClassSession, seats: Iterable[ClassSeat], *, by: Corrector, now: datetime
) -> None:
    organisation: Organisation | None = None
    for seat in seats:
        if seat.attendance_event is not None:
            organisation = organisation or session.get_one(Organisation, row.organisation_id)
            request = corrections.Request(target=UUID(seat.attendance_event), reason=Reason.ERROR, actor=by.actor)
            # What somebody voided elsewhere is so already.
            with suppress(CorrectionRefusedError):
                corrections.correct(session, organisation, request, secret=by.secret, now=now)
            seat.attendance_event = None


def _is_closed(poll: ClassPoll, number: int) -> bool:
    return (poll.first_closed_at if number == 1 else poll.second_closed_at) is not None


def _vote_submission(cast: tuple[ClassVote, ClassPoll], learner: str, session_uuid: str, now: datetime) -> Submission:
    vote, poll = cast
    return Submission(
        learner=learner,
        evidence=Evidence(
            activity=poll.activity_key or "",
            content=poll.content_hash or "",
            part=poll.part or "",
            score=Score(vote.score or "0"),
            form=EvidenceForm.POLL,
            rater=SCORED_BY_MACHINE,
            attempt=session_uuid,
            tries=vote.round,
            hints=0,
        ),
        source=(POLL, f"{poll.uuid}:{learner}", str(vote.round)),
        # Another machine's clock may be ahead of this one, and nothing is recorded before it has happened.
        occurred_at=min(vote.cast_at, now),
    )


def _presence_submission(
    row: ClassSession,
    who: tuple[ClassSeat, str],
    given: tuple[tuple[str, str, str], Collection[int]],
    *,
    by: Corrector,
    now: datetime,
) -> Submission:
    """Return a presence; one that was taken back and marked again is another event, by the moment of its recording."""
    (seat, learner), ((activity, content, part), active) = who, given
    sign = first_sign(seat.checked_at, seat.joined_at, took_part=not seat.mark and seat.id in active)
    return Submission(
        learner=learner,
        evidence=Evidence(
            activity=activity,
            content=content,
            part=part,
            score=ONE,
            form=EvidenceForm.ATTENDANCE,
            rater=by.actor if seat.mark else SCORED_BY_MACHINE,
            attempt=row.uuid,
            tries=1,
            hints=0,
        ),
        source=(ATTENDANCE, f"{row.uuid}:{learner}", f"{stands(row, seat, active).value}:{now:%Y%m%dT%H%M%S%f}"),
        occurred_at=min(sign or row.closed_at or now, now),
    )
