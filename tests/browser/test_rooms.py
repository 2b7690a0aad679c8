"""Rooms of chains and of a market in a real browser: a teacher and learners, on a screen and on a phone, in both languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect
from werkzeug.serving import make_server

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.factories.classrooms import Seat
from tests.factories.rooms import CHAIN, Course, market_content, open_course
from tests.factories.tool import Tool, make_tool

PHONE = ViewportSize(width=360, height=780)
COURSES = count(1)
FIRM = {"en": "Your firm: Retailer", "zh-Hans": "你的企业：零售商"}


@dataclass
class Site:
    """A tool that a browser can reach."""

    tool: Tool
    origin: str

    def visit(self, new_context: NewContext, seat: Seat, path: str, language: str) -> Page:
        """Open a page as somebody whose launch is proven by the cookies of the test's own browser."""
        seat.post("language", language=language)
        context = new_context()
        context.add_cookies(
            [
                {"name": each.key, "value": each.value, "url": self.origin.replace("http:", "https:"), "secure": True}
                for each in seat.browser.client._cookies.values()
            ]
        )
        page = context.new_page()
        page.goto(self.origin + seat.page + path)
        return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    tool = make_tool(
        f"sqlite:///{tmp_path_factory.mktemp('rooms') / 'tool.db'}", content=market_content(), activity=CHAIN
    )
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(tool, f"http://127.0.0.1:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def send(button: Locator) -> None:
    """Press a button, or Enter in a field, and wait for the page that follows: others reload when it is there."""
    with button.page.expect_navigation():
        button.press("Enter")


def fits(page: Page) -> bool:
    """Say whether nothing of a page stands outside its width."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", ViewportSize(width=1280, height=900)), ("zh-Hans", PHONE)],
    ids=["screen", "phone"],
)
def test_a_class_plays_a_round(site: Site, new_context: NewContext, language: str) -> None:
    course: Course = open_course(site.tool, f"w-{next(COURSES)}", CHAIN)
    teacher = site.visit(new_context, course.teacher, "class/room/", language)
    teacher.locator("#room-teams").fill("2")
    send(teacher.locator("form", has=teacher.locator("#room-teams")).locator("button"))
    pages = [site.visit(new_context, course.learner(number), "room/", language) for number in (1, 2)]
    for page in pages:
        page.locator("button[name=team][value='1']").click()
    first, second = pages
    take = "button[value='take:retailer']"
    first.locator(take).click()
    expect(second.locator(take)).to_be_visible()
    second.locator(take).click()
    expect(second.get_by_role("alert")).to_be_visible()
    expect(second.locator(take)).to_have_count(0)
    first.locator("details", has=first.locator("#team-name")).locator("summary").click()
    first.locator("#team-name").fill("Tide")
    send(first.locator("#team-name"))
    teacher.reload()
    send(teacher.locator("button[value=open]"))
    first.reload()
    first.locator("input[name^='retailer-level.']").first.fill("-3")
    first.locator("button[value=save]").click()
    expect(first.get_by_role("alert").get_by_role("link").first).to_be_visible()
    field = first.locator("input[name^='retailer-level.']").first
    expect(field).to_have_value("-3")
    field.fill("25")
    first.locator("button[value=save]").click()
    expect(first.locator("p[role=status][data-tone=good]")).to_be_visible()
    expect(field).to_have_value("25")
    teacher.reload()
    expect(teacher.locator("body")).to_contain_text("Tide")
    send(teacher.locator("button[value=close]"))
    first.reload()
    expect(first.get_by_role("heading", name=FIRM[language])).to_be_visible()
    for page in (teacher, first):
        assert serious_findings(page) == []
        assert fits(page)


@pytest.mark.parametrize(("language", "viewport"), [("en", PHONE), ("zh-Hans", PHONE)], ids=["english", "chinese"])
def test_a_team_bids_on_a_phone(site: Site, new_context: NewContext, language: str) -> None:
    course = open_course(site.tool, f"w-{next(COURSES)}")
    course.begin(teams=2, size=4)
    learner = site.visit(new_context, course.learner(1), "room/", language)
    learner.locator("button[name=team][value='1']").click()
    learner.locator("button[value='take:buyer']").click()
    teacher = site.visit(new_context, course.teacher, "class/room/", language)
    teacher.set_viewport_size(ViewportSize(width=1280, height=900))
    send(teacher.locator("button[value=open]"))
    learner.reload()
    bids = learner.locator("input[name^='bid.']")
    expect(bids.first).to_be_visible()
    shown = learner.locator("thead .q-entry").first.bounding_box()
    assert shown
    assert 0 < shown["x"] < PHONE["width"] / 2, "what is decided is in sight beside the keyword"
    matches = learner.locator("select[name^='match.']")
    matches.first.focus()
    matches.first.select_option("exact")
    learner.locator("[data-q-fill]").first.click()
    expect(matches.last).to_have_value("exact")
    bids.first.fill("1.2")
    learner.locator("[data-q-fill]").first.click()
    expect(bids.last).to_have_value("1.2")
    learner.locator("[data-q-undo]").first.click()
    expect(bids.last).not_to_have_value("1.2")
    learner.locator("button[value=save]").click()
    expect(learner.locator("p[role=status][data-tone=good]")).to_be_visible()
    expect(bids.first).to_have_value("1.20")
    teacher.reload()
    send(teacher.locator("button[value=close]"))
    expect(teacher.locator("#room-standings, table").last).to_be_visible()
    learner.reload()
    expect(learner.locator("body")).to_contain_text({"en": "What round 1 brought", "zh-Hans": "第 1 轮"}[language])
    for page in (teacher, learner):
        assert serious_findings(page) == []
        assert fits(page)
