"""What a waiting observation is held against when somebody counts it: what is installed by now, whose limit it is beyond.

One hindrance hides the next ones, so all of them are looked at anew: the assessor's where it could not be known when the
observation came, and the own limit of whoever decides each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture, ObservationDevice, ObservationInvitation
from lti_tool.services.content.contents import Contents
from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.courses.members import Link
from lti_tool.services.observing import tasks as observing_tasks
from lti_tool.services.observing.errors import DecisionRefusedError
from lti_tool.services.observing.invitations import scope_of
from lti_tool.services.observing.receive import judged_of
from lti_tool.services.observing.said import open_capture
from lti_tool.services.observing.tasks import Place
from lti_tool.services.people.assessor_qualifications import list_of, rule_of
from qualoop.classroom.assessors import Hindrance, is_beyond, level_cap
from qualoop.classroom.observation import CaptureUnfitError, fitted_sheet
from qualoop.framework import Framework


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known by now of what a capture was judged by."""

    stored: StoredRubric
    place: Place
    framework: Framework | None


def look_again(
    session: Session, link: Link, row: ObservationCapture, *, contents: Contents, secret: str
) -> Hindrance | None:
    """Hold a capture against what is installed by now; return what else it is outside of, None for nothing.

    What that is stands in its place then, for a person to decide about. Raises DecisionRefusedError where its rubric is
    still not here, or it does not fit it.
    """
    signed, known = open_capture(session, row, secret), _known(session, link, row, contents)
    if signed is None or known is None:
        raise DecisionRefusedError("unfit")
    stored, place = known.stored, known.place
    if place.registers:
        observing_tasks.register(session, row.organisation_id, stored, known.framework, now=row.received_at)
    row.activity, row.content, row.is_older = place.activity, place.content, place.is_older
    try:
        row.judged = judged_of(stored, fitted_sheet(signed, stored.rubric))
    except CaptureUnfitError as error:
        raise DecisionRefusedError("unfit") from error
    row.criteria = len(stored.rubric.rows)
    found = _hindrance(session, row, place)
    session.flush()
    return found


def check_own_level(
    session: Session, link: Link, row: ObservationCapture, *, decider: int, contents: Contents, now: datetime
) -> None:
    """Raise DecisionRefusedError where its level is beyond who decides (a person), too: nobody lifts the own limit."""
    known = _known(session, link, row, contents)
    if known is None:
        return
    own = list_of(session.connection(), row.organisation_id, decider)
    cap = level_cap(rule_of(session.connection(), row.organisation_id), own, now.date())
    if is_beyond(known.place.level, cap):
        raise DecisionRefusedError("level")


def _known(session: Session, link: Link, row: ObservationCapture, contents: Contents) -> _Known | None:
    """Return by what a capture is judged, None where its rubric is not here; a task that is gone is the rubric alone."""
    connection, organisation_id = session.connection(), row.organisation_id
    stored = observing_tasks.find_rubric(connection, organisation_id, row.rubric)
    if stored is None:
        return None
    framework = contents.find_framework(connection, organisation_id)
    tasks = {task.key: task for task in observing_tasks.list_tasks(connection, contents, link)}
    place = observing_tasks.find_place(
        connection, organisation_id, tasks, row.task, rubric=stored, framework=framework
    ) or observing_tasks.place_alone(stored, framework)
    return _Known(stored=stored, place=place, framework=framework)


def _hindrance(session: Session, row: ObservationCapture, place: Place) -> Hindrance | None:
    """Return what of the assessor's invitation or level a capture is outside of."""
    device, invitation = session.execute(
        select(ObservationDevice, ObservationInvitation)
        .join(ObservationInvitation, ObservationInvitation.id == ObservationDevice.invitation_id)
        .where(
            ObservationDevice.organisation_id == row.organisation_id,
            ObservationInvitation.organisation_id == row.organisation_id,
            ObservationDevice.id == row.device_id,
        )
    ).one()
    found = scope_of(invitation, device, None).hindrance(row.task, made=row.occurred_at, come=row.received_at)
    cap = level_cap(
        rule_of(session.connection(), row.organisation_id),
        list_of(session.connection(), row.organisation_id, invitation.person_id),
        row.occurred_at.date(),
        invited_to=invitation.level_cap,
    )
    return found or (Hindrance.LEVEL if is_beyond(place.level, cap) else None)
