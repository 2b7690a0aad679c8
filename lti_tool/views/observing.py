"""Observed practice for staff: the own phone, invitations of mentors, what came in, what waits for a decision."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.courses.members import list_members
from lti_tool.services.courses.staff import list_staff
from lti_tool.services.observing import decisions, overview
from lti_tool.services.observing import invitations as observing_invitations
from lti_tool.services.observing import tasks as observing_tasks
from lti_tool.services.observing.decisions import Decider
from lti_tool.services.observing.errors import DecisionRefusedError, InvitationMissingError, InvitationRefusedError
from lti_tool.services.observing.invitations import MAX_LEVEL, MAX_PHONES, Inviter, NewInvitation
from lti_tool.services.observing.photos import MEDIA_TYPE, open_photo
from lti_tool.services.people.assessor_qualifications import rule_of
from lti_tool.services.people.roles import Permission
from lti_tool.services.rosters import groups
from lti_tool.views.classroom_screen import qr_picture
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.observing_words import DONE, OUTCOMES, REFUSED, STAFF
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.ledger import Reason
from qualoop.values import LANGUAGES, find_whole

blueprint = Blueprint("observing", __name__)

UNPROCESSABLE: Final = 422
WEEKS: Final = 8
"""How long an invitation is offered for."""
_MAX_DIGITS: Final = 3
_MAX_ID_DIGITS: Final = 19
_MAX_TASKS: Final = 200
REASONS: Final = (Reason.ERROR, Reason.SUPERSEDED, Reason.FRAUD, Reason.APPEAL)


@blueprint.before_request
def require_printable() -> None:
    """Raise InvitationMissingError for names of invitations and people that no database could hold."""
    named = [*(request.view_args or {}).values(), request.form.get("known", ""), request.form.get("person", "")]
    if not all(each.isprintable() for each in named):
        raise InvitationMissingError


@blueprint.get("/a/<launch>/observe/")
@needs(Permission.MARK)
def show(session: Session) -> AnyResponse:
    """Show who may observe here, and what came in."""
    return _page(session)


@blueprint.post("/a/<launch>/observe/own")
@needs(Permission.VIEW_CLASS)
def own(session: Session) -> AnyResponse:
    """Show a link that makes a phone one's own, for half an hour."""
    parts = runtime()
    with parts.database.transaction() as transaction:
        inviter = Inviter(link=link_of(session), person_id=session.person_id, name=_own_name(transaction, session))
        _, token = observing_invitations.open_own(
            transaction, inviter, language=session.language, roles=session.roles, now=parts.clock()
        )
    return _page(session, made=("own", "", token))


@blueprint.post("/a/<launch>/observe/invite")
@needs(Permission.RELEASE_MARKS)
def invite(session: Session) -> AnyResponse:
    """Invite a mentor, and show the link once."""
    parts, now = runtime(), runtime().clock()
    inviter = Inviter(link=link_of(session), person_id=session.person_id)
    try:
        new = _sent_invitation(session, now)
        with parts.database.transaction() as transaction:
            row, token = observing_invitations.invite(transaction, inviter, new, now=now)
            made = ("invitation", row.uuid, token)
    except InvitationRefusedError as error:
        return _page(session, wrong=error.reason)
    return _page(session, made=made)


@blueprint.post("/a/<launch>/observe/invitations/<invitation>/change")
@needs(Permission.RELEASE_MARKS)
def change(session: Session, invitation: str) -> AnyResponse:
    """Show a new link of an invitation, or take it back."""
    parts, link, wanted = runtime(), link_of(session), request.form.get("do", "")
    if wanted not in {"link", "revoke"}:
        raise InvitationMissingError
    try:
        with parts.database.transaction() as transaction:
            if wanted == "revoke":
                observing_invitations.revoke(transaction, link, invitation, now=parts.clock())
                return _back(session, "done", "revoke")
            token = observing_invitations.show_link(transaction, link, invitation, now=parts.clock())
    except InvitationRefusedError as error:
        return _back(session, "refused", error.reason)
    return _page(session, made=("invitation", invitation, token))


