"""What a teacher decides about a page or a row that waits. What was applied already takes it up at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lti_tool.models import Sheet, SheetAnswer, SheetPage, SheetSet, SheetUpload
from lti_tool.services import sheets_open
from lti_tool.services.class_members import Link, Member
from lti_tool.services.contents import Contents
from lti_tool.services.sheets_evidence import record_due
from lti_tool.services.sheets_open import ASIDE, SETTLED, UNCLEAR, MatterMissingError, printed_row
from lti_tool.services.sheets_reading import COPY, NO_LEARNER
from lti_tool.services.sheets_upload import UploadState, get_upload
from qualoop.classroom.sheets.shapes import Row, RowKind
from qualoop.errors import QualoopError

BLANK = "blank-sheet"


class SettlingRefusedError(QualoopError):
    """This cannot be decided so: ``reason`` says why."""

    code = "settling-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Who decides, as a pseudonym, in which course, when."""

    link: Link
    actor: str
    contents: Contents
    now: datetime


def settle_answer(session: Session, by: Settler, answer_uuid: str, picked: Sequence[str]) -> SheetUpload:
    """Let a row say what the picture shows; nothing picked: it was left out. Raises MatterMissingError, SettlingRefusedError."""
    answer, page, row = _get_answer(session, by, answer_uuid)
    printed = _printed(session, by, page, answer)
    offered = [bubble.option for bubble in printed.bubbles]
    chosen = [option for option in offered if option in set(picked)]
    if len(chosen) != len(set(picked)):
        raise SettlingRefusedError("not-offered")
    if printed.kind is not RowKind.MANY and len(chosen) > 1:
        raise SettlingRefusedError("one-only")
    if printed.kind is RowKind.MARKED and not chosen:
        raise SettlingRefusedError("no-mark")
    answer.picked, answer.finding, answer.settled_by = chosen, SETTLED, by.actor
    return _done(session, by, row)


def put_answer_aside(session: Session, by: Settler, answer_uuid: str) -> SheetUpload:
    """Let a row count for nothing."""
    answer, _, row = _get_answer(session, by, answer_uuid)
    answer.finding, answer.settled_by = ASIDE, by.actor
    return _done(session, by, row)


def put_page_aside(session: Session, by: Settler, page_uuid: str) -> SheetUpload:
    """Let a page count for nothing."""
    page, row = _get_page(session, by, page_uuid)
    page.is_aside = True
    return _done(session, by, row)


def count_page(session: Session, by: Settler, page_uuid: str) -> SheetUpload:
    """Let a page count on which nothing is marked: everything on it was left out. Raises SettlingRefusedError."""
    page, row = _get_page(session, by, page_uuid)
    if page.problem != BLANK:
        raise SettlingRefusedError("not-blank")
    page.problem = NO_LEARNER if page.person_id is None else ""
    return _done(session, by, row)


def take_instead(session: Session, by: Settler, page_uuid: str) -> SheetUpload:
    """Let a copy count in place of the page that came before; raise SettlingRefusedError where that one is recorded."""
    page, row = _get_page(session, by, page_uuid)
    if page.problem != COPY:
        raise SettlingRefusedError("not-copy")
    others = session.scalars(
        select(SheetPage).where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_id == page.sheet_id,
            SheetPage.page == page.page,
            SheetPage.id != page.id,
        )
    ).all()
    recorded = select(SheetAnswer.id).where(
        SheetAnswer.organisation_id == row.organisation_id,
        SheetAnswer.sheet_page_id.in_([other.id for other in others if not other.is_aside]),
        SheetAnswer.event.is_not(None),
    )
    if _is_recorded(session, recorded):
        raise SettlingRefusedError("recorded")
    for other in others:
        other.is_aside = True
    page.problem = NO_LEARNER if page.person_id is None else ""
    return _done(session, by, row)


def _is_recorded(session: Session, query: Select[*tuple[Any, ...]]) -> bool:
    """Say whether a query of rows with evidence finds one, of uploads that were not taken back."""
    standing = query.join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id).join(
        SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id
    )
    return session.scalar(standing.where(SheetUpload.state != UploadState.UNDONE).limit(1)) is not None


