"""Paper for a course: what was printed and uploaded, new sheets, the PDF, the results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import translatable
from lti_tool.services.courses.titles import find_title
from lti_tool.services.flipped.units import plan_of
from lti_tool.services.people.roles import Permission
from lti_tool.services.sheets import items, marks_files, marks_left, sheets, upload
from lti_tool.services.sheets import results as sheets_results
from lti_tool.services.sheets.extra import PaperUnavailableError
from lti_tool.services.sheets.matters import count_open
from lti_tool.services.sheets.sheets import MAX_BLANKS, MAX_ITEMS, MAX_TITLE, SheetPlan, SheetRefusedError
from lti_tool.views.flipped import find_unit
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.sheets_words import REFUSED, UNFIT, print_words
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.sheets.codes import VERSIONS
from qualoop.classroom.sheets.layout import SheetTooLongError
from qualoop.classroom.sheets.shapes import Paper
from qualoop.spreadsheet_cells import Value
from qualoop.values import LANGUAGES, Score, find_whole

blueprint = Blueprint("sheets", __name__)

UNPROCESSABLE: Final = 422
UNAVAILABLE: Final = 503
MAX_LESSONS: Final = 8
_MAX_DIGITS: Final = 4
HEAD: Final = (translatable("Learner"), translatable("Pseudonym"), translatable("Score"))


@blueprint.get("/a/<launch>/class/paper/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show what was printed and what came back."""
    return overview(session)[0]


def overview(session: Session, wrong: Sequence[tuple[str, str]] = (), status: int = 200) -> tuple[str, int]:
    """Return the page of paper, with what is wrong with files that were sent, as (file, code)."""
    link = link_of(session)
    with runtime().database.reading() as reading:
        sets = sheets.list_sets(reading, link)
        uploads = [(row, job, sum(count_open(reading, row))) for row, job in upload.list_uploads(reading, link)]
        tables_waiting = sum(marks_left.count_left(reading, marks_files.list_files(reading, link)).values())
        html = render_template(
            "sheets.html",
            tables_waiting=tables_waiting,
            session=session,
            here="teaching",
            sets=sets,
            uploads=uploads,
            wrong=[(name, REFUSED[code]) for name, code in wrong],
            **page_words(session),
        )
    return html, status


@blueprint.get("/a/<launch>/class/paper/new")
@needs(Permission.VIEW_CLASS)
def plan(session: Session) -> str:
    """Show the questions that can be printed."""
    return _plan_page(session)


@blueprint.post("/a/<launch>/class/paper/new")
@needs(Permission.VIEW_CLASS)
def make(session: Session) -> AnyResponse:
    """Lay sheets out, or show the questions of one more lesson; what cannot be printed is shown again as it was sent."""
    parts, link = runtime(), link_of(session)
    if request.form.get("do") == "add":
        return AnyResponse(_plan_page(session), mimetype="text/html")
    try:
        with parts.database.transaction() as transaction:
            row = sheets.make_set(transaction, parts.contents, link, _sent_plan(session), now=parts.clock())
            uuid = row.uuid
    except (SheetRefusedError, SheetTooLongError) as error:
        reason = error.reason if isinstance(error, SheetRefusedError) else error.code
        return AnyResponse(_plan_page(session, refused=reason), UNPROCESSABLE, mimetype="text/html")
    except PaperUnavailableError as error:
        return AnyResponse(_plan_page(session, refused=error.code), UNAVAILABLE, mimetype="text/html")
    return redirect(url_for("sheets.results", launch=session.uuid, printed=uuid, done="made"), 303)


@blueprint.get("/a/<launch>/class/paper/<printed>/sheets.pdf")
@needs(Permission.VIEW_CLASS)
def download(session: Session, printed: str) -> Response:
    """Send the sheets as a PDF; of boxes alone also the questions (`?questions=1`)."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        row = sheets.get_set(reading, link, printed)
        words = print_words(row.language, find_title(reading.connection(), (link.organisation_id, link.context_id)))
        if "questions" in request.args:
            data = sheets.print_questions(row, words)
        else:
            data = sheets.print_set(reading, link, row, words, secret=parts.settings.secret_key)
    headers = {"Content-Disposition": 'inline; filename="sheets.pdf"', "Cache-Control": "private, no-store"}
    return Response(data, mimetype="application/pdf", headers=headers)


@blueprint.get("/a/<launch>/class/paper/<printed>/")
@needs(Permission.VIEW_CLASS)
def results(session: Session, printed: str) -> str:
    """Show what a set of sheets says, by learner, question and knowledge point."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        row = sheets.get_set(reading, link, printed)
        found = sheets_results.results(reading, parts.contents, link, row)
        summary = next((each for each in sheets.list_sets(reading, link) if each.row.id == row.id), None)
        framework = parts.contents.find_framework(reading.connection(), link.organisation_id)
        points = {code: framework.find_knowledge_point(code) if framework else None for code in found.codes}
        return render_template(
            "sheets_results.html",
            session=session,
            here="teaching",
            printed=row,
            summary=summary,
            found=found,
            points=points,
            has_questions=sheets.QUESTIONS in row.pages,
            versions=sorted(set(row.pages) - {sheets.QUESTIONS}),
            done=request.args.get("done", ""),
            **page_words(session),
        )


