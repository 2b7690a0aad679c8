"""What a learner's page of a practice project tells of the class: open rounds, and the scores of the others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from lti_tool.services.attempts.attempts import Current
from lti_tool.services.attempts.practice_rounds import pace_for
from lti_tool.services.classes.scores import scores_of_others
from lti_tool.services.people.roles import Role
from lti_tool.views.guards import Session
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.content_packages import Project
from qualoop.player.project_class import ClassAround
from qualoop.player.project_state import ProjectState


def class_around(connection: Connection, session: Session, current: Current, now: datetime) -> ClassAround:
    """Return what is told; nothing for a lesson, and for who does not learn here."""
    content = current.opened.content
    if not isinstance(content, Project) or Role.LEARNER not in session.roles:
        return ClassAround()
    pace = pace_for(connection, content, session.organisation_id, session.resource_link_id)
    run = ProjectState.from_json(current.attempt.state).graded
    closed = pace.closed_rounds(now)
    if run is None:
        return ClassAround(closed_rounds=closed)
    if run.done:
        others = scores_of_others(connection, link_of(session), session.person_id) if pace.shows_class else ()
        return ClassAround(others=others, closed_rounds=closed)
    at, ends, words = pace.opens(run.played + 1), pace.ends(run.played + 1), Wording(language=session.language)
    return ClassAround(
        open_rounds=pace.open_rounds(now),
        at=at.isoformat() if at else "",
        at_words=words.time(at) if at else "",
        closed_rounds=closed,
        closes=ends.isoformat() if ends else "",
        closes_words=words.time(ends) if ends else "",
    )
