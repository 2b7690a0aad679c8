"""Runs the replays that somebody asked for and that nobody runs: a correction asks for one, the worker runs it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Job, Organisation
from lti_tool.services.mastery import cache, replay, replay_steps
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState, Progress

log = logging.getLogger(__name__)


class _WorkerEndsError(KeyboardInterrupt):
    """The worker is asked to end: the job is stopped between two steps, as by Ctrl-C."""


def run_waiting(
    database: Database,
    *,
    folder: Path | None,
    clock: Callable[[], datetime],
    is_ending: Callable[[], bool] = lambda: False,
) -> int:
    """Run each, one after another, and return how many were brought to their end.

    One that was running when its process was killed goes on; one that somebody stopped, or that failed, does not. When
    ``is_ending`` says so, the present one is handed back after its present step, to be gone on with later.
    """

    def report(progress: Progress) -> None:
        if is_ending() and not progress.finished:
            raise _WorkerEndsError

    _ask_where_needed(database, clock())
    done = 0
    for job, organisation in _find(database, clock()):
        if is_ending():
            break
        try:
            state = replay_steps.run(database, job, organisation, folder=folder, clock=clock, report=report)
            done += state is JobState.DONE
        except (jobs.JobRunningError, jobs.JobMissingError):
            continue
        except _WorkerEndsError:
            _hand_back(database, job)
        except Exception:
            log.exception("the replay %s of %s failed; people go on seeing what they saw", job.uuid, organisation.key)
    return done


def _ask_where_needed(database: Database, now: datetime) -> None:
    """Ask for the replays without which evidence would wait: after an upgrade that changes the model or its tables.

    Where the newest one failed or was stopped, a person looks at it first.
    """
    with database.reading() as reading:
        organisations = [
            organisation
            for organisation in reading.scalars(select(Organisation).order_by(Organisation.id))
            if cache.needs_replay(reading.connection(), organisation.id)
            and _newest_state(reading, organisation) not in {JobState.FAILED, JobState.STOPPED}
        ]
        reading.expunge_all()
    for organisation in organisations:
        with database.transaction() as session:
            replay.start(session, organisation, now, replay.KEEPING_TAGS)


def _newest_state(session: Session, organisation: Organisation) -> str | None:
    return session.scalar(
        select(Job.state)
        .where(Job.organisation_id == organisation.id, Job.kind == replay.KIND)
        .order_by(Job.id.desc())
        .limit(1)
    )


def _find(database: Database, now: datetime) -> Sequence[tuple[Job, Organisation]]:
    """Return the replays that wait, and those whose process is gone."""
    with database.reading() as session:
        rows = session.execute(
            select(Job, Organisation)
            .join(Organisation, Organisation.id == Job.organisation_id)
            .where(Job.kind == replay.KIND, Job.state.in_([JobState.WAITING, JobState.RUNNING]))
            .order_by(Job.id)
        ).all()
        session.expunge_all()
    return [(job, where) for job, where in rows if job.leased_until is None or job.leased_until < now]


def _hand_back(database: Database, job: Job) -> None:
    """Let a replay wait again."""
    with database.transaction() as session:
        session.get_one(Job, job.id).state = JobState.WAITING
