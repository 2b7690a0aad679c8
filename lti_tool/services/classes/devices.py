"""Phones without a launch: known by a cookie of their course, a learner's by a pairing code, else by a name nobody vouches for.

The list of names is shown to nobody: who has no pairing code types the own name, and the teacher confirms it.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.orm import Session

from lti_tool.models import ClassDevice, ClassSeat, ClassSession, Person
from lti_tool.services.classes.seats import (
    Comer,
    SeatMissingError,
    find_seat,
    get_unconfirmed,
    hold_seat,
    settle,
    take_seat,
)
from lti_tool.services.classes.sessions import link_of_session, plain, require_open
from lti_tool.services.courses.members import is_member, list_members
from lti_tool.services.people.logins import digest
from qualoop.classroom.session import CODE_LETTERS, ClassRefusedError, SessionState

PAIRING_LENGTH: Final = 8
PAIRING_GOOD: Final = timedelta(minutes=10)
PAIRED_GOOD: Final = timedelta(days=180)
GUEST_GOOD: Final = timedelta(hours=12)
MAX_NAME: Final = 200
MAX_NAME_TRIES: Final = 8
"""Wrong names that one device may give in a session."""
MOST_WRONG_NAMES: Final = 200
"""Wrong names that a session takes in all: a new device costs nothing, and nobody shall find out who is in a course."""
_SECRET_BYTES: Final = 24


class PairingUnknownError(ClassRefusedError):
    """There is no such code, or it was used, or it is older than ten minutes."""

    code = "class-pairing"


class NameUnknownError(ClassRefusedError):
    """Nobody of this course is called so, or several are."""

    code = "class-name-unknown"


class NamesClosedError(ClassRefusedError):
    """So many wrong names were given in this session that no more are taken."""

    code = "class-names-closed"


class TooManyTriesError(ClassRefusedError):
    """That was tried too often from here."""

    code = "class-tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A browser that has proven its cookie."""

    id: int
    uuid: str
    secret: str
    organisation_id: int
    context_id: int
    person_id: int | None
    is_confirmed: bool

    @property
    def comer(self) -> Comer:
        """Return who comes with this device."""
        return Comer(person_id=self.person_id if self.is_confirmed else None, device_id=self.id)

    @property
    def cookie(self) -> str:
        """Return what the cookie holds."""
        return f"{self.uuid}.{self.secret}"


def find_device(session: Session, course: tuple[int, int], cookie: str, now: datetime) -> Device | None:
    """Return the device of a cookie in a course (organisation, context), None where the cookie proves none.

    The device of somebody who does not learn there any more is none either.
    """
    organisation_id, context_id = course
    device_uuid, _, secret = cookie.partition(".")
    found = session.scalar(
        select(ClassDevice).where(
            ClassDevice.uuid == plain(device_uuid),
            ClassDevice.organisation_id == organisation_id,
            ClassDevice.context_id == context_id,
            ClassDevice.pairing_hash.is_(None),
            ClassDevice.expires_at > now,
        )
    )
    if found is None or not hmac.compare_digest(digest(secret), found.secret_hash):
        return None
    if found.is_confirmed and not is_member(session.connection(), course, found.person_id or 0):
        return None
    return _device(found, secret)


def comer_now(session: Session, row: ClassSession, comer: Comer) -> Comer:
    """Return who comes: the learner whose device it has been made since ``comer`` was read."""
    if comer.device_id is None:
        return comer
    person_id = session.scalar(
        select(ClassDevice.person_id).where(
            ClassDevice.organisation_id == row.organisation_id,
            ClassDevice.id == comer.device_id,
            ClassDevice.is_confirmed.is_(True),
        )
    )
    return comer if person_id is None else Comer(person_id=person_id)


def seat_to_vote_in(session: Session, row: ClassSession, comer: Comer, now: datetime) -> ClassSeat:
    """Return the seat whose vote it is, which stays until the transaction ends; raise SeatMissingError, RoomFullError.

    A device may become its learner's while it votes: then the vote is cast in the learner's seat.
    """
    seat = hold_seat(session, row, comer_now(session, row, comer), now)
    seat = seat or hold_seat(session, row, comer_now(session, row, comer), now)
    if seat is None:
        raise SeatMissingError
    return seat


