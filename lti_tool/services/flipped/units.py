"""Flipped units of a course: begun from a proposal, changed one edit at a time with undo, copied, found for a link."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, Context, Enrolment, FlippedUnit, ResourceLink
from lti_tool.services.people.roles import Permission, may
from qualoop.classroom.flipped_unit import UnitPlan, UnitRefusedError, from_document
from qualoop.classroom.unit_building import for_copy
from qualoop.errors import QualoopError
from qualoop.player.flipped import UNIT_KIND

MOST_UNDONE: Final = 20
MOST_LISTED: Final = 100
MOST_ANCESTORS: Final = 20


class FlippedMissingError(QualoopError):
    """There is no such flipped unit in this course."""

    code = "flipped-missing"


class FlippedStaleError(UnitRefusedError):
    """The unit had been changed when this was sent: nothing was changed by it."""

    code = "flipped-stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The course that somebody plans in, and who it is."""

    organisation_id: int
    context_id: int
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A unit of another course of the same teacher, to be copied from."""

    uuid: str
    plan: UnitPlan
    course: str


def plan_of(unit: FlippedUnit) -> UnitPlan:
    """Return a unit's plan as it stands."""
    return from_document(unit.plan)


def create(
    session: Session, place: Place, plan: UnitPlan, *, now: datetime, source: FlippedUnit | None = None
) -> FlippedUnit:
    """Add a unit to a course and return its row."""
    row = FlippedUnit(
        organisation_id=place.organisation_id,
        uuid=str(uuid.uuid4()),
        context_id=place.context_id,
        activity_id=None,
        created_by=place.person_id,
        source_id=source.id if source else None,
        plan=plan.to_document(),
        undo=[],
        revision=1,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return row


def get_unit(session: Session, place: Place, unit_uuid: str, *, locked: bool = False) -> FlippedUnit:
    """Return a unit of the place's course; raise FlippedMissingError. ``locked`` for whoever will change it."""
    query = select(FlippedUnit).where(
        FlippedUnit.organisation_id == place.organisation_id,
        FlippedUnit.context_id == place.context_id,
        FlippedUnit.uuid == unit_uuid,
    )
    row = session.scalar(query.with_for_update(key_share=True) if locked else query)
    if row is None:
        raise FlippedMissingError
    return row


def list_units(session: Session, place: Place) -> Sequence[FlippedUnit]:
    """Return the units of the place's course, the last changed first."""
    query = (
        select(FlippedUnit)
        .where(FlippedUnit.organisation_id == place.organisation_id, FlippedUnit.context_id == place.context_id)
        .order_by(FlippedUnit.updated_at.desc(), FlippedUnit.id.desc())
        .limit(MOST_LISTED)
    )
    return session.scalars(query).all()


def list_elsewhere(session: Session, place: Place) -> list[Elsewhere]:
    """Return the units of the other courses in which this person may plan; nobody else's."""
    return [Elsewhere(uuid=unit.uuid, plan=plan_of(unit), course=course) for unit, course in _elsewhere(session, place)]


def _elsewhere(session: Session, place: Place) -> list[tuple[FlippedUnit, str]]:
    query = (
        select(FlippedUnit, Context.title, Enrolment.roles)
        .join(Context, Context.id == FlippedUnit.context_id)
        .join(Enrolment, Enrolment.context_id == FlippedUnit.context_id)
        .where(
            FlippedUnit.organisation_id == place.organisation_id,
            FlippedUnit.context_id != place.context_id,
            Enrolment.organisation_id == place.organisation_id,
            Enrolment.person_id == place.person_id,
            Enrolment.left_at.is_(None),
        )
        .order_by(FlippedUnit.updated_at.desc(), FlippedUnit.id.desc())
        .limit(MOST_LISTED)
    )
    return [
        (unit, course)
        for unit, course, roles in session.execute(query)
        if may(roles.split(","), Permission.CHOOSE_ACTIVITIES)
    ]


def copy_unit(
    session: Session, place: Place, unit_uuid: str, *, class_at: datetime | None, now: datetime
) -> FlippedUnit:
    """Add a copy of a unit of this course, or of another one of the same teacher's, and return it.

    Its dates keep their distance to the class, which is at ``class_at``; without one it has no dates. Raises
    FlippedMissingError for a unit that this person may not see.
    """
    own = [unit for unit in list_units(session, place) if unit.uuid == unit_uuid]
    other = [unit for unit, _ in _elsewhere(session, place) if unit.uuid == unit_uuid]
    source = next(iter([*own, *other]), None)
    if source is None:
        raise FlippedMissingError
    return create(session, place, for_copy(plan_of(source), class_at), now=now, source=source)


def change(unit: FlippedUnit, edit: Callable[[UnitPlan], UnitPlan], *, seen: int, now: datetime) -> UnitPlan:
    """Apply an edit to a unit, whose row is locked, and return the plan; what was before can be had back.

    ``seen`` is the revision that the page showed. Raises FlippedStaleError, and what the edit raises; then nothing
    changed.
    """
    if unit.revision != seen:
        raise FlippedStaleError
    before = plan_of(unit)
    after = edit(before)
    if after != before:
        unit.undo = [*unit.undo, unit.plan][-MOST_UNDONE:]
        _store(unit, after, now)
    return after


def undo(unit: FlippedUnit, *, seen: int, now: datetime) -> UnitPlan:
    """Take back the last change of a unit, whose row is locked; nothing where there is none. Raises FlippedStaleError."""
    if unit.revision != seen:
        raise FlippedStaleError
    if unit.undo:
        before = from_document(unit.undo[-1])
        unit.undo = unit.undo[:-1]
        _store(unit, before, now)
    return plan_of(unit)


def _store(unit: FlippedUnit, plan: UnitPlan, now: datetime) -> None:
    unit.plan = plan.to_document()
    unit.revision += 1
    unit.updated_at = now


def is_unit(connection: Connection, organisation_id: int, activity_id: int | None) -> bool:
    """Say whether an activity is a flipped unit."""
    return activity_id is not None and (
        connection.scalar(
            select(Activity.id).where(
                Activity.organisation_id == organisation_id, Activity.id == activity_id, Activity.kind == UNIT_KIND
            )
        )
        is not None
    )


def find_of_link(session: Session, place: Place, activity_id: int | None) -> FlippedUnit | None:
    """Return the unit that a link of the course shows; None where it shows none, or none of this course yet."""
    if activity_id is None:
        return None
    return session.scalar(
        select(FlippedUnit).where(
            FlippedUnit.organisation_id == place.organisation_id,
            FlippedUnit.context_id == place.context_id,
            FlippedUnit.activity_id == activity_id,
        )
    )


def settle_link(session: Session, place: Place, activity_id: int, *, link_id: int, now: datetime) -> FlippedUnit:
    """Return the unit that a link of the course shows; where the course was copied, its own copy, made here.

    It is a copy of the unit of the course that the link was copied from; where that is not known, of the activity's
    first one. Dates do not come along: they were another term's. Raises FlippedMissingError where the activity is no unit.
    """
    found = find_of_link(session, place, activity_id)
    if found is not None:
        return found
    source = _source(session, place.organisation_id, activity_id, link_id)
    if source is None:
        raise FlippedMissingError
    # Two first launches of a copied course at once: the second waits, and finds what the first made.
    session.execute(select(Context.id).where(Context.id == place.context_id).with_for_update())
    found = find_of_link(session, place, activity_id)
    if found is None:
        found = create(session, place, for_copy(plan_of(source), None), now=now, source=source)
        found.activity_id = activity_id
        session.flush()
    return found


def _source(session: Session, organisation_id: int, activity_id: int, link_id: int) -> FlippedUnit | None:
    """Return the unit that a copied link shows a copy of; None where the activity has none."""
    of_activity = select(FlippedUnit).where(
        FlippedUnit.organisation_id == organisation_id, FlippedUnit.activity_id == activity_id
    )
    link: int | None = link_id
    # A course that was copied again before anybody opened it has no unit, but it knows where it came from.
    for _ in range(MOST_ANCESTORS):
        history = session.scalar(
            select(ResourceLink.history).where(ResourceLink.organisation_id == organisation_id, ResourceLink.id == link)
        )
        link = history.get("source") if history else None
        if link is None:
            break
        course = select(ResourceLink.context_id).where(
            ResourceLink.organisation_id == organisation_id, ResourceLink.id == link
        )
        found = session.scalar(of_activity.where(FlippedUnit.context_id == course.scalar_subquery()))
        if found is not None:
            return found
    return session.scalar(of_activity.order_by(FlippedUnit.id).limit(1))


def is_copy(session: Session, unit: FlippedUnit) -> bool:
    """Say whether a unit shows the activity of another course's unit, which it is a copy of."""
    first = session.scalar(
        select(func.min(FlippedUnit.id)).where(
            FlippedUnit.organisation_id == unit.organisation_id, FlippedUnit.activity_id == unit.activity_id
        )
    )
    return first is not None and first != unit.id


def foreign_keys(connection: Connection, organisation_id: int, context_id: int) -> frozenset[str]:
    """Return the keys of the units that are not of this course: no other course's teacher is offered them."""
    ours = select(FlippedUnit.activity_id).where(
        FlippedUnit.organisation_id == organisation_id,
        FlippedUnit.context_id == context_id,
        FlippedUnit.activity_id.is_not(None),
    )
    query = select(Activity.key).where(
        Activity.organisation_id == organisation_id, Activity.kind == UNIT_KIND, Activity.id.not_in(ours)
    )
    return frozenset(connection.scalars(query))
