"""The doors of the tool: login initiation, launch, published keys. Anybody may knock; see services.launching."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from markupsafe import escape
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import BrowserMismatchError
from lti_tool.lti.login import MAX_ID, STORAGE_TARGET, parse_authentication_response, parse_login
from lti_tool.services.launches import launching
from lti_tool.services.launches.deep_links import OpenedPicker
from lti_tool.services.launches.launches import Opened
from lti_tool.services.people.logins import STATE_LIFE, digest
from lti_tool.services.platforms import tool_keys
from lti_tool.views.activity import first_page
from lti_tool.views.guards import (
    COOKIE,
    bearer_terms,
    cookie_name,
    in_frame,
    public,
    runtime,
    set_private_cookie,
)
from lti_tool.views.storage import cookies_refused, find_asking_page, repeated

blueprint = Blueprint("oidc", __name__)

STATE_COOKIE = COOKIE + "s-"

#: How many launches one browser keeps open. Their cookies stay far below the 8 KB that servers take in one header.
MAX_SESSIONS = 20

# Under 1 KB, and without script: the next request shows whether the cookie came back.
_LOOK_AGAIN = (
    '<!doctype html><meta charset="utf-8"><title>…</title><meta http-equiv="refresh" content="0;url={url}">'
    '<p><a href="{url}">→</a></p>'
)


@blueprint.route("/lti/login", methods=["GET", "POST"])
@public("a platform sends every browser here; nothing is trusted but what we stored")
def login() -> AnyResponse:
    """Begin a launch: store state and nonce, set this browser's cookie, go on to the platform (S1, S21).

    In a frame the browser may not keep our cookie; so there a tiny page sets it and looks whether it comes back.
    """
    sent = request.values.to_dict()
    begun = launching.begin(runtime(), parse_login(sent))
    response: AnyResponse
    if in_frame() or (STORAGE_TARGET in sent and "Sec-Fetch-Dest" not in request.headers):
        go_on = f"{url_for('oidc.go_on')}?{urlencode({'state': begun.login.state, **repeated()})}"
        response = Response(_LOOK_AGAIN.format(url=escape(go_on)), headers={"Cache-Control": "no-store"})
    else:
        response = Response(status=302, headers={"Location": begun.url})
    set_private_cookie(
        response, state_cookie(begun.login.state), begun.login.binding, max_age=int(STATE_LIFE.total_seconds())
    )
    return response


@blueprint.route("/lti/login/continue")
@public("goes on only where the cookie of a login that we stored comes back")
def go_on() -> AnyResponse:
    """Go on to the platform where this browser kept our cookie in the frame; else do without it."""
    state, asked = request.args.get("state", ""), parse_login(request.args)
    try:
        url = launching.go_on(runtime(), asked, state, binding=request.cookies.get(state_cookie(state)))
    except BrowserMismatchError:
        return cookies_refused(asked)
    return redirect(url, 302)


@blueprint.route("/lti/launch", methods=["POST"])
@public("the launch is proven by state, cookie and signature")
def launch() -> Response:
    """Verify and store a launch and answer with the page of its activity, or with the choice of activities.

    Where the platform keeps the secret of the login, a page asks for it first; nothing is used up by that.
    """
    answered = parse_authentication_response(request.form)
    cookie = state_cookie(answered.state)
    if cookie not in request.cookies and (asking := find_asking_page(answered)) is not None:
        return asking
    opened, response = launching.complete(runtime(), answered, binding=request.cookies.get(cookie), then=_page)
    for name in (cookie, *_surplus()):
        set_private_cookie(response, name, "", max_age=0)
    set_private_cookie(
        response,
        cookie_name(opened.session_uuid),
        opened.secret,
        max_age=runtime().settings.session_hours * 3600,
    )
    return response


@blueprint.post("/lti/launch/stored")
@public("the launch is proven by state, signature, and the secret that the platform kept for this browser")
def launch_stored() -> Response:
    """Do the same with a secret that the platform kept: answer the page's address, and the bearer that opens it."""
    answered = parse_authentication_response(request.form)
    binding = request.form.get("secret", "")[:MAX_ID]
    opened, page = launching.complete(runtime(), answered, binding=binding, then=_page)
    bearer = bearer_terms(opened.session_uuid, digest(opened.secret)).issue(runtime().clock())
    address = page.headers.get("Location") or url_for("activity.show", launch=opened.session_uuid)
    return jsonify(bearer=bearer, url=address)


def _page(connection: Connection, opened: Opened | OpenedPicker) -> Response:
    """Return the page that the message asks for."""
    if isinstance(opened, OpenedPicker):
        return Response(
            status=303, headers={"Location": url_for("deep_linking.show", request_uuid=opened.session_uuid)}
        )
    if opened.reviewed is not None:
        page = "review.show" if opened.reviewed else "review.nobody"
        # None is left out of an address.
        url = url_for(page, launch=opened.session_uuid, person_uuid=opened.reviewed or None)
        return Response(status=303, headers={"Location": url})
    return first_page(connection, opened)


def _surplus() -> list[str]:
    """Return the cookies of the oldest launches that make room for this one; browsers send the oldest first."""
    sessions = [name for name in request.cookies if name.startswith(COOKIE) and not name.startswith(STATE_COOKIE)]
    return sessions[: max(len(sessions) - MAX_SESSIONS + 1, 0)]


@blueprint.route("/lti/jwks")
@public("public keys")
def jwks() -> Response:
    """Publish the public halves of our keys."""
    with runtime().database.reading() as session:
        body = tool_keys.platform_key_set(session, runtime().clock())
    return Response(body, mimetype="application/json", headers={"Cache-Control": "public, max-age=300"})


def state_cookie(state: str) -> str:
    """Return the name of the cookie that binds a state to this browser: one a login, so that two never collide."""
    return STATE_COOKIE + digest(state)[:8]
