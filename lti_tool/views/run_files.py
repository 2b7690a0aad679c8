"""A graded run as a file that anybody can play again: for who played it, and for who teaches."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from lti_tool.services.attempts import attempts
from lti_tool.services.content.contents import OpenContent
from lti_tool.services.launches.submission_review import check_may_review, get_submission
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms.link_settings import link_settings
from lti_tool.views.activity import whose
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.review import EVERYTHING
from lti_tool.views.teaching import link_of
from qualoop.assessment import LinkSettings
from qualoop.player import StaleActionError, State
from qualoop.player.project import PracticeProjectKind

blueprint = Blueprint("run_files", __name__)


@blueprint.post("/a/<launch>/do/verification")
@needs(Permission.ANSWER)
def own(session: Session) -> Response:
    """Send the learner's own run, once it was handed in and as soon as its debrief may be seen."""
    parts, who = runtime(), whose(session)
    with parts.database.reading() as reading:
        standing = attempts.find(reading.connection(), who)
        if standing.attempt is None or standing.attempt.uuid != request.form.get("attempt", ""):
            abort(404)
        opened = parts.contents.get(reading.connection(), session.organisation_id, standing.attempt.version_id)
        settings = standing.plan.settings_at(parts.clock())
    return _file(opened, standing.attempt.state, settings, number=standing.attempt.number)


@blueprint.get("/a/<launch>/review/<person_uuid>/<int:number>/run.json")
@needs(Permission.VIEW_CLASS)
def of_learner(session: Session, person_uuid: str, number: int) -> Response:
    """Send a run of a learner of this course to who teaches it."""
    check_may_review(session.roles, own=False)
    parts = runtime()
    with parts.database.reading() as reading:
        submission = get_submission(reading.connection(), link_of(session), person_uuid)
        attempt = next((each for each in submission.attempts if each.number == number), None)
        if attempt is None:
            abort(404)
        opened = parts.contents.get(reading.connection(), session.organisation_id, attempt.version_id)
    shown = link_settings(session.link_settings).model_copy(update=EVERYTHING)
    return _file(opened, attempt.state, shown, number=number)


def _file(opened: OpenContent, state: State, settings: LinkSettings, *, number: int) -> Response:
    """Return the file of a run; 404 where there is none to be seen."""
    if not isinstance(opened.kind, PracticeProjectKind):
        abort(404)
    try:
        record = opened.kind.record(opened.content, state, settings=settings, content_hash=opened.hash)
    except StaleActionError:
        abort(404)
    headers = {"Content-Disposition": f'attachment; filename="{opened.key}-run-{number}.json"'}
    return Response(record.model_dump_json(indent=2), mimetype="application/json", headers=headers)
