"""Links whose settings hold results back, as a teacher leaves them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from lti_tool.models import ResourceLink
from tests.factories.classrooms import Seat
from tests.factories.tool import Tool

SHOWS = ("show_score", "show_feedback", "show_solution")


def show_results(tool: Tool, seat: Seat, when: str | None, **dates: datetime) -> None:
    """Let the link of a seat show feedback, solutions and scores ``when``, with these dates; None: as by default."""
    settings: dict[str, Any] = {} if when is None else dict.fromkeys(SHOWS, when)
    settings |= {name: at.isoformat() for name, at in dates.items()}
    with tool.runtime.database.transaction() as session:
        link = ResourceLink.id == seat.who.resource_link_id
        session.execute(update(ResourceLink).where(link).values(settings=settings))
