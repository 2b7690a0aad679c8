"""The marking room in a real browser: from the keyboard alone, on a phone, in both languages, and what axe finds."""

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
from tests.factories.marking import Room, make_room, one_lesson
from tests.factories.rubrics import sheet
from tests.factories.tool import make_tool

PHONE = ViewportSize(width=360, height=780)
LOCALES = {"en": "en", "zh-Hans": "zh-CN"}


@dataclass
class Open:
    """A marking room that a browser can reach, with two works in it, the second of them marked and released."""

    room: Room
    origin: str
    works: tuple[str, str]
    learner: Seat

    def visit(self, context: BrowserContext, seat: Seat, path: str) -> Page:
        """Open a page as somebody whose launch is proven by the cookies of the test's own browser."""
        cookies = [
            {"name": each.key, "value": each.value, "url": self.origin.replace("http:", "https:"), "secure": True}
            for each in seat.browser.client._cookies.values()
        ]
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto(self.origin + seat.page + path)
        return page


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('marking') / 'tool.db'}", content=one_lesson())
    room = make_room(tool)
    first = room.submit(room.learner(1))
    tool.clock.advance(minutes=1)
    learner = room.learner(2)
    second = room.submit(learner)
    room.save(room.teacher, second, sheet(2, 1, overall="Clear."), approve=True)
    room.release()
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Open(room, f"http://127.0.0.1:{server.port}", (first, second), learner)
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def chosen(page: Page) -> str:
    """Return the levels that are chosen, and the sum that is shown."""
    levels = page.locator("[data-q-level]:checked").evaluate_all("all => all.map(each => each.name + each.value)")
    return f"{' '.join(levels)} = {page.locator('[data-q-sum]').inner_text()}"


def press(page: Page, key: str, *, to: str) -> None:
    """Press a key that leads to a page, whose address holds ``to``."""
    with page.expect_navigation(url=lambda url: to in url):
        page.keyboard.press(key)


def test_a_work_is_marked_with_the_keyboard_alone(opened: Open, new_context: NewContext) -> None:
    first, second = opened.works
    page = opened.visit(new_context(), opened.room.teacher, f"marking/works/{first}/?show=all")
    for key in ("3", "ArrowDown", "2"):
        page.keyboard.press(key)
    assert chosen(page) == "level-headline2 level-evidence1 = 5"
    page.keyboard.press("z")
    assert chosen(page) == "level-headline2 = 4", "undone before anything was saved"
    page.keyboard.press("2")
    press(page, "s", to="done=saved")
    assert chosen(page) == "level-headline2 level-evidence1 = 5"
    page.keyboard.press("1")
    press(page, "n", to=second)
    press(page, "p", to=first)
    assert chosen(page) == "level-headline0 level-evidence1 = 1", "what was entered was saved on the way"
    press(page, "z", to="done=undone")
    assert chosen(page) == "level-headline2 level-evidence1 = 5"
    press(page, "a", to="done=approved")
    assert opened.room.case(opened.room.teacher, first).stage == "approved"
    press(page, "p", to=first)
    press(page, "z", to="done=undone")
    assert opened.room.case(opened.room.teacher, first).stage == "draft"


def test_letters_that_are_written_press_nothing(opened: Open, new_context: NewContext) -> None:
    page = opened.visit(new_context(), opened.room.teacher, f"marking/works/{opened.works[0]}/?show=all")
    page.locator("#comment").fill("")
    page.locator("#comment").press_sequentially("sanz 3")
    assert page.locator("#comment").input_value() == "sanz 3"
    page.locator("summary", has_text="Keyboard").click()
    page.locator("[data-q-keys]").uncheck()
    page.locator("h1").click()
    before = chosen(page)
    for key in ("1", "2", "3"):
        page.keyboard.press(key)
    assert chosen(page) == before, "keys can be switched off (WCAG 2.1.4)"


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(opened: Open, new_context: NewContext, language: str) -> None:
    teacher = opened.room.enter("t-1", "Tina Teacher", role="teacher", locale=LOCALES[language])
    learner = opened.room.enter("s-2", "Learner 2", locale=LOCALES[language])
    first, second = opened.works
    pages = (
        (teacher, "marking/?show=all"),
        (teacher, f"marking/works/{first}/"),
        (teacher, f"marking/works/{second}/?show=all"),
        (teacher, "marking/setup/"),
        (learner, "submission/"),
    )
    context = new_context(bypass_csp=True)
    for seat, path in pages:
        page = opened.visit(context, seat, path)
        for more in page.locator("details").all():
            more.evaluate("each => { each.open = true; }")
        assert serious_findings(page) == [], path
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.close()
