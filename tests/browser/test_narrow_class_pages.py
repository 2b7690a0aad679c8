"""The teacher's pages of a class on a phone: nothing wider than the screen, tabs in one line each, all reached by keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import open_classroom
from tests.factories.team_classes import team_class

COURSES = count(1)
NARROW = {"width": 360, "height": 780}
SHOTS = os.environ.get("SHOTS", "")
ONE_LINE = 64
"""Pixels: a row of tabs that wraps is higher."""
PAGES = ("", "roll", "ask", "teams", "team-check", "team-check/new", "group-work", "report")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("narrow") / "tool.db")


def assert_tabs_are_lines(page: Page) -> None:
    expect(page.locator(".q-subnav > ul").first).to_be_visible()
    for row in page.locator(".q-subnav > ul").all():
        box = row.bounding_box()
        assert box
        assert box["height"] <= ONE_LINE
        last = row.locator("a").last
        last.focus()
        page.wait_for_timeout(100)
        expect(last).to_be_in_viewport(ratio=0.9)
        current = row.locator("a[aria-current]")
        assert current.count() == 1


@pytest.mark.parametrize("viewport", [NARROW], ids=["phone"])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_class_pages_fit_a_phone(site: Site, new_context: NewContext, language: str) -> None:
    room = open_classroom(site.tool, f"narrow-{next(COURSES)}")
    found = team_class(room, 4)
    room.move(room.ask(), "first")
    found.plan_check()
    base = f"class/sessions/{room.row().uuid}/"
    page = site.visit(new_context, room.teacher, base, language)
    for what in ("end", *PAGES):
        page.goto(f"{site.origin}{room.teacher.page}{base}{what}")
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/narrow-{what.replace('/', '-') or 'console'}-{language}.png", full_page=True)
        assert fits(page), what
        assert serious_findings(page) == [], what
        if what in PAGES:
            assert_tabs_are_lines(page)
    for what in ("class/sessions/", "class/paper/", "class/paper/new", "class/", "class/levels/"):
        page.goto(f"{site.origin}{room.teacher.page}{what}")
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/narrow-{what.replace('/', '-')}-{language}.png", full_page=True)
        assert fits(page), what
        assert_tabs_are_lines(page)
