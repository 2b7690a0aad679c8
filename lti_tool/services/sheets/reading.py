"""Reads uploaded pages, a few at a time. What takes long is done outside any transaction; each step only stores it.

Pages are opened in a process of their own (`qualoop.classroom.paper.opening`): whatever a file holds, this one goes on.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Person, Sheet, SheetAnswer, SheetFile, SheetPage, SheetSet, SheetUpload
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState, Progress
from lti_tool.services.people.learner_keys import KeyOwner, LearnerErasedError, open_bytes, sealed_bytes
from lti_tool.services.sheets.extra import paper_module
from lti_tool.services.sheets.matters import note_open
from lti_tool.services.sheets.sheets import pages_of
from lti_tool.services.sheets.standing import problem_of
from lti_tool.services.sheets.tries import Place
from lti_tool.services.sheets.turns import HandBackError, Turn, first_waiting
from lti_tool.services.sheets.upload import UploadState, own_key
from qualoop.classroom.sheets.codes import PageCode, find_code
from qualoop.classroom.sheets.judging import RowReading
from qualoop.classroom.sheets.shapes import Page, Paper

KEEP_EVERY_S: Final = 2.0
BATCH_S: Final = 5.0
"""After that no further page is read before those that were are stored."""
UNREADABLE: Final = "unreadable"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One page as it was read, before it is stored: ``picture`` of all of it, ``crops`` of unclear rows, as JPEG."""

    file: int
    place: int
    code: PageCode | None
    problem: str
    rows: tuple[RowReading, ...] = ()
    page: Page | None = None
    picture: bytes = b""
    crops: tuple[bytes, ...] = ()


def read_waiting(
    database: Database,
    *,
    secret: str,
    clock: Callable[[], datetime],
    is_ending: Callable[[], bool] = lambda: False,
) -> int:
    """Read uploads that wait, the first of each course in turn; return how many were brought to their end.

    A course waits for each other one that has uploads for `TURN_S`, BATCH_S and a page at most. This ends after a round that
    brought none to its end; what still waits then is for the next call.
    """

    def read_round() -> int:
        done = 0
        for each in first_waiting(database, clock()):
            if is_ending():
                break
            done += _take_turn(Turn(database=database, of=each, clock=clock, is_ending=is_ending), secret)
        return done

    done = 0
    while ended := read_round():
        done += ended
    return done


def _take_turn(turn: Turn, secret: str) -> bool:
    """Read an upload for a turn; return whether it was brought to its end."""
    try:
        with _Reader(turn, secret) as reader:
            state = jobs.run(turn.database, turn.of.job_id, reader.store, clock=turn.clock, report=reader.read_ahead)
    except (jobs.JobRunningError, jobs.JobMissingError):
        pass
    except HandBackError:
        turn.hand_back()
    except Exception:
        log.exception("the upload of sheets with the job %d could not be read", turn.of.job_id)
    else:
        return state is JobState.DONE
    return False


