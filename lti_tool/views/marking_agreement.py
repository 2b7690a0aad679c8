"""How well two markers agree, row by row: a chart with its table; and how strict each of them is."""

from __future__ import annotations

from flask import Blueprint, render_template

from lti_tool.services.marking import agreement
from lti_tool.services.people.roles import Permission
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.marking import here, marker_of, page_words, title_of
from lti_tool.views.teaching import link_of
from qualoop.mastery.raters import severity_sentence

blueprint = Blueprint("marking_agreement", __name__)


@blueprint.get("/a/<launch>/marking/agreement/")
@needs(Permission.MARK)
def show(session: Session) -> str:
    """Show in how many works first and second marker gave the same level, and by how much they differ in the others."""
    with runtime().database.reading() as reading:
        connection = reading.connection()
        found = agreement.link_agreement(connection, link_of(session), marker_of(session))
        title = title_of(connection, session)
    return render_template(
        "marking_agreement.html",
        session=session,
        here=here(session),
        link_title=title,
        rows=found.rows,
        least=agreement.LEAST_WORKS,
        markers=found.markers,
        severity_sentence=severity_sentence,
        **page_words(session),
    )
