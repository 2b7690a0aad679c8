"""The teams of a class session: from the course's groups, drawn at random, or set by hand; moved until something was done as a team.

Whoever changes teams holds the session's row, as whoever opens a team test does: nobody is moved in between.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassGroupTask, ClassSession, ClassTeam, ClassTeamCheck, ClassTeamMember
from lti_tool.services.classes.seats import list_seats
from lti_tool.services.classes.sessions import ClassMissingError, link_of_session, plain, touch
from lti_tool.services.courses.members import Member, list_members
from lti_tool.services.rosters.groups import list_groups, people_in
from qualoop.classroom.teams import (
    LARGEST,
    MAX_NAME,
    MOST_TEAMS,
    TeamsFixedError,
    TeamsRefusedError,
    drawn,
    smallest_team,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team with who is in it, by id of the person; a member who has left the course counts and has no name any more."""

    row: ClassTeam
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """The teams of a session, and the learners of the course who are in none. ``joined`` are those who sit in the session."""

    teams: Sequence[Team]
    members: Mapping[int, Member]
    joined: frozenset[int]
    is_fixed: bool

    @property
    def without(self) -> Sequence[Member]:
        """Return the learners without a team, those who are in the room first."""
        placed = {person for team in self.teams for person in team.people}
        found = [member for person, member in self.members.items() if person not in placed]
        return sorted(found, key=lambda member: member.subject.person_id not in self.joined)

    def name(self, person_id: int) -> str | None:
        """Return how somebody is called, None where nobody says (any more)."""
        member = self.members.get(person_id)
        return (member.name or member.short) if member else None


def read_teams(session: Session, row: ClassSession) -> Teams:
    """Return the teams of a session with everybody of the course."""
    members = list_members(session.connection(), link_of_session(row))
    seats = list_seats(session, row)
    return Teams(
        teams=list_teams(session, row),
        members={member.subject.person_id: member for member in members},
        joined=frozenset(seat.person_id for seat in seats if seat.is_confirmed and seat.person_id is not None),
        is_fixed=are_fixed(session, row),
    )


def list_teams(session: Session, row: ClassSession) -> list[Team]:
    """Return the teams of a session in their order."""
    teams = session.scalars(
        select(ClassTeam)
        .where(ClassTeam.organisation_id == row.organisation_id, ClassTeam.class_session_id == row.id)
        .order_by(ClassTeam.number)
    ).all()
    people: dict[int, list[int]] = {}
    for team_id, person_id in session.execute(
        select(ClassTeamMember.team_id, ClassTeamMember.person_id)
        .where(ClassTeamMember.organisation_id == row.organisation_id, ClassTeamMember.class_session_id == row.id)
        .order_by(ClassTeamMember.id)
    ):
        people.setdefault(team_id, []).append(person_id)
    return [Team(row=team, people=tuple(people.get(team.id, ()))) for team in teams]


def find_own(session: Session, row: ClassSession, person_id: int, *, locked: bool = False) -> Team | None:
    """Return the team of a learner in a session; ``locked`` for whoever will scratch: members come one after another."""
    query = (
        select(ClassTeam)
        .join(ClassTeamMember, ClassTeamMember.team_id == ClassTeam.id)
        .where(
            ClassTeam.organisation_id == row.organisation_id,
            ClassTeamMember.class_session_id == row.id,
            ClassTeamMember.person_id == person_id,
        )
    )
    if locked:
        query = query.with_for_update(of=ClassTeam, key_share=True).execution_options(populate_existing=True)
    team = session.scalar(query)
    return None if team is None else Team(row=team, people=_people(session, team))


def get_team(session: Session, row: ClassSession, team_uuid: str, *, locked: bool = False) -> ClassTeam:
    """Return a team of a session; raise ClassMissingError."""
    query = select(ClassTeam).where(
        ClassTeam.organisation_id == row.organisation_id,
        ClassTeam.class_session_id == row.id,
        ClassTeam.uuid == plain(team_uuid),
    )
    if locked:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    team = session.scalar(query)
    if team is None:
        raise ClassMissingError
    return team


def are_fixed(session: Session, row: ClassSession) -> bool:
    """Say whether something was done as these teams already: a team test was opened, or group work was set."""
    checks = select(ClassTeamCheck.id).where(
        ClassTeamCheck.organisation_id == row.organisation_id,
        ClassTeamCheck.class_session_id == row.id,
        ClassTeamCheck.team_opened_at.is_not(None),
    )
    tasks = select(ClassGroupTask.id).where(
        ClassGroupTask.organisation_id == row.organisation_id, ClassGroupTask.class_session_id == row.id
    )
    return any(session.scalar(query.limit(1)) is not None for query in (checks, tasks))


def draw(session: Session, row: ClassSession, size: int, *, seed: str, only_joined: bool, now: datetime) -> None:
    """Draw new teams of about ``size`` in the place of those that are there: of everybody, or of those in the room.

    Raises TeamsRefusedError, also where there is nobody to be drawn, and TeamsFixedError.
    """
    found = read_teams(session, row)
    people = [person for person in found.members if person in found.joined or not only_joined]
    made = drawn(people, size, seed)
    if not made:
        raise TeamsRefusedError
    _replace(session, row, [("", team) for team in made], now=now)


