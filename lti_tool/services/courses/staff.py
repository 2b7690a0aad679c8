"""Who of a course may do something there, by name: those who mark, those who mentor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from lti_tool.models import Enrolment, Identity, Person
from lti_tool.services.courses.members import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseStaff:
    """Somebody of a course by pseudonym; the name is None where the platform tells none."""

    person_id: int
    uuid: str
    name: str | None


def list_staff(connection: Connection, link: Link, serves: Callable[[Sequence[str]], bool]) -> Sequence[CourseStaff]:
    """Return who of the link's course has not left and has roles that ``serves`` takes, by name."""
    rows = connection.execute(
        select(Person.id, Person.uuid, Identity.name, Enrolment.roles)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(
            Identity,
            (Identity.person_id == Person.id)
            & (Identity.registration_id == link.registration_id)
            & (Identity.organisation_id == link.organisation_id),
            isouter=True,
        )
        .where(
            Person.organisation_id == link.organisation_id,
            Enrolment.organisation_id == link.organisation_id,
            Enrolment.context_id == link.context_id,
            Enrolment.left_at.is_(None),
        )
    )
    found = [
        CourseStaff(person_id=row.id, uuid=row.uuid, name=row.name) for row in rows if serves(row.roles.split(","))
    ]
    return sorted(found, key=lambda each: (each.name is None, (each.name or "").casefold(), each.uuid))
