"""A learner's way through peer review on a phone: samples, a work, the review, what others say; and what axe finds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect
from werkzeug.serving import make_server

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.factories import peers
from tests.factories.classrooms import Seat
from tests.factories.marking import Room, make_room, one_lesson, open_course
from tests.factories.rubrics import sheet
from tests.factories.tool import make_tool

PHONE = ViewportSize(width=360, height=780)


@dataclass
class Open:
    """A course that a browser can reach; two of three learners have rated the samples."""

    room: Room
    origin: str
    others: tuple[Seat, Seat]
    learner: Seat

    def visit(self, context: BrowserContext, seat: Seat, path: str) -> Page:
        """Open a page as somebody whose launch is proven by the cookies of the test's own browser."""
        cookies = [
            {"name": each.key, "value": each.value, "url": self.origin.replace("http:", "https:"), "secure": True}
            for each in seat.browser.client._cookies.values()
        ]
        context.add_cookies(cookies)
        page = context.new_page()
        page.set_viewport_size(PHONE)
        page.goto(self.origin + seat.page + path)
        return page


@pytest.fixture
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('peers') / 'tool.db'}", content=one_lesson())
    peers.bring_samples(tool)
    room = make_room(tool, open_course(tool))
    peers.set_rules(room, reviews=1)
    ann, ben = peers.ready(room, 2)
    learner = room.learner(3)
    room.submit(learner)
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Open(room, f"http://127.0.0.1:{server.port}", (ann, ben), learner)
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def look(page: Page) -> None:
    """Nothing serious for axe, and nothing scrolls sideways."""
    for more in page.locator("details").all():
        more.evaluate("each => { each.open = true; }")
    assert serious_findings(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


def choose(page: Page, *levels: int) -> None:
    for row, level in zip(("headline", "evidence"), levels, strict=True):
        page.locator(f"input[name=level-{row}][value='{level}']").check()


def test_the_way_of_a_learner(opened: Open, new_context: NewContext) -> None:
    room = opened.room
    for seat in opened.others:
        peers.review(room, seat, 1, 1, words="More facts, please.")
    page = opened.visit(new_context(bypass_csp=True), opened.learner, "submission/")
    page.get_by_role("link", name="To peer review").click()
    look(page)
    page.get_by_role("link", name="Rate the first sample").click()
    look(page)
    for number, levels in enumerate(peers.LEVELS, 1):
        choose(page, *levels)
        page.get_by_role("button", name="Keep and compare").click()
        if number == 1:
            look(page)
        page.locator("a.q-button-primary").click()
    page.get_by_role("button", name="Get the first work").click()
    look(page)
    page.get_by_role("button", name="Hand in review").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    choose(page, 2, 1)
    page.locator("#comment").fill("Say for whom it is.")
    page.get_by_role("button", name="Hand in review").click()
    expect(page.locator("main")).to_contain_text("1 of 1 reviews handed in")
    room.tool.clock.advance(minutes=20)
    page.reload()
    page.locator("textarea[name=reason]").fill("It is about another text.")
    with page.expect_navigation():
        page.get_by_role("button", name="Flag this review").click()
    look(page)
    teacher = opened.visit(new_context(bypass_csp=True), room.teacher, "marking/peers/")
    look(teacher)
    teacher.get_by_role("link", name="Learner 3").first.click()
    look(teacher)
    teacher.goto(f"{opened.origin}{room.teacher.page}marking/rubrics/product-copy/")
    look(teacher)


def test_how_markers_agree(opened: Open, new_context: NewContext) -> None:
    room = opened.room
    room.setup(second_share=100)
    other = room.enter("t-2", "Olga Other", role="teacher")
    work = room.submit(room.learner(4))
    room.save(room.teacher, work, sheet(2, 1), approve=True)
    room.save(other, work, sheet(1, 1), approve=True)
    look(opened.visit(new_context(bypass_csp=True), room.teacher, "marking/agreement/"))
