from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Job, Organisation
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobMissingError, JobRunningError, JobState, Progress

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Counting:
    """Counts to ten, one in a step, and writes each number down in the step's transaction."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.fails_at = fails_at

    def __call__(self, session: Session, progress: Progress) -> Progress:
        number = progress.cursor["next"]
        session.add(Organisation(uuid=str(number), key=f"n{number}", name="", kind="school", created_at=NOW))
        session.flush()
        if number == self.fails_at:
            raise ValueError("seven is not allowed")
        return Progress({"next": number + 1}, number, 10, finished=number == 10)


def counted(database: Database) -> list[str]:
    with database.reading() as session:
        return list(
            session.scalars(select(Organisation.key).order_by(Organisation.id).where(Organisation.key != "school"))
        )


def job_of(database: Database) -> Job:
    with database.reading() as session:
        return session.scalars(select(Job)).one()


@pytest.fixture
def job_id(database: Database) -> int:
    with database.transaction() as session:
        organisation = Organisation(uuid="u", key="school", name="School", kind="school", created_at=NOW)
        session.add(organisation)
        session.flush()
        return jobs.create(session, organisation.id, "count", cursor={"next": 1}, now=NOW).id


ALL = [f"n{number}" for number in range(1, 11)]


def test_a_job_runs_to_its_end_and_says_how_far_it_is(database: Database, job_id: int) -> None:
    seen: list[tuple[int, int]] = []
    state = jobs.run(
        database,
        job_id,
        Counting(),
        clock=lambda: NOW,
        report=lambda progress: seen.append((progress.done, progress.total)),
    )

    assert state is JobState.DONE
    assert counted(database) == ALL
    assert seen == [(number, 10) for number in range(1, 11)]
    assert (job_of(database).state, job_of(database).leased_until) == (JobState.DONE, None)


def test_a_failed_step_leaves_nothing_and_is_done_again(database: Database, job_id: int) -> None:
    with pytest.raises(ValueError, match="seven"):
        jobs.run(database, job_id, Counting(fails_at=7), clock=lambda: NOW)
    assert counted(database) == ALL[:6]
    assert (job_of(database).state, job_of(database).message) == (JobState.FAILED, "seven is not allowed")

    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW) is JobState.DONE
    assert counted(database) == ALL
    assert job_of(database).message == ""


def test_a_job_stops_when_it_is_asked_to_and_goes_on_later(database: Database, job_id: int) -> None:
    uuid = job_of(database).uuid

    def ask(progress: Progress) -> None:
        if progress.done == 3:
            with database.transaction() as session:
                jobs.stop(session, uuid, NOW)

    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW, report=ask) is JobState.STOPPED
    assert counted(database) == ALL[:3]
    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW) is JobState.DONE
    assert counted(database) == ALL


def test_ctrl_c_stops_a_job(database: Database, job_id: int) -> None:
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jobs.run(database, job_id, Counting(), clock=lambda: NOW, report=interrupt)
    assert job_of(database).state == JobState.STOPPED


def test_a_running_job_is_not_run_twice_but_taken_over_from_the_dead(database: Database, job_id: int) -> None:
    with database.transaction() as session:
        job = session.get_one(Job, job_id)
        job.state, job.leased_until = JobState.RUNNING, NOW + jobs.LEASE

    with pytest.raises(JobRunningError):
        jobs.run(database, job_id, Counting(), clock=lambda: NOW)
    later = NOW + jobs.LEASE + timedelta(seconds=1)
    assert jobs.run(database, job_id, Counting(), clock=lambda: later) is JobState.DONE


def test_what_is_done_is_not_run_or_stopped(database: Database, job_id: int) -> None:
    jobs.run(database, job_id, Counting(), clock=lambda: NOW)
    with pytest.raises(JobMissingError):
        jobs.run(database, job_id, Counting(), clock=lambda: NOW)
    with database.transaction() as session, pytest.raises(JobMissingError):
        jobs.stop(session, job_of(database).uuid, NOW)


def test_a_job_that_was_stopped_before_its_turn_is_not_run(database: Database, job_id: int) -> None:
    with database.transaction() as session:
        jobs.stop(session, session.get_one(Job, job_id).uuid, NOW)
    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW) is JobState.STOPPED
    assert counted(database) == []
    # Whoever runs it after that wants it to go on.
    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW) is JobState.DONE


def test_a_job_is_kept_until_somebody_stops_it_or_ends_it(database: Database, job_id: int) -> None:
    assert not jobs.keep(database, job_id, NOW)
    kept: list[bool] = []

    def overtake(progress: Progress) -> None:
        kept.append(jobs.keep(database, job_id, NOW, lease=timedelta(hours=1)))
        assert job_of(database).leased_until == NOW + timedelta(hours=1)
        if progress.done == 3:
            with database.transaction() as session:
                jobs.stop(session, job_of(database).uuid, NOW)
            kept.append(jobs.keep(database, job_id, NOW))

    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW, report=overtake) is JobState.STOPPED
    assert kept == [True, True, True, False]


def test_whoever_lost_a_job_does_not_go_on_with_it(database: Database, job_id: int) -> None:
    """Another process took this one for dead, and brought the job to its end."""
    later = NOW + jobs.LEASE + timedelta(seconds=1)

    def overtake(progress: Progress) -> None:
        assert progress.done <= 3
        if progress.done == 3:
            assert jobs.run(database, job_id, Counting(), clock=lambda: later) is JobState.DONE

    assert jobs.run(database, job_id, Counting(), clock=lambda: NOW, report=overtake) is JobState.DONE
    assert counted(database) == ALL
