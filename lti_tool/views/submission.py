"""The learner's page of work that people judge: the rubric before, the form, what was handed in, the marks after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import attempts, marking_setups, submissions
from lti_tool.services.attempts.submissions import (
    Author,
    NotJudgedError,
    Submission,
    SubmissionLockedError,
    SubmissionMissingError,
)
from lti_tool.services.attempts.submitted_work import (
    MAX_BYTES,
    MAX_FILES,
    MAX_LINKS,
    MAX_TEXT,
    NewFile,
    Work,
    WorkRefusedError,
)
from lti_tool.services.content import rubrics
from lti_tool.services.marking.peer_setups import find_rules
from lti_tool.services.marking.results import marks_for_learner
from lti_tool.services.mechanisms.file_types import ENDINGS
from lti_tool.services.people.learner_keys import KeyOwner
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.views.activity import whose
from lti_tool.views.flipped_around import settle_unit
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.marking import page_words, title_of
from lti_tool.views.marking_words import REFUSED
from lti_tool.views.work_files import file_response
from qualoop.assessment import AttemptRefusedError

blueprint = Blueprint("submission", __name__)

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
_FORM_BYTES: Final = 1024 * 1024
MAX_REQUEST_BYTES: Final = MAX_BYTES + _FORM_BYTES


def takes_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a route take files as large as work may be. Stands above the guard, which reads the form."""

    @wraps(view)
    def larger(*arguments: Any, **named: Any) -> Any:
        request.max_content_length = MAX_REQUEST_BYTES
        try:
            return view(*arguments, **named)
        finally:
            # Large files wait on the disk until they are closed.
            request.close()

    return larger


@blueprint.get("/a/<launch>/submission/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session) -> AnyResponse:
    """Show the rubric, and the work with the form, or with its marks once they are released."""
    return _page(session)


@blueprint.post("/a/<launch>/submission/hand-in")
@takes_files
@needs(Permission.ANSWER)
def hand_in(session: Session) -> AnyResponse:
    """Hand work in, or change what nobody has begun to mark."""
    who, parts = whose(session), runtime()
    if not who.counts:
        raise NotAllowedError
    work = _read_work()
    try:
        with parts.database.transaction() as transaction:
            now = parts.clock()
            if _is_activitys(transaction.connection(), session):
                raise NotAllowedError
            attempt = _attempt(transaction.connection(), session)
            submissions.submit(
                transaction, author_of(session), attempt, work, secret=parts.settings.secret_key, now=now
            )
            settle_unit(transaction.connection(), session, who, now)
    except WorkRefusedError as error:
        return _page(session, wrong=error.wrong, sent=work, status=UNPROCESSABLE)
    except (SubmissionLockedError, NotJudgedError) as error:
        return _page(session, refused=error.code, sent=work, status=CONFLICT)
    return redirect(url_for("submission.show", launch=session.uuid, done="handed-in"), 303)


@blueprint.get("/a/<launch>/submission/file/<file>")
@needs(Permission.VIEW_ACTIVITY)
def send_file(session: Session, file: str) -> Response:
    """Send a file of one's own work."""
    secret = runtime().settings.secret_key
    with runtime().database.reading() as reading:
        connection = reading.connection()
        found = submissions.find_submission(connection, author_of(session), secret=secret)
        if found is None:
            raise SubmissionMissingError
        owner = KeyOwner(organisation_id=session.organisation_id, learner=session.person_uuid, secret=secret)
        return file_response(submissions.get_file(connection, owner, found.id, file))


def author_of(session: Session) -> Author:
    """Return whose work a session hands in."""
    return Author(
        organisation_id=session.organisation_id,
        person_id=session.person_id,
        uuid=session.person_uuid,
        resource_link_id=session.resource_link_id,
    )


def _attempt(connection: Connection, session: Session) -> str:
    """Return the attempt that work is handed in for, begun where there is none; raise AttemptRefusedError outside the dates.

    Work that is handed in can be changed as long as the link takes work.
    """
    who, parts = whose(session), runtime()
    now = parts.clock()
    standing = attempts.find(connection, who)
    if standing.attempt is None:
        return attempts.current(connection, parts.contents, who, now).attempt.uuid
    attempts.check_open(who, standing.plan, now)
    return standing.attempt.uuid


def _read_work() -> Work:
    """Return the work in the form; a field for files that nobody used holds one without a name."""
    files = [each for each in request.files.getlist("files") if each.filename]
    return Work(
        text=request.form.get("text", ""),
        links=request.form.get("links", "").split("\n"),
        # One more than is taken, so that it can be said, and no more, whatever is sent.
        files=[NewFile(name=each.filename or "", data=each.read()) for each in files[: MAX_FILES + 1]],
        kept=frozenset(request.form.getlist("keep")),
    )


def _page(
    session: Session,
    *,
    wrong: Mapping[str, str] | None = None,
    refused: str = "",
    sent: Work | None = None,
    status: int = 200,
) -> AnyResponse:
    """Return the page, with what was sent where that could not be taken."""
    with runtime().database.reading() as reading:
        shown = _shown(reading.connection(), session)
    found: Submission | None = shown["found"]
    words = page_words(session)
    if refused:
        words["refused"] = words["words"].gettext(REFUSED[refused])
    html = render_template(
        "submission.html",
        session=session,
        here="activity",
        text=sent.text if sent else found.work.text if found else "",
        links="\n".join(sent.links if sent else found.work.links if found else ()),
        wrong=wrong or {},
        is_learner=whose(session).counts,
        limits={"text": MAX_TEXT, "links": MAX_LINKS, "files": MAX_FILES, "accept": ",".join(ENDINGS)},
        was_handed_in=request.args.get("done") == "handed-in",
        file_url=lambda file, **more: url_for("submission.send_file", launch=session.uuid, file=file.uuid, **more),
        **shown,
        **words,
    )
    return AnyResponse(html, status, mimetype="text/html")


def _shown(connection: Connection, session: Session) -> dict[str, Any]:
    """Return what the page shows of the work, and of the rubric; raise SubmissionMissingError where no work is judged."""
    author, secret = author_of(session), runtime().settings.secret_key
    found = submissions.find_submission(connection, author, secret=secret)
    setup = marking_setups.find_setup(connection, author.organisation_id, author.resource_link_id)
    version = found.rubric_version_id if found else setup.rubric_version_id if setup else None
    if version is None:
        raise SubmissionMissingError
    shut = _shut(connection, session)
    rules = find_rules(connection, author.organisation_id, author.resource_link_id)
    return {
        "link_title": title_of(connection, session),
        "found": found,
        "marks": marks_for_learner(connection, author, secret=secret, now=runtime().clock()),
        "rubric": rubrics.get(connection, author.organisation_id, version).rubric,
        "shut": shut,
        "has_peers": bool(rules and rules.is_on),
        "may_hand_in": _may_hand_in(session, found) and not shut and not _is_activitys(connection, session),
    }


def _is_activitys(connection: Connection, session: Session) -> bool:
    """Say whether work comes from the activity's own page, with all its checks, and nothing is handed in here."""
    own = marking_setups.find_own_rubric(connection, session.organisation_id, session.resource_link_id)
    return own is not None


def _may_hand_in(session: Session, found: Submission | None) -> bool:
    return whose(session).counts and (found is None or found.is_open)


def _shut(connection: Connection, session: Session) -> bool:
    """Say whether the dates of the link take no work of this learner now."""
    who, now = whose(session), runtime().clock()
    try:
        attempts.check_open(who, attempts.find(connection, who).plan, now)
    except AttemptRefusedError:
        return True
    return session.unit_shut(now) is not None
