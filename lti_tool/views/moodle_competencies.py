"""A teacher's page of the competencies in Moodle: what matches, what was rated, and the way without a token."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.lti.errors import LtiError
from lti_tool.services.moodle.overview import SHOWN, moodle_overview, send_class_again
from lti_tool.services.people.roles import Permission
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording

blueprint = Blueprint("moodle_competencies", __name__)


@blueprint.get("/a/<launch>/class/competencies/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show what of the course matches a competency in Moodle, and what was sent there."""
    if not has_competencies():
        abort(404)
    parts = runtime()
    with parts.database.reading() as reading:
        framework = parts.contents.find_framework(reading.connection(), session.organisation_id)
        found = moodle_overview(reading, framework, link_of(session))
        return render_template(
            "competencies.html",
            session=session,
            here="teaching",
            found=found,
            shown=SHOWN,
            sent=request.args.get("sent", type=int),
            words=Wording(language=session.language, framework=framework),
        )


@blueprint.post("/a/<launch>/class/competencies/send-again")
@needs(Permission.RESEND_GRADES)
def send_again(session: Session) -> Response:
    """Try every rating of the class again that was given up."""
    parts = runtime()
    with parts.database.transaction() as transaction:
        sent = send_class_again(transaction, link_of(session), now=parts.clock())
    return redirect(url_for("moodle_competencies.show", launch=session.uuid, sent=sent), 303)


def has_competencies() -> bool:
    """Say whether the platform of this launch has competencies that this tool can rate."""
    session = g.get("session")
    if session is None:
        return False
    try:
        return runtime().registrations.get(session.registration_id).registration.profile.competencies
    except LtiError:
        return False


@blueprint.app_context_processor
def _words() -> dict[str, Callable[[], bool]]:
    """Let the navigation of the class ask; most pages never do."""
    return {"has_competencies": has_competencies}
