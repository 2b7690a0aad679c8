"""The versions of a rubric, and where each is used: how often in the organisation, by name only in one's own course."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from lti_tool.models import (
    Activity,
    ContentVersion,
    MarkingSetup,
    ResourceLink,
    RubricRow,
    RubricVersion,
    SubmissionRow,
)
from lti_tool.services.content import rubrics
from lti_tool.services.content.rubrics import RubricMissingError
from lti_tool.services.courses.members import Link
from qualoop.assessment.rubric import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricLine:
    """A rubric of the organisation by its newest version, with how many versions there are and how many works it judged."""

    key: str
    rubric: Rubric
    version_id: int
    versions: int
    works: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version. ``works`` counts what it judged in the organisation, ``links`` are places of one's own course that use it.

    ``activities`` are keys of installed activities that bring it themselves.
    """

    version_id: int
    hash: str
    label: str
    installed_at: datetime
    is_newest: bool
    works: int
    links: Sequence[str]
    activities: Sequence[str]


def list_rubrics(connection: Connection, organisation_id: int) -> Sequence[RubricLine]:
    """Return the rubrics of an organisation, by key."""
    versions = Counter(
        connection.scalars(select(RubricVersion.rubric_id).where(RubricVersion.organisation_id == organisation_id))
    )
    owners = {
        row.version_id: row.id
        for row in connection.execute(
            select(RubricRow.id, RubricRow.version_id).where(RubricRow.organisation_id == organisation_id)
        )
    }
    works = _works_by_rubric(connection, organisation_id)
    return [
        RubricLine(
            key=each.rubric.key,
            rubric=each.rubric,
            version_id=each.version_id,
            versions=versions[owners[each.version_id]],
            works=works.get(owners[each.version_id], 0),
        )
        for each in rubrics.list_newest(connection, organisation_id)
    ]


def _works_by_rubric(connection: Connection, organisation_id: int) -> Mapping[int, int]:
    rows = connection.execute(
        select(RubricVersion.rubric_id, func.count(SubmissionRow.id))
        .join(SubmissionRow, SubmissionRow.rubric_version_id == RubricVersion.id)
        .where(RubricVersion.organisation_id == organisation_id, SubmissionRow.organisation_id == organisation_id)
        .group_by(RubricVersion.rubric_id)
    )
    return {row[0]: row[1] for row in rows}


def list_versions(
    connection: Connection, organisation_id: int, key: str, *, link: Link | None = None
) -> Sequence[VersionLine]:
    """Return the versions of a rubric, newest first; ``link`` says in whose course places are named.

    Raises RubricMissingError.
    """
    rows = _versions_of(connection, organisation_id, key)
    if not rows:
        raise RubricMissingError
    works = _works_by_version(connection, organisation_id)
    links, activities = (
        _links_by_version(connection, link) if link else {},
        _activities_by_hash(connection, organisation_id),
    )
    return [
        VersionLine(
            version_id=row.id,
            hash=row.hash,
            label=row.label,
            installed_at=row.installed_at,
            is_newest=row.id == row.newest,
            works=works.get(row.id, 0),
            links=links.get(row.id, ()),
            activities=activities.get(row.hash, ()),
        )
        for row in rows
    ]


def _versions_of(connection: Connection, organisation_id: int, key: str) -> Sequence[Row[*tuple[Any, ...]]]:
    return connection.execute(
        select(
            RubricVersion.id,
            RubricVersion.hash,
            RubricVersion.label,
            RubricVersion.installed_at,
            RubricRow.version_id.label("newest"),
        )
        .join(RubricRow, RubricRow.id == RubricVersion.rubric_id)
        .where(
            RubricVersion.organisation_id == organisation_id,
            RubricRow.organisation_id == organisation_id,
            RubricRow.key == key,
        )
        .order_by(RubricVersion.id.desc())
    ).all()


def _works_by_version(connection: Connection, organisation_id: int) -> Mapping[int, int]:
    rows = connection.execute(
        select(SubmissionRow.rubric_version_id, func.count(SubmissionRow.id))
        .where(SubmissionRow.organisation_id == organisation_id)
        .group_by(SubmissionRow.rubric_version_id)
    )
    return {row[0]: row[1] for row in rows}


def _links_by_version(connection: Connection, link: Link) -> Mapping[int, Sequence[str]]:
    """Return the titles of the course's places whose work is marked by a version, as they were set."""
    rows = connection.execute(
        select(MarkingSetup.rubric_version_id, ResourceLink.title)
        .join(ResourceLink, ResourceLink.id == MarkingSetup.resource_link_id)
        .where(
            MarkingSetup.organisation_id == link.organisation_id,
            ResourceLink.organisation_id == link.organisation_id,
            ResourceLink.context_id == link.context_id,
        )
        .order_by(ResourceLink.title)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.rubric_version_id, []).append(row.title)
    return found


def _activities_by_hash(connection: Connection, organisation_id: int) -> Mapping[str, Sequence[str]]:
    rows = connection.execute(
        select(Activity.key, ContentVersion.manifest)
        .join(ContentVersion, ContentVersion.id == Activity.version_id)
        .where(Activity.organisation_id == organisation_id, ContentVersion.organisation_id == organisation_id)
        .order_by(Activity.key)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        if identity := (row.manifest or {}).get("rubric"):
            found.setdefault(identity, []).append(row.key)
    return found
