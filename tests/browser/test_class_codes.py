"""The letters of a planned class: console and projector say in the reader's zone when they lead in, and notice it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import expect

from lti_tool.services.classes.sessions import EARLY
from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import Classroom, open_classroom, starts

COURSES = count(1)
ZONE = timedelta(hours=8)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("codes") / "tool.db")


@pytest.fixture
def room(site: Site) -> Classroom:
    return open_classroom(site.tool, f"code-{next(COURSES)}")


@pytest.mark.parametrize(
    ("language", "waits"),
    [
        ("en", ("From {}, or once the class is opened, learners join", "From {}, or once the class is opened, join")),
        ("zh-Hans", ("{} 起（或开始上课后），学员打开", "{} 起（或开始上课后）加入课堂")),
    ],
)
def test_when_the_letters_lead_in_is_said_and_noticed(
    site: Site, room: Classroom, new_context: NewContext, language: str, waits: tuple[str, str]
) -> None:
    room.plan()
    start = room.tool.clock.now + timedelta(hours=2)
    starts(room, start)
    local = f"{start - EARLY + ZONE:%H:%M}"
    zone = {"timezone_id": "Asia/Shanghai", "viewport": PHONE}
    path = f"class/sessions/{room.row().uuid}/"
    console = site.visit(new_context, room.teacher, path, language, **zone)
    projector = new_context(**zone).new_page()
    projector.goto(f"{site.origin}/class/screen/{room.row().screen_key}/?language={language}")
    for page, said in zip((console, projector), waits, strict=True):
        expect(page.get_by_text(said.format(local))).to_be_visible()
        assert fits(page)
        assert serious_findings(page) == []
    room.tool.clock.advance(minutes=90)
    for page, said in zip((console, projector), waits, strict=True):
        expect(page.get_by_text(said.format(local))).to_have_count(0)
        expect(page.locator(".q-class-code, .q-class-big")).to_have_text(room.row().code or "")
