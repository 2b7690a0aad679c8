"""What the tests of warnings and records share."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lti_tool.models import Context, Deployment, ResourceLink
from lti_tool.services.classes.sessions import ClassPlan, plan_session
from lti_tool.services.courses.members import Link
from tests.factories.class_sessions import Classroom


def link_of(room: Classroom) -> Link:
    """Return the course of a classroom as its teacher's launch has it."""
    with room.tool.runtime.database.reading() as session:
        context, registration, activity = session.execute(
            select(ResourceLink.context_id, Deployment.registration_id, ResourceLink.activity_id)
            .join(Context, Context.id == ResourceLink.context_id)
            .join(Deployment, Deployment.id == Context.deployment_id)
            .where(ResourceLink.id == room.teacher.who.resource_link_id)
        ).one()
    return Link(
        organisation_id=room.tool.organisation_id,
        registration_id=registration,
        context_id=context,
        resource_link_id=room.teacher.who.resource_link_id,
        activity_id=activity,
    )


def plan_ahead(room: Classroom, days: int = 200) -> None:
    """Plan a class far ahead, so that the course is one that goes on."""
    now = room.tool.clock.now
    plan = ClassPlan(title="The last hour", steps=(), starts_at=now + timedelta(days=days))
    with room.tool.runtime.database.transaction() as session:
        plan_session(session, link_of(room), plan, now=now)