def make_device(session: Session, row: ClassSession, now: datetime) -> Device:
    """Make a device of the session's course that is nobody's yet."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    made = ClassDevice(
        organisation_id=row.organisation_id,
        uuid=str(uuid.uuid4()),
        secret_hash=digest(secret),
        context_id=row.context_id,
        person_id=None,
        is_confirmed=False,
        created_at=now,
        expires_at=now + GUEST_GOOD,
    )
    session.add(made)
    session.flush()
    return _device(made, secret)


def offer_pairing(session: Session, course: tuple[int, int], person_id: int, now: datetime) -> str:
    """Return a new pairing code of a learner for a course (organisation, context).

    The code before is good no more, and neither is any device that was the learner's: so a device that was confirmed
    by mistake is got rid of.
    """
    organisation_id, context_id = course
    theirs = (
        ClassDevice.organisation_id == organisation_id,
        ClassDevice.context_id == context_id,
        ClassDevice.person_id == person_id,
    )
    session.execute(delete(ClassDevice).where(*theirs, ClassDevice.pairing_hash.is_not(None)))
    # Not deleted: seats may name them.
    session.execute(update(ClassDevice).where(*theirs, ClassDevice.expires_at > now).values(expires_at=now))
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(PAIRING_LENGTH))
    session.add(
        ClassDevice(
            organisation_id=organisation_id,
            uuid=str(uuid.uuid4()),
            secret_hash="",
            context_id=context_id,
            person_id=person_id,
            is_confirmed=True,
            pairing_hash=digest(code),
            created_at=now,
            expires_at=now + PAIRING_GOOD,
        )
    )
    session.flush()
    return code


def redeem_pairing(session: Session, code: str, now: datetime) -> tuple[Device, ClassSession | None]:
    """Let a browser be a learner's by a code; return the device and the course's session that is on or planned, if any.

    Raises PairingUnknownError. A code is good once.
    """
    found = session.scalar(
        select(ClassDevice)
        .where(ClassDevice.pairing_hash == digest(code), ClassDevice.expires_at > now)
        .with_for_update()
    )
    if found is None:
        raise PairingUnknownError
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    found.secret_hash, found.pairing_hash, found.expires_at = digest(secret), None, now + PAIRED_GOOD
    session.flush()
    row = session.scalar(
        select(ClassSession)
        .where(
            ClassSession.organisation_id == found.organisation_id,
            ClassSession.context_id == found.context_id,
            ClassSession.state != SessionState.CLOSED.value,
        )
        .order_by(ClassSession.state, ClassSession.id.desc())
        .limit(1)
    )
    return _device(found, secret), row


def adopt(session: Session, row: ClassSession, device_id: int, person_id: int, *, secret: str, now: datetime) -> bool:
    """Let what a device did in a session as nobody's be a learner's for sure; say whether there was anything.

    Where it said to be somebody else it waits for the teacher's word. What is due in the ledger by it is the caller's to
    record, and the session's row the caller's to lock.
    """
    seat = find_seat(session, row, Comer(device_id=device_id), locked=True)
    if seat is None or seat.person_id not in {None, person_id}:
        return False
    settle(session, row, seat, get_person(session, row.organisation_id, person_id), secret=secret, now=now)
    return True


def list_sat(session: Session, device: Device) -> Sequence[ClassSession]:
    """Return the sessions of the device's course in which it sits as nobody's for sure, locked, the first one first."""
    sat = select(ClassSeat.class_session_id).where(
        ClassSeat.organisation_id == device.organisation_id, ClassSeat.slot == Comer(device_id=device.id).slot
    )
    query = (
        select(ClassSession)
        .where(
            ClassSession.organisation_id == device.organisation_id,
            ClassSession.context_id == device.context_id,
            ClassSession.id.in_(sat),
        )
        .order_by(ClassSession.id)
    )
    return session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def claim_name(session: Session, row: ClassSession, device: Device, name: str, *, now: datetime) -> None:
    """Let an unconfirmed device say whose it is; a few tries only. It stays unconfirmed.

    Raises ClassClosedError, TooManyTriesError, NamesClosedError, RoomFullError; returns with the try counted and no
    name where nobody is called so: `NameUnknownError` is the caller's to raise after the commit (see `claimed`).
    """
    require_open(row)
    seat = take_seat(session, row, comer_now(session, row, Comer(device_id=device.id)), now)
    if seat.person_id is not None:
        return
    if seat.name_tries >= MAX_NAME_TRIES:
        raise TooManyTriesError
    if _wrong_names(session, row) >= MOST_WRONG_NAMES:
        raise NamesClosedError
    wanted = _folded(name[:MAX_NAME])
    members = list_members(session.connection(), link_of_session(row))
    found = [member for member in members if wanted and _folded(member.name or "") == wanted]
    if len(found) == 1:
        seat.person_id = found[0].subject.person_id
    else:
        seat.name_tries += 1
    session.flush()


def claimed(session: Session, row: ClassSession, device: Device) -> bool:
    """Say whether the device has a name in this session."""
    seat = find_seat(session, row, comer_now(session, row, device.comer))
    return seat is not None and seat.person_id is not None


def confirm(session: Session, row: ClassSession, seat_id: int, person: Person, *, secret: str, now: datetime) -> None:
    """Let a seat be a learner's because the teacher says so; the device is the learner's for the rest of the day."""
    seat = get_unconfirmed(session, row, seat_id)
    if seat.device_id is not None:
        device = session.scalar(
            select(ClassDevice).where(
                ClassDevice.organisation_id == row.organisation_id, ClassDevice.id == seat.device_id
            )
        )
        if device is not None:
            device.person_id, device.is_confirmed, device.expires_at = person.id, True, now + GUEST_GOOD
    settle(session, row, seat, person, secret=secret, now=now)


def get_person(session: Session, organisation_id: int, person_id: int) -> Person:
    """Return a person of the organisation, by an id that was read there."""
    return session.scalars(
        select(Person).where(Person.organisation_id == organisation_id, Person.id == person_id)
    ).one()


def _device(row: ClassDevice, secret: str) -> Device:
    return Device(
        id=row.id,
        uuid=row.uuid,
        secret=secret,
        organisation_id=row.organisation_id,
        context_id=row.context_id,
        person_id=row.person_id,
        is_confirmed=row.is_confirmed,
    )


def _wrong_names(session: Session, row: ClassSession) -> int:
    """Return how many wrong names were given in a session."""
    query = select(func.sum(ClassSeat.name_tries)).where(
        ClassSeat.organisation_id == row.organisation_id, ClassSeat.class_session_id == row.id
    )
    return session.scalar(query) or 0


def _folded(name: str) -> str:
    """Return a name without what people write in one way or another: width, case, spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def purge_devices(connection: Connection, now: datetime) -> int:
    """Delete phones whose cookie and code are good no longer; those that sat in a class stay with their seat.

    Return how many.
    """
    sat = select(ClassSeat.id).where(ClassSeat.device_id == ClassDevice.id).exists()
    return connection.execute(delete(ClassDevice).where(ClassDevice.expires_at < now, ~sat)).rowcount
