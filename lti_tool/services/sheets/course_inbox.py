"""How much of a course's paper and tables waits for a person, in all uploads and tables together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Job, MarkFile, SheetAnswer, SheetPage, SheetUpload
from lti_tool.services.courses.members import Link
from lti_tool.services.sheets.marks_files_states import APPLIED
from lti_tool.services.sheets.marks_left import count_left
from lti_tool.services.sheets.matters import answer_waits, page_waits
from lti_tool.services.sheets.upload import UploadState


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWaiting:
    """What waits: pages that are not read yet, uploads not recorded yet, pages and answers to decide, rows of nobody."""

    unread: int
    unrecorded: int
    unclear: int
    rows: int


def count_waiting(session: Session, link: Link) -> PaperWaiting:
    """Return how much waits in the link's course."""
    of, course = link.organisation_id, link.context_id
    mine = (SheetUpload.organisation_id == of, SheetUpload.context_id == course)
    unread = (
        select(func.sum(Job.total - Job.done))
        .join(SheetUpload, SheetUpload.job_id == Job.id)
        .where(*mine, Job.organisation_id == of, SheetUpload.state == UploadState.READING)
    )
    unrecorded = select(func.count(SheetUpload.id)).where(*mine, SheetUpload.state == UploadState.READ)
    standing = (*mine, SheetUpload.state != UploadState.UNDONE)
    pages = (
        select(func.count(SheetPage.id))
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(*standing, SheetPage.organisation_id == of, page_waits())
    )
    answers = (
        select(func.count(SheetAnswer.id))
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(*standing, SheetPage.organisation_id == of, SheetAnswer.organisation_id == of, answer_waits())
    )
    tables = select(MarkFile).where(
        MarkFile.organisation_id == of,
        MarkFile.context_id == course,
        MarkFile.state == APPLIED,
        MarkFile.table_sealed.is_not(None),
    )
    return PaperWaiting(
        unread=int(session.scalar(unread) or 0),
        unrecorded=session.scalar(unrecorded) or 0,
        unclear=(session.scalar(pages) or 0) + (session.scalar(answers) or 0),
        rows=sum(count_left(session, session.scalars(tables).all()).values()),
    )
