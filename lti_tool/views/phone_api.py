"""What the phone app asks and sends. Each request is proven by the phone's cookie and carries a header of the app.

Another site can make a browser send the cookie along with a form, but not with this header. Captures are signed besides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from lti_tool.services.observing import devices, photos, receive
from lti_tool.services.observing import pack as observing_pack
from lti_tool.services.observing.devices import find_phone, require_going_on, require_taking
from lti_tool.services.observing.errors import BatchRefusedError, PhoneHeaderError, PhotoUnknownError
from lti_tool.services.observing.ledger import Course, list_captures, read_standing
from lti_tool.services.observing.outcomes import Outcome, outcome_of
from lti_tool.services.observing.receive import MOST_CAPTURES
from lti_tool.services.sources.api_errors import BodyTooLargeError
from lti_tool.views.classroom_device import reader_language
from lti_tool.views.guards import COOKIE, public, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.observing_words import OUTCOMES
from qualoop.classroom.observation import read_moment
from qualoop.ledger import utc_text

blueprint = Blueprint("phone_api", __name__)

PHONE_COOKIE: Final = f"{COOKIE}phone"
HEADER: Final = "Qualoop-Phone"
MAX_BODY: Final = 1024 * 1024
MAX_KEY: Final = 4096
MOST_TOLD: Final = 2000
"""Captures that a phone is told of, the newest."""
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256: Final = re.compile("[0-9a-f]{64}")
_WHY: Final = "proven by the phone's cookie and the app's header; captures are signed by the phone besides"


def proven() -> str:
    """Return the cookie of the phone; raise PhoneHeaderError without the header that no other site can send."""
    if request.headers.get(HEADER) != "1":
        raise PhoneHeaderError
    return request.cookies.get(PHONE_COOKIE, "")


def takes_up_to(most: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a route take a body of ``most`` bytes; raise BodyTooLargeError for more."""

    def taking(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def limited(**named: Any) -> Any:
            request.max_content_length = most
            try:
                return view(request.get_data(), **named)
            except RequestEntityTooLarge as error:
                raise BodyTooLargeError from error

        return limited

    return taking


@blueprint.get("/phone/api/pack")
@public(_WHY)
def pack() -> Response:
    """Send all that is needed without a network; 304 where the phone has it."""
    parts, cookie = runtime(), proven()
    with parts.database.reading() as reading:
        phone = find_phone(reading, cookie)
        require_going_on(reading, phone, parts.clock())
        made = observing_pack.make_pack(reading, phone, parts.contents, parts.clock())
    headers = {"ETag": f'"{made["version"]}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status=304, headers=headers)
    return _json(made, headers)


@blueprint.post("/phone/api/key")
@public(_WHY)
@takes_up_to(MAX_KEY)
def key(body: bytes) -> Response:
    """Keep the public key of a phone."""
    parts, cookie = runtime(), proven()
    sent = _object(body)
    with parts.database.transaction() as transaction:
        phone = find_phone(transaction, cookie)
        require_taking(phone, parts.clock())
        devices.keep_key(transaction, phone, sent.get("jwk"))
    return Response(status=204)


@blueprint.post("/phone/api/captures")
@public(_WHY)
@takes_up_to(MAX_BODY)
def captures(body: bytes) -> Response:
    """Take captures, and say of each what became of it, once that is committed."""
    parts, cookie = runtime(), proven()
    sent = _object(body)
    tokens = sent.get("captures")
    if not isinstance(tokens, list) or len(tokens) > MOST_CAPTURES or not all(isinstance(each, str) for each in tokens):
        raise BatchRefusedError
    now = parts.clock()
    with parts.database.transaction() as transaction:
        phone = find_phone(transaction, cookie)
        require_taking(phone, now)
        outcomes = receive.receive(
            transaction,
            phone,
            tokens,
            contents=parts.contents,
            device_now=read_moment(sent.get("device_now")),
            secret=parts.settings.secret_key,
            now=now,
        )
    return _json({"results": [_told(each) for each in outcomes], "server_time": utc_text(now)})


@blueprint.get("/phone/api/captures")
@public(_WHY)
def stored() -> Response:
    """Send what became of the captures of this phone's assessor in this course."""
    parts, cookie = runtime(), proven()
    now = parts.clock()
    with parts.database.reading() as reading:
        phone = find_phone(reading, cookie)
        require_going_on(reading, phone, now)
        invitation = phone.invitation
        course = Course(
            organisation_id=phone.organisation_id, context_id=invitation.context_id, secret=parts.settings.secret_key
        )
        own = list_captures(reading, course, invitation.person_id, most=MOST_TOLD)
        standing = read_standing(reading, course, around=own)
        mine = frozenset(own)
        told = [
            {
                **_told(outcome_of(each, standing)),
                "learner": _learners(each.members)[0] if len(each.members) == 1 else None,
                "team": _learners(each.members) if len(each.members) > 1 else [],
                "task": each.row.task,
                "made_at": utc_text(each.row.made_at),
            }
            for each in standing.seen
            if each.row.id in mine
        ]
    return _json({"captures": told, "server_time": utc_text(now)})


@blueprint.put("/phone/api/captures/<capture>/photo/<sha256>")
@public(_WHY)
@takes_up_to(photos.MAX_BYTES)
def photo(body: bytes, capture: str, sha256: str) -> Response:
    """Take a picture that a capture told of; nothing of it is kept but its pixels."""
    parts, cookie = runtime(), proven()
    now = parts.clock()
    if not (_UUID.fullmatch(capture) and _SHA256.fullmatch(sha256)):
        raise PhotoUnknownError
    with parts.database.reading() as reading:
        phone = find_phone(reading, cookie)
        require_taking(phone, now)
        is_there = photos.find_wanted(reading, phone, capture, sha256) is None
    if not is_there:
        # Outside of the transaction: it takes a while.
        data = photos.cleaned(body, sha256)
        with parts.database.transaction() as transaction:
            phone = find_phone(transaction, cookie)
            secret = parts.settings.secret_key
            photos.keep(transaction, phone, capture, (sha256, data), secret=secret, now=now)
    return Response(status=204)


@blueprint.delete("/phone/api/device")
@public(_WHY)
def leave() -> Response:
    """Take this phone off its invitation, since it forgets everything: another one can take its place."""
    parts, cookie = runtime(), proven()
    with parts.database.transaction() as transaction:
        phone = find_phone(transaction, cookie)
        devices.leave(transaction, phone, now=parts.clock())
    response = Response(status=204)
    set_phone_cookie(response, "", max_age=0)
    return response


def set_phone_cookie(response: Any, value: str, *, max_age: int) -> None:
    """Let the browser be a phone: the cookie is ours alone, and never sent from inside another site's page."""
    flags = "Secure; HttpOnly; Path=/; SameSite=Lax"
    response.headers.add("Set-Cookie", f"{PHONE_COOKIE}={value}; Max-Age={max_age}; {flags}")


def _learners(members: Any) -> list[str]:
    return [member.learner for member, _ in members]


def _told(outcome: Outcome) -> dict[str, str | None]:
    """Return what became of a capture, in the words of the reader's language."""
    words = catalogue(reader_language()).gettext(OUTCOMES.get(outcome.code, OUTCOMES[""]))
    return {"id": outcome.capture or None, "state": outcome.state.value, "code": outcome.code, "message": words}


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; raise BatchRefusedError."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BatchRefusedError from error
    if not isinstance(found, dict):
        raise BatchRefusedError
    return found


def _json(body: object, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json", headers=headers)
