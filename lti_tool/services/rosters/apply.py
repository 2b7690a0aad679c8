"""Puts a roster into the tables: people who are new, what they are called, which roles they have, who has left.

Evidence and attempts are never touched. The locks are taken in the order of a launch (identity, then enrolment), and a
launch that comes while the roster is read or written is newer than the roster: what it told stays.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, text

from lti_tool.db import Direct, Driver, Prepared, micros
from lti_tool.lti.nrps import RosterMember
from lti_tool.lti.registration import Registration
from lti_tool.lti.roles import LAUNCH_ROLES
from lti_tool.models import Person
from lti_tool.services.launches.launches import NAMED, NEW_IDENTITY
from lti_tool.services.people.roles import TEST_USER, Role

AT_ONCE: Final = 1_000
"""Members per statement."""

_IDENTITIES: Final = Direct(
    "SELECT subject, id, person_id, name, email FROM identity WHERE registration_id = ? AND subject IN ?"
)
_ENROLMENTS: Final = Direct(
    "SELECT e.id, e.person_id, e.roles, e.launch_roles, e.left_at, e.updated_at FROM enrolment e "
    "WHERE e.organisation_id = ? AND e.context_id = ? ORDER BY e.id"
)
_ENROL = Prepared(
    text(
        "INSERT INTO enrolment (organisation_id, context_id, person_id, roles, joined_at, updated_at) "
        "VALUES (:organisation_id, :context_id, :person_id, :roles, :now, :now) "
        "ON CONFLICT (context_id, person_id) DO NOTHING"
    )
)
# Where a launch has come since it was read, the launch knows better.
_CHANGE = Prepared(
    text("UPDATE enrolment SET roles = :roles, left_at = :left_at WHERE id = :id AND updated_at = :updated_at")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The course whose roster it is."""

    registration: Registration
    context_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How many are members now, how many of them were none before, and how many are none any more."""

    members: int
    added: int
    departed: int


def apply_roster(
    connection: Connection, course: Course, members: Mapping[str, RosterMember], *, read_at: datetime, now: datetime
) -> Applied:
    """Let the course have these members and no others; ``read_at`` is when the reading of the roster began.

    Whoever is absent has left, except for who has launched since: the platform let them in later than it listed them.
    """
    people = _people(connection, course.registration, members, now)
    driver = Driver(connection)
    place = (course.registration.organisation_id, course.context_id)
    rows = driver.all(_ENROLMENTS, place)
    changes: list[dict[str, Any]] = []
    added = departed = 0
    for row in rows:
        member = people.get(row[1])
        change = _absent(row, read_at, now) if member is None else _present(row, member)
        if change is not None:
            changes.append(change)
            added += change["left_at"] is None and row[4] is not None
            departed += change["left_at"] is not None
    enrolled = {row[1] for row in rows}
    new = [
        {
            "organisation_id": place[0],
            "context_id": place[1],
            "person_id": person,
            "roles": roles_of(None, people[person]),
            "now": micros(now),
        }
        for person in sorted(people.keys() - enrolled)
    ]
    if changes:
        _CHANGE.run_many(connection, changes)
    if new:
        _ENROL.run_many(connection, new)
    return Applied(members=len(people), added=added + len(new), departed=departed)


def roles_of(launched: str | None, member: RosterMember) -> str:
    """Return the roles of an enrolment, given those that the last launch told.

    The greater role counts. Moodle lists a teacher who may not edit as a learner but lets one launch as an instructor;
    and a teacher who looked at the course as a student is no learner of it.
    """
    names = member.roles.names or (Role.VISITOR.value,)
    if launched is not None:
        told = launched.split(",")
        if TEST_USER in told or _rank(told) <= _rank(names):
            return launched
    return ",".join(sorted(names))


def _rank(names: Sequence[str]) -> int:
    """Return the place of the greatest role, 0 for a teacher."""
    return min((LAUNCH_ROLES.index(name) for name in names if name in LAUNCH_ROLES), default=len(LAUNCH_ROLES))


def _present(row: tuple[Any, ...], member: RosterMember) -> dict[str, Any] | None:
    """Return the change of an enrolment whose person is in the roster; None where there is none."""
    roles = roles_of(row[3], member)
    if (roles, None) == (row[2], row[4]):
        return None
    return {"id": row[0], "roles": roles, "left_at": None, "updated_at": row[5]}


def _absent(row: tuple[Any, ...], read_at: datetime, now: datetime) -> dict[str, Any] | None:
    """Return the change of an enrolment whose person is not in the roster; None where there is none."""
    has_launched_since = row[3] is not None and row[5] >= micros(read_at)
    if row[4] is not None or has_launched_since:
        return None
    return {"id": row[0], "roles": row[2], "left_at": micros(now), "updated_at": row[5]}


def _people(
    connection: Connection, registration: Registration, members: Mapping[str, RosterMember], now: datetime
) -> dict[int, RosterMember]:
    """Return the members by person; make those who have never been seen, and note what the others are called."""
    subjects = sorted(members)
    known = _identities(connection, registration.id, subjects)
    new = [subject for subject in subjects if subject not in known]
    if new:
        _make(connection, registration, [members[subject] for subject in new], now)
        known |= _identities(connection, registration.id, new)
    names = []
    for subject in subjects:
        identity, _, *old = known[subject]
        # What the platform withholds today it may have told in a launch.
        told = [members[subject].name or old[0], members[subject].email or old[1]]
        if told != old:
            names.append({"id": identity, "name": told[0], "email": told[1], "now": micros(now)})
    if names:
        NAMED.run_many(connection, names)
    return {known[subject][1]: members[subject] for subject in subjects}


def _identities(
    connection: Connection, registration_id: int, subjects: Sequence[str]
) -> dict[str, tuple[int, int, str | None, str | None]]:
    """Return identity, person, name and e-mail of the subjects that are known."""
    driver, found = Driver(connection), {}
    for start in range(0, len(subjects), AT_ONCE):
        some = driver.listed(subjects[start : start + AT_ONCE])
        for subject, *known in driver.all(_IDENTITIES, (registration_id, some)):
            found[subject] = (known[0], known[1], known[2], known[3])
    return found


def _make(connection: Connection, registration: Registration, members: Sequence[RosterMember], now: datetime) -> None:
    """Make people with their identities. Where a launch was faster the person that it made stays, ours goes."""
    organisation = registration.organisation_id
    people = [{"organisation_id": organisation, "uuid": str(uuid.uuid4()), "created_at": now} for _ in members]
    made = connection.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), people).all()
    superfluous = []
    for person, member in zip(made, members, strict=True):
        cursor = NEW_IDENTITY.run(
            connection,
            {
                "organisation_id": organisation,
                "person_id": person,
                "registration_id": registration.id,
                "subject": member.user_id,
                "name": member.name,
                "email": member.email,
                "now": micros(now),
            },
        )
        if not cursor.rowcount:
            superfluous.append(person)
    if superfluous:
        connection.execute(delete(Person).where(Person.id.in_(superfluous)))
