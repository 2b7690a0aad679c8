"""Whose upload is read next. Courses take turns: an upload may take hours to read, and nobody else is to wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select

from lti_tool.db import Database
from lti_tool.models import Job, SheetUpload
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState
from lti_tool.services.sheets.tries import Place
from lti_tool.services.sheets.upload import KIND, UploadState

TURN_S: Final = 30.0
"""How long an upload is read while another course waits: 100 pages, or 4 of those that cost as much as they may."""
LEASE: Final = timedelta(seconds=60)
"""Longer than a page takes, which may be opened twice (`opening.READING`), and what comes before the next `KEEP_EVERY_S`."""


class HandBackError(KeyboardInterrupt):
    """The worker is asked to end, or others are to have their turn: the job is stopped between two steps, as by Ctrl-C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An upload that nobody reads, with its job and its course."""

    job_id: int
    upload_id: int
    organisation_id: int
    context_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The turn of an upload, which begins now."""

    database: Database
    of: Waiting
    clock: Callable[[], datetime]
    is_ending: Callable[[], bool]
    ends: float = field(default_factory=lambda: time.monotonic() + TURN_S)

    def go_on(self) -> bool:
        """Keep the job; return False where somebody stopped it. Raises HandBackError where the worker ends."""
        if self.is_ending():
            raise HandBackError
        return jobs.keep(self.database, self.of.job_id, self.clock(), lease=LEASE)

    def make_way(self) -> None:
        """Raise HandBackError where the turn is over and another course waits."""
        if time.monotonic() < self.ends:
            return
        if any(other.context_id != self.of.context_id for other in first_waiting(self.database, self.clock())):
            raise HandBackError

    def hand_back(self) -> None:
        """Let the job wait again, where it was."""
        with self.database.transaction() as session:
            job = session.scalars(
                select(Job)
                .where(Job.id == self.of.job_id, Job.organisation_id == self.of.organisation_id)
                .with_for_update()
            ).one()
            job.state, job.updated_at = JobState.WAITING, self.clock()
            job.cursor = Place.of(job.cursor).untried().as_cursor()


def first_waiting(database: Database, now: datetime) -> Sequence[Waiting]:
    """Return the first upload of each course that nobody reads, the oldest first."""
    with database.reading() as session:
        rows = session.execute(
            select(Job.id, SheetUpload.id, SheetUpload.organisation_id, SheetUpload.context_id)
            .join(SheetUpload, SheetUpload.job_id == Job.id)
            .where(
                Job.kind == KIND,
                Job.organisation_id == SheetUpload.organisation_id,
                SheetUpload.state == UploadState.READING,
                or_(
                    Job.state == JobState.WAITING,
                    (Job.state == JobState.RUNNING) & (Job.leased_until < now),
                ),
            )
            .order_by(Job.id)
        )
        first: dict[int, Waiting] = {}
        for job, upload, organisation, context in rows:
            each = Waiting(job_id=job, upload_id=upload, organisation_id=organisation, context_id=context)
            first.setdefault(context, each)
    return list(first.values())
