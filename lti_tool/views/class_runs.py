"""How a class does at a practice project: everybody's runs, every part, as a page and as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, abort, g, render_template, url_for

from lti_tool.lti.errors import translatable
from lti_tool.services.attempts.practice_rounds import find_pace
from lti_tool.services.classes.level_map import Filters, class_map
from lti_tool.services.classes.runs import ClassRuns, class_runs, find_project, run_rows
from lti_tool.services.people.roles import Permission
from lti_tool.services.rosters.groups import ClassGroup, list_groups, people_in
from lti_tool.views import class_table
from lti_tool.views.class_rounds import console
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.levels import cell_words
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import chosen_group, link_of
from lti_tool.views.wording import Wording
from qualoop.spreadsheet_cells import Value
from qualoop.values import Score

blueprint = Blueprint("class_runs", __name__)

HEAD: Final = (
    translatable("Learner"),
    translatable("Pseudonym"),
    translatable("Attempt"),
    translatable("Rounds played"),
    translatable("Handed in"),
    translatable("Score"),
)
DECISIONS: Final = translatable("Decisions")
STEPS: Final = 5
"""Of the scale of colours: pale for low, dark for high."""


@blueprint.get("/a/<launch>/class/runs/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show everybody's graded runs, with the score of each part."""
    found, groups, group = _found(session)
    with runtime().database.reading() as reading:
        pace = find_pace(reading.connection(), session.organisation_id, session.resource_link_id)
    return render_template(
        "class_runs.html",
        session=session,
        here="teaching",
        runs=found,
        groups=groups,
        group=group,
        histogram=_bars(found),
        rounds=console(session, found, pace),
        **_points_map(session, found, group),
        heat=heat,
        csv_url=url_for("class_runs.download", launch=session.uuid, group=group or None),
        words=Wording(language=session.language),
    )


@blueprint.get("/a/<launch>/class/runs.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session) -> Response:
    """Send the runs as a file for spreadsheets, each with what was decided."""
    found, _, _ = _found(session)
    language = session.language
    gettext = catalogue(language).gettext
    parts = [part.title[language] for part in found.project.parts]
    rows: list[Sequence[Value]] = [[*(gettext(head) for head in HEAD), *parts, gettext(DECISIONS)], *run_rows(found)]
    return csv_response(rows, "runs", runtime().clock().date())


def has_runs() -> bool:
    """Say whether the link of this launch shows a practice project."""
    session, parts = g.get("session"), runtime()
    if session is None:
        return False
    with parts.database.reading() as reading:
        return find_project(reading.connection(), parts.contents, link_of(session)) is not None


@blueprint.app_context_processor
def _words() -> dict[str, Callable[[], bool]]:
    """Let the navigation of the class ask; most pages never do."""
    return {"has_runs": has_runs}


def heat(score: Score | None) -> str:
    """Return the step of the scale that a score lies in, h0 to h4; empty where there is none."""
    return "" if score is None else f"h{min(int(score * STEPS), STEPS - 1)}"


def _found(session: Session) -> tuple[ClassRuns, Sequence[ClassGroup], int]:
    parts, link, group = runtime(), link_of(session), chosen_group()
    with parts.database.reading() as reading:
        connection = reading.connection()
        project = find_project(connection, parts.contents, link)
        if project is None:
            abort(404)
        people = people_in(connection, link, group) if group else None
        return class_runs(connection, project, link, people=people), list_groups(connection, link), group


def _points_map(session: Session, found: ClassRuns, group: int) -> dict[str, Any]:
    """Return the map of levels on the knowledge points of the project; heads and names lead where those of all do."""
    parts, link = runtime(), link_of(session)
    filters = Filters(of=found.project.knowledge_points, group=group)
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        if framework is None or not found.learners:
            return {"class_map": None}
        shown = class_map(connection, framework, link, filters=filters, now=parts.clock())
    everywhere = Filters(group=group)
    return {
        "class_map": shown,
        "rows": class_table.table_rows(shown, cell_words(session.language)),
        "columns": [
            replace(column, query=url_for("levels.show", launch=session.uuid) + column.query)
            for column in class_table.table_columns(shown, everywhere)
        ],
    }


def _bars(found: ClassRuns) -> list[dict[str, Any]]:
    """Return the histogram's bars: how many, how high (0 to 100), from and to which score in per cent."""
    counts = found.histogram()
    most = max([*counts, 1])
    width = 100 // len(counts)
    return [
        {"count": count, "height": round(100 * count / most), "low": place * width, "high": (place + 1) * width}
        for place, count in enumerate(counts)
    ]
