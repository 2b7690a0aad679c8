"""Answers of a team check that were given on a device come along when the device becomes a learner's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ClassSeat, ClassTeamAnswer


def bring_answers(session: Session, seat: ClassSeat, target: ClassSeat) -> None:
    """Let the answers of a seat be those of another: of two to one item the later one counts, one that is recorded stays.

    Both seats are the caller's to lock.
    """
    theirs = {(answer.check_id, answer.number): answer for answer in _answers(session, target)}
    for answer in _answers(session, seat):
        held = theirs.get((answer.check_id, answer.number))
        if held is not None and (held.event is not None or held.answered_at >= answer.answered_at):
            session.delete(answer)
            continue
        if held is not None:
            session.delete(held)
            session.flush()
        answer.seat_id = target.id
    session.flush()


def _answers(session: Session, seat: ClassSeat) -> Sequence[ClassTeamAnswer]:
    return session.scalars(
        select(ClassTeamAnswer).where(
            ClassTeamAnswer.organisation_id == seat.organisation_id, ClassTeamAnswer.seat_id == seat.id
        )
    ).all()
