"""The mentor's pages of live projects: who waits for what, one project beside the decision about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from sqlalchemy.orm import Session as DbSession
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import submissions
from lti_tool.services.live import decisions, live_queue
from lti_tool.services.live.cases import LiveCase, get_case
from lti_tool.services.live.decisions import Decision
from lti_tool.services.marking import live_people
from lti_tool.services.people.roles import Permission
from lti_tool.views.form_numbers import sent_revision
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.live_page import file_address, shared_page
from lti_tool.views.live_words import REFUSED, live_words
from lti_tool.views.marking import desk_of, marker_of
from lti_tool.views.submission import UNPROCESSABLE
from lti_tool.views.teaching import link_of
from lti_tool.views.work_files import file_response
from qualoop.assessment.live import DECISIONS, Act, LiveRefusedError, LiveStaleError
from qualoop.assessment.marking import MAX_COMMENT, MAX_ENTERPRISE, Stage

blueprint = Blueprint("live_mentor", __name__)

_LONGEST_KEY: Final = 64
_CONFLICT: Final = 409
_TYPED: Final = (
    decisions.EnterpriseMissingError,
    decisions.CommentMissingError,
    decisions.CommentLongError,
)
"""What is mended in the form, which is shown again as it was sent."""


@blueprint.get("/a/<launch>/live/projects/")
@needs(Permission.MARK)
def queue(session: Session) -> str:
    """Show whose project waits for what since when, in the whole course."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        works = live_queue.queue(connection, parts.contents, link, marker_of(session))
        mentors = live_people.list_mentors(connection, link)
        enterprise = live_people.find_enterprise(connection, link.organisation_id, link.resource_link_id)
        may_decide = live_people.may_decide(connection, link, marker_of(session))
        is_live = live_people.is_live(connection, link)
    return render_template(
        "live_queue.html",
        session=session,
        here=_here(session),
        works=works,
        mentors=mentors,
        enterprise=enterprise,
        is_live=is_live,
        may_decide=may_decide,
        may_set=session.may(Permission.RELEASE_MARKS),
        max_enterprise=MAX_ENTERPRISE,
        **live_words(session),
    )


@blueprint.get("/a/<launch>/live/projects/<work>/")
@needs(Permission.MARK)
def show(session: Session, work: str) -> AnyResponse:
    """Show one project, and the form for what waits."""
    return _page(session, work)


@blueprint.post("/a/<launch>/live/projects/<work>/decide")
@needs(Permission.MARK)
def decide(session: Session, work: str) -> AnyResponse:
    """Accept what waits, send it back with a comment, or take the last decision back."""
    decision = _decision(session)
    if decision is None:
        return _back(session, work, refused=LiveStaleError.code)
    parts = runtime()
    try:
        with parts.database.transaction() as transaction:
            after = decisions.decide(transaction, parts.contents, desk_of(session, work), decision, now=parts.clock())
    except _TYPED as error:
        return _page(session, work, sent=decision, refused=error.code, status=UNPROCESSABLE)
    except LiveStaleError as error:
        return _page(session, work, sent=decision, refused=error.code, status=_CONFLICT)
    except LiveRefusedError as error:
        return _back(session, work, refused=error.code)
    return _back(session, work, done="complete" if after.current is None else decision.act.value)


@blueprint.post("/a/<launch>/live/projects/<work>/assign")
@needs(Permission.RELEASE_MARKS)
def assign(session: Session, work: str) -> AnyResponse:
    """Give a project to one mentor of the course, or to any."""
    to, parts = request.form.get("to", ""), runtime()

    def act(transaction: DbSession) -> None:
        decisions.assign(transaction, parts.contents, desk_of(session, work), to=to, now=parts.clock())

    return _back(session, work, **_said(act, "assigned"))


