"""Two teachers of an organisation who record at the same moment wait for each other, and neither is thrown out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from lti_tool.models import ClassSeat
from lti_tool.services.classes import evidence, team_scores
from tests.factories.class_sessions import Classroom
from tests.factories.team_classes import TeamClass, team_class
from tests.integration.classroom.test_class_group_work import change, trio

LED: str = "class/sessions/"
MANY = 70
"""More learners than locks: who records them all wants the whole organisation."""


def meet(
    monkeypatch: pytest.MonkeyPatch, where: tuple[object, str, int], acts: tuple[Callable[[], str], Callable[[], str]]
) -> tuple[str, str]:
    """Do the first act, and begin the second where the first comes to a function with a session; return where both led."""
    module, name, session_id = where
    real, halfway, second = getattr(module, name), threading.Event(), threading.Event()

    def halting(*given: Any, **named: Any) -> Any:
        if given[1].id == session_id:
            halfway.set()
            # Until the other is done, or waits for this one: then it never is.
            second.wait(1.0)
        return real(*given, **named)

    def other() -> str:
        halfway.wait(10)
        led = acts[1]()
        second.set()
        return led

    monkeypatch.setattr(module, name, halting)
    with ThreadPoolExecutor(1) as hand:
        led = hand.submit(other)
        return acts[0](), led.result(30)


def test_a_class_ends_while_marks_are_approved(
    room: Classroom, another: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = trio(another)
    a = marked.learners[0]
    change(marked, "close")
    change(marked, "product", a, product="80")
    approve = f"class/sessions/{another.row().uuid}/group-work/change"
    form = {"do": "approve", "task": marked.task().uuid, "team": marked.team_of(a).uuid}
    found = team_class(room, 2)
    room.do("roll")
    with room.tool.runtime.database.transaction() as session:
        of_session = ClassSeat.class_session_id == room.row().id
        session.execute(update(ClassSeat).where(of_session).values(mark="present"))
    led = meet(
        monkeypatch,
        (evidence, "record_attendance", room.row().id),
        (lambda: found.post("change", do="close"), lambda: sent(another, approve, **form)),
    )
    assert LED in led[0]
    assert "done=approved" in led[1]
    assert len(marked.events(a)) == 1
    assert len(found.events(found.learners[0])) == 1


def test_a_check_is_counted_again_while_another_closes(
    room: Classroom, another: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = team_class(another, 2)
    other.plan_check()
    other.until("individual")
    for seat in other.learners:
        other.answer(seat, item_1=0)
    close = f"class/sessions/{another.row().uuid}/team-check/move"
    form = {"do": "individual-closed", "check": other.check().uuid}
    found = many(room)
    led = meet(
        monkeypatch,
        (team_scores, "record_scores", room.row().id),
        (lambda: found.move("count-again", back="check"), lambda: sent(another, close, **form)),
    )
    assert "done=counted-again" in led[0]
    assert LED in led[1]
    assert "refused" not in led[1]
    assert len(other.events(other.learners[0])) == 1


def sent(room: Classroom, path: str, **form: str) -> str:
    answer = room.teacher.post(path, **form)
    return answer.headers.get("Location", str(answer.status_code))


def many(room: Classroom) -> TeamClass:
    """Return a class that is over, of many in teams that have scratched, whose check was taken back."""
    found = team_class(room, MANY, pairs=False)
    found.post("teams/make", do="draw", size="12")
    found.plan_check()
    found.until("individual")
    for seat in found.learners[:4]:
        found.answer(seat, item_1=0)
    found.move("individual-closed")
    found.move("team")
    for seat in {found.team_of(seat).id: seat for seat in found.learners}.values():
        found.scratch(seat, 1, found.right(1))
    room.do("close")
    room.tool.clock.advance(seconds=1)
    found.move("take-back", back="check")
    room.tool.clock.advance(seconds=1)
    return found
