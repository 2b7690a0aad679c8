"""Which pages stand in each other's way: of one learner and question only one sheet of a set may count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from lti_tool.models import Sheet, SheetAnswer, SheetPage, SheetUpload
from lti_tool.services.courses.members import Link
from lti_tool.services.sheets.upload import UploadState, get_upload

NO_LEARNER: Final = "no-learner"
COPY: Final = "copy"
SECOND: Final = "second-sheet"
BLANK: Final = "blank-sheet"


def problem_of(session: Session, sheet: Sheet, page: int, counting: SheetPage | None = None) -> str:
    """Return what is wrong with a page that was read well: a copy, a second sheet of its learner, or of nobody.

    ``counting`` is the page itself where somebody lets it count that was stored before; then only what counts, or would
    if its learner were known, is in its way.
    """
    same = (SheetPage.sheet_id == sheet.id) & (SheetPage.page == page)
    if counting is not None:
        same &= (SheetPage.id != counting.id) & SheetPage.problem.in_(("", NO_LEARNER))
    if session.scalar(_standing(sheet).where(same).limit(1)) is not None:
        return COPY
    if sheet.person_id is None:
        return NO_LEARNER
    return SECOND if has_other_sheet(session, sheet, sheet.person_id) else ""


def has_other_sheet(session: Session, sheet: Sheet, person_id: int) -> bool:
    """Say whether pages of another sheet of the same set have come back of this learner."""
    return session.scalar(_standing(sheet).where(_of_other_sheet(sheet, person_id)).limit(1)) is not None


def in_the_way(session: Session, sheet: Sheet, page: SheetPage) -> Sequence[SheetPage]:
    """Return what stands in the way of a page that is a copy or of a second sheet."""
    same = and_(SheetPage.sheet_id == sheet.id, SheetPage.page == page.page, SheetPage.id != page.id)
    other = _of_other_sheet(sheet, sheet.person_id) if sheet.person_id is not None else None
    query = select(SheetPage).join(Sheet, Sheet.id == SheetPage.sheet_id)
    return session.scalars(
        query.where(
            SheetPage.organisation_id == sheet.organisation_id,
            SheetPage.is_aside.is_(False),
            same if other is None else or_(same, other),
        )
    ).all()


def is_recorded(session: Session, organisation_id: int, pages: ColumnElement[bool]) -> bool:
    """Say whether evidence stands of pages, of uploads that were not taken back."""
    query = (
        select(SheetAnswer.id)
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(
            SheetAnswer.organisation_id == organisation_id,
            SheetPage.is_aside.is_(False),
            SheetAnswer.event.is_not(None),
            SheetUpload.state != UploadState.UNDONE,
            pages,
        )
    )
    return session.scalar(query.limit(1)) is not None


def came_blank() -> ColumnElement[bool]:
    """Return the condition that the sheet of a page was of nobody when a page of it was read first."""
    other, upload = aliased(SheetPage), aliased(SheetUpload)
    return (
        select(other.id)
        .join(upload, upload.id == other.sheet_upload_id)
        .where(
            other.organisation_id == SheetPage.organisation_id,
            other.sheet_id == SheetPage.sheet_id,
            other.key_of == upload.uuid,
        )
        .exists()
    )


def forget_names(session: Session, row: SheetUpload) -> None:
    """Let the blank sheets of an upload that was taken back be of nobody again, unless pages of them stand elsewhere."""
    own = session.scalars(
        select(SheetPage.sheet_id).where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetPage.person_id.is_not(None),
            came_blank(),
        )
    ).all()
    sheets = select(Sheet).where(Sheet.organisation_id == row.organisation_id, Sheet.id.in_(set(own)))
    for sheet in session.scalars(sheets).all():
        if session.scalar(_standing(sheet).where(SheetPage.sheet_id == sheet.id).limit(1)) is None:
            sheet.person_id = None
            pages = select(SheetPage).where(
                SheetPage.organisation_id == row.organisation_id, SheetPage.sheet_id == sheet.id
            )
            for page in session.scalars(pages):
                page.person_id = None
    session.flush()


def give_way(session: Session, row: SheetUpload) -> Sequence[SheetUpload]:
    """Let pages count again that had been put aside for pages of an upload that was taken back; return their uploads.

    Of several that gave way one after the other the newest. Nothing else puts a page aside with which nothing is wrong;
    what is recorded is never put aside. All that hold pages of the upload's sets are locked (`get_around`).
    """
    own = session.execute(
        select(SheetPage, Sheet)
        .join(Sheet, Sheet.id == SheetPage.sheet_id)
        .where(
            SheetPage.organisation_id == row.organisation_id,
            SheetPage.sheet_upload_id == row.id,
            SheetPage.is_aside.is_(False),
        )
    ).all()
    back: dict[int, SheetUpload] = {}
    for page, sheet in own:
        gave_way = (
            select(SheetPage, Sheet, SheetUpload)
            .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
            .join(Sheet, Sheet.id == SheetPage.sheet_id)
            .where(
                SheetPage.organisation_id == row.organisation_id,
                SheetPage.is_aside.is_(True),
                SheetPage.problem == "",
                SheetUpload.state == UploadState.READ,
                _beside(sheet, page),
            )
            .order_by(SheetUpload.id.desc(), SheetPage.id.desc())
        )
        for each, its_sheet, upload in session.execute(gave_way).all():
            counts = _standing(its_sheet).where(_beside(its_sheet, each), SheetPage.problem == "")
            if session.scalar(counts.limit(1)) is None:
                each.is_aside, back[upload.id] = False, upload
                session.flush()
    return list(back.values())


def get_around(session: Session, link: Link, upload_uuid: str) -> SheetUpload:
    """Return an upload of the link's course, and lock it with all that hold pages of its sets; raise UploadMissingError."""
    sets = (
        select(Sheet.sheet_set_id)
        .join(SheetPage, SheetPage.sheet_id == Sheet.id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(SheetPage.organisation_id == link.organisation_id, SheetUpload.uuid == upload_uuid)
    )
    lock_holders(session, link, sets)
    return get_upload(session, link, upload_uuid, locked=True)


def lock_holders(session: Session, link: Link, sets: Select[*tuple[Any, ...]]) -> Sequence[SheetUpload]:
    """Lock all read uploads of the link's course that hold pages of some sets, always in the same order, and return them."""
    holding = (
        select(SheetPage.sheet_upload_id)
        .join(Sheet, Sheet.id == SheetPage.sheet_id)
        .where(SheetPage.organisation_id == link.organisation_id, Sheet.sheet_set_id.in_(sets))
    )
    return session.scalars(
        select(SheetUpload)
        .where(
            SheetUpload.organisation_id == link.organisation_id,
            SheetUpload.context_id == link.context_id,
            SheetUpload.state.in_((UploadState.READ, UploadState.APPLIED)),
            SheetUpload.id.in_(holding),
        )
        .order_by(SheetUpload.id)
        .with_for_update(key_share=True)
    ).all()


def _standing(sheet: Sheet) -> Select[*tuple[Any, ...]]:
    """Return the query of the pages of the sheet's organisation that were neither put aside nor taken back."""
    return (
        select(SheetPage.id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .join(Sheet, Sheet.id == SheetPage.sheet_id)
        .where(
            SheetPage.organisation_id == sheet.organisation_id,
            SheetPage.is_aside.is_(False),
            SheetUpload.state != UploadState.UNDONE,
        )
    )


def _beside(sheet: Sheet, page: SheetPage) -> ColumnElement[bool]:
    """Return the condition of what a page cannot count beside: a copy of it, and another sheet of its learner."""
    same = and_(SheetPage.sheet_id == sheet.id, SheetPage.page == page.page)
    return same if page.person_id is None else or_(same, _of_other_sheet(sheet, page.person_id))


def _of_other_sheet(sheet: Sheet, person_id: int) -> ColumnElement[bool]:
    return and_(
        Sheet.sheet_set_id == sheet.sheet_set_id,
        Sheet.id != sheet.id,
        SheetPage.person_id == person_id,
        SheetPage.problem.not_in((COPY, SECOND)),
    )
