"""Who administers: one-time links, the sessions that they open, and the list of what was changed.

A link is made on the command line of the installation and is good once, for a quarter of an hour. An administrator has
one organisation; an operator has the keys and every organisation, one at a time. Tokens and secrets have 192 bits and
are stored as hashes.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import AdminChange, AdminLink, AdminSession
from lti_tool.services.people.logins import digest
from lti_tool.services.people.roles import Role
from qualoop.errors import QualoopError

LINK_LIFE: Final = timedelta(minutes=15)
SESSION_LIFE: Final = timedelta(hours=8)
IDLE: Final = timedelta(hours=2)
#: How far `seen_at` may lag behind: a page is no reason to write.
SEEN_EVERY: Final = timedelta(minutes=1)
#: How long links and sessions that have ended are kept, so that what became of them can be told.
KEPT: Final = timedelta(days=30)
TOKEN_BYTES: Final = 24
MAX_TOKEN: Final = 64
MAX_TEXT: Final = 255
SHOWN_CHANGES: Final = 50


class AdminSessionGoneError(QualoopError):
    """Nobody is signed in to the administration pages here, or the session has ended."""

    code = "admin-session-gone"


class AdminLinkUnknownError(QualoopError):
    """There is no such sign-in link."""

    code = "admin-link-unknown"


class AdminLinkUsedError(QualoopError):
    """The sign-in link was used before."""

    code = "admin-link-used"


class AdminLinkExpiredError(QualoopError):
    """The sign-in link is older than fifteen minutes."""

    code = "admin-link-expired"


class AdminNotAllowedError(QualoopError):
    """An administrator of one organisation may not do this."""

    code = "admin-not-allowed"


class AdminMissingError(QualoopError):
    """There is no such thing in this organisation, or there is none any more."""

    code = "admin-missing"


class Action(StrEnum):
    """What somebody changed. The codes stand in the database and never change."""

    LINK_MADE = "link-made"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SESSION_ENDED = "session-ended"
    PLATFORM_APPROVED = "platform-approved"
    PLATFORM_REFUSED = "platform-refused"
    PLATFORM_CHANGED = "platform-changed"
    PLATFORM_CHECKED = "platform-checked"
    DEPLOYMENT_APPROVED = "deployment-approved"
    DEPLOYMENT_REFUSED = "deployment-refused"
    INVITE_MADE = "invite-made"
    INVITE_WITHDRAWN = "invite-withdrawn"
    KEY_PUBLISHED = "key-published"
    KEY_SIGNS = "key-signs"
    KEY_REPLACED = "key-replaced"
    SENT_AGAIN = "sent-again"
    DISMISSED = "dismissed"
    CONTENT_UNDONE = "content-undone"
    INBOX_DECIDED = "inbox-decided"
    JOB_STOPPED = "job-stopped"
    SOURCE_KEY_MADE = "source-key-made"
    SOURCE_KEY_REVOKED = "source-key-revoked"
    SOURCE_REVOKED = "source-revoked"
    TEACHER_ENTRY_DECIDED = "teacher-entry-decided"
    QUALIFICATION_CONFIRMED = "qualification-confirmed"
    QUALIFICATION_WITHDRAWN = "qualification-withdrawn"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something; ``session_uuid`` is None on the command line."""

    name: str
    session_uuid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a change is made: the caller's transaction, the organisation (None: the installation), by whom, when."""

    session: Session
    organisation_id: int | None
    actor: Actor
    now: datetime

    @property
    def scope(self) -> int:
        """Return the organisation; raise AdminMissingError where none is chosen."""
        if self.organisation_id is None:
            raise AdminMissingError
        return self.organisation_id

    def note(self, action: Action, subject: str, **details: Any) -> None:
        """Write a change down, in the transaction that makes it. ``details`` are plain JSON without secrets and names."""
        self.session.add(
            AdminChange(
                organisation_id=self.organisation_id,
                session_uuid=self.actor.session_uuid,
                name=self.actor.name[:MAX_TEXT],
                action=action.value,
                subject=subject[:MAX_TEXT],
                details=details,
                at=self.now,
            )
        )
        self.session.flush()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that a link has just opened: ``secret`` is for the cookie and is stored nowhere."""

    secret: str
    uuid: str
    organisation_id: int | None


def make_link(desk: Desk, role: Role, name: str) -> str:
    """Store a link that lets ``name`` in as ``role``, once; return its token, which nobody can find out again."""
    _purge(desk.session, desk.now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    desk.session.add(
        AdminLink(
            organisation_id=desk.organisation_id,
            token_hash=digest(token),
            role=role.value,
            name=name[:MAX_TEXT],
            created_at=desk.now,
            expires_at=desk.now + LINK_LIFE,
        )
    )
    desk.note(Action.LINK_MADE, role.value, **{"for": name[:MAX_TEXT]})
    return token


def get_link(session: Session, token: str, now: datetime) -> AdminLink:
    """Return a link that is good; nothing is used up. Raises AdminLinkUnknownError, …UsedError, …ExpiredError."""
    known = len(token) <= MAX_TOKEN
    row = session.scalar(select(AdminLink).where(AdminLink.token_hash == digest(token))) if known else None
    if row is None:
        raise AdminLinkUnknownError
    if row.used_at is not None:
        raise AdminLinkUsedError
    if row.expires_at <= now:
        raise AdminLinkExpiredError
    return row


def sign_in(session: Session, token: str, now: datetime) -> SignedIn:
    """Use a link up and open a session; raise what `get_link` raises. Of two who do so at once one is refused."""
    link = get_link(session, token, now)
    taken = session.execute(
        update(AdminLink)
        .where(AdminLink.id == link.id, AdminLink.used_at.is_(None))
        .values(used_at=now)
        .returning(AdminLink.id)
    ).first()
    if taken is None:
        raise AdminLinkUsedError
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    opened = AdminSession(
        organisation_id=link.organisation_id,
        uuid=str(uuid.uuid4()),
        secret_hash=digest(secret),
        role=link.role,
        name=link.name,
        created_at=now,
        seen_at=now,
        expires_at=now + SESSION_LIFE,
    )
    session.add(opened)
    session.flush()
    actor = Actor(link.name, opened.uuid)
    Desk(session=session, organisation_id=link.organisation_id, actor=actor, now=now).note(
        Action.SIGNED_IN, opened.uuid, role=link.role
    )
    return SignedIn(secret, opened.uuid, link.organisation_id)


def find_session(session: Session, secret: str, now: datetime) -> AdminSession | None:
    """Return the session of a cookie's secret where it has not ended, and was in use of late."""
    if not 0 < len(secret) <= MAX_TOKEN:
        return None
    return session.scalar(
        select(AdminSession).where(
            AdminSession.secret_hash == digest(secret),
            AdminSession.ended_at.is_(None),
            AdminSession.expires_at > now,
            AdminSession.seen_at > now - IDLE,
        )
    )


