"""Rooms in which the teams of a class play one market: what stands in them, read for one link.

Nothing of a room is evidence: it is practice for discussion. A room is found by its link only, the newest one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.db import stored_json
from lti_tool.models import Activity, MarketRoom, RoomPart, RoomRole, RoomRound, RoomSeat, RoomTeam
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.rooms.chain import ENGINE as CHAIN
from lti_tool.services.rooms.chain import chain_of
from lti_tool.services.rooms.game import Game, RoundResult
from lti_tool.services.rooms.market import ENGINE as MARKET
from lti_tool.services.rooms.market import market_of
from qualoop.content_packages import Project
from qualoop.errors import QualoopError
from qualoop.simulators import DecisionForm
from qualoop.simulators.decisions import Decision, packed, unpacked, with_components
from qualoop.simulators.project import Team

GAMES: Final[Mapping[str, Callable[[Any, str, Sequence[Mapping[str, Any]]], Game]]] = {
    MARKET: market_of,
    CHAIN: chain_of,
}
"""What a class can play together, by engine: made from a project's world, a room's key, and what was let happen."""


class RoomRefusedError(QualoopError):
    """This cannot be done in the room as it stands now."""

    code = "room-refused"


class RoomMissingError(RoomRefusedError):
    """There is no such room at this link, or it is not the newest one any more."""

    code = "room-missing"


class RoundStaleError(RoomRefusedError):
    """The page was older than the room: a round was opened or closed in the meantime."""

    code = "room-stale"


class RoundClosedError(RoomRefusedError):
    """No round is open for decisions."""

    code = "room-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPart:
    """A component of a team's decision as it was saved for the open round; ``version`` counts from 1."""

    version: int
    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """A room with who sits where and what was decided.

    ``seats`` is team by person, ``holders`` person by team and role, ``parts`` what is saved by team and component,
    ``documents`` the closed rounds in order, ``names`` what teams call themselves.
    """

    uuid: str
    project: Project
    key: str
    teams: int
    size: int
    rounds: int
    played: int
    is_open: bool
    is_over: bool
    shocks: Sequence[Mapping[str, Any]]
    seats: Mapping[int, int]
    holders: Mapping[tuple[int, str], int]
    parts: Mapping[tuple[int, str], SavedPart] = field(default_factory=dict)
    documents: Sequence[Mapping[str, Any]] = ()
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def market(self) -> Game:
        """Return what is played in the room."""
        return GAMES[self.project.engine.name](self.project.spec, self.key, self.shocks)

    @property
    def roles(self) -> tuple[Team, ...]:
        """Return the roles of a team."""
        return self.project.roles or self.market.roles

    @property
    def is_running(self) -> bool:
        """Say whether anything can still be decided in it."""
        return not self.is_over and self.played < self.rounds

    def members(self, team: int) -> list[int]:
        """Return who sits in a team."""
        return sorted(person for person, theirs in self.seats.items() if theirs == team)

    def held(self, person_id: int) -> tuple[Team, ...]:
        """Return the roles that somebody holds in the own team."""
        team = self.seats.get(person_id)
        return tuple(role for role in self.roles if team and self.holders.get((team, role.key)) == person_id)

    def version(self, team: int, component: str) -> int:
        """Return the version of a component, 0 where it was not saved for this round yet."""
        saved = self.parts.get((team, component))
        return saved.version if saved else 0

    def standing(self, team: int) -> Decision:
        """Return a team's decision as it would count now: what is saved, else what was decided in the round before."""
        game = self.market
        form = game.form
        before = self.documents[-1]["teams"].get(str(team)) if self.documents else None
        decision: Decision = game.start if before is None else game.unpacked(before)
        for component in form.components:
            saved = self.parts.get((team, component))
            if saved is not None:
                small = form_of(form, (component,))
                mine = {**decision, **unpacked(saved.decision, small)}
                decision = with_components(decision, mine, form.part_of(component))
        return decision

    def decision(self, team: int) -> Decision:
        """Return what a team's round is played with: roles that nobody holds or has saved are played by the rule of thumb.

        In a shared market they stay as they stand: there the rivals are what fills up.
        """
        game, decision = self.market, self.standing(team)
        if game.is_shared:
            return decision
        for role in self.roles:
            if role.key in self.bots(team) and not any((team, each) in self.parts for each in role.components):
                fields = frozenset().union(*(game.form.part_of(each) for each in role.components))
                decision = with_components(decision, game.start, fields)
        return decision

    def results(self) -> list[RoundResult]:
        """Return the closed rounds."""
        return self.market.results(self.documents)

    def bots(self, team: int) -> tuple[str, ...]:
        """Return the roles of a team that nobody holds: where nothing is saved for them, a rule of thumb plays them."""
        return tuple(role.key for role in self.roles if (team, role.key) not in self.holders)

    def decided(self, team: int) -> tuple[str, ...]:
        """Return the components that a team has saved for the open round."""
        return tuple(each for each in self.market.form.components if (team, each) in self.parts)

    def shocks_in(self, number: int) -> int:
        """Return how many rivals have entered by a round, counted from 0; a shock's round counts from 1."""
        return sum(int(each["round"]) <= number + 1 for each in self.shocks)


