"""The roll call's page is one that changes: its script is told, and gets only what changes."""

from __future__ import annotations

import re

from lti_tool.views import classroom_roll
from tests.factories.class_sessions import Classroom
from tests.factories.launches import TOOL_ORIGIN

FRAGMENT = "X-Qualoop-Fragment"
CLOCK = r'<time datetime="2026-[^"]*" data-q-time="clock">\d\d:\d\d&nbsp;UTC</time>'


def begin(room: Classroom) -> str:
    """Begin the roll call of a class; return the address of its page."""
    room.plan()
    room.do("open")
    room.do("roll")
    return f"{room.teacher.page}class/sessions/{room.row().uuid}/roll"


def test_the_roll_gives_its_script_only_what_changes(room: Classroom) -> None:
    learner = room.learner(1)
    address = begin(room)
    found = re.search(r"<qualoop-live ([^>]*)>", room.roll())
    live = dict(re.findall(r'([a-z-]+)="([^"]*)"', found[1] if found else ""))
    assert live["data-page"] == address
    assert live["data-events"] == address.replace("/roll", "/events")
    get = room.teacher.browser.client.get
    known = {FRAGMENT: "1", "If-None-Match": f'"{live["data-stamp"]}"'}
    assert get(address, base_url=TOOL_ORIGIN, headers=known).status_code == 304
    learner.post(f"in-class/{room.row().uuid}/here", number=room.number())
    answer = get(address, base_url=TOOL_ORIGIN, headers=known)
    assert answer.status_code == 200
    assert answer.headers["ETag"] not in {known["If-None-Match"], ""}
    assert "<html" not in answer.text
    assert re.search(rf"number typed {CLOCK}", answer.text)
    marked = answer.headers["ETag"]
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{learner.who.person_uuid}:excused")
    again = get(address, base_url=TOOL_ORIGIN, headers={FRAGMENT: "1", "If-None-Match": marked})
    assert again.status_code == 200
    # Whoever opens the page itself gets all of it, whatever is known.
    assert "<html" in get(address, base_url=TOOL_ORIGIN, headers={"If-None-Match": marked}).text


def test_a_device_says_whom_it_means_and_when_it_came_with_the_zone(room: Classroom) -> None:
    learner, phone = room.learner(1, "Amara <Diallo>"), room.phone()
    room.learner(2)
    begin(room)
    phone.scan(room.token())
    assert f'value="{learner.who.person_uuid}" selected' not in room.roll()
    phone.post("name", name="Amara <Diallo>")
    page = room.roll()
    assert f'<option value="{learner.who.person_uuid}" selected>Amara &lt;Diallo&gt;</option>' in page
    assert page.count(" selected>") == 1
    assert re.search(rf"says to be Amara &lt;Diallo&gt; · {CLOCK}", page)


def test_of_many_devices_the_first_are_shown(room: Classroom) -> None:
    room.learner(1)
    begin(room)
    for _ in range(classroom_roll.MOST_DEVICES + 1):
        room.phone().enter(room.row().code or "")
    page = room.roll()
    assert len(re.findall(r'<li id="device-', page)) == classroom_roll.MOST_DEVICES
    assert "The first 40 of 41 are shown." in page
