"""A site of one's own that finds out which of its cookies a browser sends back from a frame in another site's page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from playwright.sync_api import Page

COOKIES: Final = (
    "control=1; Path=/; Secure; SameSite=None",
    "partitioned=1; Path=/; Secure; SameSite=None; Partitioned",
)


class CookieHandler(BaseHTTPRequestHandler):
    """`/around` frames `/set` of the other host; `/set` sets the cookies; `/seen` says which came back."""

    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        port = self.server.server_port
        if self.path == "/around":
            self._answer(f'<title>Around</title><iframe src="http://localhost:{port}/set"></iframe>')
        elif self.path == "/set":
            self.send_response(303)
            for cookie in COOKIES:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Location", "/seen")
            self.end_headers()
        else:
            self._answer(f"<p>{self.headers.get('Cookie', '')}</p>")

    def _answer(self, html: str) -> None:
        body = f"<!doctype html>{html}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: requests are of no interest here."""


@contextmanager
def cookie_site() -> Iterator[int]:
    """Serve the site on a free port of the loopback addresses and yield the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), CookieHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def cookies_of_frame(page: Page, port: int) -> str:
    """Return what comes back from localhost in a frame of a page of 127.0.0.1: another site."""
    page.goto(f"http://127.0.0.1:{port}/around")
    return page.frame_locator("iframe").locator("p").inner_text()


def cookies_of_window(page: Page, port: int) -> str:
    """Return what comes back from localhost in a window of its own."""
    page.goto(f"http://localhost:{port}/set")
    return page.locator("p").inner_text()
