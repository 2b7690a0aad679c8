"""What of uploaded sheets needs a person: rows that nobody can read for sure, pages without a learner, copies, strangers.

All of an upload stands in the inbox as one matter, which is closed by itself when nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from lti_tool.models import InboxItem, Sheet, SheetAnswer, SheetFile, SheetPage, SheetSet, SheetUpload
from lti_tool.services.courses.members import Link
from lti_tool.services.mechanisms import inbox
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes
from lti_tool.services.sheets.sheets import pages_of
from lti_tool.services.sheets.upload import UploadState
from qualoop.classroom.sheets.judging import Finding
from qualoop.classroom.sheets.shapes import Row
from qualoop.errors import QualoopError

REASON: Final = "sheets-waiting"
UNCLEAR: Final = (Finding.DOUBLE.value, Finding.FAINT.value, Finding.UNMARKED.value)
SETTLED, ASIDE = "settled", "aside"
MOST_LISTED: Final = 60
_TEACHER: Final = "teacher"


class MatterMissingError(QualoopError):
    """This does not wait any more: somebody has decided it, or it was undone."""

    code = "matter-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """A page that waits as a whole; ``place`` is file name and number of the page in it, ``person_id`` whose it is."""

    uuid: str
    problem: str
    place: tuple[str, int]
    sheet: int | None
    title: str
    person_id: int | None
    has_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAnswer:
    """A row that waits. ``row`` is how it was printed; ``person_id`` whose it is."""

    uuid: str
    finding: str
    picked: Sequence[str]
    row: Row
    person_id: int | None
    version: str
    page: int
    place: tuple[str, int]
    has_picture: bool


def page_waits() -> ColumnElement[bool]:
    """Return the condition that a page waits as a whole."""
    return and_(SheetPage.problem != "", SheetPage.is_aside.is_(False))


def answer_waits() -> ColumnElement[bool]:
    """Return the condition that a row waits: of a page that counts."""
    return and_(SheetPage.problem == "", SheetPage.is_aside.is_(False), SheetAnswer.finding.in_(UNCLEAR))


def is_named(page: SheetPage, row: SheetUpload) -> bool:
    """Say whether a page is of a blank sheet of this upload whose learner somebody named."""
    return page.person_id is not None and page.problem == "" and page.key_of == row.uuid


def count_open(session: Session, row: SheetUpload) -> tuple[int, int]:
    """Return how many pages and how many rows of an upload wait for a person; of one that was undone nothing does."""
    if row.state == UploadState.UNDONE:
        return 0, 0
    pages = session.scalar(
        select(func.count(SheetPage.id)).where(
            SheetPage.organisation_id == row.organisation_id, SheetPage.sheet_upload_id == row.id, page_waits()
        )
    )
    rows = session.scalar(
        select(func.count(SheetAnswer.id))
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .where(SheetAnswer.organisation_id == row.organisation_id, SheetPage.sheet_upload_id == row.id, answer_waits())
    )
    return pages or 0, rows or 0


def note_open(session: Session, row: SheetUpload, *, now: datetime) -> None:
    """Put into the inbox how much of an upload waits, or close it there."""
    pages, rows = count_open(session, row)
    if pages + rows:
        inbox.put(
            session,
            organisation_id=row.organisation_id,
            reason=REASON,
            subject=row.uuid,
            details={"pages": pages, "rows": rows, "upload": row.uuid},
            owner_role=_TEACHER,
            actions=["dismiss"],
            now=now,
        )
        return
    item = session.scalar(
        select(InboxItem).where(
            InboxItem.organisation_id == row.organisation_id,
            InboxItem.reason == REASON,
            InboxItem.subject == row.uuid,
            InboxItem.state == inbox.OPEN,
        )
    )
    if item is not None:
        item.state, item.resolved_at, item.resolution = inbox.RESOLVED, now, SETTLED
        session.flush()


def open_pages(session: Session, row: SheetUpload) -> list[OpenPage]:
    """Return the pages of an upload that wait, in their order."""
    return _pages(session, row, page_waits())


def named_pages(session: Session, row: SheetUpload) -> list[OpenPage]:
    """Return the pages whose learner somebody named, and may still name otherwise: before anything is recorded."""
    if row.state != UploadState.READ:
        return []
    named = and_(
        SheetPage.person_id.is_not(None),
        SheetPage.problem == "",
        SheetPage.is_aside.is_(False),
        SheetPage.key_of == row.uuid,
    )
    return _pages(session, row, named)


def _pages(session: Session, row: SheetUpload, which: ColumnElement[bool]) -> list[OpenPage]:
    rows = session.execute(
        select(SheetPage, SheetFile.name, Sheet.number, SheetSet.title)
        .join(
            SheetFile, and_(SheetFile.sheet_upload_id == SheetPage.sheet_upload_id, SheetFile.number == SheetPage.file)
        )
        .join(Sheet, Sheet.id == SheetPage.sheet_id, isouter=True)
        .join(SheetSet, SheetSet.id == Sheet.sheet_set_id, isouter=True)
        .where(SheetPage.organisation_id == row.organisation_id, SheetPage.sheet_upload_id == row.id, which)
        .order_by(SheetPage.file, SheetPage.place)
        .limit(MOST_LISTED)
    )
    return [
        OpenPage(
            uuid=page.uuid,
            problem=page.problem,
            place=(name, page.place),
            sheet=number,
            title=title or "",
            person_id=page.person_id,
            has_picture=page.picture is not None,
        )
        for page, name, number, title in rows
    ]


def open_answers(session: Session, row: SheetUpload) -> list[OpenAnswer]:
    """Return the rows of an upload that wait, page after page."""
    rows = session.execute(
        select(SheetAnswer, SheetPage, SheetFile.name, Sheet.version, SheetSet)
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .join(
            SheetFile, and_(SheetFile.sheet_upload_id == SheetPage.sheet_upload_id, SheetFile.number == SheetPage.file)
        )
        .join(Sheet, Sheet.id == SheetPage.sheet_id)
        .join(SheetSet, SheetSet.id == Sheet.sheet_set_id)
        .where(SheetAnswer.organisation_id == row.organisation_id, SheetPage.sheet_upload_id == row.id, answer_waits())
        .order_by(SheetPage.file, SheetPage.place, SheetAnswer.number)
        .limit(MOST_LISTED)
    )
    return [
        OpenAnswer(
            uuid=answer.uuid,
            finding=answer.finding,
            picked=answer.picked,
            row=printed_row(printed, version, page.page or 1, answer.part),
            person_id=page.person_id,
            version=version,
            page=page.page or 1,
            place=(name, page.place),
            has_picture=answer.picture is not None,
        )
        for answer, page, name, version, printed in rows
    ]


def people_back(session: Session, row: SheetUpload) -> frozenset[int]:
    """Return of whom something has come back in an upload: whoever is not among them is likelier meant by a blank sheet."""
    found = session.scalars(
        select(SheetPage.person_id).where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetPage.person_id.is_not(None),
            SheetPage.is_aside.is_(False),
        )
    )
    return frozenset(person for person in found if person is not None)


def printed_row(printed: SheetSet, version: str, page: int, part: str) -> Row:
    """Return how a row was printed."""
    return next(row for row in pages_of(printed, version)[page - 1].rows if row.part == part)


def page_picture(session: Session, link: Link, page_uuid: str, *, secret: str) -> bytes:
    """Return the picture of a page of the link's course as JPEG; raise MatterMissingError."""
    found = session.execute(
        select(SheetPage.picture, SheetPage.key_of)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(
            SheetPage.organisation_id == link.organisation_id,
            SheetUpload.context_id == link.context_id,
            SheetPage.uuid == page_uuid,
        )
    ).first()
    return _opened(session, link, found[0] if found else None, (found[1] if found else "", secret))


def answer_picture(session: Session, link: Link, answer_uuid: str, *, secret: str) -> bytes:
    """Return the picture of a row of the link's course as JPEG; raise MatterMissingError."""
    found = session.execute(
        select(SheetAnswer.picture, SheetPage.key_of)
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(
            SheetAnswer.organisation_id == link.organisation_id,
            SheetUpload.context_id == link.context_id,
            SheetAnswer.uuid == answer_uuid,
        )
    ).first()
    return _opened(session, link, found[0] if found else None, (found[1] if found else "", secret))


def _opened(session: Session, link: Link, sealed: bytes | None, key: tuple[str, str]) -> bytes:
    owner = KeyOwner(organisation_id=link.organisation_id, learner=key[0], secret=key[1])
    plain = open_bytes(session.connection(), owner, sealed) if sealed else None
    if plain is None:
        raise MatterMissingError
    return plain
