"""Who learns in a course: found by link, named as the link's platform names them. Nobody else is ever found.

Whoever the platform lists is there before the first launch; whoever it lists no more is not, and the evidence stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, select

from lti_tool.models import Enrolment, Identity, Person
from lti_tool.services.people.roles import TEST_USER, Role
from lti_tool.services.records.records import RecordMissingError, Subject

SHORT: Final = 4
"""How much of a pseudonym is shown where there is no name."""

FEW: Final = 500
"""Up to so many people are named to the database; of more it gives the course, since a statement takes only so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One place in a course, seen from one platform; ``activity_id`` is None where nothing was chosen for it."""

    organisation_id: int
    registration_id: int
    context_id: int
    resource_link_id: int
    activity_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A learner of the course. ``name`` is None where the platform tells none.

    ``has_launched`` says whether the learner has opened anything of the course yet.
    """

    subject: Subject
    name: str | None
    has_launched: bool

    @property
    def short(self) -> str:
        """The beginning of the pseudonym, for pages that have no name to show."""
        return self.subject.uuid[:SHORT]


def list_members(connection: Connection, link: Link, *, people: Collection[int] | None = None) -> Sequence[Member]:
    """Return the learners of the link's course by name, those without a name last; of ``people`` only, where given."""
    query = _enrolled(link)
    if people is not None and len(people) <= FEW:
        query = query.where(Person.id.in_(people))
    members = [
        _member(row, link)
        for row in connection.execute(query).mappings()
        if _is_learner(row) and (people is None or row["id"] in people)
    ]
    return sorted(
        members, key=lambda member: (member.name is None, (member.name or "").casefold(), member.subject.uuid)
    )


def get_member(connection: Connection, link: Link, person_uuid: str) -> Member:
    """Return a learner of the link's course; raise RecordMissingError for anybody else, whoever it may be."""
    # PostgreSQL takes no text with a zero byte, not even to compare.
    found = None if "\0" in person_uuid else connection.execute(_enrolled(link).where(Person.uuid == person_uuid))
    row = found.mappings().first() if found else None
    if row is None or not _is_learner(row):
        raise RecordMissingError
    return _member(row, link)


def is_member(connection: Connection, course: tuple[int, int], person_id: int) -> bool:
    """Say whether somebody learns in a course (organisation, context) now."""
    organisation_id, context_id = course
    row = (
        connection.execute(
            select(Enrolment.roles).where(
                Enrolment.organisation_id == organisation_id,
                Enrolment.context_id == context_id,
                Enrolment.person_id == person_id,
                Enrolment.left_at.is_(None),
            )
        )
        .mappings()
        .first()
    )
    return row is not None and _is_learner(row)


def _enrolled(link: Link) -> Select[*tuple[Any, ...]]:
    """Return the query of everybody who is in the link's course, with the name that this platform told."""
    return (
        select(Person.id, Person.uuid, Enrolment.roles, Enrolment.launch_roles, Identity.name)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(
            Identity,
            (Identity.person_id == Person.id) & (Identity.registration_id == link.registration_id),
            isouter=True,
        )
        .where(
            Person.organisation_id == link.organisation_id,
            Enrolment.organisation_id == link.organisation_id,
            Enrolment.context_id == link.context_id,
            Enrolment.left_at.is_(None),
        )
    )


def _is_learner(row: RowMapping) -> bool:
    """Say whether somebody is in the course to learn; a teacher's stand-in is not."""
    roles = row["roles"].split(",")
    return Role.LEARNER in roles and TEST_USER not in roles


def _member(row: RowMapping, link: Link) -> Member:
    subject = Subject(organisation_id=link.organisation_id, person_id=row["id"], uuid=row["uuid"])
    return Member(subject=subject, name=row["name"] or None, has_launched=row["launch_roles"] is not None)
