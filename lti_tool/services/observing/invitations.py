"""Who may observe in a course: invitations of mentors, one's own phone, their links, and taking them back.

Of a link only a digest is kept, so it is shown once, when it is made; a new one takes the place of the one before.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture, ObservationDevice, ObservationInvitation, Person
from lti_tool.services.courses.members import Link
from lti_tool.services.observing.errors import InvitationMissingError, InvitationRefusedError
from lti_tool.services.people.logins import digest
from lti_tool.services.people.roles import Role
from lti_tool.services.rosters.groups import list_groups
from qualoop.classroom.assessors import Scope

MAX_NAME: Final = 120
MAX_ENTERPRISE: Final = 200
MAX_TITLE: Final = 120
MAX_PHONES: Final = 5
MAX_LEVEL: Final = 99
LONGEST: Final = timedelta(days=400)
OWN_LASTS: Final = timedelta(days=200)
OWN_LINK_LASTS: Final = timedelta(minutes=30)
CLOCK_ERROR: Final = timedelta(days=1)
MOST_INVITATIONS: Final = 500
"""Of one course."""
_LINK_BYTES: Final = 32
#: Clocks on earth are up to 14 hours ahead of UTC and 12 behind it.
_EAST, _WEST = timedelta(hours=14), timedelta(hours=36)


class AssessorRole(StrEnum):
    """As what somebody observes."""

    TEACHER = "teacher"
    MENTOR = "mentor"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """An invitation as somebody writes it.

    ``uuid`` is the form's, so that sending it twice makes one; ``tasks`` are keys, none: everything of the course.
    ``known`` is the pseudonym of a mentor who was invited before, so that the same person stays one; empty: a new one.
    """

    uuid: str
    name: str
    enterprise: str
    title: str
    language: str
    starts_at: datetime
    ends_at: datetime
    tasks: Sequence[str] = ()
    group_id: int | None = None
    level_cap: int | None = None
    max_devices: int = 1
    known: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviter:
    """Who invites, in which course."""

    link: Link
    person_id: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An invitation with its phones, and how many observations came by each of them."""

    row: ObservationInvitation
    assessor: str
    phones: Sequence[ObservationDevice]
    captures: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many observations came."""
        return sum(self.captures.values())

    @property
    def going(self) -> int:
        """Return how many phones are joined and were not taken off."""
        return sum(phone.revoked_at is None for phone in self.phones)


def first_moment(day: date) -> datetime:
    """Return when a day begins, wherever on earth that is first."""
    return datetime.combine(day, time.min, UTC) - _EAST


def last_moment(day: date) -> datetime:
    """Return when a day is over, wherever on earth that is last."""
    return datetime.combine(day, time.min, UTC) + _WEST


def last_day(row: ObservationInvitation) -> datetime:
    """Return a moment of the last day of an invitation, as it was chosen."""
    return row.ends_at - _WEST


def invite(
    session: Session, inviter: Inviter, new: NewInvitation, *, now: datetime
) -> tuple[ObservationInvitation, str]:
    """Invite a mentor; return the invitation and the token of its link, which is known to nobody afterwards.

    The same form again makes a new link of the same invitation. Raises InvitationRefusedError, InvitationMissingError.
    """
    link = inviter.link
    new = replace(new, uuid=str(uuid.uuid5(uuid.UUID(new.uuid), f"{link.organisation_id}:{link.context_id}")))
    known = find(session, link, new.uuid)
    if known is not None:
        return known, show_link(session, link, known.uuid, now=now)
    name, enterprise = _line(new.name, MAX_NAME), _line(new.enterprise, MAX_ENTERPRISE)
    _check(session, link, new, name=name)
    person_id = _mentor(session, link, new.known, now)
    token = secrets.token_urlsafe(_LINK_BYTES)
    row = _row(inviter, new, person_id=person_id, token=token, now=now)
    row.name, row.enterprise, row.is_own, row.role = name, enterprise, False, AssessorRole.MENTOR.value
    session.add(row)
    session.flush()
    return row, token


def open_own(
    session: Session, inviter: Inviter, *, language: str, roles: Collection[str], now: datetime
) -> tuple[ObservationInvitation, str]:
    """Let somebody of the staff observe with the own phone; return the invitation and the token of its link.

    The link is good for half an hour, the phone for as long as a term. Who is a mentor in the course observes as one.
    """
    role = AssessorRole.MENTOR if Role.MENTOR.value in roles else AssessorRole.TEACHER
    row = _find_own(session, inviter, now)
    if row is not None:
        row.ends_at, row.language = now + OWN_LASTS, language
        row.resource_link_id = inviter.link.resource_link_id
        row.role = role.value
        return row, renew_link(session, row, until=now + OWN_LINK_LASTS)
    token = secrets.token_urlsafe(_LINK_BYTES)
    new = NewInvitation(
        uuid=str(uuid.uuid4()),
        name=_line(inviter.name, MAX_NAME),
        enterprise="",
        title="",
        language=language,
        # A phone's clock may be put right between an observation and its sending.
        starts_at=now - CLOCK_ERROR,
        ends_at=now + OWN_LASTS,
        max_devices=MAX_PHONES,
    )
    row = _row(inviter, new, person_id=inviter.person_id, token=token, now=now)
    row.name, row.enterprise, row.is_own, row.role = new.name, "", True, role.value
    row.link_until = now + OWN_LINK_LASTS
    session.add(row)
    session.flush()
    return row, token


def _find_own(session: Session, inviter: Inviter, now: datetime) -> ObservationInvitation | None:
    """Return the invitation that somebody of the staff holds for the own phone, locked."""
    return session.scalar(
        select(ObservationInvitation)
        .where(
            *_of_course(inviter.link),
            ObservationInvitation.person_id == inviter.person_id,
            ObservationInvitation.is_own.is_(True),
            ObservationInvitation.revoked_at.is_(None),
            ObservationInvitation.ends_at > now,
        )
        .with_for_update()
    )


def renew_link(session: Session, row: ObservationInvitation, *, until: datetime) -> str:
    """Return the token of a new link of an invitation; the one before leads nowhere any more, phones stay joined."""
    token = secrets.token_urlsafe(_LINK_BYTES)
    row.link_digest, row.link_until = digest(token), until
    session.flush()
    return token


def show_link(session: Session, link: Link, invitation: str, *, now: datetime) -> str:
    """Return the token of a new link of a mentor's invitation that goes on.

    Raises InvitationMissingError (also for the own phone of somebody: only that person opens it), InvitationRefusedError.
    """
    row = get(session, link, invitation)
    if row.is_own:
        raise InvitationMissingError
    if is_over(row, now):
        raise InvitationRefusedError("over")
    return renew_link(session, row, until=row.ends_at)


def is_over(invitation: ObservationInvitation, now: datetime) -> bool:
    """Say whether an invitation has ended or was taken back."""
    return invitation.revoked_at is not None or invitation.ends_at <= now


def revoke(session: Session, link: Link, invitation: str, *, now: datetime) -> None:
    """Take an invitation back: nothing new is observed by it. What comes late of its phones waits for a person."""
    row = get(session, link, invitation)
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()


def revoke_phone(session: Session, link: Link, phone: str, *, now: datetime) -> None:
    """Take a phone off its invitation, because it was lost: nothing is taken from it any more."""
    own = select(ObservationInvitation.id).where(*_of_course(link))
    row = session.scalar(
        select(ObservationDevice).where(
            ObservationDevice.organisation_id == link.organisation_id,
            ObservationDevice.uuid == phone,
            ObservationDevice.invitation_id.in_(own),
        )
    )
    if row is None:
        raise InvitationMissingError
    row.revoked_at = row.revoked_at or now
    session.flush()


def find(session: Session, link: Link, invitation: str) -> ObservationInvitation | None:
    """Return an invitation of the link's course, locked, or None."""
    return session.scalar(
        select(ObservationInvitation)
        .where(*_of_course(link), ObservationInvitation.uuid == invitation)
        .with_for_update()
    )


