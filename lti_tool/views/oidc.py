"""The doors of the tool: login initiation, launch, published keys. Anybody may knock; see services.launching."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import escape
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import BrowserMismatchError
from lti_tool.lti.login import parse_authentication_response, parse_login
from lti_tool.services import launching, tool_keys
from lti_tool.services.deep_links import OpenedPicker
from lti_tool.services.launches import Opened
from lti_tool.services.logins import STATE_LIFE, digest
from lti_tool.views.activity import first_page
from lti_tool.views.guards import COOKIE, cookie_name, public, runtime, set_private_cookie

blueprint = Blueprint("oidc", __name__)

STATE_COOKIE = COOKIE + "s-"

#: How many launches one browser keeps open. Their cookies stay far below the 8 KB that servers take in one header.
MAX_SESSIONS = 20

_LOGIN_PARAMETERS = ("iss", "login_hint", "target_link_uri", "client_id", "lti_deployment_id", "lti_message_hint")

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
    begun = launching.begin(runtime(), parse_login(request.values))
    response: AnyResponse
    if request.headers.get("Sec-Fetch-Dest") == "iframe":
        go_on = f"{url_for('oidc.go_on')}?{urlencode({'state': begun.login.state, **_repeated()})}"
        response = Response(_LOOK_AGAIN.format(url=escape(go_on)), headers={"Cache-Control": "no-store"})
    else:
        response = redirect(begun.url, 302)
    set_private_cookie(
        response, state_cookie(begun.login.state), begun.login.binding, max_age=int(STATE_LIFE.total_seconds())
    )
    return response


@blueprint.route("/lti/login/continue")
@public("goes on only where the cookie of a login that we stored comes back")
def go_on() -> AnyResponse:
    """Go on to the platform where this browser kept our cookie in the frame; else offer a window of our own."""
    state = request.args.get("state", "")
    try:
        url = launching.go_on(
            runtime(), parse_login(request.args), state, binding=request.cookies.get(state_cookie(state))
        )
    except BrowserMismatchError:
        return Response(render_template("new_window.html", url=f"{url_for('oidc.login')}?{urlencode(_repeated())}"))
    return redirect(url, 302)


def _repeated() -> dict[str, str]:
    """Return the parameters of the login initiation, to be sent to ourselves again."""
    return {name: value for name in _LOGIN_PARAMETERS if (value := request.values.get(name))}


@blueprint.route("/lti/launch", methods=["POST"])
@public("the launch is proven by state, cookie and signature")
def launch() -> Response:
    """Verify and store a launch and answer with the page of its activity, or with the choice of activities."""
    answered = parse_authentication_response(request.form)
    cookie = state_cookie(answered.state)
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


def _page(connection: Connection, opened: Opened | OpenedPicker) -> Response:
    """Return the page that the message asks for."""
    if isinstance(opened, OpenedPicker):
        return Response(
            status=303, headers={"Location": url_for("deep_linking.show", request_uuid=opened.session_uuid)}
        )
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
