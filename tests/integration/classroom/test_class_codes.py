"""The six letters of a class that is only planned: console, projector and door say from when they lead in."""

from __future__ import annotations

from datetime import timedelta

from lti_tool.services.classes.sessions import EARLY, code_leads_from
from lti_tool.views.classroom_voting import FRAGMENT
from tests.factories.class_sessions import Classroom, starts
from tests.factories.launches import TOOL_ORIGIN

OPENED = "nce the class is opened, "


def screen(room: Classroom, language: str = "en") -> str:
    return room.phone().get(f"/class/screen/{room.row().screen_key}/?language={language}").text


def test_a_class_planned_by_hand_says_that_its_code_waits_until_it_is_opened(room: Classroom) -> None:
    room.plan()
    code = room.row().code or ""
    console, projector = room.console(), screen(room)
    assert f"O{OPENED}learners join at tool.example.test/class with" in console
    assert "Press “Open the class” to let them in now." in console
    assert f"O{OPENED}join at" in projector
    assert "The teacher presses “Open the class” on the console." in projector
    assert code in console
    assert code in projector
    assert "Learners join at" not in console
    assert "Join at" not in projector
    assert "开始上课后加入课堂：" in screen(room, "zh-Hans")
    room.do("open")
    assert "Learners join at tool.example.test/class with" in room.console()
    assert "Join at" in screen(room)
    assert OPENED not in room.console() + screen(room)


def test_who_may_not_open_the_class_is_told_no_button(room: Classroom) -> None:
    room.plan()
    page = room.assistant().get(f"class/sessions/{room.row().uuid}/").text
    assert f"O{OPENED}learners join at" in page
    assert "Press “Open the class”" not in page


def test_a_class_with_a_time_says_from_when_and_changes_by_itself(room: Classroom) -> None:
    room.plan()
    start = room.tool.clock.now + timedelta(hours=2)
    starts(room, start)
    since = code_leads_from(room.row())
    assert since == start - EARLY
    said = f'From <time datetime="{since.isoformat()}" data-q-time="clock">{since:%H:%M}&nbsp;UTC</time>, or o{OPENED}'
    assert said + "learners join at" in room.console()
    assert said + "join at" in screen(room)
    asked, client = {FRAGMENT: "1"}, room.teacher.browser.client
    console = f"{room.teacher.page}class/sessions/{room.row().uuid}/"
    for url in (console, f"/class/screen/{room.row().screen_key}/"):
        starts(room, room.tool.clock.now + timedelta(hours=2))
        found = client.get(url, base_url=TOOL_ORIGIN, headers=asked)
        known = asked | {"If-None-Match": found.headers["ETag"]}
        assert client.get(url, base_url=TOOL_ORIGIN, headers=known).status_code == 304
        room.tool.clock.advance(minutes=90)
        changed = client.get(url, base_url=TOOL_ORIGIN, headers=known)
        assert (changed.status_code, OPENED in changed.text) == (200, False)
        assert "oin at" in changed.text


def test_a_class_that_is_far_off_is_told_with_its_day(room: Classroom) -> None:
    room.plan()
    start = room.tool.clock.now + timedelta(days=3)
    starts(room, start)
    said = f'From <time datetime="{(start - EARLY).isoformat()}" data-q-time>'
    assert said in room.console()
    assert said in screen(room)


def test_a_time_that_is_moved_is_told_to_console_and_projector(room: Classroom) -> None:
    room.plan()
    stamps = [room.stamp()]
    for hours in (2, 3):
        starts(room, room.tool.clock.now + timedelta(hours=hours))
        stamps.append(room.stamp())
    assert len(set(stamps)) == len(stamps)


def test_the_door_says_when_letters_lead_in(room: Classroom) -> None:
    room.plan()
    page = room.phone().enter(room.row().code or "").text
    assert "No class is found with this code, or its time has not come yet." in page
    assert (
        "the screen in the room says from when they lead in, and without a time they do once the class is opened"
        in page
    )
