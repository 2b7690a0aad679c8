"""What a learner does in a room: joins a team, takes a role, saves what the role decides.

A role locks its components for who holds it. Each component is a row with a version: who saves an older one is refused, and
what was typed comes back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.models import MarketRoom, RoomPart, RoomRole, RoomSeat, RoomTeam
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.rooms.rooms import (
    Room,
    RoomRefusedError,
    RoundClosedError,
    RoundStaleError,
    get_row,
    read_room,
    small_part,
)
from qualoop.simulators.decisions import Decision

MOST_NAME: Final = 30
_MARKS: Final = frozenset(" -_.!?'’&+·，。！")
"""What a name may hold besides letters and digits: no markup, no control characters, no marks that turn the line round."""


class NotSeatedError(RoomRefusedError):
    """You sit in no team yet."""

    code = "room-not-seated"


class TeamRefusedError(RoomRefusedError):
    """There is no such team, or the first round was played: teams stay as they are from then on."""

    code = "room-team"


class RoleRefusedError(RoomRefusedError):
    """There is no such role, or a team mate holds it."""

    code = "room-role"


class NameRefusedError(RoomRefusedError):
    """A name is too long, holds what is no letter, digit or common mark, or another team has it."""

    code = "room-name"


class PartLockedError(RoomRefusedError):
    """Another role of the team decides this, or the teacher has freed yours."""

    code = "room-locked"


class PartStaleError(RoomRefusedError):
    """Somebody saved this part after the page was opened."""

    code = "room-part-stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """Who is in which room, by the uuid that the page showed."""

    link: Link
    person_id: int
    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A decision as somebody sends it: the round from 0, and the version of each component that the page showed."""

    round: int
    seen: Mapping[str, int]
    decision: Decision


def join(session: Session, learner: Learner, team: int) -> None:
    """Sit down in a team; who sat in another gives its roles up. Raises RoomMissingError, TeamRefusedError."""
    row = get_row(session, learner.link, learner.room)
    seat = session.scalar(
        select(RoomSeat)
        .where(RoomSeat.organisation_id == row.organisation_id, RoomSeat.room_id == row.id)
        .where(RoomSeat.person_id == learner.person_id)
    )
    if row.is_over or not 1 <= team <= row.teams or (seat is not None and row.played):
        raise TeamRefusedError
    if seat is None:
        seat = RoomSeat(organisation_id=row.organisation_id, room_id=row.id, person_id=learner.person_id)
        session.add(seat)
    elif seat.team != team:
        _give_up(session, row, learner.person_id)
    seat.team = team


def take_role(session: Session, contents: Contents, learner: Learner, role: str) -> None:
    """Take a free role of the own team. Raises RoomMissingError, NotSeatedError, RoleRefusedError."""
    row, room, team = _seated(session, contents, learner)
    holder = room.holders.get((team, role))
    if holder == learner.person_id:
        return
    if holder is not None or role not in {each.key for each in room.roles}:
        raise RoleRefusedError
    session.add(
        RoomRole(organisation_id=row.organisation_id, room_id=row.id, person_id=learner.person_id, team=team, role=role)
    )
    session.flush()


def give_up(session: Session, contents: Contents, learner: Learner, role: str) -> None:
    """Give a role of one's own up. Raises RoomMissingError, NotSeatedError."""
    row, _, _ = _seated(session, contents, learner)
    _give_up(session, row, learner.person_id, role)


def rename(session: Session, contents: Contents, learner: Learner, name: str) -> None:
    """Give the own team a name; with none it has its number again.

    Raises RoomMissingError, NotSeatedError, NameRefusedError.
    """
    row, room, team = _seated(session, contents, learner)
    found = checked_name(name)
    if found.casefold() in {theirs.casefold() for other, theirs in room.names.items() if other != team}:
        raise NameRefusedError
    session.execute(
        delete(RoomTeam).where(
            RoomTeam.organisation_id == row.organisation_id, RoomTeam.room_id == row.id, RoomTeam.team == team
        )
    )
    if found:
        session.add(RoomTeam(organisation_id=row.organisation_id, room_id=row.id, team=team, name=found))
    session.flush()


def checked_name(text: str) -> str:
    """Return a name as it is shown, in Unicode's composed form and with single spaces; raise NameRefusedError."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > MOST_NAME or not all(each.isalnum() or each in _MARKS for each in name):
        raise NameRefusedError
    if name and not any(each.isalnum() for each in name):
        raise NameRefusedError
    return name


def save(session: Session, contents: Contents, learner: Learner, draft: Draft, *, now: datetime) -> None:
    """Save every component of a draft, or none.

    Raises RoomMissingError, NotSeatedError, RoundStaleError, RoundClosedError, PartLockedError, PartStaleError.
    """
    row, room, team = _seated(session, contents, learner)
    if draft.round != row.played:
        raise RoundStaleError
    if not row.is_open or row.is_over:
        raise RoundClosedError
    held = {component for role in room.held(learner.person_id) for component in role.components}
    form = room.market.form
    for component, seen in draft.seen.items():
        if component not in held or component not in form.components:
            raise PartLockedError
        if seen != room.version(team, component):
            raise PartStaleError
        small = small_part(form, component, draft.decision)
        part = _part(session, row, team, component)
        part.version, part.decision, part.saved_at = seen + 1, small, now
    session.flush()


def _part(session: Session, row: MarketRoom, team: int, component: str) -> RoomPart:
    part = session.scalar(
        select(RoomPart).where(
            RoomPart.organisation_id == row.organisation_id,
            RoomPart.room_id == row.id,
            RoomPart.round == row.played,
            RoomPart.team == team,
            RoomPart.component == component,
        )
    )
    if part is None:
        part = RoomPart(
            organisation_id=row.organisation_id, room_id=row.id, round=row.played, team=team, component=component
        )
        session.add(part)
    return part


def _seated(session: Session, contents: Contents, learner: Learner) -> tuple[MarketRoom, Room, int]:
    row = get_row(session, learner.link, learner.room)
    room = read_room(session, contents, row)
    team = room.seats.get(learner.person_id)
    if team is None:
        raise NotSeatedError
    return row, room, team


def _give_up(session: Session, row: MarketRoom, person_id: int, role: str | None = None) -> None:
    query = delete(RoomRole).where(
        RoomRole.organisation_id == row.organisation_id, RoomRole.room_id == row.id, RoomRole.person_id == person_id
    )
    session.execute(query if role is None else query.where(RoomRole.role == role))
