"""What was observed of a learner, on the learner's own record: rows, levels, comments, pictures, and for which enterprise."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from lti_tool.services.observing.overview import read_own
from lti_tool.services.observing.photos import MEDIA_TYPE, open_photo
from lti_tool.services.people.roles import Permission
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording

blueprint = Blueprint("observing_own", __name__)


@blueprint.get("/a/<launch>/record/observations/")
@needs(Permission.VIEW_OWN_RECORD)
def show(session: Session) -> str:
    """Show what was observed of whoever opened the launch, in this course."""
    parts = runtime()
    with parts.database.reading() as reading:
        entries = read_own(reading, link_of(session), session.person_id, secret=parts.settings.secret_key)
        return render_template(
            "observing_own.html",
            session=session,
            here="record",
            back="observed",
            entries=entries,
            words=Wording(language=session.language),
        )


@blueprint.get("/a/<launch>/record/observations/<photo>")
@needs(Permission.VIEW_OWN_RECORD)
def picture(session: Session, photo: str) -> Response:
    """Send a picture of an observation of whoever opened the launch."""
    parts = runtime()
    with parts.database.reading() as reading:
        link, secret = link_of(session), parts.settings.secret_key
        data = open_photo(reading, link, photo, secret=secret, about=session.person_id)
    return Response(data, mimetype=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})
