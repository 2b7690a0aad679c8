"""The learner's page of a live project: one timeline, what is next, and the form of the task that is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import attempts, submissions
from lti_tool.services.attempts.submissions import SubmissionMissingError
from lti_tool.services.attempts.submitted_work import MAX_FILES, MAX_TEXT, NewFile, Work, WorkRefusedError
from lti_tool.services.live import projects
from lti_tool.services.live.cases import find_own, get_project
from lti_tool.services.live.projects import MAX_ANSWER, SentStep
from lti_tool.services.marking.results import marks_for_learner
from lti_tool.services.mechanisms.file_types import ENDINGS
from lti_tool.services.people.learner_keys import KeyOwner
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.views.activity import whose
from lti_tool.views.flipped_around import settle_unit
from lti_tool.views.form_numbers import sent_revision
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.live_page import file_address, shared_page
from lti_tool.views.live_words import REFUSED, live_words
from lti_tool.views.submission import CONFLICT, UNPROCESSABLE, author_of, takes_files
from lti_tool.views.work_files import file_response
from qualoop.assessment import AttemptRefusedError
from qualoop.assessment.live import OPEN, LiveRefusedError, LiveStaleError
from qualoop.content_packages.live import MOST_QUESTIONS, PLAN

blueprint = Blueprint("live", __name__)

HAND_IN: Final = "hand-in"
SHUT: Final = "shut"
_LONGEST_KEY: Final = 64
_ANSWER: Final = "answer-"


@blueprint.get("/a/<launch>/live/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session) -> AnyResponse:
    """Show the project from its plan to its judgement, and what is next."""
    return _page(session)


@blueprint.post("/a/<launch>/live/save")
@takes_files
@needs(Permission.ANSWER)
def save(session: Session) -> AnyResponse:
    """Save a task as a draft, or hand it in. What cannot be taken is shown again as it was sent."""
    sent = _sent()
    try:
        _check_may_work(session)
        with runtime().database.transaction() as transaction:
            now = runtime().clock()
            projects.save(transaction, runtime().contents, author_of(session), sent, secret=_secret(), now=now)
            settle_unit(transaction.connection(), session, whose(session), now)
    except WorkRefusedError as error:
        return _page(session, sent=sent, wrong=error.wrong, status=UNPROCESSABLE)
    except LiveStaleError as error:
        return _page(session, sent=sent, refused=error.code, status=CONFLICT)
    except AttemptRefusedError:
        return _page(session, sent=sent, refused=SHUT, status=CONFLICT)
    return _back(session, done="handed-in" if sent.hands_in else "draft")


@blueprint.post("/a/<launch>/live/withdraw")
@needs(Permission.ANSWER)
def withdraw(session: Session) -> AnyResponse:
    """Take back what waits for the mentor."""
    step = request.form.get("step", "")[:_LONGEST_KEY]
    try:
        _check_may_work(session)
        with runtime().database.transaction() as transaction:
            projects.withdraw(
                transaction,
                runtime().contents,
                author_of(session),
                step,
                seen=sent_revision("seen"),
                secret=_secret(),
                now=runtime().clock(),
            )
    except LiveRefusedError as error:
        return _back(session, refused=error.code)
    except AttemptRefusedError:
        return _back(session, refused=SHUT)
    return _back(session, done="withdrawn")


@blueprint.get("/a/<launch>/live/file/<file>")
@needs(Permission.VIEW_ACTIVITY)
def send_file(session: Session, file: str) -> Response:
    """Send a file of one's own project."""
    with runtime().database.reading() as reading:
        connection = reading.connection()
        case = find_own(connection, runtime().contents, author_of(session), secret=_secret())
        if case is None:
            raise SubmissionMissingError
        owner = KeyOwner(organisation_id=session.organisation_id, learner=session.person_uuid, secret=_secret())
        return file_response(submissions.get_file(connection, owner, case.submission_id, file))


