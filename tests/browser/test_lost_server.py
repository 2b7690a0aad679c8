"""The live pages of a class when the server is gone: each says since when, and recovers by itself."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import BaseWSGIServer, make_server

from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import open_classroom
from tests.factories.tool import Tool

COURSES = count(1)
SAID = {
    "en": re.compile(r"^No connection since \d\d:\d\d\. Trying again …$"),
    "zh-Hans": re.compile(r"^自 \d\d:\d\d 起连接中断，正在重试……$"),
}
SOON_MS = 30_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("lost") / "tool.db")


class Fragile:
    """A second server of the same tool, which can be stopped with all its connections, and started again."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.port = 0
        self.start()

    def start(self) -> None:
        self.sockets: list[socket.socket] = []
        self.server: BaseWSGIServer = make_server("127.0.0.1", self.port, self.tool.app, threaded=True)
        self.port = self.server.port
        accept = self.server.get_request

        def noted() -> tuple[socket.socket, tuple[str, int]]:
            found = accept()
            self.sockets.append(found[0])
            return found

        self.server.get_request = noted  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        for each in self.sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


@pytest.fixture
def fragile(site: Site) -> Iterator[Fragile]:
    server = Fragile(site.tool)
    yield server
    server.stop()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_live_pages_say_that_the_server_is_gone(
    site: Site, fragile: Fragile, new_context: NewContext, language: str
) -> None:
    room = open_classroom(site.tool, f"lost-{next(COURSES)}")
    learner = room.learner(1)
    room.plan()
    room.do("open")
    uuid = room.row().uuid
    lost = Site(site.tool, f"http://127.0.0.1:{fragile.port}")
    screen = new_context(viewport={"width": 1280, "height": 720}).new_page()
    screen.goto(f"{lost.origin}/class/screen/{room.row().screen_key}/?language={language}")
    pages: list[Page] = [
        lost.visit(new_context, room.teacher, f"class/sessions/{uuid}/", language),
        screen,
        lost.visit(new_context, learner, f"in-class/{uuid}/", language, viewport=PHONE),
    ]
    for page in pages:
        expect(page.locator("[data-q-trouble]")).to_be_hidden()
    fragile.stop()
    for page in pages:
        trouble = page.locator("[data-q-trouble]")
        expect(trouble).to_have_text(SAID[language], timeout=SOON_MS)
        expect(trouble).to_be_in_viewport(ratio=1)
        assert fits(page)
    fragile.start()
    room.do("step:1")
    for page in pages:
        expect(page.locator("[data-q-trouble]")).to_be_hidden(timeout=SOON_MS)
    for page, what in zip(pages, ("[aria-current=step]", ".q-class-step"), strict=False):
        expect(page.locator(what)).to_contain_text("Vote")


def test_a_console_that_is_cut_off_says_so(site: Site, new_context: NewContext) -> None:
    room = open_classroom(site.tool, f"lost-{next(COURSES)}")
    room.plan()
    page = site.visit(new_context, room.teacher, f"class/sessions/{room.row().uuid}/", "en")
    expect(page.locator("[data-q-trouble]")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("[data-q-trouble]")).to_have_text(SAID["en"], timeout=SOON_MS)
    page.mouse.wheel(0, 2000)
    expect(page.locator("[data-q-trouble]")).to_be_in_viewport()
    page.context.set_offline(False)
    expect(page.locator("[data-q-trouble]")).to_be_hidden(timeout=SOON_MS)
