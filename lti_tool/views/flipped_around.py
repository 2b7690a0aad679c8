"""What a step of a flipped unit has of its unit: the grade that moves with it, and the way on to the next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session as Transaction

from lti_tool.models import FlippedUnit
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.attempts.flipped_progress import progress_of, settle
from lti_tool.services.flipped.units import Place, find_of_link
from lti_tool.services.flipped.words import step_title
from lti_tool.views.guards import STEP_MARK, Session, runtime
from lti_tool.views.host import catalogue
from qualoop.classroom.flipped_unit import ACTIVITIES, StepKind
from qualoop.player import NextActivity


def place_of(session: Session) -> Place:
    """Return the course of a session, and who it is."""
    return Place(organisation_id=session.organisation_id, context_id=session.context_id, person_id=session.person_id)


def step_address(session: Session, key: str) -> str:
    """Return where a lesson, a project or the check of a unit is worked at."""
    return f"/a/{session.launch_uuid}{STEP_MARK}{key}/"


def settle_unit(connection: Connection, session: Session, who: Who, now: datetime) -> None:
    """Bring the grade of the unit up to what was just done at one of its steps; nothing at any other link.

    ``who`` is at the step.
    """
    if session.unit_link_id is None:
        return
    with Transaction(connection) as transaction:
        unit = _unit(transaction, session)
        if unit is not None:
            at_unit = replace(who, resource_link_id=session.unit_link_id, activity_id=session.unit_activity_id)
            settle(transaction, unit, at_unit, now=now)


def next_in_unit(connection: Connection, session: Session) -> NextActivity | None:
    """Return the next step of the unit that is not done, with its address; None where nothing is left."""
    with Transaction(connection) as reading:
        unit = _unit(reading, session)
        if unit is None:
            return None
        progress = progress_of(connection, unit, session.person_id)
    key = progress.next_key
    step = progress.plan.find_step(key) if key else None
    if step is None:
        return None
    titles = runtime().contents.find_titles(connection, session.organisation_id, {step.key})
    is_inside = step.kind in ACTIVITIES or step.kind is StepKind.CHECK
    return NextActivity(
        title=step_title(step, titles.get(step.key))[session.language],
        reason=catalogue(session.language).gettext("It is the next step of your unit."),
        url=step_address(session, step.key) if is_inside else f"{session.unit_base}unit/",
    )


def _unit(transaction: Transaction, session: Session) -> FlippedUnit | None:
    return find_of_link(transaction, place_of(session), session.unit_activity_id)
