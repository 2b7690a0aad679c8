"""Scans and photos that are uploaded: kept first, then read page by page in a job. Nothing that was taken is lost.

Pictures are encrypted at rest: of a learner who is known under the learner's key, else under a key of the upload's own.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import Job, SheetAnswer, SheetFile, SheetPage, SheetUpload
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.courses.members import Link
from lti_tool.services.mechanisms import jobs
from lti_tool.services.people.learner_keys import KeyOwner, sealed_bytes
from lti_tool.services.sheets.extra import paper_module
from lti_tool.services.sheets.tries import Place
from qualoop.errors import QualoopError

KIND: Final = "sheets"
MAX_FILES: Final = 60
MAX_BYTES: Final = 80 * 1024 * 1024
"""Of all files of one upload together."""
MAX_PAGES: Final = 600
MOST_LISTED: Final = 100
STOPPED: Final = (jobs.JobState.FAILED, jobs.JobState.STOPPED)
_MAX_NAME: Final = 120
# Each counting may take half a gigabyte.
_ONE_AT_A_TIME: Final = threading.Lock()
WAIT_S: Final = 20.0
"""Somebody else's counting takes half a second, and 16 seconds at most (`opening.COUNTING`)."""


class UploadState:
    """How an upload stands; only forward."""

    READING: Final = "reading"
    READ: Final = "read"
    APPLIED: Final = "applied"
    UNDONE: Final = "undone"


class UploadRefusedError(QualoopError):
    """Files cannot be taken: what is wrong, each with the name of its file. Nothing was kept."""

    code = "upload-refused"

    def __init__(self, wrong: Sequence[tuple[str, str]]) -> None:
        super().__init__(", ".join(f"{name}: {reason}" for name, reason in wrong))
        self.wrong = tuple(wrong)


class UploadMissingError(QualoopError):
    """There is no such upload in this course."""

    code = "upload-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Who uploads, as a pseudonym, for which course; ``secret`` is the installation's."""

    link: Link
    actor: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file with the number of its pages, or (``problem``) why it cannot be taken."""

    file: NewFile
    pages: int
    problem: str


def upload(session: Session, by: Uploader, files: Sequence[CheckedFile], *, now: datetime) -> SheetUpload:
    """Keep the files that can be opened and ask for them to be read; the others are listed with the reason."""
    job = jobs.create(session, by.link.organisation_id, KIND, cursor=Place(page=0).as_cursor(), now=now)
    job.total = sum(each.pages for each in files)
    row = SheetUpload(
        organisation_id=by.link.organisation_id,
        uuid=str(uuid.uuid4()),
        context_id=by.link.context_id,
        job_id=job.id,
        import_id=None,
        actor=by.actor,
        state=UploadState.READING,
        created_at=now,
    )
    session.add(row)
    session.flush()
    owner, connection = own_key(row, by.secret), session.connection()
    for number, each in enumerate(files):
        session.add(
            SheetFile(
                organisation_id=row.organisation_id,
                sheet_upload_id=row.id,
                number=number,
                name=_clean(each.file.name),
                pages=each.pages,
                problem=each.problem,
                data_sealed=None if each.problem else sealed_bytes(connection, owner, each.file.data, now),
            )
        )
    session.flush()
    return row


def own_key(row: SheetUpload, secret: str) -> KeyOwner:
    """Return the key of what an upload holds of nobody that is known."""
    return KeyOwner(organisation_id=row.organisation_id, learner=row.uuid, secret=secret)


def files_left_out(session: Session, row: SheetUpload) -> Sequence[tuple[str, str]]:
    """Return the files of an upload that were not taken, each with the reason."""
    found = session.execute(
        select(SheetFile.name, SheetFile.problem)
        .where(
            SheetFile.organisation_id == row.organisation_id,
            SheetFile.sheet_upload_id == row.id,
            SheetFile.problem != "",
        )
        .order_by(SheetFile.number)
    )
    return [(name, problem) for name, problem in found]


def check_files(files: Sequence[NewFile]) -> Sequence[CheckedFile]:
    """Return what `upload` may keep of files. To be called before its transaction: nobody is to wait for a file.

    Raises UploadRefusedError where none can be taken, or they are too many for one upload; PaperUnavailableError.
    """
    if not files:
        raise UploadRefusedError([("", "no-files")])
    if len(files) > MAX_FILES or sum(len(file.data) for file in files) > MAX_BYTES:
        raise UploadRefusedError([("", "too-much")])
    found = _counted(files)
    if all(each.problem for each in found):
        raise UploadRefusedError([(_clean(each.file.name), each.problem) for each in found])
    if sum(each.pages for each in found) > MAX_PAGES:
        raise UploadRefusedError([("", "too-many-pages")])
    return found


def _counted(files: Sequence[NewFile]) -> list[CheckedFile]:
    """Return files with their pages, which a process of its own counts; raise UploadRefusedError where none can be had."""
    pictures, opening = paper_module("pictures"), paper_module("opening")
    found: list[CheckedFile] = []
    with _turn(opening.OpenerUnavailableError.code), opening.PageOpener(opening.COUNTING) as opener:
        for file in files:
            try:
                found.append(CheckedFile(file=file, pages=int(opener.count_pages(file.data)), problem=""))
            except pictures.PictureRefusedError as error:
                found.append(CheckedFile(file=file, pages=0, problem=str(error.reason)))
            except opening.OpenerUnavailableError as error:
                raise UploadRefusedError([("", error.code)]) from error
    return found


@contextlib.contextmanager
def _turn(otherwise: str) -> Iterator[None]:
    """Hold the only turn; raise UploadRefusedError with the reason ``otherwise`` where others hold it too long."""
    if not _ONE_AT_A_TIME.acquire(timeout=WAIT_S):
        raise UploadRefusedError([("", otherwise)])
    try:
        yield
    finally:
        _ONE_AT_A_TIME.release()


def _clean(name: str) -> str:
    """Return the name of a file as it may be shown: without folders, and only what can be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:_MAX_NAME]


