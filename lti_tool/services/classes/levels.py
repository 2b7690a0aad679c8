"""Which knowledge points a link is about."""

from __future__ import annotations

from sqlalchemy import Connection, select

from lti_tool.models import Activity, TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.courses.members import Link
from lti_tool.services.records.records import knowledge_points_of
from qualoop.framework import Framework


def link_codes(connection: Connection, framework: Framework | None, link: Link) -> tuple[str, ...]:
    """Return the knowledge points that the link's activity serves now, in an order in which they can be learnt."""
    tags = connection.scalar(
        select(TagSet.tags)
        .join(Activity, Activity.version_id == TagSet.version_id)
        .where(Activity.id == link.activity_id, TagSet.organisation_id == link.organisation_id, tag_sets.holds())
    )
    order = framework.learning_order if framework else {}
    return tuple(sorted((code for code in knowledge_points_of(tags or {}) if code in order), key=order.__getitem__))
