"""Who of a team is still there: whoever left the course need not be rated, and nobody who was erased gets a mark."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ClassSession, LearnerKey, Person
from lti_tool.services.classes.sessions import link_of_session
from lti_tool.services.courses.members import list_members


def find_gone(session: Session, row: ClassSession, people: Collection[int]) -> frozenset[int]:
    """Return those of ``people`` who are no learners of the session's course any more, erased ones among them."""
    members = list_members(session.connection(), link_of_session(row), people=people)
    return frozenset(people) - {each.subject.person_id for each in members}


def find_erased(session: Session, organisation_id: int, people: Collection[int]) -> frozenset[int]:
    """Return those of ``people`` who were erased: nothing new is recorded of them."""
    query = (
        select(Person.id)
        .join(
            LearnerKey,
            (LearnerKey.organisation_id == Person.organisation_id) & (LearnerKey.learner == Person.uuid),
        )
        .where(Person.organisation_id == organisation_id, Person.id.in_(people), LearnerKey.destroyed_at.is_not(None))
    )
    return frozenset(session.scalars(query))
