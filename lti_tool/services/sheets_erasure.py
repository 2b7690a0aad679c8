"""Forgets the sheets of an erased learner: pictures go, and the sheets are of nobody. Marks stay, of a pseudonym."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import SheetAnswer, SheetPage


def forget_sheets(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete every picture of a learner's sheets."""
    own = select(SheetPage.id).where(SheetPage.organisation_id == organisation_id, SheetPage.person_id == person_id)
    session.execute(
        update(SheetAnswer)
        .where(SheetAnswer.organisation_id == organisation_id, SheetAnswer.sheet_page_id.in_(own))
        .values(picture=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(SheetPage)
        .where(SheetPage.organisation_id == organisation_id, SheetPage.person_id == person_id)
        .values(picture=None)
        .execution_options(synchronize_session=False)
    )
