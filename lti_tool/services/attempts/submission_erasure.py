"""Forgets the work of an erased learner. Apart from `submissions`, which rests on what rests on erasure."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import MarkRevision, MarkRow, PeerReview, SubmissionFile, SubmissionRow


def forget_work(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete what an erased learner handed in and what was written about it; the levels stay, of a pseudonym."""
    own = select(SubmissionRow.id).where(
        SubmissionRow.organisation_id == organisation_id, SubmissionRow.person_id == person_id
    )
    session.execute(
        delete(SubmissionFile).where(
            SubmissionFile.organisation_id == organisation_id, SubmissionFile.submission_id.in_(own)
        )
    )
    session.execute(
        update(SubmissionRow)
        .where(SubmissionRow.organisation_id == organisation_id, SubmissionRow.person_id == person_id)
        .values(work_sealed=None)
    )
    marks = select(MarkRow.id).where(MarkRow.organisation_id == organisation_id, MarkRow.submission_id.in_(own))
    session.execute(
        update(MarkRevision)
        .where(MarkRevision.organisation_id == organisation_id, MarkRevision.mark_id.in_(marks))
        .values(comments_sealed=None)
    )
    _forget_reviews(session, organisation_id, person_id)


def _forget_reviews(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete what was written about an erased learner's work, and what the learner had been given and has not done.

    What an erased reviewer said of others stays: levels of a pseudonym, and words that are the author's to read.
    """
    own = select(SubmissionRow.id).where(
        SubmissionRow.organisation_id == organisation_id, SubmissionRow.person_id == person_id
    )
    session.execute(
        update(PeerReview)
        .where(PeerReview.organisation_id == organisation_id, PeerReview.submission_id.in_(own))
        .values(comments_sealed=None, flag_sealed=None, reason_sealed=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(PeerReview).where(
            PeerReview.organisation_id == organisation_id,
            PeerReview.person_id == person_id,
            PeerReview.done_at.is_(None),
        )
    )
