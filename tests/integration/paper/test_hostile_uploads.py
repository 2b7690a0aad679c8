"""Uploads that end whatever opens them, and readings that were ended: the rest is read, and nobody else waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Context, InboxItem, Job
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState
from lti_tool.services.sheets import reading, tries, turns
from lti_tool.services.sheets import upload as sheets_upload
from lti_tool.services.sheets.tries import MOST_TRIES
from lti_tool.services.sheets.upload import UploadRefusedError
from lti_tool.views.sheets_words import REFUSED, REMEDIES
from qualoop.classroom.paper import opening
from qualoop.classroom.paper.opening import Limits, PageOpener
from tests.factories.hostile_files import drawing_pdf, slow_pdf, tiff
from tests.factories.paper_halls import Hall
from tests.factories.tool import SECRET

Hook = Callable[[bytes], object]
HOSTILE = NewFile(name="drawing.pdf", data=drawing_pdf())


def job_of(hall: Hall) -> Job:
    with hall.tool.runtime.database.reading() as session:
        return session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).one()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Hook]:
    """What is done before a page is opened, given its file."""
    hooks: list[Hook] = []

    class Watched(PageOpener):
        def open_page(self, data: bytes, number: int) -> Any:
            for hook in hooks:
                hook(data)
            return super().open_page(data, number)

    monkeypatch.setattr(opening, "PageOpener", Watched)
    return hooks


def test_a_pdf_that_ends_its_reader_waits_and_the_rest_is_read(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(memory=64 << 20, cpu_s=2, wall_s=20.0, most_lost=10)
    monkeypatch.setattr(opening, "READING", limits)
    first, second = hall.scans(hall.right())
    upload = hall.upload([first, HOSTILE, second])
    assert hall.read() == 1
    assert [page.problem for page in hall.pages(upload)] == ["", "unreadable", ""]
    with hall.tool.runtime.database.reading() as session:
        item = session.scalars(select(InboxItem).where(InboxItem.subject == upload)).one()
        assert (item.state, item.details["pages"]) == ("open", 1)


def test_a_try_is_counted_before_a_page_is_opened(hall: Hall, opened: list[Hook]) -> None:
    found: list[tuple[str, int, bool]] = []

    def look(_: bytes) -> None:
        job = job_of(hall)
        held = job.leased_until is not None and job.leased_until > hall.tool.clock.now
        found.append((job.state, job.cursor["tries"], held))

    opened.append(look)
    hall.upload(hall.scans(hall.right()))
    hall.read()
    assert found == [(JobState.RUNNING, 1, True)] * 2


def test_a_page_that_ends_every_worker_is_given_up(hall: Hall, opened: list[Hook]) -> None:
    tried: list[bytes] = []
    deadly, first, second = NewFile(name="a.tif", data=tiff(1)), *hall.scans(hall.right())

    def die(data: bytes) -> None:
        tried.append(data)
        if data == deadly.data:
            raise SystemExit

    opened.append(die)
    upload = hall.upload([first, deadly, second])
    # Once in company, then by itself.
    for _ in range(1 + MOST_TRIES):
        with pytest.raises(SystemExit):
            hall.read()
        # A process that is killed leaves the job as it was.
        with hall.tool.runtime.database.transaction() as session:
            job = session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).one()
            job.state, job.leased_until = JobState.RUNNING, hall.tool.clock.now
        hall.tool.clock.advance(seconds=100)
    assert hall.read() == 1
    assert [page.problem for page in hall.pages(upload)] == ["", "unreadable", ""]
    assert [tried.count(file.data) for file in (first, deadly, second)] == [2, 1 + MOST_TRIES, 1]


def test_a_reading_is_stopped_between_two_pages(
    hall: Hall, opened: list[Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KEEP_EVERY_S", 0.0)
    tried: list[bytes] = []

    def stop(data: bytes) -> None:
        tried.append(data)
        with hall.tool.runtime.database.transaction() as session:
            jobs.stop(session, job_of(hall).uuid, hall.tool.clock.now)

    upload = hall.upload(hall.scans(hall.right()))
    opened.append(stop)
    assert hall.read() == 0
    assert (len(tried), job_of(hall).state, hall.pages(upload)) == (1, JobState.STOPPED, [])
    opened.clear()
    with hall.tool.runtime.database.transaction() as session:
        row = sheets_upload.get_upload(session, hall.link, upload)
        sheets_upload.read_again(session, row, hall.tool.clock.now)
    assert job_of(hall).cursor["tries"] == 0
    assert hall.read() == 1
    assert len(hall.pages(upload)) == 2


def test_an_upload_that_was_stopped_before_its_turn_is_not_opened(hall: Hall, opened: list[Hook]) -> None:
    tried: list[bytes] = []
    opened.append(tried.append)
    hall.upload(hall.scans(hall.right()))
    with hall.tool.runtime.database.transaction() as session:
        jobs.stop(session, job_of(hall).uuid, hall.tool.clock.now)
    assert hall.read() == 0
    assert (tried, job_of(hall).state) == ([], JobState.STOPPED)


def test_a_worker_that_ends_hands_back_between_two_pages(
    hall: Hall, opened: list[Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KEEP_EVERY_S", 0.0)
    tried: list[bytes] = []
    opened.append(tried.append)
    hall.upload(hall.scans(hall.right()))
    database, clock = hall.tool.runtime.database, hall.tool.runtime.clock
    reading.read_waiting(database, secret=SECRET, clock=clock, is_ending=lambda: bool(tried))
    assert len(tried) == 1
    job = job_of(hall)
    assert (job.state, job.cursor["tries"]) == (JobState.WAITING, 0)
    assert hall.read() == 1


def test_what_another_worker_stored_meanwhile_is_not_stored_twice(
    hall: Hall, opened: list[Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two read the same upload, since one was taken for dead: the other one stored the first page, and was killed."""
    monkeypatch.setattr(tries, "BATCH", 1)
    upload = hall.upload(hall.scans(hall.right()))
    seen: list[bytes] = []

    def overtake(data: bytes) -> None:
        seen.append(data)
        if len(seen) == 1:
            hall.tool.clock.advance(seconds=100)
            with pytest.raises(SystemExit):
                hall.read()
            with hall.tool.runtime.database.transaction() as session:
                job = session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).one()
                assert job.cursor["page"] == 1
                job.state = JobState.RUNNING
        elif len(seen) == 3:
            raise SystemExit

    opened.append(overtake)
    assert hall.read() == 1
    assert [page.file for page in hall.pages(upload)] == [0, 1]
    assert job_of(hall).state == JobState.DONE


