"""A platform that registered itself waits until an operator approves or refuses it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Deployment, InboxItem, Registration, RegistrationInvite
from lti_tool.services.mechanisms import inbox
from lti_tool.services.platforms.registrations import ACTIVE, PENDING
from qualoop.errors import QualoopError

REASON: Final = "registration-pending"
APPROVE, REFUSE = "approve", "refuse"
_APPROVED: Final = "approved"


class RegistrationNotPendingError(QualoopError):
    """The registration does not wait for approval."""

    code = "registration-not-pending"


def announce(session: Session, registration: Registration, *, now: datetime) -> None:
    """Put a new registration into the inbox of its organisation."""
    inbox.put(
        session,
        organisation_id=registration.organisation_id,
        reason=REASON,
        subject=str(registration.id),
        details={
            "registration_id": registration.id,
            "issuer": registration.issuer,
            "client_id": registration.client_id,
        },
        owner_role="administrator",
        actions=[APPROVE, REFUSE],
        now=now,
    )


def approve(session: Session, registration: Registration, *, now: datetime) -> None:
    """Let a platform that waits launch us, with the deployment that it named; raise RegistrationNotPendingError."""
    _check(registration)
    registration.state = ACTIVE
    session.execute(
        update(Deployment)
        .where(Deployment.registration_id == registration.id, Deployment.state == PENDING)
        .values(state=_APPROVED)
    )
    _close(session, registration, APPROVE, now)
    session.flush()


def refuse(session: Session, registration: Registration, *, now: datetime) -> None:
    """Delete a platform that waits: nothing hangs on it yet. Raises RegistrationNotPendingError."""
    _check(registration)
    _close(session, registration, REFUSE, now)
    session.execute(
        update(RegistrationInvite)
        .where(RegistrationInvite.registration_id == registration.id)
        .values(registration_id=None)
    )
    session.execute(delete(Deployment).where(Deployment.registration_id == registration.id))
    session.delete(registration)
    session.flush()


def decide(session: Session, item: InboxItem, now: datetime) -> None:
    """Do what the inbox item's resolution says; raise RegistrationNotPendingError where it was decided before."""
    registration = session.scalar(
        select(Registration).where(
            Registration.id == item.details["registration_id"], Registration.organisation_id == item.organisation_id
        )
    )
    if registration is None:
        raise RegistrationNotPendingError
    (approve if item.resolution == APPROVE else refuse)(session, registration, now=now)


def _check(registration: Registration) -> None:
    """Raise RegistrationNotPendingError unless the registration waits."""
    if registration.state != PENDING:
        raise RegistrationNotPendingError


def _close(session: Session, registration: Registration, action: str, now: datetime) -> None:
    """Close the inbox item, where it is open still."""
    item = session.scalar(
        select(InboxItem).where(
            InboxItem.organisation_id == registration.organisation_id,
            InboxItem.reason == REASON,
            InboxItem.subject == str(registration.id),
            InboxItem.state == inbox.OPEN,
        )
    )
    if item is not None:
        inbox.resolve(session, registration.organisation_id, item.id, action=action, now=now)
