"""Which tag set of a content version holds: the one that was adopted last, also where it had held before."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, tuple_
from sqlalchemy.orm import aliased

from lti_tool.models import TagSet


def holds() -> ColumnElement[bool]:
    """Return the condition that no later tag set of the same version replaces this row of `TagSet`."""
    later = aliased(TagSet)
    is_later = tuple_(later.adopted_at, later.id) > tuple_(TagSet.adopted_at, TagSet.id)
    return ~exists().where(later.version_id == TagSet.version_id, is_later).correlate(TagSet)