def get_upload(session: Session, link: Link, upload_uuid: str, *, locked: bool = False) -> SheetUpload:
    """Return an upload of the link's course; raise UploadMissingError. ``locked`` for whoever will change it."""
    query = select(SheetUpload).where(
        SheetUpload.organisation_id == link.organisation_id,
        SheetUpload.context_id == link.context_id,
        SheetUpload.uuid == upload_uuid,
    )
    row = session.scalar(query.with_for_update(key_share=True) if locked else query)
    if row is None:
        raise UploadMissingError
    return row


def list_uploads(session: Session, link: Link) -> Sequence[tuple[SheetUpload, Job]]:
    """Return the uploads of the link's course with their jobs, the newest first."""
    rows = session.execute(
        select(SheetUpload, Job)
        .join(Job, Job.id == SheetUpload.job_id)
        .where(SheetUpload.organisation_id == link.organisation_id, SheetUpload.context_id == link.context_id)
        .order_by(SheetUpload.id.desc())
        .limit(MOST_LISTED)
    )
    return [(row, job) for row, job in rows]


def get_job(session: Session, row: SheetUpload) -> Job:
    """Return the job that reads an upload."""
    return session.scalars(select(Job).where(Job.id == row.job_id, Job.organisation_id == row.organisation_id)).one()


def has_stopped(session: Session, row: SheetUpload) -> bool:
    """Say whether an upload is not read yet, and its reading failed or was stopped."""
    return row.state == UploadState.READING and get_job(session, row).state in STOPPED


def read_again(session: Session, row: SheetUpload, now: datetime) -> None:
    """Let a reading that failed or was stopped go on."""
    if has_stopped(session, row):
        job = get_job(session, row)
        job.state, job.updated_at, job.interrupt = jobs.JobState.WAITING, now, False
        job.cursor = Place.of(job.cursor).untried().as_cursor()
        session.flush()


def drop_pictures(session: Session, row: SheetUpload) -> None:
    """Delete the files of an upload, and what is seen of its pages."""
    session.flush()
    of_upload = (SheetPage.organisation_id == row.organisation_id) & (SheetPage.sheet_upload_id == row.id)
    changes = (
        update(SheetFile).where(SheetFile.sheet_upload_id == row.id).values(data_sealed=None),
        update(SheetPage).where(SheetPage.sheet_upload_id == row.id).values(picture=None),
        update(SheetAnswer)
        .where(SheetAnswer.sheet_page_id.in_(select(SheetPage.id).where(of_upload)))
        .values(picture=None),
    )
    for table, change in zip((SheetFile, SheetPage, SheetAnswer), changes, strict=True):
        session.execute(
            change.where(table.organisation_id == row.organisation_id).execution_options(synchronize_session=False)
        )
