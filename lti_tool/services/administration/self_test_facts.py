"""What the tool has seen of one registration: launches, columns, deliveries, class lists. All of it from rows that are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Context,
    DeepLink,
    Deployment,
    Identity,
    LineItem,
    LtiSession,
    MoodleService,
    OutboxRow,
    ResourceLink,
)
from lti_tool.services.grades import scores
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State

#: These are about one learner or one grade, and tell nothing of the registration.
_ONE_GRADE: Final = tuple(
    reason.value for reason in (Reason.OVERRIDDEN, Reason.LOCKED, Reason.REFUSED, Reason.NO_IDENTITY, Reason.CONFLICT)
)
_TOLD: Final = (State.DONE.value, State.NEEDS_PERSON.value, State.DEAD.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenColumn:
    """The newest grade column of a launch: empty texts where the launch named no address."""

    url: str
    lineitems_url: str
    scopes: frozenset[str]
    link_key: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDelivery:
    """The newest score whose end is known; ``reason`` is a code of delivery_reasons."""

    arrived: bool
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was seen of one registration; None where it was not."""

    launched_at: datetime | None
    approved: int
    waiting: int
    people: int
    named: int
    has_course: bool
    members_url: str | None
    groups_url: str | None
    column: SeenColumn | None
    delivery: SeenDelivery | None
    asked_at: datetime | None
    answered_at: datetime | None
    competency_faults: int | None
    competencies_at: datetime | None


def read_facts(session: Session, organisation_id: int, registration_id: int) -> Facts:
    """Return what was seen of a registration of the organisation."""
    launched_at = session.scalar(
        select(func.max(LtiSession.created_at)).where(
            LtiSession.organisation_id == organisation_id, LtiSession.registration_id == registration_id
        )
    )
    asked_at, answered_at = session.execute(
        select(func.max(DeepLink.created_at), func.max(DeepLink.answered_at)).where(
            DeepLink.organisation_id == organisation_id, DeepLink.registration_id == registration_id
        )
    ).one()
    people, named = session.execute(
        select(func.count(), func.count(Identity.name)).where(
            Identity.organisation_id == organisation_id, Identity.registration_id == registration_id
        )
    ).one()
    approved, waiting = _deployments(session, organisation_id, registration_id)
    faults, competencies_at = _competencies(session, organisation_id, registration_id)
    courses = [
        _newest_course(session, organisation_id, registration_id, only=only) for only in ("", "members", "groups")
    ]
    any_course, members, groups = courses
    return Facts(
        launched_at=launched_at,
        approved=approved,
        waiting=waiting,
        people=people,
        named=named,
        has_course=any_course is not None,
        members_url=members.memberships_url if members else None,
        groups_url=groups.groups_url if groups else None,
        column=_column(session, organisation_id, registration_id),
        delivery=_delivery(session, organisation_id, registration_id),
        asked_at=asked_at,
        answered_at=answered_at,
        competency_faults=faults,
        competencies_at=competencies_at,
    )


def _deployments(session: Session, organisation_id: int, registration_id: int) -> tuple[int, int]:
    """Return how many deployments are approved, and how many wait."""
    states = session.scalars(
        select(Deployment.state).where(
            Deployment.organisation_id == organisation_id, Deployment.registration_id == registration_id
        )
    ).all()
    return states.count("approved"), states.count("pending")


def _newest_course(session: Session, organisation_id: int, registration_id: int, *, only: str) -> Context | None:
    """Return the newest course, or the newest one with a list of members or groups."""
    query = (
        select(Context)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Context.organisation_id == organisation_id, Deployment.registration_id == registration_id)
    )
    if only:
        query = query.where((Context.memberships_url if only == "members" else Context.groups_url).is_not(None))
    return session.scalars(query.order_by(Context.id.desc()).limit(1)).first()


def _column(session: Session, organisation_id: int, registration_id: int) -> SeenColumn | None:
    found = session.execute(
        select(LineItem, ResourceLink.platform_key)
        .join(ResourceLink, ResourceLink.id == LineItem.resource_link_id)
        .where(LineItem.organisation_id == organisation_id, LineItem.registration_id == registration_id)
        .order_by(LineItem.updated_at.desc(), LineItem.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    row, link_key = found
    return SeenColumn(
        url=row.url or "",
        lineitems_url=row.lineitems_url or "",
        scopes=frozenset(row.scopes.split()),
        link_key=link_key,
        seen_at=row.updated_at,
    )


def _delivery(session: Session, organisation_id: int, registration_id: int) -> SeenDelivery | None:
    found = session.execute(
        select(OutboxRow.state, OutboxRow.last_error, OutboxRow.updated_at)
        .join(LineItem, LineItem.resource_link_id == OutboxRow.target)
        .where(
            OutboxRow.organisation_id == organisation_id,
            LineItem.registration_id == registration_id,
            OutboxRow.channel == scores.AGS,
            OutboxRow.state.in_(_TOLD),
            func.coalesce(OutboxRow.last_error, "").not_in(_ONE_GRADE),
        )
        .order_by(OutboxRow.updated_at.desc(), OutboxRow.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    return SeenDelivery(arrived=found[0] == State.DONE.value, reason=found[1] or "", at=found[2])


def _competencies(session: Session, organisation_id: int, registration_id: int) -> tuple[int | None, datetime | None]:
    """Return how many faults the last check of Moodle's web services found; None where there was none."""
    service = session.scalar(
        select(MoodleService).where(
            MoodleService.organisation_id == organisation_id, MoodleService.registration_id == registration_id
        )
    )
    if service is None or service.checked_at is None:
        return None, None
    return sum(each.get("state") == "bad" for each in service.findings), service.checked_at
