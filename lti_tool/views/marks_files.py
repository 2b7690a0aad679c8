"""Marks and attendance from a table: template, upload, problems, matching, dry run, apply, undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as DbSession
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import MarkFile
from lti_tool.services.courses.members import list_members
from lti_tool.services.people.roles import Permission
from lti_tool.services.sheets import items, marks_files, marks_import, marks_left, marks_settling, marks_tasks
from lti_tool.services.sheets.extra import PaperUnavailableError
from lti_tool.services.sheets.marks_files import Brought
from lti_tool.services.sheets.marks_files_reading import MAX_BYTES, read_bytes
from lti_tool.services.sheets.marks_rolls import Held
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.marks_page import LEAVE, LEFT, bringer, change, chosen_in, find_number, importer, table_page
from lti_tool.views.marks_words import HEAD, PRESENT, TABLE_REFUSED, table_words
from lti_tool.views.sheets_uploads import takes_up_to
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from qualoop.classroom.mark_heads import ATTENDANCE
from qualoop.classroom.tables import TableRefusedError
from qualoop.spreadsheet_cells import Value

blueprint = Blueprint("marks_files", __name__)

UNPROCESSABLE: Final = 422
MAX_FULL: Final = 10_000
_LONGEST: Final = 8


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
        tasks = marks_tasks.list_tasks(reading, link.organisation_id).values() if lesson else ()
    heads = marks_tasks.heads_of((task for task in tasks if lesson and task.activity == lesson.key), session.language)
    columns = list(heads.values()) or [gettext(PRESENT)]
    rows: list[Sequence[Value]] = [[*(gettext(head) for head in HEAD), *columns]]
    rows += [[member.name or member.short, member.subject.uuid, *([None] * len(columns))] for member in members]
    return csv_response(rows, "template")


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
    held_at = _day(request.form.get("day", "")) or parts.clock()
    try:
        table = read_bytes(file.stream.read(MAX_BYTES + 1))
        brought = Brought(name=file.filename, table=table, kind=kind, full=full, held_at=held_at)
        with parts.database.transaction() as transaction:
            uuid = marks_files.keep(transaction, bringer(session), brought, now=parts.clock()).uuid
    except TableRefusedError as error:
        return _refused(session, error.reason)
    except PaperUnavailableError as error:
        return _refused(session, error.code)
    return redirect(url_for("marks_files.show_one", launch=session.uuid, table=uuid), 303)


@blueprint.get("/a/<launch>/class/paper/tables/<table>/")
@needs(Permission.VIEW_CLASS)
def show_one(session: Session, table: str) -> str:
    """Show what is wrong with a table, who has to be named, and what would be recorded."""
    return table_page(session, table)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/match")
@needs(Permission.VIEW_CLASS)
def match(session: Session, table: str) -> AnyResponse:
    """Let rows be of learners whom the teacher names."""
    chosen = chosen_in("row-")

    def do(transaction: DbSession, row: MarkFile) -> str:
        marks_files.match(transaction, bringer(session), row, chosen)
        return "matched"

    return change(session, table, do)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/columns")
@needs(Permission.VIEW_CLASS)
def columns(session: Session, table: str) -> AnyResponse:
    """Let columns be what the teacher says."""
    chosen = chosen_in("column-")

    def do(transaction: DbSession, row: MarkFile) -> str:
        marks_files.set_columns(transaction, bringer(session), row, chosen, now=runtime().clock())
        return "matched"

    return change(session, table, do)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/apply")
@needs(Permission.RELEASE_MARKS)
def apply(session: Session, table: str) -> AnyResponse:
    """Record a table: of attendance in the roll call of a class that was held here, or of another one by its title."""
    held = Held(uuid=request.form.get("class", ""), title=request.form.get("title", ""))

    def do(transaction: DbSession, row: MarkFile) -> str:
        made = replace(importer(session, transaction, row), held=held)
        return "applied" if marks_import.apply_file(transaction, made, now=runtime().clock()) else ""

    return change(session, table, do)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/undo")
@needs(Permission.RELEASE_MARKS)
def undo(session: Session, table: str) -> AnyResponse:
    """Take a table back."""

    def do(transaction: DbSession, row: MarkFile) -> str:
        marks_import.undo_file(transaction, importer(session, transaction, row), now=runtime().clock())
        return "undone"

    return change(session, table, do)


@blueprint.post("/a/<launch>/class/paper/tables/<table>/rows")
@needs(Permission.RELEASE_MARKS)
def rows(session: Session, table: str) -> AnyResponse:
    """Record rows that wait as of learners whom the teacher names, or leave one or all of them out."""
    wanted, chosen = request.form.get("do", ""), chosen_in("row-")
    gone = [number for each in wanted.removeprefix(LEAVE).split(",") if (number := find_number(each)) is not None]

    def do(transaction: DbSession, row: MarkFile) -> str:
        made, now = importer(session, transaction, row), runtime().clock()
        if wanted.startswith(LEAVE):
            marks_settling.dismiss_rows(transaction, made, gone, now=now)
            return LEFT
        marks_settling.settle_rows(transaction, made, chosen, now=now)
        return "settled"

    return change(session, table, do, chosen={row: who for row, who in chosen.items() if row not in gone})


def _refused(session: Session, reason: str) -> AnyResponse:
    return AnyResponse(_page(session, refused=reason), UNPROCESSABLE, mimetype="text/html")


def _page(session: Session, refused: str = "") -> str:
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        lessons = items.list_lessons(reading.connection(), parts.contents, link.organisation_id)
        files = marks_files.list_files(reading, link)
        waiting = marks_left.count_left(reading, files)
    words = table_words(session)
    if refused:
        words["refused"] = TABLE_REFUSED[refused]
    return render_template(
        "marks_files.html",
        session=session,
        here="teaching",
        lessons=lessons,
        files=[(row, waiting.get(row.uuid, 0)) for row in files],
        sent=request.form,
        today=parts.clock().date().isoformat(),
        **words,
    )


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
