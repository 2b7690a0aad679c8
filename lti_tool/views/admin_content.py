"""Content packages: what is installed in which version, what the last imports did, and undo."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.administration import content
from lti_tool.services.mechanisms.imports import APPLIED
from lti_tool.services.people.roles import Permission
from lti_tool.views.admin_guards import Admin, administers
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("content", __name__, url_prefix="/content")


@blueprint.get("/")
@administers(Permission.INSTALL_CONTENT)
def show(admin: Admin) -> str:
    """Show the activities of the organisation and the imports that brought them."""
    parts = runtime()
    with parts.database.reading() as session:
        lines = content.activities(session, parts.contents, admin.scope)
        runs = content.runs(session, admin.scope)
    return render_template(
        "admin_content.html",
        admin=admin,
        here="content",
        lines=lines,
        runs=runs,
        newest=next((run.uuid for run in runs if run.state == APPLIED), None),
        done=request.args.get("done", ""),
        words=Wording(language=admin.language),
    )


@blueprint.post("/undo")
@administers(Permission.INSTALL_CONTENT)
def undo(admin: Admin) -> Response:
    """Undo the newest import that stands, where it is the one that the page showed."""
    with runtime().database.transaction() as session:
        content.undo(admin.desk(session), request.form.get("run"))
    return redirect(url_for("admin.content.show", done="undone"), 303)
