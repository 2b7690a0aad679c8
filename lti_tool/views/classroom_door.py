"""The way into a class without a launch: the code of the room, the scan, the personal pairing code."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.classes import closing, devices, live, polls, roll_call, sessions
from lti_tool.services.classes.devices import PAIRING_LENGTH, PairingUnknownError
from lti_tool.services.classes.sessions import ClassMissingError
from lti_tool.services.people.sessions import ForgedFormError
from lti_tool.views.assets import asset_response
from lti_tool.views.classroom import framework_of
from lti_tool.views.classroom_device import course_of, keep_device, read_device, reader_language
from lti_tool.views.classroom_words import said
from lti_tool.views.guards import public, runtime
from lti_tool.views.wording import Wording
from qualoop.classroom.session import CODE_LENGTH, ClassRefusedError, SessionState, cleaned_code
from qualoop.values import Text

blueprint = Blueprint("classroom_door", __name__)

_OURS: Final = frozenset({"same-origin", "none", ""})


@blueprint.get("/class")
@public("a form for the code that is shown in a room")
def door() -> str:
    """Ask for the code of the class, or for the learner's own pairing code."""
    words = Wording(language=reader_language())
    typed = cleaned_code(request.args.get("code", ""))[:CODE_LENGTH]
    return render_template("class_door.html", session=None, typed=typed, **said(words))


@blueprint.post("/class")
@public("leads to the class of a code; a pairing code proves a learner, once and for ten minutes")
def enter() -> AnyResponse:
    """Let a browser in: by the code of the class as nobody yet, by a pairing code as the learner whose code it is."""
    # No session yet that a token could be of; and nobody may be let in as somebody else from another site.
    if request.headers.get("Sec-Fetch-Site", "") not in _OURS:
        raise ForgedFormError
    code = cleaned_code(request.form.get("code", ""))
    try:
        return _pair(code) if len(code) == PAIRING_LENGTH else _come_in(code)
    except PairingUnknownError as error:
        return redirect(url_for("classroom_door.door", refused=error.code), 303)
    except ClassMissingError:
        return redirect(url_for("classroom_door.door", refused="class-entry"), 303)


@blueprint.get("/class/here/<class_uuid>/<token>")
@public("takes a scan: the token is 128 bits and good for seconds, and says of nobody anything but that a device came")
def scan(class_uuid: str, token: str) -> AnyResponse:
    """Take a scan at once, whoever's it is: signing in may follow, and costs nobody the mark."""
    parts, now = runtime(), runtime().clock()
    with parts.database.transaction() as transaction:
        row = sessions.get_by_uuid(transaction, class_uuid, held=True)
        device = read_device(transaction, course_of(row))
        if device is None and row.state != SessionState.CLOSED and roll_call.is_good(row, token, now):
            device = devices.make_device(transaction, row, now)
        if device is None:
            return redirect(url_for("classroom_door.door", refused="class-token"), 303)
        try:
            roll_call.redeem(transaction, row, device.comer, token, now=now)
            refused = None
        except ClassRefusedError as error:
            refused = error.code
    response = redirect(url_for("classroom_device.show", class_uuid=class_uuid, refused=refused), 303)
    keep_device(response, device)
    return response


@blueprint.get("/class/live/<class_uuid>")
@public("says how far a class is, to whom its random address was given: no question, no name, no result")
def stage(class_uuid: str) -> AnyResponse:
    """Say whether anything has changed: answered from memory, 304 where nothing has."""
    return _stage(live.find_stage(runtime().database, class_uuid))


@blueprint.get("/class/live/<class_uuid>/<team_uuid>")
@public("says that a team has done something, to whom its random address was given: not what, and of nobody")
def team_stage(class_uuid: str, team_uuid: str) -> AnyResponse:
    """Say whether anything has changed for a team."""
    return _stage(live.find_team_stage(runtime().database, class_uuid, team_uuid))


@blueprint.get("/class/figure/<class_uuid>/<poll_uuid>")
@public("sends the picture of a question that a room was asked, to whom its two random addresses were given")
def figure(class_uuid: str, poll_uuid: str) -> Response:
    """Send the picture that belongs to a question, once it was asked."""
    with runtime().database.reading() as reading:
        row = sessions.get_by_uuid(reading, class_uuid)
        poll = polls.get_poll(reading, row, poll_uuid)
        file = poll.question.get("item", {}).get("figure", {}).get("file")
        if poll.first_opened_at is None or not file:
            abort(404)
        path = file if isinstance(file, str) else Text(file)[reader_language()]
        return asset_response(reading.connection(), row.organisation_id, poll.question.get("version"), path)


def _stage(found: live.Stage | None) -> AnyResponse:
    if found is None:
        abort(404)
    headers = {"ETag": found.etag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == found.etag:
        return Response(status=304, headers=headers)
    return Response(found.body, mimetype="application/json", headers=headers)


def _come_in(code: str) -> AnyResponse:
    """Lead to the class of a code, with a device where this browser has none; raise ClassMissingError."""
    parts = runtime()
    with parts.database.transaction() as transaction:
        row = sessions.get_by_code(transaction, code, parts.clock())
        device = read_device(transaction, course_of(row)) or devices.make_device(transaction, row, parts.clock())
    response = redirect(url_for("classroom_device.show", class_uuid=row.uuid), 303)
    keep_device(response, device)
    return response


def _pair(code: str) -> AnyResponse:
    """Make this browser a learner's, with what it did before as nobody's; raise PairingUnknownError."""
    parts, now = runtime(), runtime().clock()
    with parts.database.transaction() as transaction:
        device, row = devices.redeem_pairing(transaction, code, now)
        guest = read_device(transaction, (device.organisation_id, device.context_id))
        if guest is not None and not guest.is_confirmed:
            secret, framework = parts.settings.secret_key, framework_of(transaction, device.organisation_id)
            closing.bring_along(transaction, guest, device.person_id or 0, framework, secret=secret, now=now)
    page = "classroom_door.door" if row is None else "classroom_device.show"
    response = redirect(url_for(page, class_uuid=row.uuid if row else None, done="paired"), 303)
    keep_device(response, device)
    return response
