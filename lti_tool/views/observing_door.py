"""The link of an invitation: a page with one button, so that a messenger's preview of it joins nobody."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ObservationInvitation, Organisation
from lti_tool.services.courses.titles import find_title
from lti_tool.services.observing import devices, invitations
from lti_tool.services.observing.devices import COOKIE_GOOD, Phone, find_phone
from lti_tool.services.observing.errors import LinkRefusedError, PhoneEndedError, PhoneUnknownError
from lti_tool.services.people.sessions import ForgedFormError
from lti_tool.views.classroom_device import reader_language
from lti_tool.views.guards import public, runtime
from lti_tool.views.observing_words import LINK_WORDS
from lti_tool.views.phone_api import PHONE_COOKIE, set_phone_cookie
from lti_tool.views.wording import Wording

blueprint = Blueprint("observing_door", __name__)

_OURS: Final = frozenset({"same-origin", "none", ""})
_GONE: Final = 410
_APP: Final = "/phone/"
_SYSTEMS: Final = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
_BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


@blueprint.get("/observe/<token>")
@public("says to whom the link of an invitation was given whose it is; it uses nothing up")
def show(token: str) -> AnyResponse:
    """Say whose invitation it is, for which course and until when."""
    parts = runtime()
    try:
        with parts.database.reading() as reading:
            row = devices.find_invitation(reading, token, parts.clock())
            return AnyResponse(_page(reading, row, token), mimetype="text/html")
    except LinkRefusedError as error:
        return _refused(error)


@blueprint.post("/observe/<token>")
@public(
    "makes this browser a phone of the invitation whose link was given to it: 256 bits, as many phones as were allowed"
)
def join(token: str) -> AnyResponse:
    """Make this browser a phone of the invitation; one that is one already stays it, unless it has lost its key."""
    # There is no session yet that a token could be of; and no other site may make a phone of this browser.
    if not _is_ours():
        raise ForgedFormError
    parts, now = runtime(), runtime().clock()
    try:
        with parts.database.transaction() as transaction:
            row = devices.find_invitation(transaction, token, now)
            phone = _known(transaction)
            if phone is not None and (phone.invitation.id != row.id or request.form.get("new") == "1"):
                # A browser holds one cookie: what it was before uses up no place of another invitation.
                devices.leave(transaction, phone, now=now)
                phone = None
            phone = phone or devices.join(transaction, token, label=_label(), now=now)
    except LinkRefusedError as error:
        return _refused(error)
    response = redirect(_APP, 303)
    set_phone_cookie(response, phone.cookie, max_age=int(COOKIE_GOOD.total_seconds()))
    return response


def _is_ours() -> bool:
    """Say whether a form comes from a page of ours, as far as a browser tells; what is no browser tells nothing."""
    site, origin = request.headers.get("Sec-Fetch-Site", ""), request.headers.get("Origin", "")
    if site not in _OURS:
        return False
    # Our pages send no referrer, so a browser may tell their origin as null: then it has to say where else it is from.
    return origin in {"", runtime().settings.origin} or (origin == "null" and site != "")


def _known(transaction: Transaction) -> Phone | None:
    """Return the phone that this browser is already, of whatever invitation, or None."""
    try:
        return find_phone(transaction, request.cookies.get(PHONE_COOKIE, ""))
    except (PhoneUnknownError, PhoneEndedError):
        return None


def _course(reading: Transaction, row: ObservationInvitation) -> str:
    return find_title(reading.connection(), (row.organisation_id, row.context_id))


def _page(reading: Transaction, row: ObservationInvitation, token: str) -> str:
    known = _known(reading)
    other = known.invitation if known is not None and known.invitation.id != row.id else None
    return render_template(
        "observing_door.html",
        session=None,
        row=row,
        course=_course(reading, row),
        organisation=reading.get_one(Organisation, row.organisation_id).name,
        joined=known is not None and other is None,
        other=_course(reading, other) if other is not None else None,
        address=url_for("observing_door.join", token=token),
        last_day=invitations.last_day,
        words=Wording(language=reader_language()),
        refused="",
    )


def _refused(error: LinkRefusedError) -> AnyResponse:
    html = render_template("observing_door.html", session=None, row=None, refused=LINK_WORDS[error.code])
    return AnyResponse(html, _GONE, mimetype="text/html")


def _label() -> str:
    """Return what a phone is called in the list: its system and browser, no more of what it tells."""
    agent = request.headers.get("User-Agent", "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return " · ".join(filter(None, (system, browser)))
