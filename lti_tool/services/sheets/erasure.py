"""Forgets the sheets of an erased learner: pictures go, and the sheets are of nobody. Marks stay, of a pseudonym."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import Enrolment, MarkFile, Sheet, SheetAnswer, SheetPage
from lti_tool.services.sheets.marks_files_states import APPLIED, READ, UNDONE
from lti_tool.services.sheets.marks_left import note_left


def forget_sheets(session: Session, organisation_id: int, person_id: int, now: datetime) -> None:
    """Delete every picture of a learner's sheets, let the sheets be of nobody, and throw tables away that may name them.

    Whom a table names is encrypted: all go that were not applied yet, and of the courses of the learner's what waits of
    applied ones. They can be brought again.
    """
    courses = select(Enrolment.context_id).where(
        Enrolment.organisation_id == organisation_id, Enrolment.person_id == person_id
    )
    for row in session.scalars(
        select(MarkFile).where(
            MarkFile.organisation_id == organisation_id,
            MarkFile.state == APPLIED,
            MarkFile.table_sealed.is_not(None),
            MarkFile.context_id.in_(courses),
        )
    ).all():
        row.table_sealed = None
        note_left(session, row, 0, now=now)
    own = select(SheetPage.id).where(SheetPage.organisation_id == organisation_id, SheetPage.person_id == person_id)
    changes = (
        update(SheetAnswer).where(SheetAnswer.sheet_page_id.in_(own)).values(picture=None),
        update(SheetPage).where(SheetPage.person_id == person_id).values(picture=None),
        update(Sheet).where(Sheet.person_id == person_id).values(person_id=None),
        update(MarkFile).where(MarkFile.state == READ).values(table_sealed=None, matches={}, state=UNDONE),
    )
    for table, change in zip((SheetAnswer, SheetPage, Sheet, MarkFile), changes, strict=True):
        session.execute(
            change.where(table.organisation_id == organisation_id).execution_options(synchronize_session=False)
        )
