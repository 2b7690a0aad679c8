"""What the learners of a course know: levels by knowledge point, for a whole class at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from lti_tool.models import Activity, TagSet
from lti_tool.services import mastery_cache
from lti_tool.services.class_members import Link
from lti_tool.services.records import knowledge_points_of
from qualoop.framework import Framework
from qualoop.mastery.engine import Reading


def link_codes(connection: Connection, framework: Framework | None, link: Link) -> tuple[str, ...]:
    """Return the knowledge points that the link's activity serves now, in an order in which they can be learnt."""
    tags = connection.scalar(
        select(TagSet.tags)
        .join(Activity, Activity.version_id == TagSet.version_id)
        .where(Activity.id == link.activity_id, TagSet.organisation_id == link.organisation_id)
        .order_by(TagSet.adopted_at.desc(), TagSet.id.desc())
        .limit(1)
    )
    order = framework.learning_order if framework else {}
    return tuple(sorted((code for code in knowledge_points_of(tags or {}) if code in order), key=order.__getitem__))


def read_class(
    connection: Connection, organisation_id: int, people: Sequence[str], *, codes: Sequence[str], now: datetime
) -> Mapping[str, Mapping[str, Reading]]:
    """Return the levels of people of the organisation by pseudonym and knowledge point.

    What somebody never answered is left out.
    """
    place = mastery_cache.find_adopted(connection, organisation_id)
    if place is None:
        return {}
    known = mastery_cache.load_class(connection, place, people, codes)
    at = now.timestamp()
    return {
        person: {
            code: mastery_cache.read_standing(known[person], code, at)
            for code in codes
            if code in known[person].memories
        }
        for person in people
    }
