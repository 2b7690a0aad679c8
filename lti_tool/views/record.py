"""The learner's own record: posts, units, knowledge points, and the evidence behind every number."""

from __future__ import annotations

from flask import Blueprint, render_template

from lti_tool.services import records
from lti_tool.services.roles import Permission
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("record", __name__)


@blueprint.get("/a/<launch>/record/")
@needs(Permission.VIEW_OWN_RECORD)
def show(session: Session) -> str:
    """Show the record of whoever opened the launch, and what to do next."""
    parts, language = runtime(), session.language
    now = parts.clock()
    subject = records.Subject(
        organisation_id=session.organisation_id, person_id=session.person_id, uuid=session.person_uuid
    )
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, session.organisation_id)
        if framework is None:
            return render_template("record.html", session=session, here="record", framework=None)
        found = records.learner_record(connection, parts.contents, framework, subject, language=language, now=now)
        following = records.next_activity(connection, parts.contents, framework, subject, language=language, now=now)
    return render_template(
        "record.html",
        session=session,
        here="record",
        framework=framework,
        found=found,
        next_activity=following,
        words=Wording(language=language, framework=framework, parts=found.parts),
    )
