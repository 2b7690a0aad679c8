"""The first administration page: what needs somebody, and the decisions about it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.administration import deliveries, overview
from lti_tool.services.people.roles import Permission
from lti_tool.services.programme import teacher_records_review
from lti_tool.views.admin_guards import NUMBER, Admin, administers
from lti_tool.views.guards import runtime
from lti_tool.views.host import catalogue
from lti_tool.views.teacher_record_words import WORDS
from lti_tool.views.wording import Wording

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
@administers(Permission.ADMINISTER)
def show(admin: Admin) -> str:
    """Show what needs somebody, and how much there is of everything."""
    with runtime().database.reading() as session:
        found = overview.overview(session, admin.scope)
        people = [item.details["person"] for item in found.questions if "person" in item.details]
        names = teacher_records_review.names_of(session, admin.scope, people)
        reasons = deliveries.reasons(session, admin.scope)
    return render_template(
        "admin_overview.html",
        admin=admin,
        here="overview",
        overview=found,
        reasons=reasons,
        names=names,
        kind_of=lambda kind: catalogue(admin.language).gettext(WORDS[kind]),
        words=Wording(language=admin.language),
        done=request.args.get("done", ""),
    )


@blueprint.post(f"/inbox/<{NUMBER}:item>")
@administers(Permission.ADMINISTER)
def decide(admin: Admin, item: int) -> Response:
    """Take one of the actions of a question."""
    parts = runtime()
    with parts.database.transaction() as session:
        overview.decide(admin.desk(session), item, request.form.get("action", ""))
    parts.registrations.forget()
    return redirect(url_for("admin.overview.show", done="decided"), 303)
