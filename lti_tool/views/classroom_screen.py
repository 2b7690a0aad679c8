"""The projector of a class, at an address of its own: the question, the code, how many have voted. Nobody's name.

Whoever has the address sees the roll call's code, so it is secret and the console alone shows it.
"""

from __future__ import annotations

from typing import Any, Final

import segno
from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSession
from lti_tool.services.classes import live, sessions
from lti_tool.services.classes.roll_call import read_roll
from lti_tool.services.classes.sessions import shown_token
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.views.classroom_device import reader_language
from lti_tool.views.classroom_page import code_view, screen_view
from lti_tool.views.classroom_stream import events, unchanged
from lti_tool.views.classroom_team_page import screen_check
from lti_tool.views.classroom_voting import FRAGMENT
from lti_tool.views.guards import public, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.wording import Wording
from qualoop.classroom.roll_call import ROTATION, Presence
from qualoop.classroom.session import SessionState
from qualoop.values import LANGUAGES

blueprint = Blueprint("classroom_screen", __name__)

_WHY: Final = "leads by a random key of 256 bits to what a room sees anyway: counts, and no name"


@blueprint.get("/class/screen/<screen_key>/")
@public(_WHY)
def show(screen_key: str) -> AnyResponse:
    """Show the screen, or only what changes where its script asks; 304 where nothing has changed."""
    parts = runtime()
    with parts.database.reading() as reading:
        row = sessions.get_by_screen(reading, screen_key)
        stamp = _stamp(parts, row)
        if FRAGMENT in request.headers and unchanged(stamp):
            return Response(status=304, headers={"ETag": f'"{stamp}"'})
        context = _screen(reading, row)
    template = "class_screen_live.html" if FRAGMENT in request.headers else "class_screen.html"
    html = render_template(template, session=None, stamp=stamp, **context)
    return Response(html, mimetype="text/html", headers={"ETag": f'"{stamp}"'})


@blueprint.get("/class/screen/<screen_key>/events")
@public(_WHY)
def stream(screen_key: str) -> AnyResponse:
    """Tell the screen whenever something has changed (server-sent events)."""
    parts = runtime()
    with parts.database.reading() as reading:
        row = sessions.get_by_screen(reading, screen_key)
    # The stream outlives its request, so what it needs is looked up here.
    return events(lambda: _stamp(parts, row))


def qr_picture(address: str) -> str:
    """Return the QR code of an address as an SVG, made here: no other service learns of it."""
    made = segno.make(address, error="m", micro=False)
    return made.svg_inline(border=2, omitsize=True, svgclass="q-class-qr", lineclass=None)


def _stamp(parts: Runtime, row: ClassSession) -> str:
    """Return what changes with the screen: the session, and the token that is shown."""
    now = parts.clock()
    return f"{live.stamp(parts.database, row.organisation_id, row.uuid, now)}-{ROTATION.window(now)}"


def _screen(reading: Transaction, row: ClassSession) -> dict[str, Any]:
    language = request.args.get("language", "")
    language = language if language in LANGUAGES else reader_language()
    messages = catalogue(language)
    is_over = row.state == SessionState.CLOSED
    now = runtime().clock()
    token, number, _ = shown_token(row, now)
    base = runtime().settings.base_url
    roll = read_roll(reading, row)
    poll = screen_view(reading, row, language)
    return {
        "row": row,
        "language": language,
        "_": messages.gettext,
        "gettext": messages.gettext,
        "ngettext": messages.ngettext,
        "words": Wording(language=language),
        "poll": poll,
        "check": screen_check(reading, row, language) if row.state == SessionState.OPEN else None,
        "here_count": roll.count(Presence.PRESENT, Presence.LATE, Presence.WAITING),
        "total": len(roll.lines),
        "joined": sum(line.has_joined for line in roll.lines) + len(roll.unconfirmed),
        "step": next(iter(row.steps_in(language)[row.step :]), None),
        "number": f"{number[:3]} {number[3:]}",
        "qr": None if is_over else qr_picture(base + url_for("classroom_door.scan", class_uuid=row.uuid, token=token)),
        "door": (base + url_for("classroom_door.door")).removeprefix("https://").removeprefix("http://"),
        **code_view(row, now),
    }
