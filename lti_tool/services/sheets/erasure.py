"""Forgets the sheets of an erased learner: pictures go, and the sheets are of nobody. Marks stay, of a pseudonym."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import MarkFile, Sheet, SheetAnswer, SheetPage
from lti_tool.services.sheets.marks_files_states import READ, UNDONE


def forget_sheets(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete every picture of a learner's sheets, let the sheets be of nobody, and throw tables away that may name them.

    Whom a table names is encrypted: all go that were not applied yet. They can be brought again.
    """
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