@blueprint.get("/a/<launch>/class/paper/<printed>/results.csv")
@needs(Permission.VIEW_CLASS)
def download_results(session: Session, printed: str) -> Response:
    """Send the results as a file for spreadsheets: a row for each learner, a column for each question and point."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        row = sheets.get_set(reading, link, printed)
        found = sheets_results.results(reading, parts.contents, link, row)
    gettext = catalogue(session.language).gettext
    rows: list[Sequence[Value]] = [[*(gettext(head) for head in HEAD), *found.parts, *found.codes]]
    rows += [
        [
            each.member.name or each.member.short,
            each.member.subject.uuid,
            _text(each.score),
            *(_text(each.scores.get(part)) for part in found.parts),
            *(_text(each.points.get(code)) for code in found.codes),
        ]
        for each in found.learners
    ]
    return csv_response(rows, "paper", parts.clock().date())


def page_words(session: Session) -> dict[str, Any]:
    """Return what every page of paper shows besides its own."""
    refused = request.args.get("refused", "")
    return {"words": Wording(language=session.language), "refused": REFUSED.get(refused, "")}


def _text(score: Score | None) -> str | None:
    return None if score is None else score.as_text()


def _sent_plan(session: Session) -> SheetPlan:
    """Return the form as a plan; what is out of range is brought into it."""
    form = request.form
    paper, language = form.get("paper", ""), form.get("language", "")
    return SheetPlan(
        title=form.get("title", "").strip()[:MAX_TITLE] or session.link_title[:MAX_TITLE],
        parts=form.getlist("item")[: MAX_ITEMS + 1],
        versions=min(max(find_whole(form.get("versions", ""), _MAX_DIGITS) or 0, 1), len(VERSIONS)),
        paper=Paper(paper) if paper in set(Paper) else Paper.A4,
        language=language if language in LANGUAGES else session.language,
        boxes_only=form.get("boxes") == "only",
        blanks=min(find_whole(form.get("blanks", ""), _MAX_DIGITS) or 0, MAX_BLANKS),
    )


def _plan_page(session: Session, refused: str = "") -> str:
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        lessons = items.list_lessons(connection, parts.contents, link.organisation_id)
        wanted, picked = _sent_lessons(), frozenset(request.form.getlist("item"))
        if not wanted:
            wanted, picked = _first_lessons(reading, session)
        found = [items.find_lesson(connection, parts.contents, link.organisation_id, key) for key in wanted]
    chosen = [lesson for lesson in found if lesson is not None]
    words = page_words(session)
    if refused:
        words["refused"] = REFUSED[refused]
    return render_template(
        "sheets_plan.html",
        session=session,
        here="teaching",
        lessons=[lesson for lesson in lessons if lesson.key not in {each.key for each in chosen}],
        chosen=chosen,
        sent=request.form,
        picked=picked,
        unfit=UNFIT,
        papers=list(Paper),
        versions=range(1, len(VERSIONS) + 1),
        max_blanks=MAX_BLANKS,
        **words,
    )


def _sent_lessons() -> list[str]:
    """Return the lessons whose questions are shown, and the one that is added."""
    added = request.form.get("more", "") if request.form.get("do") == "add" else ""
    keys = dict.fromkeys([*request.values.getlist("lesson"), added])
    return [key for key in keys if key][:MAX_LESSONS]


def _first_lessons(reading: Transaction, session: Session) -> tuple[list[str], frozenset[str]]:
    """Return the lessons that a page of new sheets begins with, and the questions that are chosen at once.

    At a flipped unit those are the ones of its readiness check; at a lesson its own, none chosen.
    """
    unit = find_unit(reading, session)
    check = plan_of(unit).check if unit else ()
    if check:
        return list(dict.fromkeys(each.activity for each in check))[:MAX_LESSONS], frozenset(each.id for each in check)
    own = items.own_activity(reading.connection(), link_of(session))
    return [own] if own else [], frozenset()
