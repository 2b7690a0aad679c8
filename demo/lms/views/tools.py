"""What an administrator does with tools: let one register itself, activate it, try it. Teachers may here."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from demo.lms import registrations
from demo.lms.course import activities
from demo.lms.current import database, lms
from demo.lms.registrations import RegistrationRefusedError
from demo.lms.views.course import current_person, logged_in

blueprint = Blueprint("tools", __name__)


@blueprint.get("/tools/")
@logged_in
def overview() -> str:
    """Show the tools that registered themselves, and the field for the registration link of another one."""
    _require_teacher()
    first = next(iter(activities(database())), None)
    return render_template("tools.html", tools=registrations.registered(database()), first=first)


@blueprint.get("/tools/add")
@logged_in
def add() -> str:
    """Open the tool's registration link in a frame, with a fresh token (3.3)."""
    _require_teacher()
    link = request.args.get("link", "").strip()
    if not link.startswith(f"{lms().settings.tool_url}/"):
        abort(400)
    parameters = {
        "openid_configuration": lms().settings.base_url + url_for("tools.configuration"),
        "registration_token": registrations.give_token(database(), lms().clock()),
    }
    address = f"{link}?{urlencode(parameters)}"
    return render_template("add_tool.html", address=address, tool_origin=lms().settings.tool_url)


@blueprint.post("/tools/<client_id>/activate")
@logged_in
def activate(client_id: str) -> AnyResponse:
    """Let a tool that registered itself be used."""
    _require_teacher()
    if not registrations.activate(database(), client_id):
        abort(404)
    return redirect(url_for("tools.overview"), 303)


@blueprint.get("/lti/openid-configuration")
def configuration() -> Response:
    """Return what this LMS says of itself to a tool that registers."""
    return _json(registrations.configuration(lms().settings))


@blueprint.post("/lti/register")
def register() -> Response:
    """Register a tool; errors are one plain word, as Moodle's."""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    token = sent.strip() if scheme.lower() == "bearer" else ""
    try:
        document = registrations.read_document(request.get_data())
        answer = registrations.register(database(), lms().settings, token, document, now=lms().clock())
    except RegistrationRefusedError as refused:
        return Response(refused.reason, refused.status, content_type="text/html; charset=utf-8")
    return _json(answer)


def _require_teacher() -> None:
    if not current_person().is_teacher:
        abort(404)


def _json(body: object) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), content_type="application/json")
