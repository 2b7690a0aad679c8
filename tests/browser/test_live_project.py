"""A live project in a real browser, on a phone: plan, milestones, judgement; what axe finds, and in both languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize
from werkzeug.serving import make_server

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.factories.classrooms import Seat
from tests.factories.live import ACME, PDF, LiveCourse, live_content, the_project
from tests.factories.tool import make_tool

PHONE = ViewportSize(width=360, height=780)


@dataclass
class Open:
    """A course that a browser can reach."""

    course: LiveCourse
    origin: str

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


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('live') / 'tool.db'}", content=live_content())
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Open(LiveCourse(tool, "live"), f"http://127.0.0.1:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def fits_a_phone(page: Page) -> None:
    for more in page.locator("details").all():
        more.evaluate("each => { each.open = true; }")
    assert serious_findings(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def work_through(own: Page, queue: Page) -> None:
    """Hand in every milestone as the learner, and accept it as the mentor."""
    for milestone in the_project().milestones:
        own.reload()
        own.locator("#text").fill(f"Did {milestone.key}")
        own.locator("#files").set_input_files({"name": "log.pdf", "mimeType": "application/pdf", "buffer": PDF})
        press(own, "Hand in")
        queue.reload()
        press(queue, "Accept")


def test_a_project_from_plan_to_marks_on_a_phone(opened: Open, new_context: NewContext) -> None:
    course = opened.course
    learner, mentor, teacher = course.learner(), course.mentor(), course.teacher()
    context = new_context(bypass_csp=True)
    own = opened.visit(context, learner, "live/")
    fits_a_phone(own)
    for question in the_project().plan.questions:
        own.locator(f"#answer-{question.key}").fill(f"About {question.key}")
    press(own, "Save draft")
    press(own, "Hand in the plan")
    queue = opened.visit(context, mentor, "live/projects/")
    fits_a_phone(queue)
    with queue.expect_navigation():
        queue.get_by_role("link", name="Look and decide").click()
    fits_a_phone(queue)
    queue.get_by_label("Enterprise for which you decide").fill(ACME)
    press(queue, "Send back")
    assert queue.get_by_role("alert").inner_text().startswith("Say in a comment")
    queue.get_by_label("Comment for the learner").fill("Say how much may be spent.")
    press(queue, "Send back")
    own.reload()
    assert own.get_by_text("Say how much may be spent.").first.is_visible()
    press(own, "Hand in the plan")
    queue.reload()
    press(queue, "Approve the plan")
    work_through(own, queue)
    with queue.expect_navigation():
        queue.get_by_role("link", name="To the marking room").click()
    for row in the_project().rubric.rows:
        queue.locator(f"input[name='level-{row.key}'][value='2']").check()
    press(queue, "Approve mark")
    marks = opened.visit(context, teacher, "marking/")
    press(marks, "Release now")
    own.reload()
    assert own.get_by_text("20 of 25 points").is_visible()
    fits_a_phone(own)
    chinese = opened.visit(context, course.mentor(2, locale="zh-CN"), f"live/projects/{course.work(learner)}/")
    assert chinese.get_by_text("过程记录").is_visible()
    fits_a_phone(chinese)
