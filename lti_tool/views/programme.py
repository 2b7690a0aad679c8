"""The programme: courses side by side as counts. Staff see those in which they are staff, administrators all of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, render_template

from lti_tool.lti.errors import translatable
from lti_tool.services.people.roles import Permission
from lti_tool.services.programme.programme import FEWEST, CourseLine, courses_of, list_courses
from lti_tool.views.admin_guards import Admin, administers
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.table_files import csv_response
from lti_tool.views.wording import Wording
from qualoop.spreadsheet_cells import Value

blueprint = Blueprint("programme", __name__)
administration = Blueprint("programme", __name__, url_prefix="/programme")

SHEET_HEAD: Final = (
    translatable("Course"),
    translatable("Learners"),
    translatable("Flipped units"),
    translatable("Class sessions"),
    translatable("Presence %"),
    translatable("Open early warnings"),
    translatable("Overdue"),
    translatable("Decided"),
)


@blueprint.get("/a/<launch>/class/programme/")
@needs(Permission.VIEW_PROGRAMME)
def show(session: Session) -> str:
    """Show the courses in which whoever opened the launch is staff."""
    parts = runtime()
    with parts.database.reading() as reading:
        only = courses_of(reading, session.organisation_id, session.person_id)
        lines = list_courses(reading, session.organisation_id, only=only, now=parts.clock())
    return render_template(
        "programme.html",
        session=session,
        here="teaching",
        lines=lines,
        fewest=FEWEST,
        words=Wording(language=session.language),
    )


@administration.get("/")
@administers(Permission.VIEW_PROGRAMME)
def show_all(admin: Admin) -> str:
    """Show every course of the organisation. Nobody is named, and of small courses nothing is told."""
    return render_template(
        "admin_programme.html",
        admin=admin,
        here="programme",
        lines=_lines(admin),
        fewest=FEWEST,
        words=Wording(language=admin.language),
    )


@administration.get("/courses.csv")
@administers(Permission.VIEW_PROGRAMME)
def download(admin: Admin) -> Response:
    """Send the same table as a file for spreadsheets."""
    gettext = catalogue(admin.language).gettext
    rows: list[Sequence[Value]] = [[gettext(head) for head in SHEET_HEAD]]
    rows += [_row(line) for line in _lines(admin)]
    return csv_response(rows, "programme", runtime().clock().date())


def _lines(admin: Admin) -> Sequence[CourseLine]:
    with runtime().database.reading() as reading:
        return list_courses(reading, admin.scope, only=None, now=runtime().clock())


def _row(line: CourseLine) -> Sequence[Value]:
    """Return a course as a row; of a small one only that it is small."""
    head = (line.title, f"< {FEWEST}" if line.is_small else line.learners, line.units, line.sessions)
    if line.is_small:
        return (*head, None, None, None, None)
    presence = None if line.presence is None else round(100 * line.presence)
    return (*head, presence, line.open, line.overdue, line.decided)
