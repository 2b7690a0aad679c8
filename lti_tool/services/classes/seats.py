"""Who sits in a class session: learners for sure, and devices of whom somebody still has to say whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, micros
from lti_tool.models import ClassSeat, ClassSession, ClassVote, Person
from lti_tool.services.classes.taking_part import seats_that_took_part
from lti_tool.services.classes.team_moves import bring_answers
from lti_tool.services.people.learner_keys import KeyOwner, open_text, sealed_text
from qualoop.classroom.session import ClassRefusedError

MOST_UNCONFIRMED: Final = 500
"""Seats of a session that are nobody's for sure: a new device costs whoever knows the code nothing."""

# Two requests of one learner may come at once: the second finds what the first has made.
_JOIN = Prepared(
    text(
        "INSERT INTO class_seat (organisation_id, class_session_id, slot, person_id, device_id, is_confirmed, joined_at, "
        "way, mark, code_tries, name_tries) VALUES (:organisation_id, :session_id, :slot, :person_id, :device_id, "
        ":is_confirmed, :now, '', '', 0, 0) ON CONFLICT (class_session_id, slot) DO NOTHING"
    )
)


TABLE: Final = "table"
"""The way of a seat whose mark a table of attendance has set (`sheets.marks_rolls`), and not a teacher by hand."""
HAND: Final = "hand"
"""The way of a seat that a mark by hand has made: nobody has come to it yet."""


class NameMissingError(ClassRefusedError):
    """Say first whose device this is."""

    code = "class-no-name"


class RoomFullError(ClassRefusedError):
    """So many devices wait for their names in this session that no more are let in without one."""

    code = "class-full"


class SeatMissingError(ClassRefusedError):
    """There is no such seat in this session any more."""

    code = "class-no-seat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comer:
    """Who comes to a session: a learner for sure (``person_id`` alone), or a device that is nobody's for sure."""

    person_id: int | None = None
    device_id: int | None = None

    @property
    def is_confirmed(self) -> bool:
        """Say whether it is a learner for sure."""
        return self.person_id is not None

    @property
    def slot(self) -> str:
        """Return the place in a session that is this comer's alone."""
        return f"person:{self.person_id}" if self.is_confirmed else f"device:{self.device_id}"


def take_seat(session: Session, row: ClassSession, comer: Comer, now: datetime) -> ClassSeat:
    """Return the comer's seat in a session, taken now where there is none, or only a mark had made it; raise RoomFullError."""
    found = find_seat(session, row, comer)
    if found is not None:
        if found.way == HAND:
            found.way, found.joined_at = "", now
            session.flush()
        return found
    if not comer.is_confirmed:
        _require_room(session, row)
    values = {
        "organisation_id": row.organisation_id,
        "session_id": row.id,
        "slot": comer.slot,
        "person_id": comer.person_id,
        "device_id": None if comer.is_confirmed else comer.device_id,
        "is_confirmed": comer.is_confirmed,
        "now": micros(now),
    }
    _JOIN.run(session.connection(), values)
    seat = find_seat(session, row, comer)
    if seat is None:
        raise SeatMissingError
    return seat


def find_seat(session: Session, row: ClassSession, comer: Comer, *, locked: bool = False) -> ClassSeat | None:
    """Return the comer's seat in a session, or None."""
    query = select(ClassSeat).where(
        ClassSeat.organisation_id == row.organisation_id,
        ClassSeat.class_session_id == row.id,
        ClassSeat.slot == comer.slot,
    )
    return session.scalar(query.with_for_update() if locked else query)


def hold_seat(session: Session, row: ClassSession, comer: Comer, now: datetime) -> ClassSeat | None:
    """Return the comer's seat, taken now where there is none, so that it stays until the transaction ends.

    None where it became a learner's in this moment. Raises RoomFullError.
    """
    take_seat(session, row, comer, now)
    query = select(ClassSeat).where(
        ClassSeat.organisation_id == row.organisation_id,
        ClassSeat.class_session_id == row.id,
        ClassSeat.slot == comer.slot,
    )
    held = query.with_for_update(read=True, key_share=True).execution_options(populate_existing=True)
    return session.scalar(held)


def has_come(row: ClassSession, seat: ClassSeat) -> bool:
    """Say whether anybody came to a seat: one that a mark made, by hand or, after the class, of a table, is empty."""
    return seat.way != HAND and (row.closed_at is None or seat.joined_at <= row.closed_at)


def came_to() -> ColumnElement[bool]:
    """Return the condition that anybody came to a seat (`has_come`), of a seat joined with its session."""
    before_end = or_(ClassSession.closed_at.is_(None), ClassSeat.joined_at <= ClassSession.closed_at)
    return and_(ClassSeat.way != HAND, before_end)