def take_groups(session: Session, row: ClassSession, *, now: datetime) -> None:
    """Let the course's groups be the teams; who is in several is in the first.

    Raises TeamsRefusedError, also where there are more groups, or more people in one, than teams take; TeamsFixedError.
    """
    connection, link = session.connection(), link_of_session(row)
    learners = {member.subject.person_id for member in list_members(connection, link)}
    made, placed = [], set[int]()
    for group in list_groups(connection, link):
        people = sorted((people_in(connection, link, group.id) & learners) - placed)
        if people:
            made.append((group.name, people))
            placed |= set(people)
    if not 1 <= len(made) <= MOST_TEAMS or any(len(people) > LARGEST for _, people in made):
        raise TeamsRefusedError
    _replace(session, row, made, now=now)


def add_team(session: Session, row: ClassSession, name: str, *, now: datetime) -> ClassTeam:
    """Add an empty team, to be filled by hand; raise TeamsRefusedError where there are as many as a session takes."""
    count, last = session.execute(
        select(func.count(), func.max(ClassTeam.number)).where(
            ClassTeam.organisation_id == row.organisation_id, ClassTeam.class_session_id == row.id
        )
    ).one()
    if count >= MOST_TEAMS:
        raise TeamsRefusedError
    return _add(session, row, (last or 0) + 1, name, now=now)


def remove_team(session: Session, row: ClassSession, team_uuid: str) -> None:
    """Take a team out; who was in it has none. Raises TeamsFixedError, ClassMissingError."""
    _require_loose(session, row)
    team = get_team(session, row, team_uuid, locked=True)
    mine = (ClassTeamMember.organisation_id == row.organisation_id, ClassTeamMember.team_id == team.id)
    session.execute(delete(ClassTeamMember).where(*mine))
    session.delete(team)
    touch(row)
    session.flush()


def place(session: Session, row: ClassSession, person_id: int, team_uuid: str) -> ClassTeam | None:
    """Put a learner of the course into a team, out of any other; `auto` is the smallest one, an empty uuid none.

    Once something was done as teams only who has none is put into one: TeamsFixedError for everything else. Raises
    TeamsRefusedError where there is no team or it is full, ClassMissingError.
    """
    held = session.scalar(
        select(ClassTeamMember).where(
            ClassTeamMember.organisation_id == row.organisation_id,
            ClassTeamMember.class_session_id == row.id,
            ClassTeamMember.person_id == person_id,
        )
    )
    if held is not None:
        _require_loose(session, row)
    team = _wanted(session, row, team_uuid)
    if team is not None and len({*_people(session, team), person_id}) > LARGEST:
        raise TeamsRefusedError
    if team is None:
        if held is not None:
            session.delete(held)
    elif held is not None:
        held.team_id = team.id
    else:
        session.add(_member(row, team, person_id))
    session.flush()
    _touch_all(session, row)
    return team


def remove_all(session: Session, row: ClassSession) -> None:
    """Take out all teams of a session; raise TeamsFixedError."""
    _require_loose(session, row)
    of_session = (
        ClassTeamMember.organisation_id == row.organisation_id,
        ClassTeamMember.class_session_id == row.id,
    )
    session.execute(delete(ClassTeamMember).where(*of_session))
    session.execute(
        delete(ClassTeam).where(ClassTeam.organisation_id == row.organisation_id, ClassTeam.class_session_id == row.id)
    )
    session.flush()
    touch(row)


def touch_team(team: ClassTeam) -> None:
    """Count a change that only this team sees."""
    team.version += 1


def _replace(
    session: Session, row: ClassSession, made: Sequence[tuple[str, Collection[int]]], *, now: datetime
) -> None:
    remove_all(session, row)
    for number, (name, people) in enumerate(made, 1):
        team = _add(session, row, number, name, now=now)
        session.add_all(_member(row, team, person) for person in people)
    session.flush()


def _add(session: Session, row: ClassSession, number: int, name: str, *, now: datetime) -> ClassTeam:
    team = ClassTeam(
        organisation_id=row.organisation_id,
        class_session_id=row.id,
        uuid=str(uuid.uuid4()),
        number=number,
        name=" ".join(plain(name).split())[:MAX_NAME],
        version=1,
        created_at=now,
    )
    session.add(team)
    session.flush()
    touch(row)
    return team


def _member(row: ClassSession, team: ClassTeam, person_id: int) -> ClassTeamMember:
    return ClassTeamMember(
        organisation_id=row.organisation_id, class_session_id=row.id, team_id=team.id, person_id=person_id
    )


def _people(session: Session, team: ClassTeam) -> tuple[int, ...]:
    return tuple(
        session.scalars(
            select(ClassTeamMember.person_id)
            .where(ClassTeamMember.organisation_id == team.organisation_id, ClassTeamMember.team_id == team.id)
            .order_by(ClassTeamMember.id)
        )
    )


def _wanted(session: Session, row: ClassSession, team_uuid: str) -> ClassTeam | None:
    if team_uuid != "auto":
        return get_team(session, row, team_uuid) if team_uuid else None
    teams = {team.row.uuid: team.people for team in list_teams(session, row)}
    found = smallest_team(teams)
    if found is None:
        raise TeamsRefusedError
    return get_team(session, row, found)


def _require_loose(session: Session, row: ClassSession) -> None:
    if are_fixed(session, row):
        raise TeamsFixedError


def _touch_all(session: Session, row: ClassSession) -> None:
    """Let everybody of the session look again: whoever was moved finds mates, and they find whoever came."""
    touch(row)
    session.flush()
