"""Uploads that end whatever opens them, and readings that were ended: the rest is read, and nobody else waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import InboxItem, Job
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState
from lti_tool.services.sheets import reading, tries
from lti_tool.services.sheets import upload as sheets_upload
from lti_tool.services.sheets.tries import MOST_TRIES
from qualoop.classroom.paper import opening
from qualoop.classroom.paper.opening import Limits, PageOpener
from tests.factories.hostile_files import drawing_pdf, tiff
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