def list_seats(session: Session, row: ClassSession) -> Sequence[ClassSeat]:
    """Return every seat of a session in the order of coming."""
    return session.scalars(
        select(ClassSeat)
        .where(ClassSeat.organisation_id == row.organisation_id, ClassSeat.class_session_id == row.id)
        .order_by(ClassSeat.id)
    ).all()


def has_checked(session: Session, row: ClassSession) -> bool:
    """Say whether anybody has scanned or typed the number in a session, whoever it was."""
    query = select(ClassSeat.id).where(
        ClassSeat.organisation_id == row.organisation_id,
        ClassSeat.class_session_id == row.id,
        ClassSeat.checked_at.is_not(None),
    )
    return session.scalar(query.limit(1)) is not None


def get_unconfirmed(session: Session, row: ClassSession, seat_id: int) -> ClassSeat:
    """Return an unconfirmed seat of a session, locked; raise SeatMissingError."""
    seat = session.scalar(
        select(ClassSeat)
        .where(
            ClassSeat.organisation_id == row.organisation_id,
            ClassSeat.class_session_id == row.id,
            ClassSeat.id == seat_id,
            ClassSeat.is_confirmed.is_(False),
        )
        .with_for_update()
    )
    if seat is None:
        raise SeatMissingError
    return seat


def settle(
    session: Session, row: ClassSession, seat: ClassSeat, person: Person, *, secret: str, now: datetime
) -> ClassSeat:
    """Let an unconfirmed seat be a learner's for sure: scan, votes and answers come along, of two the later one counts.

    What is in the ledger already stays. Returns the learner's seat.
    """
    target = take_seat(session, row, Comer(person_id=person.id), now)
    # A vote holds its seat: none is cast in the learner's between what is read here and what is written.
    session.refresh(target, with_for_update=True)
    if seat.checked_at is not None and (target.checked_at is None or seat.checked_at < target.checked_at):
        # What somebody did counts before what a table says.
        target.mark = "" if target.way == TABLE else target.mark
        target.checked_at, target.way = seat.checked_at, seat.way
    target.joined_at = min(target.joined_at, seat.joined_at)
    target.mark = target.mark or seat.mark
    theirs = {(vote.class_poll_id, vote.round): vote for vote in _votes(session, target)}
    for vote in _votes(session, seat):
        held = theirs.get((vote.class_poll_id, vote.round))
        if held is not None and (held.event is not None or held.cast_at >= vote.cast_at):
            session.delete(vote)
            continue
        if held is not None:
            session.delete(held)
            session.flush()
        _reseal(session, vote, (seat, person), secret=secret, now=now)
        vote.class_seat_id = target.id
    bring_answers(session, seat, target)
    session.delete(seat)
    session.flush()
    if target.way == TABLE and target.id in seats_that_took_part(session, row.organisation_id, [row.id]):
        target.mark = target.way = ""
        session.flush()
    return target


def _require_room(session: Session, row: ClassSession) -> None:
    """Raise RoomFullError where as many wait as a session takes; of those that come at once a few more get in."""
    waiting = session.scalar(
        select(func.count())
        .select_from(ClassSeat)
        .where(
            ClassSeat.organisation_id == row.organisation_id,
            ClassSeat.class_session_id == row.id,
            ClassSeat.is_confirmed.is_(False),
        )
    )
    if (waiting or 0) >= MOST_UNCONFIRMED:
        raise RoomFullError


def learner_of(session: Session, seat: ClassSeat) -> str:
    """Return the pseudonym of whose seat it is, or is said to be; empty where nobody says so."""
    learner = session.scalar(
        select(Person.uuid).where(Person.organisation_id == seat.organisation_id, Person.id == seat.person_id)
    )
    return learner or ""


def _votes(session: Session, seat: ClassSeat) -> Sequence[ClassVote]:
    return session.scalars(
        select(ClassVote).where(ClassVote.organisation_id == seat.organisation_id, ClassVote.class_seat_id == seat.id)
    ).all()


def _reseal(session: Session, vote: ClassVote, owners: tuple[ClassSeat, Person], *, secret: str, now: datetime) -> None:
    """Put what was typed under the data key of who it is of, where another name had been given."""
    seat, person = owners
    if vote.text_sealed is None or seat.person_id in {None, person.id}:
        return
    connection = session.connection()
    words = open_text(connection, _owner(seat, learner_of(session, seat), secret), vote.text_sealed)
    vote.text_sealed = None if words is None else sealed_text(connection, _owner(seat, person.uuid, secret), words, now)


def _owner(seat: ClassSeat, learner: str, secret: str) -> KeyOwner:
    return KeyOwner(organisation_id=seat.organisation_id, learner=learner, secret=secret)
