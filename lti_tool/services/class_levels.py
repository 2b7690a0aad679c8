"""What the learners of a course know: levels by knowledge point, for a whole class at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, literal, select, union_all

from lti_tool.models import Activity, Enrolment, MasteryState, Person, TagSet
from lti_tool.services import mastery_cache
from lti_tool.services.class_members import Link
from lti_tool.services.records import knowledge_points_of
from qualoop.framework import Framework
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Difficulty, Learner, Memory, Reading, State, read


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
    connection: Connection, link: Link, codes: Sequence[str], *, now: datetime, person: int | None = None
) -> Mapping[str, Mapping[str, Reading]]:
    """Return the levels of the course's people (or of one) by pseudonym and knowledge point.

    What somebody never answered is left out. The number of statements does not depend on how many people there are.
    """
    place = mastery_cache.find_adopted(connection, link.organisation_id)
    if place is None or not codes:
        return {}
    difficulties = _difficulties(connection, place, codes)
    learners = {uuid: Learner(*numbers) for uuid, numbers in connection.execute(_learner_states(link, place, person))}
    found: dict[str, dict[str, Reading]] = defaultdict(dict)
    for uuid, code, numbers in connection.execute(_memories(link, place, codes, person)):
        state = State(learner=learners.get(uuid), memories={code: Memory(*numbers)}, knowledge_points=difficulties)
        found[uuid][code] = read(state, code, now.timestamp(), DEFAULT_CONSTANTS)
    return found


def _difficulties(connection: Connection, place: mastery_cache.Place, codes: Sequence[str]) -> Mapping[str, Difficulty]:
    query = select(MasteryState.subject, MasteryState.numbers).where(
        MasteryState.generation_id == place.generation_id,
        MasteryState.owner == mastery_cache.KNOWLEDGE_POINT,
        MasteryState.subject.in_(codes),
    )
    return {code: Difficulty(*numbers) for code, numbers in connection.execute(query)}


def _learner_states(link: Link, place: mastery_cache.Place, person: int | None) -> Select[*tuple[Any, ...]]:
    return (
        select(Person.uuid, MasteryState.numbers)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(MasteryState, MasteryState.subject == Person.uuid)
        .where(*_of_the_class(link, place, person), MasteryState.owner == mastery_cache.LEARNER)
    )


def _memories(
    link: Link, place: mastery_cache.Place, codes: Sequence[str], person: int | None
) -> Select[*tuple[Any, ...]]:
    """Return the query of all memories of the class: each pair is one look-up in the index of states."""
    wanted = union_all(*(select(literal(code).label("code")) for code in codes)).cte("wanted")
    return (
        select(Person.uuid, wanted.c.code, MasteryState.numbers)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(wanted, literal(value=True))
        .join(MasteryState, MasteryState.subject == Person.uuid + "|" + wanted.c.code)
        .where(*_of_the_class(link, place, person), MasteryState.owner == mastery_cache.MEMORY)
    )


def _of_the_class(link: Link, place: mastery_cache.Place, person: int | None) -> list[Any]:
    """Return the conditions that keep states to the link's course (and to one person)."""
    conditions: list[Any] = [
        Enrolment.organisation_id == link.organisation_id,
        Enrolment.context_id == link.context_id,
        MasteryState.organisation_id == link.organisation_id,
        MasteryState.generation_id == place.generation_id,
    ]
    return conditions if person is None else [*conditions, Person.id == person]
