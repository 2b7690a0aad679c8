"""The signing keys of the installation, for operators alone: how they stand, what comes next, rotation."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.administration import keys
from lti_tool.services.administration.administration import AdminMissingError
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms import key_rotation, tool_keys
from lti_tool.views.admin_guards import Admin, administers
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("keys", __name__, url_prefix="/keys")

MAX_REASON: Final = 255


@blueprint.get("/")
@administers(Permission.OPERATE, anywhere=True)
def show(admin: Admin) -> str:
    """Show every key."""
    return _page(admin)


@blueprint.post("/rotate")
@administers(Permission.OPERATE, anywhere=True)
def rotate(admin: Admin) -> Response:
    """Take the next step of a rotation: publish a next key, or let it sign."""
    purpose = _purpose()
    parts = runtime()
    with parts.database.transaction() as session:
        terms = key_rotation.terms_of(parts.settings, parts.clock())
        moved = keys.rotate(admin.installation_desk(session), purpose, terms)
    done = "signs" if moved.signing else "published" if moved.made else "too-early"
    return redirect(url_for("admin.keys.show", done=done), 303)


@blueprint.post("/replace")
@administers(Permission.OPERATE, anywhere=True)
def replace(admin: Admin) -> Response | tuple[str, int]:
    """Let a new key sign at once, for a reason."""
    purpose, reason = _purpose(), " ".join(request.form.get("reason", "").split())
    if not 0 < len(reason) <= MAX_REASON:
        return _page(admin, problem=purpose), 422
    parts = runtime()
    with parts.database.transaction() as session:
        terms = key_rotation.terms_of(parts.settings, parts.clock())
        keys.replace(admin.installation_desk(session), purpose, reason, terms)
    return redirect(url_for("admin.keys.show", done="replaced"), 303)


def _purpose() -> str:
    """Return which key a form is about; raise AdminMissingError."""
    purpose = request.form.get("purpose", "")
    if purpose not in tool_keys.PURPOSES:
        raise AdminMissingError
    return purpose


def _page(admin: Admin, *, problem: str | None = None) -> str:
    parts = runtime()
    with parts.database.reading() as session:
        lines = keys.key_lines(session, key_rotation.terms_of(parts.settings, parts.clock()))
    return render_template(
        "admin_keys.html",
        admin=admin,
        here="keys",
        lines=lines,
        purposes=tool_keys.PURPOSES,
        days=parts.settings.key_rotation_days,
        problem=problem,
        done=request.args.get("done", ""),
        words=Wording(language=admin.language),
    )