def get(session: Session, link: Link, invitation: str) -> ObservationInvitation:
    """Return an invitation of the link's course, locked; raise InvitationMissingError."""
    row = find(session, link, invitation)
    if row is None:
        raise InvitationMissingError
    return row


def list_invitations(session: Session, link: Link) -> Sequence[Listed]:
    """Return the invitations of a course, the newest first, with their phones."""
    rows = session.execute(
        select(ObservationInvitation, Person.uuid)
        .join(Person, Person.id == ObservationInvitation.person_id)
        .where(*_of_course(link))
        .order_by(ObservationInvitation.id.desc())
    ).all()
    phones = session.scalars(
        select(ObservationDevice)
        .where(
            ObservationDevice.organisation_id == link.organisation_id,
            ObservationDevice.invitation_id.in_([row[0].id for row in rows]),
        )
        .order_by(ObservationDevice.id)
    ).all()
    counts = session.execute(
        select(ObservationCapture.device_id, func.count(ObservationCapture.id))
        .where(
            ObservationCapture.organisation_id == link.organisation_id,
            ObservationCapture.context_id == link.context_id,
        )
        .group_by(ObservationCapture.device_id)
    )
    captures = {row[0]: row[1] for row in counts}
    found = []
    for row, assessor in rows:
        own = [phone for phone in phones if phone.invitation_id == row.id]
        by_phone = {phone.id: captures.get(phone.id, 0) for phone in own}
        found.append(Listed(row=row, assessor=assessor, phones=own, captures=by_phone))
    return found


