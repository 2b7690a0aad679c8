"""Early warnings for the staff of a course: the list, one warning with its facts and history, what a person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response

from lti_tool.services.courses.members import Member, list_members
from lti_tool.services.courses.staff import CourseStaff, list_staff
from lti_tool.services.people.learner_keys import LearnerErasedError
from lti_tool.services.people.roles import Permission
from lti_tool.services.warnings import early_warnings, history
from lti_tool.services.warnings.early_warnings import (
    DECIDED,
    OPEN,
    WITHDRAWN,
    Deciding,
    Decision,
    WarningLine,
    WarningMovedError,
    WarningRefusedError,
)
from lti_tool.services.warnings.looking import look_now
from lti_tool.services.warnings.rules import course_rules
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.policies.warning_policy import warning_policy
from qualoop.records.early_warning import Reason, Rule
from qualoop.records.warning_sentences import reason_sentence

blueprint = Blueprint("warnings", __name__)

SHOWN: Final = 50
"""Warnings on one page."""
LAST_PAGE: Final = 10_000
STATES: Final = (OPEN, DECIDED, WITHDRAWN)
REFUSED: Final = 422
CONFLICT: Final = 409
#: At the end of the day that was named: nobody is overdue on the day itself.
END_OF_DAY: Final = timedelta(hours=23, minutes=59)


@blueprint.app_context_processor
def words_of_warnings() -> dict[str, Any]:
    """Give templates the number of open warnings; it is asked for only where a page of the class shows it."""
    return {"open_warnings": _open_warnings}


@blueprint.get("/a/<launch>/class/warnings/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show the warnings of the course in one state, page by page: open ones by due date; or only one's own to decide."""
    parts, link = runtime(), link_of(session)
    state = request.args.get("state", OPEN)
    state = state if state in STATES else OPEN
    mine = "mine" in request.args
    page = min(max(request.args.get("page", 0, type=int), 0), LAST_PAGE)
    owner = session.person_id if mine else None
    with parts.database.reading() as reading:
        lines = early_warnings.list_warnings(
            reading, link, state=state, limit=SHOWN + 1, after=page * SHOWN, owner=owner
        )
        members = _members(reading, session)
        rules = course_rules(reading, link)
        counts = early_warnings.count_by_state(reading, link)
    return render_template(
        "warnings.html",
        session=session,
        here="teaching",
        lines=[_shown(session, line, members) for line in lines[:SHOWN]],
        page=page,
        has_next=len(lines) > SHOWN,
        state=state,
        states=STATES,
        counts=counts,
        mine=mine,
        rules=rules,
        learners=len(members),
        now=parts.clock(),
        looked=_numbers("opened", "updated", "withdrawn") if "looked" in request.args else None,
        unframed="unframed" in request.args,
        words=Wording(language=session.language),
    )


@blueprint.post("/a/<launch>/class/warnings/look")
@needs(Permission.DECIDE_WARNINGS)
def look(session: Session) -> Response:
    """Look at every learner of the course now, as the worker does each day."""
    parts = runtime()
    done = look_now(
        parts.database, parts.contents, link_of(session), secret=parts.settings.secret_key, now=parts.clock()
    )
    if done is None:
        return redirect(url_for("warnings.show", launch=session.uuid, unframed=1), 303)
    counts: dict[str, Any] = {"opened": done.opened, "updated": done.updated, "withdrawn": done.withdrawn}
    return redirect(url_for("warnings.show", launch=session.uuid, looked=done.learners, **counts), 303)


@blueprint.get("/a/<launch>/class/warnings/<warning>/")
@needs(Permission.VIEW_CLASS)
def show_one(session: Session, warning: str) -> Response:
    """Show one warning: what it rests on, who decides until when, what happened."""
    return _page(session, warning, {})


@blueprint.post("/a/<launch>/class/warnings/<warning>/decide")
@needs(Permission.DECIDE_WARNINGS)
def decide(session: Session, warning: str) -> Response:
    """Close a warning with what somebody decided."""
    parts, form = runtime(), request.form
    deciding = Deciding(
        by=session.person_id,
        decision=form.get("decision", ""),
        note=_typed("note"),
        words=_typed("words"),
        secret=parts.settings.secret_key,
    )
    try:
        with parts.database.transaction() as transaction:
            early_warnings.decide(transaction, link_of(session), warning, deciding, now=parts.clock())
    except (WarningRefusedError, WarningMovedError, LearnerErasedError) as error:
        sent = {"decision": deciding.decision, "note": deciding.note, "words": deciding.words, "refused": error.code}
        return _page(session, warning, sent, REFUSED if isinstance(error, WarningRefusedError) else CONFLICT)
    return _back(session, warning, "decided")


@blueprint.post("/a/<launch>/class/warnings/<warning>/take-back")
@needs(Permission.DECIDE_WARNINGS)
def take_back(session: Session, warning: str) -> Response:
    """Open a decided warning again."""
    try:
        with runtime().database.transaction() as transaction:
            early_warnings.take_back(
                transaction, link_of(session), warning, by=session.person_id, now=runtime().clock()
            )
    except WarningMovedError as error:
        return _page(session, warning, {"refused": error.code}, CONFLICT)
    return _back(session, warning, "taken-back")


