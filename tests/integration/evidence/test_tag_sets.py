"""Of the tag sets of a version the one that was adopted last holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.db import Database
from lti_tool.models import TagSet
from lti_tool.services.content import tag_sets
from tests.factories.evidence import NOON, make_ledger_school


@pytest.mark.parametrize(
    ("minutes", "holding"),
    [
        ([0, 1, 2], 2),
        ([0, 2, 1], 1),  # Adopted again after the third.
        ([1, 0, 1], 2),  # At the same moment: the one that was stored later.
        ([1, 1, 1], 2),
        ([0], 0),
    ],
)
def test_the_one_adopted_last_holds(database: Database, minutes: list[int], holding: int) -> None:
    make_ledger_school(database, activities=2, points=2, learners=1)
    with database.transaction() as session:
        first, other = session.scalars(select(TagSet).order_by(TagSet.id)).all()
        first.adopted_at = NOON + timedelta(minutes=minutes[0])
        other.adopted_at = NOON + timedelta(days=1)  # Of another version: it replaces nothing here.
        of_first = [first]
        for number, after in enumerate(minutes[1:], 1):
            each = TagSet(
                organisation_id=first.organisation_id,
                version_id=first.version_id,
                hash=str(number) * 64,
                framework=first.framework,
                tags=first.tags,
                adopted_at=NOON + timedelta(minutes=after),
            )
            session.add(each)
            session.flush()
            of_first.append(each)
        held = session.scalars(select(TagSet.id).where(tag_sets.holds()).order_by(TagSet.id)).all()
        assert held == sorted([of_first[holding].id, other.id])