def name_learner(session: Session, by: Settler, page_uuid: str, member: Member) -> SheetUpload:
    """Let a blank sheet be a learner's, with all of its pages; raise SettlingRefusedError where there is another sheet."""
    page, row = _get_page(session, by, page_uuid)
    sheet = session.scalar(
        select(Sheet).where(Sheet.id == page.sheet_id, Sheet.organisation_id == by.link.organisation_id)
    )
    if page.problem != NO_LEARNER or sheet is None:
        raise SettlingRefusedError("has-learner")
    person_id = member.subject.person_id
    if _has_other_sheet(session, sheet, person_id):
        raise SettlingRefusedError("second-sheet")
    sheet.person_id = person_id
    for each in session.scalars(
        select(SheetPage).where(SheetPage.organisation_id == row.organisation_id, SheetPage.sheet_id == sheet.id)
    ):
        each.person_id = person_id
        each.problem = "" if each.problem == NO_LEARNER else each.problem
    return _done(session, by, row)


def _has_other_sheet(session: Session, sheet: Sheet, person_id: int) -> bool:
    """Say whether pages of another sheet of the same set have come back of this learner."""
    found = session.scalar(
        select(SheetPage.id)
        .join(Sheet, Sheet.id == SheetPage.sheet_id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(
            SheetPage.organisation_id == sheet.organisation_id,
            Sheet.sheet_set_id == sheet.sheet_set_id,
            Sheet.id != sheet.id,
            SheetPage.person_id == person_id,
            SheetPage.is_aside.is_(False),
            SheetPage.problem != COPY,
            SheetUpload.state != UploadState.UNDONE,
        )
        .limit(1)
    )
    return found is not None


def _done(session: Session, by: Settler, row: SheetUpload) -> SheetUpload:
    session.flush()
    if row.state == UploadState.APPLIED:
        record_due(session, by.contents, row, now=by.now)
    sheets_open.note_open(session, row, now=by.now)
    return row


def _get_page(session: Session, by: Settler, page_uuid: str) -> tuple[SheetPage, SheetUpload]:
    """Return a page that waits, its upload locked; raise MatterMissingError."""
    row = _upload_of(session, by, select(SheetPage.sheet_upload_id).where(SheetPage.uuid == page_uuid))
    page = session.scalar(
        select(SheetPage).where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetPage.uuid == page_uuid,
            sheets_open.page_waits(),
        )
    )
    if page is None:
        raise MatterMissingError
    return page, row


def _get_answer(session: Session, by: Settler, answer_uuid: str) -> tuple[SheetAnswer, SheetPage, SheetUpload]:
    """Return a row that waits, its upload locked; raise MatterMissingError."""
    of_answer = (
        select(SheetPage.sheet_upload_id)
        .join(SheetAnswer, SheetAnswer.sheet_page_id == SheetPage.id)
        .where(SheetAnswer.uuid == answer_uuid)
    )
    row = _upload_of(session, by, of_answer)
    found = session.execute(
        select(SheetAnswer, SheetPage)
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .where(
            SheetAnswer.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetAnswer.uuid == answer_uuid,
            sheets_open.answer_waits(),
        )
        .execution_options(populate_existing=True)
    ).first()
    if found is None or found[0].finding not in UNCLEAR:
        raise MatterMissingError
    return found[0], found[1], row


def _upload_of(session: Session, by: Settler, query: Select[*tuple[Any, ...]]) -> SheetUpload:
    """Return the upload that a page is of, locked, where it is of the course and has been read; raise MatterMissingError."""
    found = session.execute(
        select(SheetUpload.uuid, SheetUpload.state).where(
            SheetUpload.organisation_id == by.link.organisation_id,
            SheetUpload.id.in_(query.where(SheetPage.organisation_id == by.link.organisation_id)),
        )
    ).first()
    if found is None or found[1] not in {UploadState.READ, UploadState.APPLIED}:
        raise MatterMissingError
    return get_upload(session, by.link, found[0], locked=True)


def _printed(session: Session, by: Settler, page: SheetPage, answer: SheetAnswer) -> Row:
    printed, version = session.execute(
        select(SheetSet, Sheet.version)
        .join(Sheet, Sheet.sheet_set_id == SheetSet.id)
        .where(Sheet.id == page.sheet_id, Sheet.organisation_id == by.link.organisation_id)
    ).one()
    return printed_row(printed, version, page.page or 1, answer.part)
