"""Forgets what an erased learner wrote in a team, and what mates wrote of the learner; and words that are of no further use.

Points and decisions stay, of a pseudonym.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.orm import Session

from lti_tool.models import ClassAppeal, ClassPeerRating

KEPT: Final = timedelta(days=365)
"""How long appeals and comments on mates are kept: a teacher may be asked about a mark until the year is over."""


def forget_teams(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete appeals that an erased learner wrote, with their answers, and comments by and about the learner."""
    _drop_appeals(session, ClassAppeal.organisation_id == organisation_id, ClassAppeal.person_id == person_id)
    by_or_about = or_(ClassPeerRating.rater_id == person_id, ClassPeerRating.ratee_id == person_id)
    _drop_comments(session, ClassPeerRating.organisation_id == organisation_id, by_or_about)


def purge_team_words(session: Session, now: datetime) -> None:
    """Delete the words of appeals and comments that are older than a year, of every organisation."""
    _drop_appeals(session, ClassAppeal.written_at < now - KEPT, ClassAppeal.text_sealed.is_not(None))
    _drop_comments(session, ClassPeerRating.rated_at < now - KEPT, ClassPeerRating.comment_sealed.is_not(None))


def _drop_appeals(session: Session, *which: ColumnElement[Any]) -> None:
    session.execute(
        update(ClassAppeal)
        .where(*which)
        .values(text_sealed=None, reason_sealed=None)
        .execution_options(synchronize_session=False)
    )


def _drop_comments(session: Session, *which: ColumnElement[Any]) -> None:
    session.execute(
        update(ClassPeerRating).where(*which).values(comment_sealed=None).execution_options(synchronize_session=False)
    )
