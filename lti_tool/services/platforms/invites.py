"""Invitations to register a platform: made by an operator for one organisation, good for one registration.

Who has the token may register a platform that then waits for approval, and nothing else. It is stored as its hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.registration_errors import InviteBusyError, InviteExpiredError, InviteUnknownError, InviteUsedError
from lti_tool.models import RegistrationInvite
from lti_tool.services.people.logins import digest

LIFE: Final = timedelta(days=7)
#: How long one try may take; after a crash the next one waits no longer.
BUSY: Final = timedelta(minutes=2)
TOKEN_BYTES: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an invitation is good for: how long, for which issuer only, and which other hosts its services may have."""

    made_by: str
    life: timedelta = LIFE
    issuer: str | None = None
    other_hosts: tuple[str, ...] = ()


def make(session: Session, organisation_id: int, terms: Terms, *, now: datetime) -> str:
    """Store an invitation and return its token, which nobody can find out again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        RegistrationInvite(
            organisation_id=organisation_id,
            token_hash=digest(token),
            issuer=terms.issuer,
            other_hosts=list(terms.other_hosts),
            made_by=terms.made_by,
            created_at=now,
            expires_at=now + terms.life,
        )
    )
    session.flush()
    return token


def get(session: Session, token: str) -> RegistrationInvite:
    """Return the invitation of a token, whatever its state; raise InviteUnknownError."""
    found = session.scalar(select(RegistrationInvite).where(RegistrationInvite.token_hash == digest(token)))
    if found is None:
        raise InviteUnknownError
    return found


def check(invite: RegistrationInvite, now: datetime) -> None:
    """Raise InviteUsedError or InviteExpiredError where an invitation is good for nothing any more."""
    if invite.used_at is not None:
        raise InviteUsedError
    if invite.expires_at <= now:
        raise InviteExpiredError


def claim(session: Session, invite: RegistrationInvite, now: datetime) -> None:
    """Begin a registration with an invitation; raise what `check` raises, and InviteBusyError."""
    free = or_(RegistrationInvite.busy_until.is_(None), RegistrationInvite.busy_until <= now)
    taken = session.execute(
        update(RegistrationInvite)
        .where(
            RegistrationInvite.id == invite.id,
            RegistrationInvite.organisation_id == invite.organisation_id,
            RegistrationInvite.used_at.is_(None),
            RegistrationInvite.expires_at > now,
            free,
        )
        .values(busy_until=now + BUSY)
        .returning(RegistrationInvite.id)
    ).first()
    if taken is None:
        check(session.get_one(RegistrationInvite, invite.id, populate_existing=True), now)
        raise InviteBusyError


def release(session: Session, invite: RegistrationInvite) -> None:
    """End a registration that came to nothing: the invitation is as good as before."""
    session.execute(
        update(RegistrationInvite)
        .where(RegistrationInvite.id == invite.id, RegistrationInvite.organisation_id == invite.organisation_id)
        .values(busy_until=None)
    )


def use_up(session: Session, invite: RegistrationInvite, registration_id: int, now: datetime) -> None:
    """Use an invitation up for a registration; raise InviteUsedError where somebody else was faster."""
    used = session.execute(
        update(RegistrationInvite)
        .where(
            RegistrationInvite.id == invite.id,
            RegistrationInvite.organisation_id == invite.organisation_id,
            RegistrationInvite.used_at.is_(None),
        )
        .values(used_at=now, busy_until=None, registration_id=registration_id)
        .returning(RegistrationInvite.id)
    ).first()
    if used is None:
        raise InviteUsedError


def withdraw(session: Session, organisation_id: int, invite_id: int) -> bool:
    """Delete an invitation that nobody has used; say whether there was one."""
    gone = session.execute(
        delete(RegistrationInvite)
        .where(
            RegistrationInvite.id == invite_id,
            RegistrationInvite.organisation_id == organisation_id,
            RegistrationInvite.used_at.is_(None),
        )
        .returning(RegistrationInvite.id)
    ).first()
    return gone is not None


def listed(session: Session, organisation_id: int) -> Sequence[RegistrationInvite]:
    """Return the invitations of an organisation, the newest first."""
    return session.scalars(
        select(RegistrationInvite)
        .where(RegistrationInvite.organisation_id == organisation_id)
        .order_by(RegistrationInvite.id.desc())
    ).all()
