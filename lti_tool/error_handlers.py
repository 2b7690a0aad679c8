"""The one table from error classes to replies. Every failure is a page in plain words with its code and a reference.

Under /api a machine asks, and gets a problem document (RFC 9457) with the same code and reference.

The log line has the reference, the code and the route; never a token, a name, an e-mail or a return address (S27).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, g, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from lti_tool.lti.errors import JwksUnavailableError, LtiError, UnknownIssuerError, translatable
from lti_tool.outgoing import OutgoingError
from lti_tool.services.administration.administration import (
    AdminLinkExpiredError,
    AdminLinkUnknownError,
    AdminLinkUsedError,
    AdminMissingError,
    AdminNotAllowedError,
    AdminSessionGoneError,
)
from lti_tool.services.attempts.submissions import SubmissionMissingError
from lti_tool.services.classes.sessions import ClassMissingError
from lti_tool.services.content.contents import ContentMissingError
from lti_tool.services.content.rubrics import RubricMissingError
from lti_tool.services.evidence.locks import TagsMovedError
from lti_tool.services.flipped.units import FlippedMissingError
from lti_tool.services.launches.submission_review import ReviewRefusedError
from lti_tool.services.marking.peer_reviews import PeerMissingError, PeerRefusedError
from lti_tool.services.marking.peer_setups import PeersOffError
from lti_tool.services.mechanisms.imports import ImportMissingError
from lti_tool.services.mechanisms.inbox import InboxItemMissingError
from lti_tool.services.mechanisms.jobs import JobMissingError
from lti_tool.services.moodle.mastery_columns import ColumnGoneError
from lti_tool.services.observing.errors import InvitationMissingError
from lti_tool.services.people.sessions import ForgedFormError, NotAllowedError, SessionGoneError, SessionLostError
from lti_tool.services.platforms.approval import RegistrationNotPendingError
from lti_tool.services.programme.teacher_records import TeacherEntryMissingError, TeacherEntryMovedError
from lti_tool.services.records.records import RecordMissingError
from lti_tool.services.sheets.extra import PaperUnavailableError
from lti_tool.services.sheets.marks_files import MarkFileMissingError
from lti_tool.services.sheets.matters import MatterMissingError
from lti_tool.services.sheets.sheets import SheetMissingError
from lti_tool.services.sheets.upload import UploadMissingError
from lti_tool.services.sources.api_errors import Terms, find_terms
from lti_tool.services.warnings.early_warnings import WarningMissingError, WarningMovedError, WarningRefusedError
from qualoop.assessment import AttemptRefusedError
from qualoop.classroom.session import ClassRefusedError
from qualoop.errors import QualoopError
from qualoop.exchange import Fault, Problem
from qualoop.exchange.problems import MEDIA_TYPE
from qualoop.exchange.problems import PREFIX as PROBLEM
from qualoop.player import PlayerError
from qualoop.simulators.errors import EngineUnavailableError

log = logging.getLogger("qualoop.errors")

# The first class that fits counts: leaves before their bases.
STATUS: Final[Mapping[type[Exception], int]] = {
    UnknownIssuerError: 400,
    JwksUnavailableError: 502,
    LtiError: 400,
    OutgoingError: 502,
    AdminLinkUnknownError: 404,
    AdminLinkUsedError: 410,
    AdminLinkExpiredError: 410,
    AdminSessionGoneError: 401,
    AdminNotAllowedError: 403,
    AdminMissingError: 404,
    RegistrationNotPendingError: 409,
    InboxItemMissingError: 409,
    ImportMissingError: 409,
    JobMissingError: 409,
    SessionGoneError: 401,
    NotAllowedError: 403,
    ForgedFormError: 403,
    ContentMissingError: 404,
    FlippedMissingError: 404,
    RecordMissingError: 404,
    SubmissionMissingError: 404,
    TeacherEntryMissingError: 404,
    TeacherEntryMovedError: 409,
    WarningMissingError: 404,
    WarningMovedError: 409,
    WarningRefusedError: 422,
    PeersOffError: 404,
    RubricMissingError: 404,
    PeerMissingError: 404,
    ClassMissingError: 404,
    ClassRefusedError: 409,
    PeerRefusedError: 409,
    ColumnGoneError: 404,
    SheetMissingError: 404,
    UploadMissingError: 404,
    MatterMissingError: 404,
    MarkFileMissingError: 404,
    InvitationMissingError: 404,
    PaperUnavailableError: 503,
    AttemptRefusedError: 409,
    TagsMovedError: 409,
    EngineUnavailableError: 503,
    PlayerError: 400,
    QualoopError: 400,
}
_BACK: Final = translatable("Go back to your course and open the activity again.")
_BACK_TO_ADMIN: Final = translatable("Go back to the administration pages and open the page again.")
_NEW_LINK: Final = translatable(
    "Ask the person who runs this tool for a new link: qualoop admin link --organisation KEY"
)
_DECIDED: Final = (
    translatable("This was decided or done before, perhaps by somebody else. Nothing was changed."),
    _BACK_TO_ADMIN,
)
WORDS: Final[Mapping[type[Exception], tuple[str, str]]] = {
    SessionLostError: (
        translatable("This page was loaded again, and here your browser keeps nothing that says whose it is."),
        translatable("What was checked is saved. Go back to your course and open the activity again."),
    ),
    AdminLinkUnknownError: (translatable("There is no such sign-in link."), _NEW_LINK),
    AdminLinkUsedError: (translatable("This sign-in link was used before. It is good only once."), _NEW_LINK),
    AdminLinkExpiredError: (
        translatable("This sign-in link is no longer good. It is good for fifteen minutes."),
        _NEW_LINK,
    ),
    AdminSessionGoneError: (
        translatable("You are not signed in here, or you have been signed out after two hours without a click."),
        _NEW_LINK,
    ),
    AdminNotAllowedError: (
        translatable("An administrator of one organisation cannot do this."),
        translatable("Ask the person who runs this tool."),
    ),
    AdminMissingError: (
        translatable("This is not, or no longer, there in your organisation."),
        _BACK_TO_ADMIN,
    ),
    RegistrationNotPendingError: _DECIDED,
    InboxItemMissingError: _DECIDED,
    ImportMissingError: _DECIDED,
    JobMissingError: _DECIDED,
    SessionGoneError: (
        translatable("This page belongs to a launch that has ended, or that was opened in another browser."),
        _BACK,
    ),
    ReviewRefusedError: (
        translatable("Only teachers of this course may open what somebody else handed in."),
        translatable("Open the activity itself in your course to see your own work."),
    ),
    NotAllowedError: (
        translatable("Your role in this course does not allow this."),
        translatable("If it should, ask your teacher or the administrator of your platform."),
    ),
    ForgedFormError: (
        translatable("This form was not sent from the page that it belongs to. Nothing was changed."),
        translatable("Open the page again and repeat what you did."),
    ),
    ContentMissingError: (
        translatable("No lesson has been chosen for this place in the course yet, or it is not installed here."),
        translatable("Ask your teacher to choose the activity again in the course."),
    ),
    FlippedMissingError: (translatable("There is no such flipped unit in this course."), _BACK),
    RecordMissingError: (translatable("There is no such person in this course."), _BACK),
    TeacherEntryMissingError: (translatable("There is no such entry in this record, or no such document."), _BACK),
    WarningMissingError: (translatable("There is no such early warning in this course."), _BACK),
    RubricMissingError: (translatable("There is no such rubric in your organisation."), _BACK),
    PeersOffError: (translatable("Learners do not review each other’s work here, or not any more."), _BACK),
    PeerMissingError: (translatable("There is no such review here, or it is not for you."), _BACK),
    ClassMissingError: (
        translatable("There is no such class session in this course."),
        translatable("Go back to your course, or ask in the room for the code of the class."),
    ),
    InvitationMissingError: (
        translatable("There is no such invitation, phone or observation in this course."),
        translatable("Go back to the page of observations: it may have been taken back meanwhile."),
    ),
    ColumnGoneError: (translatable("There is no such grade column in this course."), _BACK),
    PaperUnavailableError: (
        translatable("Paper needs a part of this tool that is not installed here: qualoop[paper]."),
        translatable("Ask the person who runs this tool."),
    ),
    AttemptRefusedError: (translatable("There is no further attempt at this activity."), _BACK),
    TagsMovedError: (
        translatable("This activity was being changed at that moment. Nothing was kept of what you just sent."),
        translatable("Go back and send it once more."),
    ),
    EngineUnavailableError: (
        translatable("The simulation cannot be computed at the moment. Nothing is lost."),
        translatable("Open the activity again in a minute; if it stays so, tell your teacher."),
    ),
    OutgoingError: (
        translatable("Your course platform could not be reached."),
        translatable("Try again in a minute; if it stays so, tell the administrator of your platform."),
    ),
    QualoopError: (translatable("This could not be done."), _BACK),
}
HTTP_WORDS: Final[Mapping[int, tuple[str, str]]] = {
    404: (translatable("There is no such page."), _BACK),
    405: (translatable("This address cannot be opened like that."), _BACK),
    413: (translatable("What was sent is too large."), translatable("Send less at once.")),
}
_OURS: Final = (
    translatable("Something went wrong on our side. Your answers that were confirmed are safe."),
    translatable("Try again; if it happens again, tell your administrator the reference below."),
)


def register(app: Flask) -> None:
    """Let every error become a page."""
    app.register_error_handler(QualoopError, _refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _fault)
    app.register_error_handler(Exception, _fault)


def _refusal(error: QualoopError) -> Response:
    """Answer a refusal of ours: with the words of its class."""
    if _is_api():
        return _problem(error)
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    if isinstance(error, LtiError):
        words = (error.sentence, error.what_to_do)
    else:
        words = next(words for kind, words in WORDS.items() if isinstance(error, kind))
    return _page(status, error.code, words, detail=str(error))


def _http(error: HTTPException) -> Response:
    """Answer what Werkzeug refuses: no such route, too large, wrong method."""
    status = error.code or 500
    if _is_api():
        return _api_answer(Problem(type="about:blank", title=error.name, status=status, code=f"http-{status}"))
    return _page(status, f"http-{status}", HTTP_WORDS.get(status, WORDS[QualoopError]), detail="")


def _fault(error: Exception) -> Response:
    """Answer a fault of ours; the log has the traceback, the page has not."""
    if _is_api():
        # Nothing was committed, and it may well be over in a moment: a busy database, a server that restarts.
        told = Problem(type="about:blank", title="Something went wrong on our side.", status=500, code="internal")
        return _api_answer(told, fault=error)
    return _page(500, "internal", _OURS, detail="", fault=error)


def _is_api() -> bool:
    return request.path.startswith(("/api/", "/phone/api/"))


def _problem(error: QualoopError) -> Response:
    """Answer a refusal to a machine."""
    terms = find_terms(type(error)) or Terms(STATUS[QualoopError])
    title = (type(error).__doc__ or error.code).strip().splitlines()[0]
    told = Problem(
        type=PROBLEM + error.code,
        title=title,
        status=terms.status,
        code=error.code,
        detail=str(error) if str(error) != title else "",
        errors=[_told(each) for each in getattr(error, "faults", ())],
    )
    answer = _api_answer(told)
    if terms.retry_after_s:
        answer.headers["Retry-After"] = str(terms.retry_after_s)
    if terms.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Qualoop-Signature"
    return answer


def _told(fault: object) -> Fault:
    """Return a fault as a problem document names it; those of other places than messages are told in words alone."""
    return fault if isinstance(fault, Fault) else Fault(pointer="", detail=str(fault))


def _api_answer(told: Problem, *, fault: Exception | None = None) -> Response:
    """Return a problem document, with its line in the log."""
    reference = secrets.token_hex(4)
    log.log(
        logging.ERROR if fault else logging.INFO,
        "refused reference=%s code=%s status=%d route=%s source=%s",
        reference,
        told.code,
        told.status,
        request.url_rule.rule if request.url_rule else "-",
        g.get("source", "-"),
        exc_info=fault,
    )
    body = told.model_copy(update={"reference": reference}).model_dump_json()
    return Response(body, told.status, mimetype=MEDIA_TYPE)


def _page(status: int, code: str, words: tuple[str, str], *, detail: str, fault: Exception | None = None) -> Response:
    """Return the page of a failure and write its log line."""
    reference = secrets.token_hex(4)
    route = request.url_rule.rule if request.url_rule else "-"
    log.log(
        logging.ERROR if fault else logging.INFO,
        "refused reference=%s code=%s status=%d route=%s detail=%s",
        reference,
        code,
        status,
        route,
        type(fault).__name__ if fault else detail,
        exc_info=fault,
    )
    session = g.get("session")
    is_admin = g.get("admin") is not None
    html = render_template(
        "admin_failure.html" if is_admin else "failure.html",
        # A refused launch has opened nothing that the tabs above a page could lead to.
        session=None if request.endpoint == "oidc.launch" else session,
        code=code,
        reference=reference,
        sentence=words[0],
        # Who is signed in has not come from a course.
        what_to_do=_BACK_TO_ADMIN if is_admin and words[1] == _BACK else words[1],
        return_url=session.return_url if session else None,
    )
    return Response(html, status)