class _Reader:
    """Reads one upload: `read_ahead` outside transactions, `store` as the step of its job."""

    def __init__(self, turn: Turn, secret: str) -> None:
        self._turn, self._secret = turn, secret
        self._database, self._upload_id, self._clock = turn.database, turn.of.upload_id, turn.clock
        self._place: Place | None = None
        self._read: list[_Read] = []
        self._pictures: Any = paper_module("pictures")
        self._reading: Any = paper_module("reading")
        self._finding: Any = paper_module("finding")
        self._opening: Any = paper_module("opening")
        self._opener: Any = self._opening.PageOpener(self._opening.READING)
        self._file: tuple[int, bytes] | None = None
        self._known: dict[PageCode, tuple[Paper, Page] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opener.close()

    def read_ahead(self, progress: Progress) -> None:
        """Read the pages that the next step stores; none of them where somebody asked the job to stop."""
        place = Place.of(progress.cursor)
        read: list[_Read] = []
        if progress.finished:
            return
        # At least one step in each turn, however long its first page took.
        if self._place is not None:
            self._turn.make_way()
        self._opener.lost = place.lost
        looked, ends = float("-inf"), time.monotonic() + BATCH_S
        for number in place.pages:
            if number >= progress.total or (read and time.monotonic() >= ends):
                break
            if time.monotonic() - looked >= KEEP_EVERY_S:
                if not self._turn.go_on():
                    return
                looked = time.monotonic()
            read.append(self._unopened(number) if place.is_given_up else self._read_one(number))
        self._place, self._read = place, read

    def store(self, session: Session, progress: Progress) -> Progress:
        """Store what was read, in the job's transaction, and count the try of what follows; the last step deletes the files.

        The first step of a run has read nothing: it only counts the try.
        """
        place = Place.of(progress.cursor)
        if self._place != place:
            # Nothing was read yet, or another worker, which took this one for dead, stored it meanwhile.
            self._place = None
            return Progress(place.tried().as_cursor(), progress.done, progress.total)
        row = session.get_one(SheetUpload, self._upload_id)
        for each in self._read:
            self._store(session, row, each)
        done = place.page + len(self._read)
        finished = done >= progress.total
        if finished:
            row.state = UploadState.READ
            session.execute(
                update(SheetFile)
                .where(SheetFile.organisation_id == row.organisation_id, SheetFile.sheet_upload_id == row.id)
                .values(data_sealed=None)
            )
            session.flush()
            note_open(session, row, now=self._clock())
        return Progress(place.moved_on(done, self._opener.lost).as_cursor(), done, progress.total, finished=finished)

    def _read_one(self, number: int) -> _Read:
        """Read one page of the upload, by its number over all files: whatever is odd in it costs only itself."""
        file, place, data = self._page(number)
        try:
            return self._read_picture(file, place, self._opener.open_page(data, place))
        except self._pictures.PictureRefusedError:
            pass
        except (SQLAlchemyError, self._opening.OpenerUnavailableError):
            # Says nothing of the picture: the job fails, and reads it again later.
            raise
        except Exception:
            log.exception("page %d of an upload of sheets could not be read", number)
        return _Read(file=file, place=place + 1, code=None, problem=UNREADABLE)

    def _unopened(self, number: int) -> _Read:
        """Return a page that ended the worker whenever it was tried."""
        log.error(
            "page %d of the upload of sheets %d is given up: it was tried again and again", number, self._upload_id
        )
        file, place, _ = self._page(number)
        return _Read(file=file, place=place + 1, code=None, problem=UNREADABLE)

    def _read_picture(self, file: int, place: int, picture: Any) -> _Read:
        found = self._reading.read_page(picture, lambda text: find_code(text, self._secret), self._printed)
        straight = found.straight
        rows: tuple[RowReading, ...] = found.rows
        page = self._layout(found.code)
        crops = tuple(
            b""
            if row.finding.is_clear or page is None
            else self._finding.as_jpeg(self._finding.crop(straight, printed.box))
            for row, printed in zip(rows, page.rows if page else (), strict=False)
        )
        return _Read(
            file=file,
            place=place + 1,
            code=found.code,
            problem=found.problem.value if found.problem else "",
            rows=rows,
            page=page,
            picture=self._finding.as_jpeg(picture if straight is None else straight),
            crops=crops,
        )

    def _page(self, number: int) -> tuple[int, int, bytes]:
        """Return file, place in it and the file's bytes; a file is opened once."""
        with self._database.reading() as session:
            row = session.get_one(SheetUpload, self._upload_id)
            files = session.execute(
                select(SheetFile.number, SheetFile.pages)
                .where(SheetFile.organisation_id == row.organisation_id, SheetFile.sheet_upload_id == row.id)
                .order_by(SheetFile.number)
            ).all()
            place = number
            file = 0
            for each, pages in files:
                file = each
                if place < pages:
                    break
                place -= pages
            if self._file is None or self._file[0] != file:
                sealed = session.scalar(
                    select(SheetFile.data_sealed).where(
                        SheetFile.organisation_id == row.organisation_id,
                        SheetFile.sheet_upload_id == row.id,
                        SheetFile.number == file,
                    )
                )
                data = open_bytes(session.connection(), own_key(row, self._secret), sealed or b"")
                self._file = (file, data or b"")
        return file, place, self._file[1]

    def _printed(self, code: PageCode) -> Any:
        known = self._lookup(code)
        return None if known is None else self._reading.Printed(paper=known[0], page=known[1])

    def _layout(self, code: PageCode | None) -> Page | None:
        known = self._lookup(code) if code else None
        return None if known is None else known[1]

    def _lookup(self, code: PageCode) -> tuple[Paper, Page] | None:
        """Return how a page was printed, None for a sheet that is not of this course."""
        if code not in self._known:
            with self._database.reading() as session:
                row = session.get_one(SheetUpload, self._upload_id)
                sheet = _find_sheet(session, row, code)
                found = session.get_one(SheetSet, sheet.sheet_set_id) if sheet else None
                pages = pages_of(found, code.version) if found and sheet and sheet.version == code.version else []
                fits = found is not None and code.page <= len(pages)
                self._known[code] = (Paper(found.paper), pages[code.page - 1]) if found and fits else None
        return self._known[code]

    def _store(self, session: Session, row: SheetUpload, each: _Read) -> None:
        """Store one page with its rows."""
        sheet = _find_sheet(session, row, each.code) if each.code else None
        problem = each.problem
        if sheet is not None and not problem:
            problem = problem_of(session, sheet, each.code.page if each.code else 0)
        page = SheetPage(
            organisation_id=row.organisation_id,
            uuid=str(uuid.uuid4()),
            sheet_upload_id=row.id,
            file=each.file,
            place=each.place,
            sheet_id=sheet.id if sheet else None,
            page=each.code.page if each.code and sheet else None,
            person_id=sheet.person_id if sheet else None,
            problem=problem,
            is_aside=False,
            key_of=_key_of(session, row, sheet),
        )
        owner = KeyOwner(organisation_id=row.organisation_id, learner=page.key_of, secret=self._secret)
        page.picture = self._sealed(session, owner, each.picture if problem else b"")
        session.add(page)
        session.flush()
        self._store_rows(session, page, each, owner)

    def _store_rows(self, session: Session, page: SheetPage, each: _Read, owner: KeyOwner) -> None:
        numbers = {printed.part: printed.number for printed in each.page.rows} if each.page else {}
        for reading, crop in zip(each.rows, each.crops, strict=True):
            session.add(
                SheetAnswer(
                    organisation_id=page.organisation_id,
                    uuid=str(uuid.uuid4()),
                    sheet_page_id=page.id,
                    part=reading.part,
                    number=numbers[reading.part],
                    finding=reading.finding.value,
                    picked=list(reading.picked),
                    confidence=round(100 * reading.confidence),
                    settled_by="",
                    event=None,
                    picture=self._sealed(session, owner, crop),
                )
            )
        session.flush()

    def _sealed(self, session: Session, owner: KeyOwner, picture: bytes) -> bytes | None:
        """Return a picture encrypted, None where there is none, or none may be kept of an erased learner."""
        if not picture:
            return None
        try:
            return sealed_bytes(session.connection(), owner, picture, self._clock())
        except LearnerErasedError:
            return None


def _key_of(session: Session, row: SheetUpload, sheet: Sheet | None) -> str:
    """Return under whose key the pictures of a page are: of the sheet's learner, else of the upload."""
    if sheet is None or sheet.person_id is None:
        return row.uuid
    found = session.scalar(
        select(Person.uuid).where(Person.id == sheet.person_id, Person.organisation_id == row.organisation_id)
    )
    return found or row.uuid


def _find_sheet(session: Session, row: SheetUpload, code: PageCode) -> Sheet | None:
    """Return the sheet of a code where it is of the upload's course."""
    return session.scalar(
        select(Sheet)
        .join(SheetSet, SheetSet.id == Sheet.sheet_set_id)
        .where(
            Sheet.organisation_id == row.organisation_id,
            SheetSet.context_id == row.context_id,
            Sheet.code == code.sheet,
        )
    )
