"""What was read becomes evidence of the form `paper`: dry run, applied in one transaction, undone by voiding.

Readiness items are of the form `process`, as they are online. Only what is clear, or was settled by a person, counts. A question that was left out on a page that counts is worth 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lti_tool.models import ImportRun, Organisation, Person, Sheet, SheetAnswer, SheetPage, SheetSet, SheetUpload
from lti_tool.services.content import parts
from lti_tool.services.content.contents import Contents
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.mechanisms import imports
from lti_tool.services.sheets.matters import SETTLED, count_open, note_open
from lti_tool.services.sheets.standing import forget_names, give_way
from lti_tool.services.sheets.upload import UploadState, drop_pictures, has_stopped
from qualoop.assessment import score_response
from qualoop.classroom.sheets.judging import Finding
from qualoop.classroom.sheets.shapes import RowKind
from qualoop.content_packages import Lesson
from qualoop.errors import QualoopError
from qualoop.ledger import SCORED_BY_MACHINE, CorrectionRefusedError, Evidence, EvidenceForm, Reason
from qualoop.values import ZERO, Score

SOURCE: Final = "paper"
KIND: Final = "sheets"
COUNTS: Final = (Finding.CLEAR.value, Finding.UNANSWERED.value, SETTLED)


class UploadMovedError(QualoopError):
    """The upload stands otherwise than the page showed: it was applied or undone, or is still being read."""

    code = "upload-moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What applying an upload would record, and what would still wait."""

    learners: int
    sheets: int
    answers: int
    left_out: int
    waiting_pages: int
    waiting_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A row that counts, whose it is and of what."""

    answer: SheetAnswer
    learner: str
    person_id: int
    sheet_id: int
    printed: SheetSet
    sheet_code: str

    @property
    def item(self) -> Mapping[str, str]:
        """Return activity, content, item and kind of the row's part."""
        found: Mapping[str, str] = next(each for each in self.printed.items if each["part"] == self.answer.part)
        return found


def score_of(session: Session, contents: Contents, each: Counted) -> Score:
    """Return what a row is worth: by the item's own rule, or as the teacher marked it."""
    item, picked = each.item, each.answer.picked
    if item["kind"] == RowKind.MARKED:
        return Score(picked[0]) if picked else ZERO
    if not picked:
        return ZERO
    lesson = _lesson_of(session, contents, each)
    if lesson is None:
        return ZERO
    asked = lesson.items.get(item["item"]) or lesson.readiness[item["item"]]
    return score_response(asked, list(picked)).score


def form_of(session: Session, contents: Contents, each: Counted) -> EvidenceForm:
    """Return as what a row is evidence: what was written for readiness checks is of preparation only, as it is online."""
    lesson = _lesson_of(session, contents, each)
    return EvidenceForm.PROCESS if lesson is not None and each.item["item"] in lesson.readiness else EvidenceForm.PAPER


def _lesson_of(session: Session, contents: Contents, each: Counted) -> Lesson | None:
    connection, organisation_id = session.connection(), each.printed.organisation_id
    version = parts.find_version(connection, organisation_id, each.item["activity"], each.item["content"])
    found = contents.get(connection, organisation_id, version.id).content if version else None
    return found if isinstance(found, Lesson) else None


def counted(query: Select[*tuple[Any, ...]], session: Session) -> list[Counted]:
    """Return the rows of a query of `rows_that_count`."""
    return [
        Counted(
            answer=answer, learner=learner, person_id=person_id, sheet_id=sheet_id, printed=printed, sheet_code=code
        )
        for answer, learner, person_id, sheet_id, code, printed in session.execute(query)
    ]


def rows_that_count(organisation_id: int) -> Select[*tuple[Any, ...]]:
    """Return the query of the rows of an organisation that count, of pages with a learner and without a problem."""
    return (
        select(SheetAnswer, Person.uuid, SheetPage.person_id, Sheet.id, Sheet.code, SheetSet)
        .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .join(Sheet, Sheet.id == SheetPage.sheet_id)
        .join(SheetSet, SheetSet.id == Sheet.sheet_set_id)
        .join(Person, Person.id == SheetPage.person_id)
        .where(
            SheetAnswer.organisation_id == organisation_id,
            SheetPage.problem == "",
            SheetPage.is_aside.is_(False),
            SheetAnswer.finding.in_(COUNTS),
        )
        .order_by(SheetUpload.id, SheetPage.file, SheetPage.place, SheetAnswer.number)
    )


def _due(session: Session, row: SheetUpload) -> list[Counted]:
    """Return the rows of an upload that count and are not recorded yet."""
    query = rows_that_count(row.organisation_id).where(SheetPage.sheet_upload_id == row.id, SheetAnswer.event.is_(None))
    return counted(query, session)


