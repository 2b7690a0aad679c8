"""Who took part in a class by a device that is theirs for sure: a vote or an answer is a sign of presence, as a scan is."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassScratch, ClassSeat, ClassTeamAnswer, ClassTeamCheck, ClassVote


def took_part() -> ColumnElement[bool]:
    """Return the condition on a seat that somebody voted, answered alone or scratched for the team from it."""
    of = ClassSeat.organisation_id
    return or_(
        exists().where(ClassVote.organisation_id == of, ClassVote.class_seat_id == ClassSeat.id),
        exists().where(ClassTeamAnswer.organisation_id == of, ClassTeamAnswer.seat_id == ClassSeat.id),
        exists().where(
            ClassScratch.organisation_id == of,
            ClassScratch.person_id == ClassSeat.person_id,
            ClassScratch.check_id == ClassTeamCheck.id,
            ClassTeamCheck.class_session_id == ClassSeat.class_session_id,
        ),
    )


def seats_that_took_part(session: Session, organisation_id: int, sessions: Collection[int]) -> frozenset[int]:
    """Return the seats of some class sessions, by id, that are somebody's for sure and took part."""
    query = select(ClassSeat.id).where(
        ClassSeat.organisation_id == organisation_id,
        ClassSeat.class_session_id.in_(sessions),
        ClassSeat.is_confirmed.is_(True),
        took_part(),
    )
    return frozenset(session.scalars(query))
