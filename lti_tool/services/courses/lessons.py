"""Which lessons of a course practise which knowledge point. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from lti_tool.models import Activity, ResourceLink, TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.courses.members import Link
from lti_tool.services.records.records import knowledge_points_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLesson:
    """A lesson by what its link is called. Only the one that is ``here``, at this launch's own link, has an address."""

    title: str
    here: bool


def course_lessons(connection: Connection, link: Link) -> Mapping[str, Sequence[CourseLesson]]:
    """Return by knowledge point the course's links to the activities that serve it now."""
    rows = connection.execute(
        select(ResourceLink.id, ResourceLink.title, Activity.key, TagSet.tags)
        .join(Activity, Activity.id == ResourceLink.activity_id)
        .join(TagSet, TagSet.version_id == Activity.version_id)
        .where(
            ResourceLink.context_id == link.context_id,
            ResourceLink.organisation_id == link.organisation_id,
            TagSet.organisation_id == link.organisation_id,
            tag_sets.holds(),
        )
        .order_by(ResourceLink.id)
    )
    found: dict[str, list[CourseLesson]] = {}
    for row in rows:
        lesson = CourseLesson(title=row.title or row.key, here=row.id == link.resource_link_id)
        for code in knowledge_points_of(row.tags):
            found.setdefault(code, []).append(lesson)
    return found
