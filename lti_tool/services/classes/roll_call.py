"""Roll call of a class session: scans by the server's clock, a short code with few tries, marks by hand, the live list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassSeat, ClassSession
from lti_tool.services.classes.devices import TooManyTriesError, comer_now
from lti_tool.services.classes.seats import (
    HAND,
    TABLE,
    Comer,
    NameMissingError,
    find_seat,
    has_come,
    list_seats,
    take_seat,
)
from lti_tool.services.classes.sessions import link_of_session
from lti_tool.services.classes.taking_part import seats_that_took_part
from lti_tool.services.courses.members import Member, list_members
from qualoop.classroom.roll_call import (
    MARKS,
    MAX_CODE_TRIES,
    Presence,
    RollTimes,
    accepts_code,
    accepts_token,
    first_sign,
    presence,
)
from qualoop.classroom.session import ClassClosedError, ClassRefusedError, SessionState

SCAN: Final = "scan"
SHORT: Final = "code"
ANSWERED: Final = "answered"


class Seated(NamedTuple):
    """Of a seat what presence is read from: many are read at once."""

    id: int
    checked_at: datetime | None
    joined_at: datetime
    mark: str
    way: str


class TokenStaleError(ClassRefusedError):
    """This code has changed since it was shown: scan the one that is shown now."""

    code = "class-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollLine:
    """A learner of the course in the roll call; ``way`` says how it is known (`way_of`)."""

    member: Member
    presence: Presence
    checked_at: datetime | None
    way: str
    is_marked: bool
    has_joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """A device that is nobody's for sure: whose it says to be, None where it has not said."""

    seat_id: int
    claimed: Member | None
    checked_at: datetime | None
    joined_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """The live list of a session; devices that a word of the teacher helps most stand first."""

    lines: Sequence[RollLine]
    unconfirmed: Sequence[Unconfirmed]

    @property
    def unchecked(self) -> Sequence[RollLine]:
        """Who joined, did not check in, did nothing there, and of whom the teacher has said nothing."""
        return [each for each in self.lines if each.has_joined and not each.way]

    def count(self, *wanted: Presence) -> int:
        """Return how many learners stand so."""
        return sum(line.presence in wanted for line in self.lines)


def times_of(row: ClassSession) -> RollTimes:
    """Return when the roll call of a session began and from when on one is late."""
    return RollTimes(opened_at=row.roll_opened_at, late_at=row.roll_late_at)


def is_good(row: ClassSession, sent: str, now: datetime) -> bool:
    """Say whether a token is good now: no device is made for any other."""
    return accepts_token(row.roll_key.encode(), sent, now)


def redeem(session: Session, row: ClassSession, comer: Comer, sent: str, *, now: datetime) -> Presence:
    """Take a scan: the first one counts, and an early one waits. Hold the session's row.

    Raises ClassClosedError, TokenStaleError, RoomFullError.
    """
    if row.state == SessionState.CLOSED:
        raise ClassClosedError
    seat = find_seat(session, row, comer)
    if seat is None or seat.checked_at is None:
        if not is_good(row, sent, now):
            raise TokenStaleError
        seat = take_seat(session, row, comer, now)
        seat.checked_at, seat.way = seat.checked_at or now, seat.way or SCAN
        session.flush()
    return presence(seat.checked_at, seat.mark, times_of(row))


def redeem_code(session: Session, row: ClassSession, comer: Comer, sent: str, *, now: datetime) -> bool:
    """Take the short code of a learner with a name; say whether it was right. A wrong one is counted. Hold the session's row.

    Raises ClassClosedError, NameMissingError, TooManyTriesError, RoomFullError: all the devices that only say one name
    share its tries, apart from the learner's own.
    """
    if row.state == SessionState.CLOSED:
        raise ClassClosedError
    seat = take_seat(session, row, comer_now(session, row, comer), now)
    if seat.person_id is None:
        raise NameMissingError
    if seat.checked_at is not None:
        return True
    if _tries(session, seat) >= MAX_CODE_TRIES:
        raise TooManyTriesError
    if accepts_code(row.roll_key.encode(), sent, now):
        seat.checked_at, seat.way = now, SHORT
    else:
        seat.code_tries += 1
    session.flush()
    return seat.checked_at is not None


