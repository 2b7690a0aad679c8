"""Long work in steps: each step is one transaction that does a part and notes where the next one goes on.

So a job can be looked at while it runs, stopped between two steps, and resumed after a crash without doing anything
twice. Whoever runs a job holds it by a lease; steps of two runners would queue for the job's row anyway.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Job
from qualoop.errors import QualoopError

#: Longer than any step takes. After a crash a job can be resumed when this has passed.
LEASE: Final = timedelta(seconds=30)


class JobState(StrEnum):
    """How a job stands. Every state but `done` can be resumed; `running` only when its lease has ended."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


_UNDER_WAY: Final = (JobState.WAITING, JobState.RUNNING)


class JobMissingError(QualoopError):
    """There is no such job, or it has ended; `qualoop job list` shows those that there are."""

    code = "job-missing"


class JobRunningError(QualoopError):
    """The job is running, or its process was killed less than half a minute ago: wait, or stop it."""

    code = "job-running"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``cursor`` is plain JSON that says where the next step begins."""

    cursor: Mapping[str, Any]
    done: int
    total: int
    finished: bool = False


Step = Callable[[Session, Progress], Progress]


def create(session: Session, organisation_id: int, kind: str, *, cursor: Mapping[str, Any], now: datetime) -> Job:
    """Note down a new job, to be run."""
    job = Job(
        uuid=str(uuid.uuid4()),
        organisation_id=organisation_id,
        kind=kind,
        state=JobState.WAITING,
        cursor=dict(cursor),
        created_at=now,
        updated_at=now,
    )
    session.add(job)
    session.flush()
    return job


def run(
    database: Database,
    job_id: int,
    step: Step,
    *,
    clock: Callable[[], datetime],
    report: Callable[[Progress], None] = lambda _: None,
) -> JobState:
    """Run a job to its end, or until somebody stops it; return how it stands then.

    Somebody may have asked it to stop before anybody took it on. Raises JobRunningError where another process holds it,
    and whatever ``step`` raises: the job is `failed` then, and goes on with the same step when it is run again.
    """
    with database.transaction() as session:
        job = _get_locked(session, job_id)
        _check_free(job, clock())
        if job.interrupt and job.state in _UNDER_WAY:
            return _end(job, JobState.STOPPED, clock())
        _take(job, clock())
    try:
        while True:
            with database.transaction() as session:
                job = _get_locked(session, job_id)
                if job.state != JobState.RUNNING:
                    # Another process took this one for dead, and has ended the job or handed it back.
                    return JobState(job.state)
                if job.interrupt:
                    return _end(job, JobState.STOPPED, clock())
                progress = step(session, Progress(job.cursor, job.done, job.total))
                _note(job, progress, clock())
            report(progress)
            if progress.finished:
                return JobState.DONE
    except BaseException as error:
        with database.transaction() as session:
            stopped = isinstance(error, KeyboardInterrupt)
            job = _get_locked(session, job_id)
            job.message = "" if stopped else str(error) or type(error).__name__
            _end(job, JobState.STOPPED if stopped else JobState.FAILED, clock())
        raise


def keep(database: Database, job_id: int, now: datetime, *, lease: timedelta = LEASE) -> bool:
    """Hold a running job for another ``lease``; return False where it is to end here: its next step says how."""
    with database.transaction() as session:
        job = _get_locked(session, job_id)
        if job.state != JobState.RUNNING or job.interrupt:
            return False
        job.leased_until, job.updated_at = now + lease, now
        return True


def stop(session: Session, job_uuid: str, now: datetime, *, organisation_id: int | None = None) -> None:
    """Ask a job to stop after its present step: of one organisation, or (None) of whichever.

    Raises JobMissingError where none of this uuid is under way there.
    """
    query = select(Job).where(Job.uuid == job_uuid, Job.state.in_(_UNDER_WAY))
    if organisation_id is not None:
        query = query.where(Job.organisation_id == organisation_id)
    job = session.scalar(query)
    if job is None:
        raise JobMissingError
    job.interrupt, job.updated_at = True, now
    session.flush()


def all_jobs(session: Session, *, organisation_id: int | None = None, at_most: int | None = None) -> Sequence[Job]:
    """Return the jobs of an organisation, or (None) of this installation, the newest first."""
    query = select(Job).order_by(Job.id.desc()).limit(at_most)
    if organisation_id is not None:
        query = query.where(Job.organisation_id == organisation_id)
    return session.scalars(query).all()


def _get_locked(session: Session, job_id: int) -> Job:
    """Return the job, locked until the end of the transaction (SQLite has one writer anyway)."""
    return session.scalars(select(Job).where(Job.id == job_id).with_for_update()).one()


def _check_free(job: Job, now: datetime) -> None:
    """Raise JobRunningError or JobMissingError where a job cannot be taken on."""
    if job.state == JobState.RUNNING and job.leased_until is not None and job.leased_until > now:
        raise JobRunningError
    if job.state == JobState.DONE:
        raise JobMissingError


def _take(job: Job, now: datetime) -> None:
    """Take a job on."""
    job.state, job.message, job.interrupt = JobState.RUNNING, "", False
    job.leased_until, job.updated_at = now + LEASE, now


def _note(job: Job, progress: Progress, now: datetime) -> None:
    """Note how far a job is."""
    job.cursor, job.done, job.total = dict(progress.cursor), progress.done, progress.total
    job.leased_until, job.updated_at = now + LEASE, now
    if progress.finished:
        _end(job, JobState.DONE, now)


def _end(job: Job, state: JobState, now: datetime) -> JobState:
    """Let a job go."""
    job.state, job.leased_until, job.updated_at = state, None, now
    return state
