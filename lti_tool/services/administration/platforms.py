"""The platforms of an organisation as its administrators deal with them: approval, names, deployments, invitations.

Behind the administration pages, `qualoop platform` and `qualoop deployment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.lti.dynamic_registration import is_service_url
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Context, Deployment, InboxItem, Registration, RegistrationInvite
from lti_tool.services.administration import inbox_actions
from lti_tool.services.administration.administration import MAX_TEXT, Action, AdminMissingError, Desk
from lti_tool.services.mechanisms import inbox
from lti_tool.services.platforms import approval, invites
from lti_tool.services.platforms.registrations import PENDING
from qualoop.values import ValueRefusedError

DAYS: Final = range(1, 91)
MAX_ADDRESS: Final = 2000
MAX_HOSTS: Final = 20


class DeploymentState(StrEnum):
    """How a deployment stands. `unknown`: it was launched from, and nobody has decided about it."""

    APPROVED = "approved"
    PENDING = "pending"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentLine:
    """One deployment; ``since`` is when it was first heard of."""

    registration_id: int
    deployment_id: str
    state: DeploymentState
    since: datetime
    courses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLine:
    """One platform in the list."""

    registration: Registration
    courses: int
    waiting: int
    """How many deployments wait for a decision."""


class InviteState(StrEnum):
    """What came of an invitation link."""

    GOOD = "good"
    EXPIRED = "expired"
    PENDING = "pending"
    """Used: the platform waits for approval."""
    USED = "used"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteLine:
    """One invitation link, which nobody can find out again, and the platform that used it."""

    invite: RegistrationInvite
    state: InviteState
    registration: Registration | None


def list_platforms(session: Session, organisation_id: int) -> Sequence[PlatformLine]:
    """Return the platforms of an organisation: those that wait for approval first, then by name."""
    rows = session.scalars(select(Registration).where(Registration.organisation_id == organisation_id)).all()
    lines = deployments(session, organisation_id)
    return [
        PlatformLine(
            registration=row,
            courses=sum(line.courses for line in lines if line.registration_id == row.id),
            waiting=sum(
                line.state in {DeploymentState.UNKNOWN, DeploymentState.PENDING}
                for line in lines
                if line.registration_id == row.id
            ),
        )
        for row in sorted(rows, key=lambda row: (row.state != PENDING, (row.name or row.issuer).casefold(), row.id))
    ]


def get_platform(session: Session, organisation_id: int, registration_id: int) -> Registration:
    """Return a platform of the organisation; raise AdminMissingError."""
    row = session.scalar(
        select(Registration).where(Registration.id == registration_id, Registration.organisation_id == organisation_id)
    )
    if row is None:
        raise AdminMissingError
    return row


def approve(desk: Desk, registration: Registration) -> None:
    """Let a platform that waits launch us; raise RegistrationNotPendingError."""
    approval.approve(desk.session, registration, now=desk.now)
    desk.note(Action.PLATFORM_APPROVED, registration.issuer, client_id=registration.client_id)


def refuse(desk: Desk, registration: Registration) -> None:
    """Delete a platform that waits; raise RegistrationNotPendingError."""
    issuer, client_id = registration.issuer, registration.client_id
    approval.refuse(desk.session, registration, now=desk.now)
    desk.note(Action.PLATFORM_REFUSED, issuer, client_id=client_id)


def change(desk: Desk, registration: Registration, *, name: str, product: str) -> None:
    """Change what a platform is called and which product it is ("": its launches tell); raise ValueRefusedError."""
    called = " ".join(name.split())
    if len(called) > MAX_TEXT:
        raise ValueRefusedError(f"a name has at most {MAX_TEXT} characters")
    if product and product not in {each.value for each in Product}:
        raise ValueRefusedError(f"{product[:40]} is no product that is known here")
    registration.name, registration.product = called, product or None
    desk.note(Action.PLATFORM_CHANGED, registration.issuer, client_id=registration.client_id, product=product)


def deployments(session: Session, organisation_id: int, registration_id: int | None = None) -> Sequence[DeploymentLine]:
    """Return the deployments of an organisation, or of one platform of it, with those that nobody has decided about."""
    courses = (
        select(Context.deployment_id, func.count().label("count"))
        .where(Context.organisation_id == organisation_id)
        .group_by(Context.deployment_id)
        .subquery()
    )
    query = (
        select(Deployment, func.coalesce(courses.c.count, 0))
        .outerjoin(courses, courses.c.deployment_id == Deployment.id)
        .where(Deployment.organisation_id == organisation_id)
    )
    found = [
        DeploymentLine(
            registration_id=row.registration_id,
            deployment_id=row.deployment_id,
            state=DeploymentState(row.state),
            since=row.created_at,
            courses=count,
        )
        for row, count in session.execute(query.order_by(Deployment.registration_id, Deployment.id))
    ]
    known = {(line.registration_id, line.deployment_id) for line in found}
    unknown = [line for line in _unknown(session, organisation_id) if _place(line) not in known]
    return [line for line in (*unknown, *found) if registration_id in {None, line.registration_id}]


def approve_deployment(desk: Desk, registration: Registration, deployment_id: str) -> None:
    """Let a deployment launch us, one that was never heard of too; raise ValueRefusedError."""
    _check(deployment_id)
    inbox_actions.approve_deployment(
        desk.session, registration.id, registration.organisation_id, deployment_id, now=desk.now
    )
    _resolve(desk, registration, deployment_id, "approve")
    desk.note(Action.DEPLOYMENT_APPROVED, deployment_id, issuer=registration.issuer)


def refuse_deployment(desk: Desk, registration: Registration, deployment_id: str) -> None:
    """Let a deployment launch us no more, and ask nobody about it again; raise ValueRefusedError."""
    _check(deployment_id)
    inbox_actions.refuse_deployment(
        desk.session, registration.id, registration.organisation_id, deployment_id, now=desk.now
    )
    _resolve(desk, registration, deployment_id, "refuse")
    desk.note(Action.DEPLOYMENT_REFUSED, deployment_id, issuer=registration.issuer)


def invite_terms(
    *, made_by: str, days: int, issuer: str | None, hosts: Sequence[str], allow_loopback: bool
) -> invites.Terms:
    """Return what an invitation is good for; raise ValueRefusedError with what is wrong."""
    if days not in DAYS:
        raise ValueRefusedError(f"the days are {DAYS[0]} to {DAYS[-1]}")
    if issuer and (len(issuer) > MAX_ADDRESS or not is_service_url(issuer, allow_loopback=allow_loopback)):
        raise ValueRefusedError("the issuer is an https address")
    names = tuple(host.lower() for host in hosts)
    fit = all(is_service_url(f"https://{name}/", allow_loopback=False) and "/" not in name for name in names)
    if len(names) > MAX_HOSTS or not fit:
        raise ValueRefusedError("a host is a name, without https:// and path")
    return invites.Terms(
        made_by=made_by[:MAX_TEXT], life=timedelta(days=days), issuer=issuer or None, other_hosts=names
    )


def invite(desk: Desk, terms: invites.Terms) -> str:
    """Make an invitation link; return its token, which nobody can find out again."""
    token = invites.make(desk.session, desk.scope, terms, now=desk.now)
    desk.note(Action.INVITE_MADE, terms.issuer or "", days=terms.life.days)
    return token


def withdraw_invite(desk: Desk, invite_id: int) -> None:
    """Delete an invitation that was not used; raise AdminMissingError."""
    if not invites.withdraw(desk.session, desk.scope, invite_id):
        raise AdminMissingError
    desk.note(Action.INVITE_WITHDRAWN, str(invite_id))


def list_invites(session: Session, organisation_id: int, now: datetime) -> Sequence[InviteLine]:
    """Return the invitations of an organisation with what came of them, the newest first."""
    found = []
    for row in invites.listed(session, organisation_id):
        used_by = session.get(Registration, row.registration_id) if row.registration_id else None
        found.append(InviteLine(invite=row, state=_invite_state(row, used_by, now), registration=used_by))
    return found


def _invite_state(row: RegistrationInvite, used_by: Registration | None, now: datetime) -> InviteState:
    if row.used_at is None:
        return InviteState.EXPIRED if row.expires_at <= now else InviteState.GOOD
    if used_by is None:
        return InviteState.REFUSED
    return InviteState.PENDING if used_by.state == PENDING else InviteState.USED


def _place(line: DeploymentLine) -> tuple[int, str]:
    return line.registration_id, line.deployment_id


def _check(deployment_id: str) -> None:
    """Raise ValueRefusedError for what cannot be the name of a deployment (LTI 1.3 core, 3.1.3)."""
    if not 0 < len(deployment_id) <= MAX_TEXT or not deployment_id.isprintable():
        raise ValueRefusedError(f"a deployment is named by 1 to {MAX_TEXT} characters")


def _asked(session: Session, organisation_id: int) -> Sequence[InboxItem]:
    """Return the open questions about deployments."""
    return session.scalars(
        select(InboxItem)
        .where(
            InboxItem.organisation_id == organisation_id,
            InboxItem.reason == inbox_actions.DEPLOYMENT_UNKNOWN,
            InboxItem.state == inbox.OPEN,
        )
        .order_by(InboxItem.id)
    ).all()


def _unknown(session: Session, organisation_id: int) -> list[DeploymentLine]:
    return [
        DeploymentLine(
            registration_id=item.details["registration_id"],
            deployment_id=item.details["deployment_id"],
            state=DeploymentState.UNKNOWN,
            since=item.created_at,
        )
        for item in _asked(session, organisation_id)
    ]


def _resolve(desk: Desk, registration: Registration, deployment_id: str, action: str) -> None:
    """Close the question about a deployment, where it was asked."""
    place = (registration.id, deployment_id)
    for item in _asked(desk.session, registration.organisation_id):
        if (item.details["registration_id"], item.details["deployment_id"]) == place:
            inbox.resolve(desk.session, registration.organisation_id, item.id, action=action, now=desk.now)
