"""Forgets what an erased learner wrote in live projects, and what was written about it. The files go with the work."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import LiveDraft, LiveEntry, LiveProjectRow


def forget_live(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete drafts, plans, artefacts and comments of an erased learner; who decided what when stays, of a pseudonym."""
    own = select(LiveProjectRow.id).where(
        LiveProjectRow.organisation_id == organisation_id, LiveProjectRow.person_id == person_id
    )
    session.execute(
        delete(LiveDraft).where(LiveDraft.organisation_id == organisation_id, LiveDraft.live_project_id.in_(own))
    )
    session.execute(
        update(LiveEntry)
        .where(LiveEntry.organisation_id == organisation_id, LiveEntry.live_project_id.in_(own))
        .values(body_sealed=None)
    )
    session.execute(
        update(LiveProjectRow)
        .where(LiveProjectRow.organisation_id == organisation_id, LiveProjectRow.person_id == person_id)
        .values(waiting_step=None, waiting_since=None)
    )
