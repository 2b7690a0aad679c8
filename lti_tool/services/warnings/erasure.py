"""Forgets the warnings about an erased learner, and deletes those that were closed long ago: they are of no further use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import EarlyWarning, WarningEvent, WarningSetting

#: The state of an open warning, as `early_warnings` calls it; that module rests on this one.
OPEN: Final = "open"
KEPT: Final = timedelta(days=365)
"""How long a warning is kept after it was decided or withdrawn."""


def forget_warnings(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete the warnings about a person; those that the person owned are nobody's until the next look."""
    # A look that is being written ends first; one that begins later finds that the person is nobody's member.
    session.execute(
        select(WarningSetting.id)
        .where(WarningSetting.organisation_id == organisation_id)
        .order_by(WarningSetting.id)
        .with_for_update()
    )
    own = select(EarlyWarning.id).where(
        EarlyWarning.organisation_id == organisation_id, EarlyWarning.person_id == person_id
    )
    for statement in (
        delete(WarningEvent).where(
            WarningEvent.organisation_id == organisation_id, WarningEvent.early_warning_id.in_(own)
        ),
        delete(EarlyWarning).where(
            EarlyWarning.organisation_id == organisation_id, EarlyWarning.person_id == person_id
        ),
        update(EarlyWarning)
        .where(EarlyWarning.organisation_id == organisation_id, EarlyWarning.owner_id == person_id)
        .values(owner_id=None),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def purge_warnings(session: Session, now: datetime) -> None:
    """Delete the warnings of every organisation that were closed more than a year ago, with their notes."""
    old = select(EarlyWarning.id).where(EarlyWarning.state != OPEN, EarlyWarning.closed_at < now - KEPT)
    ids = session.scalars(old.limit(1000)).all()
    session.execute(
        delete(WarningEvent).where(WarningEvent.early_warning_id.in_(ids)).execution_options(synchronize_session=False)
    )
    session.execute(delete(EarlyWarning).where(EarlyWarning.id.in_(ids)).execution_options(synchronize_session=False))
