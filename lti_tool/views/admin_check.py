"""The self-test of a platform: what works, what does not, what to change where."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from lti_tool.services.administration import platforms, self_test, self_test_report
from lti_tool.services.administration.self_test import State
from lti_tool.services.people.roles import Permission
from lti_tool.views.admin_guards import NUMBER, Admin, administers
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("check", __name__, url_prefix="/platforms")


@blueprint.get(f"/<{NUMBER}:platform>/check")
@administers(Permission.MANAGE_PLATFORMS)
def show(admin: Admin, platform: int) -> str:
    """Show what the last check found."""
    parts = runtime()
    with parts.database.reading() as session:
        row = platforms.get_platform(session, admin.scope, platform)
        kept = self_test_report.find_kept(session, admin.scope, row.id)
    registration = parts.registrations.get(platform).registration
    found = kept.findings if kept else []
    lines = self_test_report.lines(found, registration, parts.settings.base_url, language=admin.language)
    return render_template(
        "admin_check.html",
        admin=admin,
        here="platforms",
        platform=row,
        kept=kept,
        lines=lines,
        faults=sum(line.state is State.FAILS for line in lines),
        report="\n".join(self_test_report.printed(lines, registration, kept.at)) if kept else "",
        words=Wording(language=admin.language),
    )


@blueprint.post(f"/<{NUMBER}:platform>/check")
@administers(Permission.MANAGE_PLATFORMS)
def run(admin: Admin, platform: int) -> Response:
    """Check, keep what was found, and show it. No transaction is open while the platform answers."""
    parts = runtime()
    with parts.database.reading() as session:
        platforms.get_platform(session, admin.scope, platform)
    registration = parts.registrations.get(platform).registration
    findings = self_test.run(parts, registration)
    with parts.database.transaction() as session:
        self_test_report.keep(admin.desk(session), registration, findings)
    return redirect(url_for("admin.check.show", platform=platform), 303)
