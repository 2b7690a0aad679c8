"""A decision that was typed in the tool and not sent: it is there in the other language, and after another tab has gone on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from tests.browser.conftest import NewContext
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import make_tool, shipped

PROJECT = "da-ab-referee"
FIELD = '[name="planned.E1"]'


@dataclass
class Site:
    """A tool that a browser can reach, with a learner at a practice project."""

    origin: str
    seat: Seat

    def open(self, new_context: NewContext) -> Page:
        context = new_context()
        context.add_cookies(
            [
                {"name": each.key, "value": each.value, "url": self.origin.replace("http:", "https:"), "secure": True}
                for each in self.seat.browser.client._cookies.values()
            ]
        )
        page = context.new_page()
        page.goto(self.origin + self.seat.page)
        return page


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('drafts') / 'tool.db'}", content=shipped(PROJECT))
    seat = enter(tool, "s-1", name="Sam Student", lesson=PROJECT, title="The A/B referee")
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.port}", seat)
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def test_it_outlives_the_switch_of_the_language_and_a_page_that_is_too_old(site: Site, new_context: NewContext) -> None:
    page = site.open(new_context)
    page.get_by_role("button", name="Start practising").click()
    page.locator(FIELD).fill("4321")
    page.locator(".q-languages button").click()
    expect(page.get_by_text("已恢复你之前填写但未保存的内容。")).to_be_visible()
    expect(page.locator(FIELD)).to_have_value("4321")

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(FIELD)).not_to_have_value("4321")
    other.get_by_role("button", name="运行第 1 轮").click()
    other.get_by_role("heading", name="结果").first.wait_for()
    page.get_by_role("button", name="运行第 1 轮").click()
    expect(page.get_by_role("alert").filter(has_text="本次提交未被接受")).to_be_focused()
    expect(page.locator(FIELD)).to_have_value("4321")
