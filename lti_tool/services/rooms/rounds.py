"""What a teacher does in a room: opens it, opens and closes its rounds, lets rivals enter, frees a role, ends it.

Each is one transaction, and says which round its page showed: a second click changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.models import MarketRoom, ResourceLink, RoomRole, RoomRound, RoomTeam
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.rooms.game import Document, Game, Line, RoundResult, round_document
from lti_tool.services.rooms.rooms import (
    GAMES,
    Room,
    RoomMissingError,
    RoomRefusedError,
    RoundClosedError,
    RoundStaleError,
    fewest_teams,
    find_market_project,
    find_row,
    get_row,
    read_room,
    round_documents,
)
from qualoop.simulators.engine import MOST_SHOCKS
from qualoop.simulators.sem.shared import MOST_TEAMS
from qualoop.simulators.streams import WorldKey

Playing = Callable[[Game, Sequence[Document]], RoundResult]


class RoomUnfitError(RoomRefusedError):
    """A room has 2 to 40 teams, and at least as many advertisers as teams, at most 40."""

    code = "room-unfit"


class TeamsUnfitError(RoomUnfitError):
    """A room of chains has 1 to 40 teams."""

    code = "room-unfit-chain"


class RoomRunningError(RoomRefusedError):
    """A room of this link is still running: end it first."""

    code = "room-running"


class ShockRefusedError(RoomRefusedError):
    """The engine knows no such event, or there is no later round that it could begin in."""

    code = "room-shock"


class RoomEmptyError(RoomRefusedError):
    """Nobody sits in any team."""

    code = "room-empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPlan:
    """What a room begins with: 2 to 40 teams, bots up to ``size`` advertisers, and the uuid of a room of ghosts or none.

    Ghosts play in their own market, so the new room has the world of theirs.
    """

    teams: int
    size: int
    ghosts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which room, and how many closed rounds, a page showed."""

    room: str
    played: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRoom:
    """A room whose teams can come back as ghosts."""

    uuid: str
    rounds: int
    teams: int
    created_at: datetime


