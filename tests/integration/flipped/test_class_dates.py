"""The class session of a unit begins when the unit says, also where the unit's date moves, until it is opened."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import select

from lti_tool.models import ClassSession
from tests.factories.classrooms import Seat
from tests.factories.flipped import BuiltUnit
from tests.factories.launches import TOOL_ORIGIN


def post(seat: Seat, path: str, **form: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', seat.get("unit/class/").text)
    assert found
    sent = seat.browser.client.post(seat.page + path, data={"csrf": found[1], **form}, base_url=TOOL_ORIGIN)
    assert sent.status_code == 303
    return sent.headers["Location"]


def starts(built: BuiltUnit) -> list[datetime | None]:
    with built.tool.runtime.database.reading() as session:
        return list(session.scalars(select(ClassSession.starts_at).order_by(ClassSession.id)))


def test_a_planned_class_follows_the_date_of_its_unit(built: BuiltUnit) -> None:
    first, second = (datetime(2026, 3, day, 8, tzinfo=UTC) for day in (10, 12))
    built.edit("dates", class_at="2026-03-10T08:00")
    teacher = built.enter("t-1", name="Tina", role="teacher")
    post(teacher, "unit/ask", question="all")
    assert starts(built) == [first]
    built.edit("dates", class_at="2026-03-12T08:00")
    assert starts(built) == [second]
    built.edit("undo")
    assert starts(built) == [first]
    built.edit("dates", class_at="")
    assert starts(built) == [None]


def test_a_class_that_was_opened_keeps_when_it_began(built: BuiltUnit) -> None:
    first, second = (datetime(2026, 3, day, 8, tzinfo=UTC) for day in (10, 12))
    built.edit("dates", class_at="2026-03-10T08:00")
    teacher = built.enter("t-1", name="Tina", role="teacher")
    post(teacher, "unit/ask", question="all")
    found = re.search(r"class/sessions/[0-9a-f-]{36}/", teacher.get("unit/class/").text)
    assert found
    post(teacher, found[0] + "change", do="open")
    built.edit("dates", class_at="2026-03-12T08:00")
    assert starts(built) == [first]
    post(teacher, found[0] + "change", do="close")
    post(teacher, "unit/ask", question="all")
    assert starts(built) == [first, second]
    built.edit("dates", class_at="2026-03-10T08:00")
    assert starts(built) == [first, first]