def note_seen(session: Session, session_uuid: str, now: datetime) -> None:
    """Note that a session was in use just now."""
    session.execute(update(AdminSession).where(AdminSession.uuid == session_uuid).values(seen_at=now))


def choose(session: Session, session_uuid: str, **chosen: str | int) -> None:
    """Keep what somebody chose for the pages of a session: `language`, or an operator's `organisation_id`."""
    session.execute(update(AdminSession).where(AdminSession.uuid == session_uuid).values(**chosen))


def open_sessions(session: Session, organisation_id: int | None, now: datetime) -> Sequence[AdminSession]:
    """Return who is signed in, the newest first: the administrators of an organisation, or (None) everybody."""
    query = select(AdminSession).where(
        AdminSession.ended_at.is_(None), AdminSession.expires_at > now, AdminSession.seen_at > now - IDLE
    )
    if organisation_id is not None:
        # An operator is nobody's: whatever organisation is open there.
        query = query.where(
            AdminSession.organisation_id == organisation_id, AdminSession.role == Role.ADMINISTRATOR.value
        )
    return session.scalars(query.order_by(AdminSession.id.desc())).all()


def end_session(desk: Desk, session_uuid: str, *, everybody: bool) -> None:
    """End a session: of the desk's organisation, or (``everybody``) anybody's. Raises AdminMissingError."""
    found = open_sessions(desk.session, None if everybody else desk.scope, desk.now)
    own = session_uuid == desk.actor.session_uuid
    row = next((row for row in found if row.uuid == session_uuid), None)
    if row is None:
        raise AdminMissingError
    row.ended_at = desk.now
    desk.note(Action.SIGNED_OUT if own else Action.SESSION_ENDED, session_uuid, **({} if own else {"of": row.name}))


def changes(
    session: Session, organisation_id: int | None, *, before: int | None = None, at_most: int = SHOWN_CHANGES
) -> Sequence[AdminChange]:
    """Return what was changed in an organisation, or (None) in the installation itself, the newest first.

    ``before`` is the number of a change: only older ones.
    """
    query = select(AdminChange).where(AdminChange.organisation_id.is_not_distinct_from(organisation_id))
    if before is not None:
        query = query.where(AdminChange.id < before)
    return session.scalars(query.order_by(AdminChange.id.desc()).limit(at_most)).all()


def _purge(session: Session, now: datetime) -> None:
    """Delete links and sessions that ended long ago."""
    session.execute(delete(AdminLink).where(AdminLink.expires_at < now - KEPT))
    session.execute(delete(AdminSession).where(AdminSession.expires_at < now - KEPT))
