"""The console: what is on stands first, the plan is a line, and each reader finds its first steps in the own language."""

from __future__ import annotations

import re

from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import LESSON, Seat
from tests.factories.flipped import build_unit
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.team_classes import team_class
from tests.factories.tool import Tool

OTHERS = ("sem-1-2-organic-search", "sem-1-3-paid-search", "sem-1-4-measuring-results")


def send(seat: Seat, path: str, **form: str) -> None:
    """Send a form with the token of the page of the class, since the way through a unit has no form for a teacher."""
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', seat.get("unit/class/").text)
    assert csrf
    sent = seat.browser.client.post(seat.page + path, data={"csrf": csrf[1], **form}, base_url=TOOL_ORIGIN)
    assert sent.status_code == 303


def sections(html: str) -> list[str]:
    """Return the cards of the console in their order."""
    return re.findall(r'<section class="q-card[^"]*" aria-labelledby="([\w-]+)"', html)


def test_the_question_that_is_on_stands_first(room: Classroom) -> None:
    room.plan()
    room.do("open")
    assert sections(room.console()) == ["state", "questions", "team-check", "notes-title"]
    room.move(room.ask(), "first")
    assert sections(room.console()) == ["current", "state", "questions", "team-check", "notes-title"]
    room.do("close")
    assert sections(room.console())[:2] == ["state", "current"]


def test_a_team_check_that_is_on_stands_first(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    assert sections(room.console())[0] == "state"
    found.until("individual")
    assert sections(room.console()) == ["team-check", "state", "questions", "notes-title"]


def test_of_the_plan_the_step_that_is_on_is_a_line(room: Classroom) -> None:
    room.plan()
    room.do("open")
    led = room.do("step:1")
    assert led.headers["Location"].endswith("#steps")
    line, _, whole = room.console().partition('id="steps"')[2].partition('id="whole-plan"')
    assert "2/2" in line
    assert "Vote" in line
    assert "Roll call" not in line.partition("<form")[0]
    assert re.findall(r"<li( aria-current=\"step\")?>(Roll call|Vote)", whole.partition("</details>")[0]) == [
        ("", "Roll call"),
        (' aria-current="step"', "Vote"),
    ]


def test_first_steps_of_a_unit_are_in_the_language_of_the_reader(tool: Tool) -> None:
    built = build_unit(tool)
    built.edit("plan", class_plan="5 Arrive, roll call\n7 Our own round\n30 Sum up, and what comes next")
    teacher = built.enter("t-1", role="teacher")
    send(teacher, "unit/ask", question="all")
    found = re.search(r"class/sessions/[0-9a-f-]{36}/", teacher.get("unit/class/").text)
    assert found
    send(teacher, found[0] + "change", do="open")
    key = Classroom(tool, "", teacher).row().screen_key
    for language, first, last in (("en", "Arrive, roll call", "Sum up"), ("zh-Hans", "到课签到", "小结与下一步安排")):
        send(teacher, "language", language=language)
        assert first in tool.browser().get(f"/class/screen/{key}/?language={language}").text
        html = teacher.get(found[0]).text
        assert first in html
        assert last in html
        assert "Our own round" in html


def test_how_many_are_ticked_is_said_and_too_many_with_the_refusal(room: Classroom) -> None:
    team_class(room, 2)
    path = f"class/sessions/{room.row().uuid}/team-check/"
    items = re.findall(r'name="item" value="([^"]+)"', room.teacher.get(path + f"new?lesson={LESSON}").text)
    few = room.teacher.post(path + "plan", item=items[:2], lesson=LESSON, do="show")
    assert re.search(r"data-q-chosen[^>]*>2 chosen, 3 at least<", few.text)
    for lesson in OTHERS:
        items += re.findall(r'name="item" value="([^"]+)"', room.teacher.get(f"{path}new?lesson={lesson}").text)
    count = len(items)
    assert count > 10
    many = room.teacher.post(path + "plan", item=items, lesson=LESSON, do="plan")
    assert many.status_code == 422
    assert f"<strong>{count} chosen, 10 at most</strong>" in many.text
    assert many.text.count(f"{count} chosen, 10 at most") == 2
