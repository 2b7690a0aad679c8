"""Sites that send evidence: how they stand, a further key, the end of a key or of a site."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.administration import sources
from lti_tool.services.people.roles import Permission
from lti_tool.services.sources.sources import NewKey
from lti_tool.views.admin_guards import Admin, administers, row_number
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("sources", __name__, url_prefix="/sources")


@blueprint.get("/")
@administers(Permission.MANAGE_PLATFORMS)
def show(admin: Admin) -> str:
    """Show the sites of the organisation."""
    return _page(admin)


@blueprint.post("/rotate")
@administers(Permission.MANAGE_PLATFORMS)
def rotate(admin: Admin) -> str:
    """Make a further key and show it: this once, so that its secret is neither in an address nor readable here later."""
    parts = runtime()
    with parts.database.transaction() as session:
        desk = admin.desk(session)
        source, made = sources.rotate(desk, _source(), parts.settings.secret_key)
        name = source.name
    return _page(admin, made=made, made_for=name)


@blueprint.post("/revoke")
@administers(Permission.MANAGE_PLATFORMS)
def revoke(admin: Admin) -> Response:
    """End one key, or a site with all of its keys."""
    kid = request.form.get("key", "")
    with runtime().database.transaction() as session:
        sources.revoke(admin.desk(session), _source(), kid)
    return redirect(url_for("admin.sources.show", done="key" if kid else "source"), 303)


def _source() -> int | None:
    return row_number(request.form.get("source", ""))


def _page(admin: Admin, *, made: NewKey | None = None, made_for: str = "") -> str:
    parts = runtime()
    with parts.database.reading() as session:
        lines = sources.list_sources(session, admin.scope)
    return render_template(
        "admin_sources.html",
        admin=admin,
        here="sources",
        lines=lines,
        made=made,
        made_for=made_for,
        address=f"{parts.settings.base_url}/api/v1/",
        done=request.args.get("done", ""),
        words=Wording(language=admin.language),
    )