def dry_run(session: Session, row: SheetUpload) -> DryRun:
    """Return what applying would do now."""
    due = _due(session, row)
    pages, rows = count_open(session, row)
    return DryRun(
        learners=len({each.learner for each in due}),
        sheets=len({each.sheet_id for each in due}),
        answers=len(due),
        left_out=sum(not each.answer.picked for each in due),
        waiting_pages=pages,
        waiting_rows=rows,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetImport:
    """A read upload as an import (services.imports.Importer). ``actor`` is who applies or undoes it, a pseudonym."""

    row: SheetUpload
    contents: Contents
    actor: str
    secret: str
    kind: str = KIND

    @property
    def source(self) -> str:
        """Return what it came from."""
        return self.row.uuid

    def diff(self, session: Session, organisation_id: int) -> Sequence[str]:
        """Say what would be recorded."""
        found = dry_run(session, self.row)
        if not found.answers:
            return ()
        left_out = f"{found.left_out} of them left out, which is worth 0"
        return (f"records {found.answers} answers of {found.learners} learners on paper, {left_out}",)

    def apply(self, session: Session, organisation_id: int, now: datetime) -> Mapping[str, Any]:
        """Record it."""
        return {"events": _record(session, self.contents, self.row, now=now)}

    def undo(self, session: Session, organisation_id: int, memory: Mapping[str, Any], now: datetime) -> None:
        """Void what was recorded. What somebody has voided or corrected since stays as it is decided."""
        organisation = session.get_one(Organisation, organisation_id)
        for event in memory["events"]:
            request = corrections.Request(target=UUID(event), reason=Reason.ERROR, actor=self.actor)
            with suppress(CorrectionRefusedError):
                corrections.correct(session, organisation, request, secret=self.secret, now=now)


def apply_upload(session: Session, importer: SheetImport, *, now: datetime) -> ImportRun | None:
    """Apply a read upload whose row is locked; None where there is nothing to record. Raises UploadMovedError."""
    row = importer.row
    if row.state != UploadState.READ:
        raise UploadMovedError
    run = imports.apply(session, importer, row.organisation_id, now)
    if run is not None:
        row.state, row.import_id = UploadState.APPLIED, run.id
        session.flush()
    return run


def undo_upload(session: Session, importer: SheetImport, *, now: datetime) -> None:
    """Take an applied upload back, or a read one away, locked with all around (`standing.get_around`).

    Its sheets can be uploaded again. So can one whose reading has stopped. Raises UploadMovedError.
    """
    row = importer.row
    if row.state not in {UploadState.READ, UploadState.APPLIED} and not has_stopped(session, row):
        raise UploadMovedError
    if row.state == UploadState.APPLIED:
        imports.undo(session, importer, row.organisation_id, now, run_id=row.import_id)
    row.state = UploadState.UNDONE
    drop_pictures(session, row)
    back = give_way(session, row)
    forget_names(session, row)
    for each in (row, *back):
        note_open(session, each, now=now)


def record_due(session: Session, contents: Contents, row: SheetUpload, *, now: datetime) -> None:
    """Record what has been settled since an upload was applied; undoing takes that back, too."""
    events = _record(session, contents, row, now=now)
    if events and row.import_id is not None:
        run = session.scalars(
            select(ImportRun).where(ImportRun.id == row.import_id, ImportRun.organisation_id == row.organisation_id)
        ).one()
        run.undo = {"events": [*run.undo["events"], *events]}
        session.flush()


def _record(session: Session, contents: Contents, row: SheetUpload, *, now: datetime) -> list[str]:
    """Record the rows that count, and note the event of each."""
    due = _due(session, row)
    if not due:
        return []
    submissions = list(_submissions(session, contents, row, due))
    done = evidence.record_many(session.connection(), row.organisation_id, submissions, now=now)
    for each, recorded in zip(due, done, strict=True):
        each.answer.event = recorded.uuid
    session.flush()
    return [recorded.uuid for recorded in done]


def _submissions(
    session: Session, contents: Contents, row: SheetUpload, due: Sequence[Counted]
) -> Iterator[Submission]:
    for each in due:
        item = each.item
        is_marked = item["kind"] == RowKind.MARKED
        yield Submission(
            learner=each.learner,
            evidence=Evidence(
                activity=item["activity"],
                content=item["content"],
                part=item["item"],
                score=score_of(session, contents, each),
                form=form_of(session, contents, each),
                rater=(each.answer.settled_by or row.actor) if is_marked else SCORED_BY_MACHINE,
                attempt=each.printed.uuid,
                tries=1,
                hints=0,
            ),
            source=(SOURCE, f"{each.sheet_code}:{each.answer.uuid}", ""),
            occurred_at=row.created_at,
            actor=row.actor,
        )