@blueprint.post("/a/<launch>/live/projects/enterprise")
@needs(Permission.RELEASE_MARKS)
def name_enterprise(session: Session) -> AnyResponse:
    """Say for which enterprise the projects of this link are done."""
    name, now = request.form.get("enterprise", ""), runtime().clock()

    def act(transaction: DbSession) -> None:
        decisions.name_enterprise(transaction, link_of(session), name, by=session.person_id, now=now)

    return redirect(url_for("live_mentor.queue", launch=session.uuid, **_said(act, "enterprise")), 303)


@blueprint.get("/a/<launch>/live/projects/<work>/file/<file>")
@needs(Permission.MARK)
def send_file(session: Session, work: str, file: str) -> Response:
    """Send a file of a project to whoever may decide about it."""
    with runtime().database.reading() as reading:
        connection = reading.connection()
        case = get_case(connection, runtime().contents, desk_of(session, work))
        return file_response(submissions.get_file(connection, case.owner, case.submission_id, file))


def has_live() -> bool:
    """Say whether the link of this launch shows a live project."""
    session = g.get("session")
    if session is None or session.activity_id is None:
        return False
    with runtime().database.reading() as reading:
        return live_people.is_live(reading.connection(), link_of(session))


@blueprint.app_context_processor
def _words() -> dict[str, Callable[[], bool]]:
    """Let the navigation of class and mentors ask; most pages never do."""
    return {"has_live": has_live}


def _here(session: Session) -> str:
    return "teaching" if session.may(Permission.VIEW_CLASS) else "live"


def _decision(session: Session) -> Decision | None:
    """Return a decision as its form has it, None where it is none."""
    do = request.form.get("do", "")
    if do not in {act.value for act in (*DECISIONS, Act.UNDO)}:
        return None
    return Decision(
        act=Act(do),
        step=request.form.get("step", "")[:_LONGEST_KEY],
        seen=sent_revision("seen"),
        comment=request.form.get("comment", ""),
        enterprise=request.form.get("enterprise", ""),
        language=session.language,
    )


def _said(act: Callable[[DbSession], None], done: str) -> dict[str, Any]:
    """Do something in one transaction; return what the page then says of it."""
    try:
        with runtime().database.transaction() as transaction:
            act(transaction)
    except LiveRefusedError as error:
        return {"refused": error.code}
    return {"done": done}


def _back(session: Session, work: str, **said: Any) -> AnyResponse:
    return redirect(url_for("live_mentor.show", launch=session.uuid, work=work, **said), 303)


def _page(
    session: Session, work: str, *, sent: Decision | None = None, refused: str = "", status: int = 200
) -> AnyResponse:
    """Return the page of a project, with the decision as it was sent where that could not be taken."""
    with runtime().database.reading() as reading:
        connection = reading.connection()
        case = get_case(connection, runtime().contents, desk_of(session, work))
        shown = _shown(connection, session, case)
    words = live_words(session)
    if refused:
        words["refused"] = words["words"].gettext(REFUSED[refused])
    html = render_template(
        "live_work.html",
        session=session,
        here=_here(session),
        sent=sent,
        max_comment=MAX_COMMENT,
        max_enterprise=MAX_ENTERPRISE,
        file_url=file_address("live_mentor.send_file", launch=session.uuid, work=work),
        **shown,
        **words,
    )
    return AnyResponse(html, status, mimetype="text/html")


def _shown(connection: Connection, session: Session, case: LiveCase) -> dict[str, Any]:
    marker, standing = marker_of(session), case.standing
    may_decide = live_people.may_decide(connection, case.link, marker)
    last = standing.last
    may_undo = (
        may_decide
        and last is not None
        and last.act in DECISIONS
        and last.by == marker.uuid
        and case.stage in {Stage.PREPARING, Stage.WAITING}
    )
    return {
        **shared_page(connection, session, case.project, case),
        "case": case,
        "may_decide": may_decide,
        "undo": last if may_undo else None,
        "offered": live_people.offered_enterprise(connection, case.link, marker.person_id),
        "may_assign": session.may(Permission.RELEASE_MARKS),
    }
