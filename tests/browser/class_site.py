"""A tool that browsers can reach, for tests of classes: served in this process, each person by the cookies of a launch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, ViewportSize
from werkzeug.serving import make_server

from tests.browser.conftest import NewContext
from tests.factories.classrooms import Seat
from tests.factories.tool import Tool, make_tool

PHONE = ViewportSize(width=360, height=780)


@dataclass
class Site:
    """A tool that a browser can reach."""

    tool: Tool
    origin: str

    def visit(self, new_context: NewContext, seat: Seat, path: str, language: str, **options: object) -> Page:
        """Open a page as somebody whose launch is proven by the cookies of the test's own browser."""
        seat.post("language", language=language)
        context = new_context(**options)
        context.add_cookies(
            [
                {"name": each.key, "value": each.value, "url": self.origin.replace("http:", "https:"), "secure": True}
                for each in seat.browser.client._cookies.values()
            ]
        )
        page = context.new_page()
        page.goto(self.origin + seat.page + path)
        return page


def serve(path: Path) -> Iterator[Site]:
    """Give a site on a database of its own, until the caller is done."""
    tool = make_tool(f"sqlite:///{path}")
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(tool, f"http://127.0.0.1:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def fits(page: Page) -> bool:
    """Say whether nothing of a page stands outside its width."""
    return bool(page.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth"))
