"""Marks and attendance from a table: template, upload, problems, matching, dry run, apply, undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as DbSession
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import translatable
from lti_tool.models import MarkFile
from lti_tool.services.classes.sheet import Value, as_csv
from lti_tool.services.courses.members import list_members
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.sheets import items, marks_files
from lti_tool.services.sheets.extra import PaperUnavailableError
from lti_tool.services.sheets.marks_files import (
    MAX_BYTES,
    Bringer,
    Brought,
    MarkFileMovedError,
    MarkFileTwiceError,
    MarkImport,
)
from lti_tool.services.sheets.marks_files_states import READ
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.sheets import page_words
from lti_tool.views.sheets_uploads import takes_up_to
from lti_tool.views.sheets_words import REFUSED
from lti_tool.views.teaching import link_of
from qualoop.classroom.mark_tables import ATTENDANCE, Problem, Trouble
from qualoop.classroom.tables import TableRefusedError

blueprint = Blueprint("marks_files", __name__)

UNPROCESSABLE: Final = 422
MAX_FULL: Final = 10_000
MOST_SHOWN: Final = 60
MOST_SAMPLES: Final = 5
_LONGEST: Final = 8
HEAD: Final = (translatable("Learner"), translatable("Pseudonym"))
PRESENT: Final = translatable("Attendance")
TABLE_REFUSED: Final = {
    "unreadable": translatable("This is no CSV or Excel file that can be read."),
    "empty": translatable("There is no row below the head of this table."),
    "too-large": translatable("This table is too large: at most 2 MB, 2,000 rows and 120 columns."),
    "paper-unavailable": translatable("Excel files need qualoop[paper] here. Save the table as CSV."),
    "no-file": translatable("Choose a file."),
    "full": translatable("The full mark is a number above 0, at most 10,000."),
    "mark-file-moved": translatable("This table had moved on when your page was sent. Nothing was changed."),
    "mark-file-twice": translatable("The same table is recorded in this course already. Take that one back first."),
    "nothing": translatable("There is nothing to record."),
}
TROUBLES: Final = {
    Trouble.NO_IDENTITY: translatable(
        "No column says who is meant. Name one “Pseudonym”, “Student number”, “E-mail” or “Learner”."
    ),
    Trouble.NO_COLUMN: translatable("No column has anything to record. Take the heads from the template."),
    Trouble.COLUMN_TWICE: translatable("This column stands there twice. Both are left out."),
    Trouble.FOREIGN: translatable("This column is not known here, and left alone."),
    Trouble.EMPTY: translatable("This column is empty, and left alone."),
    Trouble.NOBODY: translatable("This row names nobody."),
    Trouble.UNKNOWN: translatable("Nobody in this course is called so."),
    Trouble.AMBIGUOUS: translatable("More than one learner of this course may be meant."),
    Trouble.ROW_TWICE: translatable("The same learner stands there more than once. None of these rows counts."),
    Trouble.CONFLICT: translatable("The columns of this row name different learners."),
    Trouble.NOT_A_MARK: translatable("This is no mark."),
    Trouble.OUT_OF_RANGE: translatable("This mark is below 0 or above the full mark."),
    Trouble.NOT_PRESENCE: translatable("Write present, late or absent."),
}
MATCHABLE: Final = (Trouble.NOBODY, Trouble.UNKNOWN, Trouble.AMBIGUOUS, Trouble.CONFLICT)


@blueprint.get("/a/<launch>/class/paper/tables/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show how a table is brought, and those that were."""
    return _page(session)


@blueprint.get("/a/<launch>/class/paper/tables/template.csv")
@needs(Permission.VIEW_CLASS)
def template(session: Session) -> Response:
    """Send a table with a row for each learner: a column for each part of a lesson, or one for attendance."""
    parts, link = runtime(), link_of(session)
    gettext = catalogue(session.language).gettext
    with parts.database.reading() as reading:
        connection = reading.connection()
        members = list_members(connection, link)
        lesson = items.find_lesson(connection, parts.contents, link.organisation_id, request.args.get("lesson", ""))
    columns = [item.part for item in lesson.items] if lesson else [gettext(PRESENT)]
    rows: list[Sequence[Value]] = [[*(gettext(head) for head in HEAD), *columns]]
    rows += [[member.name or member.short, member.subject.uuid, *([None] * len(columns))] for member in members]
    headers = {"Content-Disposition": 'attachment; filename="template.csv"'}
    return Response(as_csv(rows), mimetype="text/csv", headers=headers)


@blueprint.post("/a/<launch>/class/paper/tables/")
@takes_up_to(MAX_BYTES)
@needs(Permission.VIEW_CLASS)
def bring(session: Session) -> AnyResponse:
    """Read a table and keep it for the dry run."""
    parts = runtime()
    file, full = request.files.get("file"), _full(request.form.get("full", ""))
    if file is None or not file.filename:
        return _refused(session, "no-file")
    if full is None:
        return _refused(session, "full")
    kind = ATTENDANCE if request.form.get("kind") == ATTENDANCE else marks_files.MARKS
    brought = Brought(
        name=file.filename,
        data=file.stream.read(MAX_BYTES + 1),
        kind=kind,
        full=full,
        held_at=_day(request.form.get("day", "")) or parts.clock(),
    )
    try:
        with parts.database.transaction() as transaction:
            uuid = marks_files.keep(transaction, _by(session), brought, now=parts.clock()).uuid
    except TableRefusedError as error:
        return _refused(session, error.reason)
    except PaperUnavailableError as error:
        return _refused(session, error.code)
    return redirect(url_for("marks_files.show_one", launch=session.uuid, table=uuid), 303)