def test_counting_the_files_of_one_upload_takes_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(memory=512 << 20, cpu_s=30, wall_s=60.0, most_lost=2, all_s=0.05)
    monkeypatch.setattr(opening, "COUNTING", limits)
    slow, good = NewFile(name="slow.pdf", data=slow_pdf(6)), NewFile(name="good.tif", data=tiff(1))
    found = sheets_upload.check_files([slow, good])
    assert [(each.pages, each.problem) for each in found] == [(1, ""), (0, "too-slow")]
    assert {"too-slow"} <= REFUSED.keys() & REMEDIES.keys()


def test_nobody_waits_long_for_the_counting_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets_upload, "WAIT_S", 0.1)
    with sheets_upload._ONE_AT_A_TIME, pytest.raises(UploadRefusedError) as error:
        sheets_upload.check_files([NewFile(name="a.tif", data=tiff(1))])
    assert error.value.wrong == (("", "opener-unavailable"),)
    assert len(sheets_upload.check_files([NewFile(name="a.tif", data=tiff(1))])) == 1


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn is one page."""
    monkeypatch.setattr(turns, "TURN_S", 0.0)
    monkeypatch.setattr(reading, "BATCH_S", 0.0)


def upload_elsewhere(hall: Hall, files: list[NewFile]) -> str:
    """Upload files in another course."""
    with hall.tool.runtime.database.transaction() as session:
        here = session.get_one(Context, hall.link.context_id)
        there = Context(
            organisation_id=here.organisation_id,
            deployment_id=here.deployment_id,
            platform_key="c-2",
            title="c-2",
            created_at=here.created_at,
        )
        session.add(there)
        session.flush()
        link = replace(hall.link, context_id=there.id)
    return replace(hall, link=link).upload(files)


@pytest.mark.usefixtures("short_turns")
def test_courses_take_turns(hall: Hall, opened: list[Hook]) -> None:
    order: list[bytes] = []
    opened.append(order.append)
    long, next_one, elsewhere = tiff(3), tiff(2), tiff(1)
    uploads = [hall.upload([NewFile(name="a.tif", data=data)]) for data in (long, next_one)]
    uploads.append(upload_elsewhere(hall, [NewFile(name="b.tif", data=elsewhere)]))
    assert hall.read() == 3
    assert order == [long, elsewhere, long, long, next_one, next_one]
    assert [len(hall.pages(upload)) for upload in uploads] == [3, 2, 1]


@pytest.mark.usefixtures("short_turns")
def test_what_a_turn_lost_counts_in_the_next(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing is answered within no time.
    monkeypatch.setattr(opening, "READING", Limits(memory=64 << 20, cpu_s=5, wall_s=0.0, most_lost=2))
    files = [NewFile(name="a.tif", data=tiff(4))]
    uploads = [hall.upload(files), upload_elsewhere(hall, files)]
    # A round in which nothing comes to its end is the last of a call.
    assert sum(hall.read() for _ in range(4)) == 2
    with hall.tool.runtime.database.reading() as session:
        jobs_done = session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).all()
        assert [job.cursor["lost"] for job in jobs_done] == [2, 2]
    assert [page.problem for upload in uploads for page in hall.pages(upload)] == ["unreadable"] * 8
