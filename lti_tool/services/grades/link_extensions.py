"""More time or more attempts for one learner at one link: given, replaced, taken back. Nothing of it is ever deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, insert, select, update
from sqlalchemy.orm import aliased

from lti_tool.models import Identity, LinkExtension, Person, ResourceLink
from lti_tool.services.courses.members import Link, get_member
from lti_tool.services.grades.link_changes import rescore
from qualoop.assessment import Extension
from qualoop.errors import QualoopError

MAX_REASON: Final = 500
MAX_EXTRA: Final = 100
MOST_SHOWN: Final = 500


class ExtensionEmptyError(QualoopError):
    """An extension gives more time or more attempts."""

    code = "extension-empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An extension as it was given; ``taken_back_at`` is None for the one that holds. Names are None where not told."""

    person_uuid: str
    name: str | None
    extension: Extension
    reason: str
    by: str | None
    at: datetime
    taken_back_at: datetime | None

    @property
    def short(self) -> str:
        """The beginning of the pseudonym, where there is no name."""
        return self.person_uuid[:4]


def list_extensions(connection: Connection, link: Link) -> Sequence[Given]:
    """Return every extension at the link, those that hold first, then newest first."""
    giver, named = aliased(Identity), aliased(Identity)
    rows = connection.execute(
        select(LinkExtension.__table__, Person.uuid, named.name.label("name"), giver.name.label("giver"))
        .join(Person, Person.id == LinkExtension.person_id)
        .join(named, (named.person_id == Person.id) & (named.registration_id == link.registration_id), isouter=True)
        .join(
            giver,
            (giver.person_id == LinkExtension.given_by) & (giver.registration_id == link.registration_id),
            isouter=True,
        )
        .where(*_at(link))
        .order_by(LinkExtension.taken_back_at.is_not(None), LinkExtension.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        Given(
            person_uuid=row.uuid,
            name=row.name,
            extension=Extension(due_at=row.due_at, closes_at=row.closes_at, extra_attempts=row.extra_attempts),
            reason=row.reason,
            by=row.giver,
            at=row.given_at,
            taken_back_at=row.taken_back_at,
        )
        for row in rows
    ]


def give(
    connection: Connection,
    link: Link,
    person_uuid: str,
    extension: Extension,
    *,
    reason: str,
    by: int,
    now: datetime,
) -> None:
    """Give a learner of the link's course an extension, in place of the one before; scores follow.

    Raises RecordMissingError for who is no learner of the course, ExtensionEmptyError where nothing is given.
    """
    if extension == Extension():
        raise ExtensionEmptyError
    person = get_member(connection, link, person_uuid).subject.person_id
    _take_back(connection, link, person, by=by, now=now)
    connection.execute(
        insert(LinkExtension).values(
            organisation_id=link.organisation_id,
            resource_link_id=link.resource_link_id,
            person_id=person,
            due_at=extension.due_at,
            closes_at=extension.closes_at,
            extra_attempts=extension.extra_attempts,
            reason=reason[:MAX_REASON],
            given_by=by,
            given_at=now,
        )
    )
    rescore(connection, link, person=person, now=now)


def take_back(connection: Connection, link: Link, person_uuid: str, *, by: int, now: datetime) -> None:
    """Let a learner have no extension any more; where there is none, nothing happens. Raises RecordMissingError."""
    person = get_member(connection, link, person_uuid).subject.person_id
    _take_back(connection, link, person, by=by, now=now)
    rescore(connection, link, person=person, now=now)


def _take_back(connection: Connection, link: Link, person: int, *, by: int, now: datetime) -> None:
    # The link first, as whoever changes its settings does: two teachers never wait for each other in a circle.
    connection.execute(
        select(ResourceLink.id)
        .where(ResourceLink.id == link.resource_link_id, ResourceLink.organisation_id == link.organisation_id)
        .with_for_update(key_share=True)
    )
    connection.execute(
        update(LinkExtension)
        .where(*_at(link), LinkExtension.person_id == person, LinkExtension.taken_back_at.is_(None))
        .values(taken_back_at=now, taken_back_by=by)
    )


def _at(link: Link) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        LinkExtension.organisation_id == link.organisation_id,
        LinkExtension.resource_link_id == link.resource_link_id,
    )
