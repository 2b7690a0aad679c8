"""Phones of an invitation: joined by its link, known by a cookie, their captures by the key that they told once.

A phone keeps what it has not sent when its invitation ends, so such a phone may still hand it in for a while: nothing of
it counts by itself. A phone that was taken off may not.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationDevice, ObservationInvitation
from lti_tool.services.courses.staff import list_staff
from lti_tool.services.observing.errors import (
    KeySetError,
    LinkEndedError,
    LinkUnknownError,
    PhoneEndedError,
    PhonesFullError,
    PhoneUnknownError,
)
from lti_tool.services.observing.invitations import is_over, link_of_invitation
from lti_tool.services.observing.signatures import public_jwk
from lti_tool.services.observing.terms import LATE
from lti_tool.services.people.logins import digest
from lti_tool.services.people.roles import Permission, may

COOKIE_GOOD: Final = timedelta(days=400)
"""As long as browsers keep a cookie; what ends a phone is its invitation."""
MAX_LABEL: Final = 64
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone that has proven its cookie, with its invitation; ``secret`` is the cookie's."""

    row: ObservationDevice
    invitation: ObservationInvitation
    secret: str

    @property
    def cookie(self) -> str:
        """Return what the cookie holds."""
        return f"{self.row.uuid}.{self.secret}"

    @property
    def organisation_id(self) -> int:
        """Return the organisation that everything of this phone belongs to."""
        return self.row.organisation_id


def find_invitation(session: Session, token: str, now: datetime) -> ObservationInvitation:
    """Return the invitation whose link holds ``token``; raise LinkUnknownError, LinkEndedError."""
    row = session.scalar(select(ObservationInvitation).where(ObservationInvitation.link_digest == digest(token)))
    if row is None:
        raise LinkUnknownError
    if is_over(row, now) or row.link_until <= now:
        raise LinkEndedError
    return row


def join(session: Session, token: str, *, label: str, now: datetime) -> Phone:
    """Join a phone to an invitation; raise LinkUnknownError, LinkEndedError, PhonesFullError."""
    found = find_invitation(session, token, now)
    # One after another: a link that is passed on must not let in more than it is for.
    row = session.scalars(
        select(ObservationInvitation)
        .where(ObservationInvitation.organisation_id == found.organisation_id, ObservationInvitation.id == found.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if count_phones(session, row) >= row.max_devices:
        raise PhonesFullError
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    made = ObservationDevice(
        organisation_id=row.organisation_id,
        uuid=str(uuid.uuid4()),
        invitation_id=row.id,
        secret_digest=digest(secret),
        public_jwk=None,
        label="".join(each for each in label if each.isprintable())[:MAX_LABEL],
        skew_ms=0,
        created_at=now,
        seen_at=now,
    )
    session.add(made)
    session.flush()
    return Phone(row=made, invitation=row, secret=secret)


def count_phones(session: Session, invitation: ObservationInvitation) -> int:
    """Return how many phones are joined to an invitation, without those that were taken off."""
    query = select(func.count(ObservationDevice.id)).where(
        ObservationDevice.organisation_id == invitation.organisation_id,
        ObservationDevice.invitation_id == invitation.id,
        ObservationDevice.revoked_at.is_(None),
    )
    return session.scalar(query) or 0


def find_phone(session: Session, cookie: str) -> Phone:
    """Return the phone of a cookie, whether its invitation has ended or not; raise PhoneUnknownError, PhoneEndedError.

    The latter for a phone that was taken off.
    """
    device, _, secret = cookie.partition(".")
    found = session.execute(
        select(ObservationDevice, ObservationInvitation)
        .join(ObservationInvitation, ObservationInvitation.id == ObservationDevice.invitation_id)
        .where(
            ObservationDevice.uuid == device,
            ObservationInvitation.organisation_id == ObservationDevice.organisation_id,
        )
    ).first()
    if found is None or not hmac.compare_digest(digest(secret), found[0].secret_digest):
        raise PhoneUnknownError
    row, invitation = found
    if row.revoked_at is not None:
        raise PhoneEndedError
    return Phone(row=row, invitation=invitation, secret=secret)


def has_ended(session: Session, phone: Phone, now: datetime) -> bool:
    """Say whether nothing new may be observed with a phone: its end has come, or its owner is of the staff no more.

    The own phone shows the whole class, so it ends with the right to see that.
    """
    invitation = phone.invitation
    if phone.row.revoked_at is not None or is_over(invitation, now):
        return True
    if not invitation.is_own:
        return False
    staff = list_staff(
        session.connection(), link_of_invitation(invitation), lambda roles: may(roles, Permission.VIEW_CLASS)
    )
    return all(each.person_id != invitation.person_id for each in staff)


def require_going_on(session: Session, phone: Phone, now: datetime) -> None:
    """Raise PhoneEndedError where nothing new may be observed with a phone."""
    if has_ended(session, phone, now):
        raise PhoneEndedError


def require_taking(phone: Phone, now: datetime) -> None:
    """Raise PhoneEndedError where not even late captures are taken from a phone any more."""
    ended = phone.invitation.revoked_at or phone.invitation.ends_at
    if is_over(phone.invitation, now) and ended + LATE <= now:
        raise PhoneEndedError


def keep_key(session: Session, phone: Phone, jwk: object) -> None:
    """Keep the public key of a phone, once; the same again is fine. Raises KeyRefusedError, KeySetError."""
    wanted = public_jwk(jwk)
    row = session.scalars(
        select(ObservationDevice)
        .where(ObservationDevice.organisation_id == phone.organisation_id, ObservationDevice.id == phone.row.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.public_jwk is not None and row.public_jwk != wanted:
        raise KeySetError
    stored: dict[str, Any] = dict(wanted)
    row.public_jwk = stored
    session.flush()


def leave(session: Session, phone: Phone, *, now: datetime) -> None:
    """Take a phone off its invitation because it forgets everything itself."""
    row = session.scalars(
        select(ObservationDevice).where(
            ObservationDevice.organisation_id == phone.organisation_id, ObservationDevice.id == phone.row.id
        )
    ).one()
    row.revoked_at = row.revoked_at or now
    session.flush()