def mark(session: Session, row: ClassSession, member: Member, wanted: str, *, now: datetime) -> ClassSeat:
    """Let a teacher mark a learner by hand, or take the mark back with an empty one; raise ClassRefusedError."""
    if wanted and wanted not in {each.value for each in MARKS}:
        raise ClassRefusedError
    comer = Comer(person_id=member.subject.person_id)
    seat = find_seat(session, row, comer)
    if seat is None:
        seat = take_seat(session, row, comer, now)
        seat.way = HAND
    seat.mark = wanted
    if seat.way == TABLE:
        seat.way = ""
    session.flush()
    return seat


def mark_joined(session: Session, row: ClassSession, wanted: str, people: Collection[str], *, now: datetime) -> None:
    """Mark those of some learners, by pseudonym, who joined and of whom nothing else is known; raise ClassRefusedError."""
    for line in read_roll(session, row).unchecked:
        if line.member.subject.uuid in people:
            mark(session, row, line.member, wanted, now=now)


def read_roll(session: Session, row: ClassSession) -> Roll:
    """Return the live list: every learner of the course, and the devices that are nobody's for sure."""
    members = list_members(session.connection(), link_of_session(row))
    by_person: Mapping[int, Member] = {member.subject.person_id: member for member in members}
    seats = list_seats(session, row)
    certain = {seat.person_id: seat for seat in seats if seat.is_confirmed}
    active = seats_that_took_part(session, row.organisation_id, [row.id])
    return Roll(
        lines=[_line(row, member, certain.get(member.subject.person_id), active) for member in members],
        unconfirmed=sorted(
            (
                Unconfirmed(
                    seat_id=seat.id,
                    claimed=by_person.get(seat.person_id or 0),
                    checked_at=seat.checked_at,
                    joined_at=seat.joined_at,
                )
                for seat in seats
                if not seat.is_confirmed
            ),
            # Of the same kind by order of coming, as the seats are.
            key=lambda each: (each.claimed is None, each.checked_at is None),
        ),
    )


def stands(row: ClassSession, seat: ClassSeat | Seated, active: Collection[int]) -> Presence:
    """Return where the learner of a seat stands; ``active`` are the seats that took part."""
    sign = first_sign(seat.checked_at, seat.joined_at, took_part=seat.id in active)
    return presence(sign, seat.mark, times_of(row))


def way_of(seat: ClassSeat | Seated, active: Collection[int]) -> str:
    """Return how it is known where the learner of a seat stands: by hand, table, scan, number or answers; empty for not at all."""
    if seat.mark:
        return TABLE if seat.way == TABLE else HAND
    return seat.way if seat.checked_at else ANSWERED if seat.id in active else ""


def _line(row: ClassSession, member: Member, seat: ClassSeat | None, active: Collection[int]) -> RollLine:
    return RollLine(
        member=member,
        presence=stands(row, seat, active) if seat else Presence.ABSENT,
        checked_at=seat.checked_at if seat else None,
        way=way_of(seat, active) if seat else "",
        is_marked=bool(seat and seat.mark),
        has_joined=seat is not None and has_come(row, seat),
    )


def _tries(session: Session, seat: ClassSeat) -> int:
    """Return how many wrong codes were sent in this name."""
    return (
        session.scalar(
            select(func.sum(ClassSeat.code_tries)).where(
                ClassSeat.organisation_id == seat.organisation_id,
                ClassSeat.class_session_id == seat.class_session_id,
                ClassSeat.person_id == seat.person_id,
                # Else anybody could use up another's tries by giving that name.
                ClassSeat.is_confirmed == seat.is_confirmed,
            )
        )
        or 0
    )