def fewest_teams(game: Game) -> int:
    """Return how many teams a room has at least: a market needs rivals."""
    return 2 if game.is_shared else 1


def form_of(form: DecisionForm, components: Sequence[str]) -> DecisionForm:
    """Return the part of a form that belongs to components: with tables that hold none of their fields left out."""
    tables = []
    for table in form.tables:
        fields = tuple(each for each in table.fields if each.component in components)
        if fields:
            tables.append(replace(table, fields=fields))
    return DecisionForm(tables=tuple(tables))


def small_part(form: DecisionForm, component: str, decision: Decision) -> dict[str, Any]:
    """Return one component of a decision as it is stored."""
    return packed(decision, form_of(form, (component,)))


def find_market_project(connection: Connection, contents: Contents, link: Link) -> tuple[int, Project] | None:
    """Return the version and the project of a link that a class can play together; None where it shows anything else."""
    version_id = connection.scalar(
        select(Activity.version_id).where(
            Activity.id == link.activity_id, Activity.organisation_id == link.organisation_id
        )
    )
    if version_id is None:
        return None
    project = contents.get(connection, link.organisation_id, version_id).content
    if not isinstance(project, Project) or project.engine.name not in GAMES:
        return None
    return version_id, project


def has_room(connection: Connection, link: Link, content: Any) -> bool:
    """Say whether a link with this content has a room; of a lesson nothing is asked."""
    if not isinstance(content, Project) or content.engine.name not in GAMES:
        return False
    query = select(MarketRoom.id).where(
        MarketRoom.organisation_id == link.organisation_id, MarketRoom.resource_link_id == link.resource_link_id
    )
    return connection.scalar(query.limit(1)) is not None


def find_row(session: Session, link: Link, *, lock: bool = False) -> MarketRoom | None:
    """Return the newest room of a link, locked for the transaction where somebody will change it."""
    query = (
        select(MarketRoom)
        .where(MarketRoom.organisation_id == link.organisation_id, MarketRoom.resource_link_id == link.resource_link_id)
        .order_by(MarketRoom.id.desc())
        .limit(1)
    )
    return session.scalar(query.with_for_update() if lock else query)


def get_row(session: Session, link: Link, uuid: str) -> MarketRoom:
    """Return the newest room of a link, locked; raise RoomMissingError where it is not the one that a page showed."""
    row = find_row(session, link, lock=True)
    if row is None or row.uuid != uuid:
        raise RoomMissingError
    return row


def find_room(session: Session, contents: Contents, link: Link) -> Room | None:
    """Return the newest room of a link; None where there has been none."""
    row = find_row(session, link)
    return None if row is None else read_room(session, contents, row)


def read_room(session: Session, contents: Contents, row: MarketRoom) -> Room:
    """Return all that stands in a room."""
    project = contents.get(session.connection(), row.organisation_id, row.version_id).content
    return Room(
        uuid=row.uuid,
        project=project,
        key=row.key,
        teams=row.teams,
        size=row.size,
        rounds=row.rounds,
        played=row.played,
        is_open=row.is_open,
        is_over=row.is_over,
        shocks=row.shocks,
        seats=_seats(session, row),
        holders=_holders(session, row),
        parts=_parts(session, row),
        documents=round_documents(session, row.organisation_id, row.id),
        names=_names(session, row),
    )


def round_documents(session: Session, organisation_id: int, room_id: int) -> list[Mapping[str, Any]]:
    """Return the closed rounds of a room, in order."""
    query = (
        select(RoomRound.document)
        .where(RoomRound.organisation_id == organisation_id, RoomRound.room_id == room_id)
        .order_by(RoomRound.round)
    )
    return [stored_json(document) for document in session.scalars(query)]


def _seats(session: Session, row: MarketRoom) -> dict[int, int]:
    query = select(RoomSeat.person_id, RoomSeat.team).where(
        RoomSeat.organisation_id == row.organisation_id, RoomSeat.room_id == row.id
    )
    return {each.person_id: each.team for each in session.execute(query)}


def _names(session: Session, row: MarketRoom) -> dict[int, str]:
    query = select(RoomTeam.team, RoomTeam.name).where(
        RoomTeam.organisation_id == row.organisation_id, RoomTeam.room_id == row.id
    )
    return {each.team: each.name for each in session.execute(query)}


def _holders(session: Session, row: MarketRoom) -> dict[tuple[int, str], int]:
    query = select(RoomRole.team, RoomRole.role, RoomRole.person_id).where(
        RoomRole.organisation_id == row.organisation_id, RoomRole.room_id == row.id
    )
    return {(team, role): person_id for team, role, person_id in session.execute(query)}


def _parts(session: Session, row: MarketRoom) -> dict[tuple[int, str], SavedPart]:
    query = select(RoomPart.team, RoomPart.component, RoomPart.version, RoomPart.decision).where(
        RoomPart.organisation_id == row.organisation_id, RoomPart.room_id == row.id, RoomPart.round == row.played
    )
    return {
        (team, component): SavedPart(version=version, decision=decision)
        for team, component, version, decision in session.execute(query)
    }
