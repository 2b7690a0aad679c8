"""The groups of a course: stored as the platform lists them, and who of the class is in which.

A group is kept by the platform's id, so that a new name changes nothing else. Evidence knows of no group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from lti_tool.db import Direct, Driver
from lti_tool.lti.groups import Group
from lti_tool.lti.nrps import RosterMember
from lti_tool.models import Context, CourseGroup, CourseGroupMember
from lti_tool.services.courses.members import Link
from lti_tool.services.rosters.apply import AT_ONCE, Course

_PEOPLE: Final = Direct("SELECT subject, person_id FROM identity WHERE registration_id = ? AND subject IN ?")

Value = TypeVar("Value", int, str)

Places = frozenset[tuple[int, int]]
"""Who is in which group: our rows of group and person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGroup:
    """A group as a teacher chooses it; ``members`` counts who is in it. A name may be empty."""

    id: int
    name: str
    members: int


def list_groups(connection: Connection, link: Link) -> Sequence[ClassGroup]:
    """Return the groups of the link's course in which anybody is, by name; none where the platform has no groups."""
    rows = connection.execute(
        select(CourseGroup.id, CourseGroup.name, func.count(CourseGroupMember.id))
        .join(CourseGroupMember, CourseGroupMember.group_id == CourseGroup.id)
        .where(
            CourseGroup.organisation_id == link.organisation_id,
            CourseGroupMember.organisation_id == link.organisation_id,
            CourseGroup.context_id == link.context_id,
        )
        .group_by(CourseGroup.id, CourseGroup.name)
    )
    found = [ClassGroup(id=row[0], name=row[1], members=row[2]) for row in rows]
    return sorted(found, key=lambda group: (not group.name, group.name.casefold(), group.id))


def people_in(connection: Connection, link: Link, group: int) -> frozenset[int]:
    """Return the people of a group of the link's course; of a group of any other course nobody."""
    return frozenset(
        connection.scalars(
            select(CourseGroupMember.person_id)
            .join(CourseGroup, CourseGroup.id == CourseGroupMember.group_id)
            .where(
                CourseGroup.id == group,
                CourseGroup.organisation_id == link.organisation_id,
                CourseGroupMember.organisation_id == link.organisation_id,
                CourseGroup.context_id == link.context_id,
            )
        )
    )


def apply_groups(
    connection: Connection, course: Course, groups: Mapping[str, Group], members: Mapping[str, RosterMember]
) -> None:
    """Let the course have these groups and no others, and these members in them; of unknown groups nothing is kept."""
    organisation = course.registration.organisation_id
    rows = _kept_groups(connection, course, groups)
    wanted = _wanted(connection, course, rows, members)
    stored = frozenset(
        (group, person)
        for group, person in connection.execute(
            select(CourseGroupMember.group_id, CourseGroupMember.person_id).where(
                CourseGroupMember.organisation_id == organisation, CourseGroupMember.group_id.in_(_groups_of(course))
            )
        )
    )
    for group in {group for group, _ in stored - wanted}:
        left = [person for each, person in stored - wanted if each == group]
        for some in _chunks(left):
            connection.execute(
                delete(CourseGroupMember).where(
                    CourseGroupMember.organisation_id == organisation,
                    CourseGroupMember.group_id == group,
                    CourseGroupMember.person_id.in_(some),
                )
            )
    new = [
        {"organisation_id": organisation, "group_id": group, "person_id": person}
        for group, person in sorted(wanted - stored)
    ]
    if new:
        connection.execute(insert(CourseGroupMember), new)
    _drop_groups(connection, course, [row for key, row in rows.items() if key not in groups])


def note_groups_read(connection: Connection, course: Course, *, failure: str | None, now: datetime) -> None:
    """Note when the groups were asked for, and the code of why that came to nothing."""
    connection.execute(
        update(Context)
        .where(Context.id == course.context_id, Context.organisation_id == course.registration.organisation_id)
        .values(groups_read_at=now, groups_failure=failure)
    )


def _groups_of(course: Course) -> Select[int]:
    return select(CourseGroup.id).where(
        CourseGroup.organisation_id == course.registration.organisation_id, CourseGroup.context_id == course.context_id
    )


def _kept_groups(connection: Connection, course: Course, groups: Mapping[str, Group]) -> Mapping[str, int]:
    """Add the groups that are new and rename the others; return the rows of all by the platform's id, old ones too."""
    organisation = course.registration.organisation_id
    stored = {
        row.platform_key: row
        for row in connection.execute(
            select(CourseGroup.id, CourseGroup.platform_key, CourseGroup.name).where(
                CourseGroup.organisation_id == organisation, CourseGroup.context_id == course.context_id
            )
        )
    }
    for key, group in groups.items():
        if key in stored and stored[key].name != group.name:
            connection.execute(
                update(CourseGroup)
                .where(CourseGroup.id == stored[key].id, CourseGroup.organisation_id == organisation)
                .values(name=group.name)
            )
    rows = {key: int(row.id) for key, row in stored.items()}
    for key, group in groups.items():
        if key not in rows:
            values = {"context_id": course.context_id, "platform_key": key, "name": group.name}
            added = connection.execute(
                insert(CourseGroup).values(organisation_id=organisation, **values).returning(CourseGroup.id)
            )
            rows[key] = added.scalar_one()
    return rows


def _wanted(
    connection: Connection, course: Course, rows: Mapping[str, int], members: Mapping[str, RosterMember]
) -> Places:
    """Return who is in which group by the list of members."""
    driver, people = Driver(connection), {}
    for some in _chunks([subject for subject, member in members.items() if member.groups]):
        people.update(dict(driver.all(_PEOPLE, (course.registration.id, driver.listed(some)))))
    return frozenset(
        (rows[key], people[subject])
        for subject, member in members.items()
        for key in member.groups
        if key in rows and subject in people
    )


def _drop_groups(connection: Connection, course: Course, gone: Sequence[int]) -> None:
    """Drop groups that the platform has no more, and who was in them."""
    organisation = course.registration.organisation_id
    for some in _chunks(gone):
        connection.execute(
            delete(CourseGroupMember).where(
                CourseGroupMember.organisation_id == organisation, CourseGroupMember.group_id.in_(some)
            )
        )
        connection.execute(
            delete(CourseGroup).where(CourseGroup.organisation_id == organisation, CourseGroup.id.in_(some))
        )


def _chunks(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