def link_of_invitation(row: ObservationInvitation) -> Link:
    """Return the place of the course from which an invitation was made."""
    return Link(
        organisation_id=row.organisation_id,
        registration_id=row.registration_id,
        context_id=row.context_id,
        resource_link_id=row.resource_link_id,
        activity_id=None,
    )


def scope_of(row: ObservationInvitation, phone: ObservationDevice, learners: Collection[str] | None) -> Scope:
    """Return what a phone of an invitation is for; ``learners`` are the pseudonyms of its group, None where it has none."""
    return Scope(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        tasks=frozenset(row.tasks) or None,
        learners=learners,
        is_revoked=row.revoked_at is not None or phone.revoked_at is not None,
    )


def _of_course(link: Link) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        ObservationInvitation.organisation_id == link.organisation_id,
        ObservationInvitation.context_id == link.context_id,
    )


def _check(session: Session, link: Link, new: NewInvitation, *, name: str) -> None:
    """Raise InvitationRefusedError for what makes no sense."""
    if not name:
        raise InvitationRefusedError("name")
    if not new.starts_at < new.ends_at <= new.starts_at + LONGEST:
        raise InvitationRefusedError("dates")
    if not 1 <= new.max_devices <= MAX_PHONES:
        raise InvitationRefusedError("phones")
    if new.group_id is not None and new.group_id not in {each.id for each in list_groups(session.connection(), link)}:
        raise InvitationRefusedError("group")
    if not all(task.isprintable() for task in new.tasks):
        raise InvitationRefusedError("task")
    if new.level_cap is not None and not 1 <= new.level_cap <= MAX_LEVEL:
        raise InvitationRefusedError("level")
    count = select(func.count(ObservationInvitation.id)).where(*_of_course(link))
    if (session.scalar(count) or 0) >= MOST_INVITATIONS:
        raise InvitationRefusedError("many")


def _mentor(session: Session, link: Link, known: str, now: datetime) -> int:
    """Return the person who is invited: one that was invited to this course before, else a new one."""
    if known:
        person = session.scalar(
            select(Person.id)
            .join(ObservationInvitation, ObservationInvitation.person_id == Person.id)
            .where(
                *_of_course(link),
                ObservationInvitation.is_own.is_(False),
                Person.organisation_id == link.organisation_id,
                Person.uuid == known,
            )
            .limit(1)
        )
        if person is None:
            raise InvitationMissingError
        return person
    made = Person(organisation_id=link.organisation_id, uuid=str(uuid.uuid4()), created_at=now)
    session.add(made)
    session.flush()
    return made.id


def _row(inviter: Inviter, new: NewInvitation, *, person_id: int, token: str, now: datetime) -> ObservationInvitation:
    link = inviter.link
    return ObservationInvitation(
        organisation_id=link.organisation_id,
        uuid=new.uuid,
        context_id=link.context_id,
        registration_id=link.registration_id,
        resource_link_id=link.resource_link_id,
        person_id=person_id,
        invited_by=inviter.person_id,
        title=_line(new.title, MAX_TITLE),
        language=new.language,
        tasks=list(dict.fromkeys(new.tasks)),
        group_id=new.group_id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        level_cap=new.level_cap,
        max_devices=new.max_devices,
        link_digest=digest(token),
        link_until=new.ends_at,
        revoked_at=None,
        created_at=now,
    )


def _line(words: str, most: int) -> str:
    """Return one line of words without what cannot be printed."""
    return "".join(each for each in words if each.isprintable()).strip()[:most]
