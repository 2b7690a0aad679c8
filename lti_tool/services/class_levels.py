"""What the learners of a course know: levels by knowledge point, for a whole class at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from lti_tool.models import Activity, MasteryState, TagSet
from lti_tool.services import mastery_cache
from lti_tool.services.class_members import Link
from lti_tool.services.records import knowledge_points_of
from qualoop.framework import Framework
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Difficulty, Learner, Memory, Reading, State, read

READ_AT_ONCE: Final = 5_000
"""States per statement: every database takes as many parameters."""


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
    learners = _find_states(connection, place, mastery_cache.LEARNER, people)
    memories = _find_states(
        connection, place, mastery_cache.MEMORY, [f"{person}|{code}" for person in people for code in codes]
    )
    difficulties = {
        code: Difficulty(*numbers)
        for code, numbers in _find_states(connection, place, mastery_cache.KNOWLEDGE_POINT, codes).items()
    }

    def level(person: str, code: str) -> Reading:
        state = State(
            learner=Learner(*learners[person]) if person in learners else None,
            memories={code: Memory(*memories[f"{person}|{code}"])},
            knowledge_points=difficulties,
        )
        return read(state, code, now.timestamp(), DEFAULT_CONSTANTS)

    return {
        person: {code: level(person, code) for code in codes if f"{person}|{code}" in memories} for person in people
    }


def _find_states(
    connection: Connection, place: mastery_cache.Place, owner: str, subjects: Sequence[str]
) -> Mapping[str, Sequence[Any]]:
    """Return the cached numbers of those subjects that have any.

    Subjects are listed, not joined: so each is one look-up in the index, whatever the database believes of its tables.
    A generation is of one organisation; to name that, too, would lure SQLite into reading all states of it.
    """
    found: dict[str, Sequence[Any]] = {}
    for start in range(0, len(subjects), READ_AT_ONCE):
        rows = connection.execute(
            select(MasteryState.subject, MasteryState.numbers).where(
                MasteryState.generation_id == place.generation_id,
                MasteryState.owner == owner,
                MasteryState.subject.in_(subjects[start : start + READ_AT_ONCE]),
            )
        )
        found |= {row.subject: row.numbers for row in rows}
    return found