@blueprint.get("/a/<launch>/class/paper/tables/<table>/")
@needs(Permission.VIEW_CLASS)
def show_one(session: Session, table: str) -> str:
    """Show what is wrong with a table, who has to be named, and what would be recorded."""
    by = _by(session)
    with runtime().database.reading() as reading:
        row = marks_files.get_file(reading, by.link, table)
        found = marks_files.read_file(reading, by, row)
        members = list_members(reading.connection(), by.link)
        is_twice = row.state == READ and marks_files.stands_already(reading, by, row)
    counted = marks_files.counted(row, found)
    return render_template(
        "marks_file.html",
        session=session,
        here="teaching",
        row=row,
        problems=[each for each in found.problems if each.trouble not in MATCHABLE][:MOST_SHOWN],
        unknown=[each for each in found.problems if each.trouble in MATCHABLE][:MOST_SHOWN],
        hints={each.row: _hint(each, members) for each in found.problems if each.trouble in MATCHABLE},
        entries=len(counted.entries),
        learners=len({each.learner for each in counted.entries}),
        skipped=len(found.entries) - len(counted.entries),
        samples=[] if row.kind == ATTENDANCE else counted.entries[:MOST_SAMPLES],
        names={member.subject.uuid: member.name or member.short for member in members},
        is_twice=is_twice,
        twice=TABLE_REFUSED["mark-file-twice"],
        members=members,
        troubles=TROUBLES,
        may_apply=session.may(Permission.RELEASE_MARKS),
        done=request.args.get("done", ""),
        **_words(session),
    )


@blueprint.post("/a/<launch>/class/paper/tables/<table>/match")
@needs(Permission.VIEW_CLASS)
def match(session: Session, table: str) -> AnyResponse:
    """Let rows be of learners whom the teacher names."""
    chosen = {
        int(field[4:]): value
        for field, value in request.form.items()
        if field.startswith("row-") and field[4:].isascii() and field[4:].isdigit() and len(field) <= _LONGEST and value
    }

    def do(transaction: DbSession, row: MarkFile) -> str:
        marks_files.match(transaction, _by(session), row, chosen)
        return "matched"

    return _change(session, table, do)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/apply")
@needs(Permission.RELEASE_MARKS)
def apply(session: Session, table: str) -> AnyResponse:
    """Record a table."""

    def do(transaction: DbSession, row: MarkFile) -> str:
        importer = _importer(session, transaction, row)
        return "applied" if marks_files.apply_file(transaction, importer, now=runtime().clock()) else ""

    return _change(session, table, do)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/undo")
@needs(Permission.RELEASE_MARKS)
def undo(session: Session, table: str) -> AnyResponse:
    """Take a table back."""

    def do(transaction: DbSession, row: MarkFile) -> str:
        marks_files.undo_file(transaction, _importer(session, transaction, row), now=runtime().clock())
        return "undone"

    return _change(session, table, do)


def _change(session: Session, table: str, do: Callable[[DbSession, MarkFile], str]) -> AnyResponse:
    """Change a table in one transaction, and say what came of it."""
    if not session.may(Permission.VIEW_CLASS):
        raise NotAllowedError
    try:
        with runtime().database.transaction() as transaction:
            done = do(transaction, marks_files.get_file(transaction, link_of(session), table, locked=True))
    except (MarkFileMovedError, MarkFileTwiceError) as error:
        return _back(session, table, refused=error.code)
    return _back(session, table, done=done) if done else _back(session, table, refused="nothing")


def _back(session: Session, table: str, **said: Any) -> AnyResponse:
    return redirect(url_for("marks_files.show_one", launch=session.uuid, table=table, **said), 303)


def _importer(session: Session, transaction: DbSession, row: MarkFile) -> MarkImport:
    framework = runtime().contents.find_framework(transaction.connection(), session.organisation_id)
    return MarkImport(row=row, by=_by(session), framework=framework)


def _by(session: Session) -> Bringer:
    return Bringer(link=link_of(session), actor=session.person_uuid, secret=runtime().settings.secret_key)


def _hint(problem: Problem, members: Sequence[Any]) -> str:
    """Return the pseudonym of the learner whose name a row most likely means; empty where none is near."""
    words = set(problem.text.casefold().replace(",", " ").split())
    near = [(len(words & set((member.name or "").casefold().split())), member.subject.uuid) for member in members]
    best = max(near, default=(0, ""))
    return best[1] if best[0] and sum(count == best[0] for count, _ in near) == 1 else ""


def _refused(session: Session, reason: str) -> AnyResponse:
    return AnyResponse(_page(session, refused=reason), UNPROCESSABLE, mimetype="text/html")


def _page(session: Session, refused: str = "") -> str:
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        lessons = items.list_lessons(reading.connection(), parts.contents, link.organisation_id)
        files = marks_files.list_files(reading, link)
    words = _words(session)
    if refused:
        words["refused"] = TABLE_REFUSED[refused]
    return render_template(
        "marks_files.html",
        session=session,
        here="teaching",
        lessons=lessons,
        files=files,
        sent=request.form,
        today=parts.clock().date().isoformat(),
        **words,
    )


def _words(session: Session) -> dict[str, Any]:
    words = page_words(session)
    refused = request.args.get("refused", "")
    words["refused"] = TABLE_REFUSED.get(refused, "") or REFUSED.get(refused, "")
    return words


def _full(text: str) -> Decimal | None:
    """Return a full mark, 100 where none is given; None for what is none."""
    try:
        full = Decimal((text.strip() or "100")[: _LONGEST + 1].replace(",", "."))
    except InvalidOperation:
        return None
    return full if full.is_finite() and 0 < full <= MAX_FULL else None


def _day(text: str) -> datetime | None:
    """Return noon of a day in UTC, or None."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(hour=12, tzinfo=UTC)
    except ValueError:
        return None