def _secret() -> str:
    return runtime().settings.secret_key


def _check_may_work(session: Session) -> None:
    """Raise NotAllowedError for who is no learner here, AttemptRefusedError outside the link's dates."""
    who, parts = whose(session), runtime()
    if not who.counts:
        raise NotAllowedError
    with parts.database.reading() as reading:
        standing = attempts.find(reading.connection(), who)
    attempts.check_open(who, standing.plan, parts.clock())


def _sent() -> SentStep:
    """Return a task as its form has it; a field for files that nobody used holds one without a name."""
    form = request.form
    files = [each for each in request.files.getlist("files") if each.filename]
    answers = [name for name in form if name.startswith(_ANSWER)][: MOST_QUESTIONS + 1]
    return SentStep(
        step=form.get("step", "")[:_LONGEST_KEY],
        seen=sent_revision("seen"),
        answers={name.removeprefix(_ANSWER): form[name] for name in answers},
        work=Work(
            text=form.get("text", ""),
            links=form.get("links", "").split("\n"),
            # One more than is taken, so that it can be said, and no more, whatever is sent.
            files=[NewFile(name=each.filename or "", data=each.read()) for each in files[: MAX_FILES + 1]],
            kept=frozenset(form.getlist("keep")),
        ),
        hands_in=form.get("do") == HAND_IN,
    )


def _back(session: Session, **said: Any) -> AnyResponse:
    return redirect(url_for("live.show", launch=session.uuid, **said), 303)


def _page(
    session: Session,
    *,
    sent: SentStep | None = None,
    wrong: Mapping[str, str] | None = None,
    refused: str = "",
    status: int = 200,
) -> AnyResponse:
    """Return the page, with what was sent where that could not be taken."""
    with runtime().database.reading() as reading:
        shown = _shown(reading.connection(), session)
    if shown is None:
        # The activity's own address begins the attempt, or says that it is shut.
        return redirect(url_for("activity.show", launch=session.uuid), 303)
    words = live_words(session)
    if refused:
        words["refused"] = words["words"].gettext(REFUSED[refused])
    html = render_template(
        "live.html",
        session=session,
        here="activity",
        sent=sent,
        is_open_again=sent is not None and sent.step == shown["open_step"],
        wrong=wrong or {},
        limits={"answer": MAX_ANSWER, "text": MAX_TEXT, "files": MAX_FILES, "accept": ",".join(ENDINGS)},
        file_url=file_address("live.send_file", launch=session.uuid),
        **shown,
        **words,
    )
    return AnyResponse(html, status, mimetype="text/html")


def _shown(connection: Connection, session: Session) -> dict[str, Any] | None:
    """Return what the page shows; None where no attempt was begun yet. Raises ContentMissingError for other activities."""
    parts, who, author = runtime(), whose(session), author_of(session)
    standing = attempts.find(connection, who)
    if standing.attempt is None:
        return None
    case = find_own(connection, parts.contents, author, secret=_secret())
    version = case.version_id if case else standing.attempt.version_id
    project = get_project(connection, parts.contents, session.organisation_id, version)
    shut = _is_shut(session, standing)
    current = case.standing.current if case else PLAN
    is_open = case is None or (current is not None and case.standing.state(current) in OPEN)
    return {
        "current": current,
        "open_step": current if is_open and who.counts and not shut else None,
        "revision": case.revision if case else 0,
        "shut": shut,
        "is_learner": who.counts,
        "may_work": who.counts and not shut,
        "case": case,
        "marks": marks_for_learner(connection, author, secret=_secret(), now=parts.clock()),
        **shared_page(connection, session, project, case),
    }


def _is_shut(session: Session, standing: attempts.Standing) -> bool:
    now = runtime().clock()
    try:
        attempts.check_open(whose(session), standing.plan, now)
    except AttemptRefusedError:
        return True
    return session.unit_shut(now) is not None