@blueprint.post("/a/<launch>/observe/phones/<phone>/remove")
@needs(Permission.RELEASE_MARKS)
def remove(session: Session, phone: str) -> AnyResponse:
    """Take a phone off, because it was lost."""
    parts = runtime()
    with parts.database.transaction() as transaction:
        observing_invitations.revoke_phone(transaction, link_of(session), phone, now=parts.clock())
    return _back(session, "done", "remove")


@blueprint.post("/a/<launch>/observe/captures/<capture>/decide")
@needs(Permission.RELEASE_MARKS)
def decide(session: Session, capture: str) -> AnyResponse:
    """Decide about an observation, or take that back."""
    parts, wanted = runtime(), request.form.get("do", "")
    decider = Decider(
        link=link_of(session),
        person_id=session.person_id,
        uuid=session.person_uuid,
        secret=parts.settings.secret_key,
    )
    act = _ACTS.get(wanted)
    if act is None:
        raise InvitationMissingError
    try:
        with parts.database.transaction() as transaction:
            done = act(transaction, decider, capture, parts.clock())
    except DecisionRefusedError as error:
        return _back(session, "refused", "own-level" if error.reason == "level" else error.reason)
    return _back(session, "done", done or wanted)


@blueprint.get("/a/<launch>/observe/photos/<photo>")
@needs(Permission.VIEW_CLASS)
def photo(session: Session, photo: str) -> Response:
    """Send a picture of an observation."""
    parts = runtime()
    with parts.database.reading() as reading:
        data = open_photo(reading, link_of(session), photo, secret=parts.settings.secret_key)
    return Response(data, mimetype=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})


def _count(transaction: Transaction, decider: Decider, capture: str, now: datetime) -> str:
    counts = decisions.count(transaction, decider, capture, contents=runtime().contents, now=now)
    return "count" if counts else "looked"


def _leave_out(transaction: Transaction, decider: Decider, capture: str, now: datetime) -> None:
    sent = request.form.get("reason", "")
    reason = Reason(sent) if sent in set(REASONS) else Reason.ERROR
    decisions.leave_out(transaction, decider, capture, reason, now=now)


def _undo(transaction: Transaction, decider: Decider, capture: str, now: datetime) -> None:
    decisions.take_back(transaction, decider, capture, now=now)


def _both(transaction: Transaction, decider: Decider, capture: str, now: datetime) -> None:
    decisions.keep_both(transaction, decider, capture, now=now)


def _assign(transaction: Transaction, decider: Decider, capture: str, now: datetime) -> None:
    named = (request.form.get("signed", ""), request.form.get("person", ""))
    decisions.assign(transaction, decider, capture, named, now=now)


def _without(transaction: Transaction, decider: Decider, capture: str, now: datetime) -> None:
    signed = request.form.get("signed", "")
    decisions.leave_out_learner(transaction, decider, capture, signed, now=now)


_ACTS: Final[dict[str, Callable[[Transaction, Decider, str, datetime], str | None]]] = {
    "count": _count,
    "leave-out": _leave_out,
    "undo": _undo,
    "both": _both,
    "assign": _assign,
    "without": _without,
}


def _back(session: Session, name: str, code: str) -> AnyResponse:
    return redirect(f"{url_for('observing.show', launch=session.uuid)}?{name}={code}", 303)


def _own_name(transaction: Transaction, session: Session) -> str:
    staff = list_staff(transaction.connection(), link_of(session), bool)
    return next((each.name or "" for each in staff if each.person_id == session.person_id), "")


