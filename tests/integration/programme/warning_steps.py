"""What the tests of early warnings do, and what stands in the database then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from lti_tool.models import EarlyWarning
from lti_tool.services.warnings import early_warnings
from lti_tool.services.warnings.early_warnings import Deciding
from lti_tool.services.warnings.history import history
from lti_tool.services.warnings.looking import Looked, look_now
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import SECRET
from tests.integration.programme.steps import link_of, plan_ahead


def look(room: Classroom) -> Looked:
    parts = room.tool.runtime
    looked = look_now(parts.database, parts.contents, link_of(room), secret=SECRET, now=room.tool.clock.now)
    assert looked is not None
    return looked


def rows(room: Classroom) -> Sequence[EarlyWarning]:
    with room.tool.runtime.database.reading() as session:
        query = select(EarlyWarning).where(EarlyWarning.context_id == link_of(room).context_id)
        return session.scalars(query.order_by(EarlyWarning.id)).all()


def keys(row: EarlyWarning) -> list[str]:
    return [f"{reason['rule']}:{reason['about']}" for reason in row.reasons]


def acts(room: Classroom, row: EarlyWarning) -> list[str]:
    with room.tool.runtime.database.reading() as session:
        line = early_warnings.get_warning(session, link_of(room), row.uuid)
        return [each.act.value for each in history(session, link_of(room), line, secret=SECRET)]


def decide(
    room: Classroom, row: EarlyWarning, decision: str = "talked", note: str = "Met her.", words: str = ""
) -> None:
    deciding = Deciding(by=room.teacher.who.person_id, decision=decision, note=note, words=words, secret=SECRET)
    with room.tool.runtime.database.transaction() as session:
        early_warnings.decide(session, link_of(room), row.uuid, deciding, now=room.tool.clock.now)


def idle_learner(room: Classroom) -> tuple[Seat, EarlyWarning]:
    """Return a learner who has done nothing for twenty days, and the warning of it."""
    plan_ahead(room)
    seat = room.learner(1)
    seat.answer(right=[True])
    room.tool.clock.advance(days=20)
    assert look(room).opened == 1
    return seat, rows(room)[0]


def course_of(room: Classroom) -> dict[str, Any]:
    return {"id": room.name, "title": "Search marketing", "type": ["CourseSection"]}


def absent_twice(room: Classroom) -> None:
    """Hold two classes at which nobody is."""
    for _ in range(2):
        room.plan()
        for step in ("open", "roll", "close"):
            room.do(step)


def colleague(room: Classroom) -> Seat:
    return enter(room.tool, f"{room.name}-t-2", name="Olaf Other", role="teacher", context=course_of(room))
