"""Questions that are ticked stay so, for a team check and for sheets; what is begun at a unit begins with its check."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import LESSON
from tests.factories.flipped import build_unit
from tests.factories.team_classes import ITEMS, team_class
from tests.factories.tool import Tool

OTHER = "sem-1-3-paid-search"


def send(room: Classroom, path: str, **form: Any) -> TestResponse:
    return room.teacher.post(path, **form)


def ticked(html: str) -> list[str]:
    return re.findall(r'name="item" value="([^"]+)"[^>]* checked', html)


def test_ticks_stay_while_other_lessons_are_looked_at(room: Classroom) -> None:
    found = team_class(room, 2)
    path = f"class/sessions/{room.row().uuid}/team-check/plan"
    mine = [f"{LESSON}/{item}" for item in ITEMS[:2]]
    shown = send(room, path, item=mine, lesson=OTHER, do="show")
    assert shown.status_code == 200
    assert sorted(ticked(shown.text)) == sorted(mine)
    assert "Ticked in other lessons" in shown.text
    assert shown.text.count("Plan the check</button>") == 1
    assert f'value="{OTHER}/' in shown.text
    few = send(room, path, item=mine, lesson=OTHER, do="plan")
    assert few.status_code == 422
    assert "A team check takes three to ten" in few.text
    assert sorted(ticked(few.text)) == sorted(mine)
    third = re.findall(rf'value="({OTHER}/[^"]+)"', few.text)[0]
    led = send(room, path, item=[*mine, third], lesson=OTHER, do="plan")
    assert "done=check-planned" in led.headers["Location"]
    assert found.check().number == 1


def test_new_sheets_of_a_unit_begin_with_its_check(tool: Tool) -> None:
    built = build_unit(tool)
    page = built.enter("t-1", role="teacher").get("class/paper/new").text
    asked = [each["activity"] + "/" + each["item"] for each in built.row.plan["check"]]
    assert len(asked) == 12
    assert ticked(page) == asked


def test_ticks_on_sheets_stay_while_a_lesson_is_added(room: Classroom) -> None:
    page = room.teacher.get("class/paper/new").text
    parts = re.findall(r'name="item" value="([^"]+)"', page)[1:3]
    added = send(room, "class/paper/new", lesson=LESSON, item=parts, more=OTHER, do="add", title="My own", blanks="7")
    assert added.status_code == 200
    assert ticked(added.text) == parts
    assert f'type="hidden" name="lesson" value="{OTHER}"' in added.text
    assert 'value="My own"' in added.text
    assert 'value="7"' in added.text
