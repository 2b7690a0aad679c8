"""What a course is called."""

from __future__ import annotations

from sqlalchemy import Connection, select

from lti_tool.models import Context


def find_title(connection: Connection, course: tuple[int, int]) -> str:
    """Return the title of a course (organisation, context) as its platform tells it, empty where it has none."""
    organisation_id, context_id = course
    title = connection.scalar(
        select(Context.title).where(Context.organisation_id == organisation_id, Context.id == context_id)
    )
    return title or ""
