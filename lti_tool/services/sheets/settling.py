"""What a teacher decides about a page or a row that waits. What was applied already takes it up at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lti_tool.models import Sheet, SheetAnswer, SheetPage, SheetSet, SheetUpload
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, Member
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.sheets import matters
from lti_tool.services.sheets.evidence import record_due
from lti_tool.services.sheets.matters import ASIDE, SETTLED, UNCLEAR, MatterMissingError, printed_row
from lti_tool.services.sheets.standing import (
    BLANK,
    COPY,
    NO_LEARNER,
    SECOND,
    has_other_sheet,
    in_the_way,
    is_recorded,
    lock_holders,
    problem_of,
)
from lti_tool.services.sheets.upload import UploadState, get_upload
from qualoop.classroom.sheets.shapes import Row, RowKind
from qualoop.errors import QualoopError


class SettlingRefusedError(QualoopError):
    """This cannot be decided so: ``reason`` says why."""

    code = "settling-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Who decides, as a pseudonym, in which course, when; ``may_record`` also what is recorded at once."""

    link: Link
    actor: str
    may_record: bool
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
    page.problem = problem_of(session, _sheet_of(session, page), page.page or 0, page)
    return _done(session, by, row)


def take_instead(session: Session, by: Settler, page_uuid: str) -> SheetUpload:
    """Let a page count in place of what came before; raise SettlingRefusedError where that is recorded."""
    row, around = _lock_around(session, by, page_uuid)
    page, _ = _get_page(session, by, page_uuid)
    if page.problem not in {COPY, SECOND}:
        raise SettlingRefusedError("not-copy")
    sheet = _sheet_of(session, page)
    others = in_the_way(session, sheet, page)
    if is_recorded(session, row.organisation_id, SheetPage.id.in_([other.id for other in others])):
        raise SettlingRefusedError("recorded")
    for other in others:
        other.is_aside = True
    page.problem = NO_LEARNER if page.person_id is None else ""
    return _all_done(session, by, row, [each for each in around if each.id in {one.sheet_upload_id for one in others}])


def name_learner(session: Session, by: Settler, page_uuid: str, member: Member) -> SheetUpload:
    """Let a blank sheet be a learner's, with all of its pages, also in place of another one before it is recorded.

    Raises SettlingRefusedError where there is another sheet of the learner's.
    """
    row, around = _lock_around(session, by, page_uuid)
    page = _get_blank(session, row, page_uuid)
    sheet, person_id = _sheet_of(session, page), member.subject.person_id
    if sheet.person_id != person_id and is_recorded(session, row.organisation_id, SheetPage.sheet_id == sheet.id):
        raise SettlingRefusedError("recorded")
    if has_other_sheet(session, sheet, person_id):
        raise SettlingRefusedError("second-sheet")
    sheet.person_id = person_id
    pages = session.scalars(
        select(SheetPage).where(SheetPage.organisation_id == row.organisation_id, SheetPage.sheet_id == sheet.id)
    ).all()
    for each in pages:
        each.person_id = person_id
        each.problem = "" if each.problem == NO_LEARNER else each.problem
    return _all_done(session, by, row, [each for each in around if each.id in {one.sheet_upload_id for one in pages}])


def _get_blank(session: Session, row: SheetUpload, page_uuid: str) -> SheetPage:
    """Return a page of a blank sheet that waits for its learner, or whose learner may still be another one."""
    page = session.scalar(
        select(SheetPage)
        .where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetPage.uuid == page_uuid,
            SheetPage.is_aside.is_(False),
            SheetPage.sheet_id.is_not(None),
        )
        .execution_options(populate_existing=True)
    )
    if page is None:
        raise MatterMissingError
    may_be_another = row.state == UploadState.READ and matters.is_named(page, row)
    if page.problem != NO_LEARNER and not may_be_another:
        raise SettlingRefusedError("has-learner")
    return page


def _sheet_of(session: Session, page: SheetPage) -> Sheet:
    return session.scalars(
        select(Sheet).where(Sheet.id == page.sheet_id, Sheet.organisation_id == page.organisation_id)
    ).one()


def _lock_around(session: Session, by: Settler, page_uuid: str) -> tuple[SheetUpload, Sequence[SheetUpload]]:
    """Return the upload of a page, and with it all that hold pages of its set; always locked in the same order.

    Raises MatterMissingError.
    """
    organisation_id = by.link.organisation_id
    set_of = (
        select(Sheet.sheet_set_id)
        .join(SheetPage, SheetPage.sheet_id == Sheet.id)
        .where(SheetPage.organisation_id == organisation_id, SheetPage.uuid == page_uuid)
    )
    around = lock_holders(session, by.link, set_of)
    row = _upload_of(session, by, select(SheetPage.sheet_upload_id).where(SheetPage.uuid == page_uuid))
    return row, around


def _all_done(session: Session, by: Settler, row: SheetUpload, changed: Sequence[SheetUpload]) -> SheetUpload:
    """Take up what was decided in every upload that holds pages of it."""
    for each in changed:
        if each.id != row.id:
            _done(session, by, each)
    return _done(session, by, row)


def _done(session: Session, by: Settler, row: SheetUpload) -> SheetUpload:
    """Take up what was decided. Raises NotAllowedError where it would be recorded by somebody who may not."""
    session.flush()
    if row.state == UploadState.APPLIED:
        if not by.may_record:
            raise NotAllowedError
        record_due(session, by.contents, row, now=by.now)
    matters.note_open(session, row, now=by.now)
    return row


def _get_page(session: Session, by: Settler, page_uuid: str) -> tuple[SheetPage, SheetUpload]:
    """Return a page that waits, its upload locked; raise MatterMissingError."""
    row = _upload_of(session, by, select(SheetPage.sheet_upload_id).where(SheetPage.uuid == page_uuid))
    page = session.scalar(
        select(SheetPage).where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetPage.uuid == page_uuid,
            matters.page_waits(),
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
            matters.answer_waits(),
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
