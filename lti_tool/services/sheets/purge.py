"""Throws away what was brought on paper or as a table, and nobody came back to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import Job, MarkFile, SheetUpload
from lti_tool.services.sheets.marks_files_states import READ, UNDONE
from lti_tool.services.sheets.standing import forget_names
from lti_tool.services.sheets.upload import STOPPED, UploadState, drop_pictures

KEPT: Final = timedelta(days=14)
"""How long a table that was not applied, and an upload whose reading has stopped, wait for somebody."""


def purge_paper(session: Session, now: datetime) -> None:
    """Throw away what nobody came back to, of every organisation: tables not applied, uploads whose reading has stopped."""
    session.execute(
        update(MarkFile)
        .where(MarkFile.state == READ, MarkFile.created_at < now - KEPT)
        .values(table_sealed=None, matches={}, state=UNDONE)
        .execution_options(synchronize_session=False)
    )
    stalled = session.scalars(
        select(SheetUpload)
        .join(Job, Job.id == SheetUpload.job_id)
        .where(
            Job.organisation_id == SheetUpload.organisation_id,
            SheetUpload.state == UploadState.READING,
            SheetUpload.created_at < now - KEPT,
            Job.state.in_(STOPPED),
        )
        .order_by(SheetUpload.id)
        .with_for_update(of=SheetUpload, key_share=True)
    ).all()
    for row in stalled:
        row.state = UploadState.UNDONE
        drop_pictures(session, row)
        forget_names(session, row)