def _page(session: Session, *, made: tuple[str, str, str] | None = None, wrong: str = "") -> AnyResponse:
    """Return the page; ``made`` is a link that was just made: of what, of which invitation, its token."""
    parts, link, now = runtime(), link_of(session), runtime().clock()
    secret, shows_class = parts.settings.secret_key, session.may(Permission.VIEW_CLASS)
    address = parts.settings.base_url + url_for("observing_door.show", token=made[2]) if made else ""
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        invitations = observing_invitations.list_invitations(reading, link)
        own = next((each for each in invitations if each.row.is_own and each.row.person_id == session.person_id), None)
        html = render_template(
            "observing.html",
            session=session,
            here="teaching" if shows_class else "observing",
            back="observing",
            words=Wording(language=session.language, framework=framework),
            made=made,
            address=address,
            qr=qr_picture(address) if made else "",
            own=own,
            invitations=[each for each in invitations if not each.row.is_own],
            staff_phones=[each for each in invitations if each.row.is_own and each.phones and each is not own],
            last_day=observing_invitations.last_day,
            tasks=observing_tasks.list_tasks(connection, parts.contents, link),
            groups=groups.list_groups(connection, link),
            levels=sorted((level.rank for level in framework.levels.values()), reverse=True) if framework else [],
            rule=rule_of(connection, link.organisation_id),
            found=overview.read_overview(reading, link, secret=secret) if shows_class else None,
            members=list_members(connection, link),
            may_decide=session.may(Permission.RELEASE_MARKS),
            shows_class=shows_class,
            now=now,
            today=now.date(),
            offered_until=(now + timedelta(weeks=WEEKS)).date(),
            max_phones=MAX_PHONES,
            **_form_words(wrong),
        )
    return AnyResponse(html, UNPROCESSABLE if wrong else 200, mimetype="text/html")


def _form_words(wrong: str) -> dict[str, Any]:
    """Return what the page says of what was sent, done or refused, and what the form holds again."""
    return {
        "form_uuid": request.form.get("uuid") if wrong else str(uuid.uuid4()),
        "sent": request.form if wrong else {},
        "sent_tasks": frozenset(request.form.getlist("task")) if wrong else frozenset(),
        "wrong": REFUSED.get(wrong, ""),
        "outcomes": OUTCOMES,
        "staff_words": STAFF,
        "reasons": REASONS,
        "brought": [_number(request.args.get(name, "")) for name in ("taken", "waiting", "not")],
        "refused": REFUSED.get(request.args.get("refused", ""), ""),
        "done": DONE.get(request.args.get("done", ""), ""),
    }


def _sent_invitation(session: Session, now: datetime) -> NewInvitation:
    """Return the form as an invitation; raise InvitationRefusedError."""
    form = request.form
    until = _date(form.get("until", ""))
    first = _date(form.get("from", "")) or now.date()
    if until is None or until < now.date():
        raise InvitationRefusedError("dates")
    language = form.get("language", "")
    return NewInvitation(
        uuid=_uuid(form.get("uuid", "")),
        name=form.get("name", ""),
        enterprise=form.get("enterprise", ""),
        title=form.get("title", ""),
        language=language if language in LANGUAGES else session.language,
        starts_at=observing_invitations.first_moment(first),
        ends_at=observing_invitations.last_moment(until),
        tasks=_sent_tasks(form.get("what", ""), form.getlist("task")),
        group_id=_limit(form.get("group", "")),
        level_cap=_limit(form.get("level", "")),
        max_devices=min(_number(form.get("phones", "")) or 1, MAX_LEVEL),
        known=form.get("known", ""),
    )


def _sent_tasks(what: str, tasks: Sequence[str]) -> Sequence[str]:
    """Return the chosen tasks, none for everything; raise InvitationRefusedError where some were to be chosen."""
    if what != "some":
        return ()
    if not tasks:
        raise InvitationRefusedError("task")
    return tasks[:_MAX_TASKS]


def _uuid(sent: str) -> str:
    try:
        return str(uuid.UUID(sent))
    except ValueError:
        return str(uuid.uuid4())


def _date(sent: str) -> date | None:
    try:
        return date.fromisoformat(sent)
    except ValueError:
        return None


def _limit(sent: str) -> int | None:
    """Return a limit that was chosen, None for none; what is no number is 0, which no limit is: it is refused, not lifted."""
    if sent == "":
        return None
    return find_whole(sent, _MAX_ID_DIGITS) or 0


def _number(sent: str) -> int:
    return find_whole(sent, _MAX_DIGITS) or 0
