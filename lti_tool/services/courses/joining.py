"""Since when people are in a course: what was before that, nobody missed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Context, Enrolment, Person


def joining() -> ColumnElement[datetime]:
    """Return the expression for a query of enrolments with their persons: when somebody joined, as far as that is known."""
    return func.coalesce(Enrolment.joined_at, Person.created_at)


def joined(session: Session, course: tuple[int, int], people: Collection[int]) -> dict[int, datetime]:
    """Return since when each of some people is in a course (organisation, context), by person.

    Where that was not kept, it is since person and course are known here.
    """
    organisation_id, context_id = course
    rows = session.execute(
        select(Enrolment.person_id, joining(), Context.created_at)
        .join(Person, Person.id == Enrolment.person_id)
        .join(Context, Context.id == Enrolment.context_id)
        .where(
            Enrolment.organisation_id == organisation_id,
            Person.organisation_id == organisation_id,
            Context.organisation_id == organisation_id,
            Enrolment.context_id == context_id,
            Enrolment.person_id.in_(people),
        )
    )
    return {person: max(at, began) for person, at, began in rows}
