"""What a class knows: every learner by every knowledge point, as a page and as a file, and the evidence behind a level."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for

from lti_tool.lti.errors import translatable
from lti_tool.services.classes.level_map import NOT_SECURE, ClassMap, Filters, class_map
from lti_tool.services.classes.sheet import sheet_rows
from lti_tool.services.classes.status import STATUSES
from lti_tool.services.courses.members import get_member
from lti_tool.services.people.roles import Permission
from lti_tool.services.rosters.groups import ClassGroup
from lti_tool.views import class_table
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.record import point_page
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import chosen_group, link_of, of_course
from lti_tool.views.wording import Wording, status_names
from qualoop.spreadsheet_cells import Value

blueprint = Blueprint("levels", __name__)

LONGEST_FILTER: Final = 80
SHEET_HEAD: Final = (
    translatable("Learner"),
    translatable("Pseudonym"),
    translatable("Unit"),
    translatable("Code"),
    translatable("Knowledge point"),
    translatable("Status"),
    translatable("Level %"),
    translatable("Likely from %"),
    translatable("Likely to %"),
    translatable("Answers"),
    translatable("Different questions"),
    translatable("Last answer"),
)


@blueprint.get("/a/<launch>/class/levels/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> Response:
    """Show every learner by every knowledge point of the course, and where the class is weakest."""
    filters = _filters()
    found, groups = _class_map(session, filters)
    page = render_template(
        "levels.html",
        session=session,
        here="teaching",
        class_map=found,
        filters=filters,
        groups=groups,
        statuses=STATUSES,
        not_secure=NOT_SECURE,
        rows=class_table.table_rows(found, cell_words(session.language)) if found else (),
        columns=class_table.table_columns(found, filters) if found else (),
        csv_url=url_for("levels.download", launch=session.uuid, **_query(filters)),
        words=Wording(language=session.language),
    )
    return _compressed(page) if not filters.is_set else Response(page)


@blueprint.get("/a/<launch>/class/levels.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session) -> Response:
    """Send the levels as a file for spreadsheets, under the same filters as the page."""
    filters, language = _filters(), session.language
    (found, _), gettext = _class_map(session, filters), catalogue(language).gettext
    rows: list[Sequence[Value]] = [[gettext(head) for head in SHEET_HEAD]]
    if found is not None:
        rows += sheet_rows(found, cell_words(language), language=language)
    return csv_response(rows, "levels", runtime().clock().date())


@blueprint.get("/a/<launch>/class/<person_uuid>/<code>/")
@needs(Permission.VIEW_CLASS)
def show_point(session: Session, person_uuid: str, code: str) -> str:
    """Show one knowledge point of one learner of this course, with all the evidence behind it."""
    with runtime().database.reading() as reading:
        member = get_member(reading.connection(), link_of(session), person_uuid)
    gettext = catalogue(session.language).gettext
    name = member.name or gettext("Learner %(short)s") % {"short": member.short}
    back = {"url": url_for("levels.show", launch=session.uuid), "label": gettext("Back to the levels of the class")}
    learner = {
        "url": url_for("teaching.show_learner", launch=session.uuid, person_uuid=member.subject.uuid),
        "label": name,
    }
    return point_page(session, member.subject, code, here="teaching", back=back, learner=learner)


def _class_map(session: Session, filters: Filters) -> tuple[ClassMap | None, Sequence[ClassGroup]]:
    """Return the map of the session's course, None where the organisation has no framework, and the course's groups."""
    return of_course(session, partial(class_map, filters=filters))


def _compressed(page: str) -> Response:
    """Return a page compressed where the browser takes that: a large class is 2 MB of HTML, and a tenth of that zipped.

    Only for pages that repeat nothing of their request: where a secret and foreign text are compressed together, the size
    tells of the secret.
    """
    response = Response(page)
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings.quality("gzip"):
        response.set_data(gzip.compress(response.get_data(), compresslevel=1, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _filters() -> Filters:
    """Return the filters of this request; what is too long to be one counts for nothing."""
    unit, status, name, point = (
        request.args.get(each, "")[:LONGEST_FILTER] for each in ("unit", "status", "name", "point")
    )
    return Filters(unit=unit, status=status, name=name, point=point, group=chosen_group())


def _query(filters: Filters) -> dict[str, Any]:
    """Return the filters as they stand in an address."""
    found = {
        "unit": filters.unit,
        "status": filters.status,
        "name": filters.name,
        "point": filters.point,
        "group": filters.group,
    }
    return {name: value for name, value in found.items() if value}


def cell_words(language: str) -> Mapping[str, str]:
    """Return how statuses and cells are told."""
    # One sentence for all cells of a page: translated once.
    return {**status_names(language), "cell": catalogue(language).gettext("%s, likely %d–%d%%, answers: %d")}