def open_room(session: Session, contents: Contents, link: Link, plan: RoomPlan, *, key: WorldKey, now: datetime) -> str:
    """Open a room at a link; return its uuid. Raises RoomMissingError, RoomUnfitError, RoomRunningError."""
    # Two teachers at once: the second waits here, and then finds the first one's room.
    session.execute(
        select(ResourceLink.id)
        .where(ResourceLink.organisation_id == link.organisation_id, ResourceLink.id == link.resource_link_id)
        .with_for_update()
    )
    found = find_market_project(session.connection(), contents, link)
    if found is None:
        raise RoomMissingError
    version_id, project = found
    game = GAMES[project.engine.name](project.spec, key.as_text(), ())
    fewest, size = fewest_teams(game), plan.size if game.is_shared else plan.teams
    if not fewest <= plan.teams <= size <= MOST_TEAMS:
        raise RoomUnfitError if game.is_shared else TeamsUnfitError
    last = find_row(session, link)
    if last is not None and not last.is_over and last.played < last.rounds:
        raise RoomRunningError
    ghosts = _ghosts(session, link, version_id, plan.ghosts) if plan.ghosts and game.is_shared else None
    row = MarketRoom(
        uuid=str(uuid.uuid4()),
        organisation_id=link.organisation_id,
        resource_link_id=link.resource_link_id,
        version_id=version_id,
        key=ghosts.key if ghosts else key.as_text(),
        teams=plan.teams,
        size=size,
        rounds=game.rounds,
        played=0,
        is_open=False,
        is_over=False,
        shocks=[],
        ghost_room_id=ghosts.id if ghosts else None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.uuid


def past_rooms(session: Session, contents: Contents, link: Link, *, most: int = 20) -> Sequence[PastRoom]:
    """Return rooms of the organisation whose teams can be ghosts here: same content, all rounds played; newest first."""
    found = find_market_project(session.connection(), contents, link)
    if found is None:
        return []
    query = (
        select(MarketRoom)
        .where(
            MarketRoom.organisation_id == link.organisation_id,
            MarketRoom.version_id == found[0],
            MarketRoom.played == MarketRoom.rounds,
        )
        .order_by(MarketRoom.id.desc())
        .limit(most)
    )
    return [
        PastRoom(uuid=row.uuid, rounds=row.rounds, teams=row.teams, created_at=row.created_at)
        for row in session.scalars(query)
    ]


def _ghosts(session: Session, link: Link, version_id: int, wanted: str) -> MarketRoom:
    """Return a finished room of the organisation with the same content; raise RoomMissingError."""
    row = session.scalar(
        select(MarketRoom).where(
            MarketRoom.organisation_id == link.organisation_id,
            MarketRoom.version_id == version_id,
            MarketRoom.uuid == wanted,
            MarketRoom.played == MarketRoom.rounds,
        )
    )
    if row is None:
        raise RoomMissingError
    return row


def open_round(session: Session, link: Link, page: Page) -> None:
    """Let the next round be decided on. Raises RoomMissingError, RoundStaleError, RoundClosedError."""
    row = _row(session, link, page)
    if row.is_over or row.played >= row.rounds:
        raise RoundClosedError
    row.is_open = True


def play_last(game: Game, documents: Sequence[Document]) -> RoundResult:
    """Return what the last of the closed rounds brought."""
    return game.results(documents)[-1]


def close_round(
    session: Session,
    contents: Contents,
    link: Link,
    page: Page,
    *,
    now: datetime,
    play: Playing = play_last,
) -> RoundResult:
    """Play the open round for all teams, and store what it was played with; all or nothing.

    Raises RoomMissingError, RoundStaleError, RoundClosedError, RoomEmptyError.
    """
    row = _row(session, link, page)
    if not row.is_open or row.is_over:
        raise RoundClosedError
    room = read_room(session, contents, row)
    document = _document(room, _ghost_decisions(session, row))
    if not document["teams"]:
        raise RoomEmptyError
    session.add(
        RoomRound(
            organisation_id=row.organisation_id,
            room_id=row.id,
            round=row.played,
            document=document,
            closed_at=now,
        )
    )
    row.played += 1
    row.is_open = False
    session.flush()
    # Played inside the transaction: a decision that cannot be played must not close the round.
    return play(room.market, [*room.documents, document])


def _document(room: Room, ghosts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the round at hand is played with: teams that have members, ghosts while there is room, entered rivals."""
    game, numbers = room.market, sorted(set(room.seats.values()))
    teams = {team: game.packed(room.decision(team)) for team in numbers}
    if not game.is_shared:
        return round_document(Line(teams=teams, size=len(teams), bots={team: room.bots(team) for team in numbers}))
    size = max(room.size, len(teams))
    return round_document(
        Line(teams=teams, ghosts=ghosts[: size - len(teams)], size=size + room.shocks_in(room.played))
    )


def _ghost_decisions(session: Session, row: MarketRoom) -> list[Mapping[str, Any]]:
    """Return what the ghosts decided in the round of this number."""
    if row.ghost_room_id is None:
        return []
    documents = round_documents(session, row.organisation_id, row.ghost_room_id)
    teams: Mapping[str, Mapping[str, Any]] = documents[min(row.played, len(documents) - 1)]["teams"]
    return [teams[team] for team in sorted(teams, key=int)]


def add_shock(session: Session, contents: Contents, link: Link, page: Page, *, kind: str) -> None:
    """Let something happen from the next round that is not open yet. Raises RoomMissingError, ShockRefusedError."""
    row = _row(session, link, page)
    begins = row.played + (2 if row.is_open else 1)
    shocks = read_room(session, contents, row).market.shocks
    if kind not in shocks or row.is_over or begins > row.rounds or len(row.shocks) >= MOST_SHOCKS:
        raise ShockRefusedError
    row.shocks = [*row.shocks, {"round": begins, "kind": kind}]


def free_role(session: Session, link: Link, page: Page, *, team: int, role: str) -> None:
    """Take a role from whoever holds it; what was saved stays. Raises RoomMissingError."""
    row = _row(session, link, page)
    session.execute(
        delete(RoomRole).where(
            RoomRole.organisation_id == row.organisation_id,
            RoomRole.room_id == row.id,
            RoomRole.team == team,
            RoomRole.role == role,
        )
    )


def reset_name(session: Session, link: Link, page: Page, *, team: int) -> None:
    """Take its name from a team, which has its number again. Raises RoomMissingError, RoundStaleError."""
    row = _row(session, link, page)
    session.execute(
        delete(RoomTeam).where(
            RoomTeam.organisation_id == row.organisation_id, RoomTeam.room_id == row.id, RoomTeam.team == team
        )
    )


def end_room(session: Session, link: Link, page: Page) -> None:
    """End a room before its last round; a round that is open is dropped. Raises RoomMissingError, RoundStaleError."""
    row = _row(session, link, page)
    row.is_over, row.is_open = True, False


def _row(session: Session, link: Link, page: Page) -> MarketRoom:
    row = get_row(session, link, page.room)
    if row.played != page.played:
        raise RoundStaleError
    return row