@blueprint.post("/a/<launch>/class/warnings/<warning>/arrange")
@needs(Permission.DECIDE_WARNINGS)
def arrange(session: Session, warning: str) -> Response:
    """Hand a warning over, or set another due date."""
    try:
        due_at = datetime.fromisoformat(request.form.get("due", "")[:10]).replace(tzinfo=UTC) + END_OF_DAY
        with runtime().database.transaction() as transaction:
            early_warnings.arrange(
                transaction,
                link_of(session),
                warning,
                owner=request.form.get("owner", ""),
                due_at=due_at,
                by=session.person_id,
                now=runtime().clock(),
            )
    except ValueError:
        return _page(session, warning, {"refused": "due"}, REFUSED)
    except WarningRefusedError:
        return _page(session, warning, {"refused": "due"}, REFUSED)
    except WarningMovedError as error:
        return _page(session, warning, {"refused": error.code}, CONFLICT)
    return _back(session, warning, "arranged")


def reason_lines(session: Session, reasons: Sequence[Reason], learner: str) -> list[dict[str, str]]:
    """Return reasons in the reader's language, each with the address of the page that its figures stand on.

    ``learner`` is empty for who has left the course, who has no such page: then so are the addresses.
    """
    return [
        {
            "text": reason_sentence(reason)[session.language],
            "url": _address(session, reason, learner) if learner else "",
        }
        for reason in reasons
    ]


def _address(session: Session, reason: Reason, learner: str) -> str:
    if reason.rule in {Rule.FALLING, Rule.NO_GAIN}:
        return url_for("levels.show_point", launch=session.uuid, person_uuid=learner, code=reason.about)
    if reason.rule is Rule.ABSENT:
        return url_for("classroom_roll.show", launch=session.uuid, class_uuid=reason.about)
    anchor = "process" if reason.rule is Rule.IDLE else "units"
    return url_for("programme_evidence.show_learner", launch=session.uuid, person_uuid=learner, _anchor=anchor)


def _page(session: Session, warning: str, sent: Mapping[str, Any], status: int = 200) -> Response:
    """Return the page of one warning, with the form as it was sent where it was."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        line = early_warnings.get_warning(reading, link, warning)
        happened = history.history(reading, link, line, secret=parts.settings.secret_key)
        members = _members(reading, session)
        staff = list_staff(reading.connection(), link, lambda _: True)
        owners = early_warnings.list_owners(reading, link)
    html = render_template(
        "warning.html",
        session=session,
        here="teaching",
        line=_shown(session, line, members),
        happened=[
            {
                "what": each,
                "by": _name(session, staff, each.by),
                "reasons": reason_lines(session, each.reasons, line.learner),
            }
            for each in happened
        ],
        owners=[{"uuid": each.uuid, "name": _name(session, owners, each.person_id)} for each in owners],
        owner_names={each.person_id: _name(session, owners, each.person_id) for each in owners},
        policy=warning_policy(line.row.policy),
        decisions=[each.value for each in Decision],
        most=early_warnings.MAX_NOTE,
        sent=sent,
        done=request.args.get("done", "")[:16],
        now=parts.clock(),
        words=Wording(language=session.language),
    )
    return Response(html, status, mimetype="text/html")


def _shown(session: Session, line: WarningLine, members: Mapping[str, Member]) -> dict[str, Any]:
    """Return a warning as templates take it; who has left the course is shown by pseudonym."""
    return {
        "row": line.row,
        "learner": line.learner,
        "member": members.get(line.learner),
        "short": line.learner[:4],
        "reasons": reason_lines(session, line.reasons, line.learner if line.learner in members else ""),
        "owner": _name(session, [line.owner] if line.owner else [], line.row.owner_id),
        "owner_uuid": line.owner.uuid if line.owner else "",
        "is_overdue": line.is_overdue(runtime().clock()),
        "is_mine": _is_mine(session, line),
    }


def _is_mine(session: Session, line: WarningLine) -> bool:
    return line.row.owner_id == session.person_id


def _open_warnings() -> int:
    session: Session = g.session
    with runtime().database.reading() as reading:
        return early_warnings.count_open(reading, link_of(session))


def _members(reading: Transaction, session: Session) -> dict[str, Member]:
    return {member.subject.uuid: member for member in list_members(reading.connection(), link_of(session))}


def _name(session: Session, staff: Sequence[CourseStaff], person: int | None) -> str:
    """Return what somebody of the staff is called; empty for nobody, and for who is not of the course any more."""
    found = next((each for each in staff if each.person_id == person), None)
    return (found.name or found.uuid[:4]) if found else ""


def _numbers(*names: str) -> dict[str, int]:
    return {name: request.args.get(name, 0, type=int) for name in names}


def _typed(name: str) -> str:
    """Return what was typed, with the line ends that everybody has."""
    return request.form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()


def _back(session: Session, warning: str, done: str) -> Response:
    return redirect(url_for("warnings.show_one", launch=session.uuid, warning=warning, done=done), 303)
