"""Long work: how far it is, and how to stop it."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.administration.administration import Action
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState
from lti_tool.services.people.roles import Permission
from lti_tool.views.admin_guards import Admin, administers
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")

SHOWN: Final = 50


@blueprint.get("/")
@administers(Permission.ADMINISTER)
def show(admin: Admin) -> str:
    """Show the long work of the organisation, the newest first."""
    with runtime().database.reading() as session:
        rows = jobs.all_jobs(session, organisation_id=admin.scope, at_most=SHOWN)
    return render_template(
        "admin_jobs.html",
        admin=admin,
        here="jobs",
        jobs=rows,
        is_busy=any(row.state in {JobState.WAITING, JobState.RUNNING} for row in rows),
        done=request.args.get("done", ""),
        words=Wording(language=admin.language),
    )


@blueprint.post("/<job_uuid>/stop")
@administers(Permission.INSTALL_CONTENT)
def stop(admin: Admin, job_uuid: str) -> Response:
    """Ask a job to stop after its present step."""
    with runtime().database.transaction() as session:
        desk = admin.desk(session)
        jobs.stop(session, job_uuid, desk.now, organisation_id=desk.scope)
        desk.note(Action.JOB_STOPPED, job_uuid)
    return redirect(url_for("admin.jobs.show", done="stopping"), 303)
