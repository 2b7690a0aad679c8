"""A proxy for a browser that keeps no cookie of one host in frames: what such a browser would drop never reaches it.

In a window of its own the host's cookies are kept, as by browsers that block what they call third-party cookies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.browser.recording_proxy import Proxy, ProxyHandler, Recording


class CookielessProxy(Proxy):
    """A proxy with the host (and port) whose cookies do not get through."""

    def __init__(self, recording: Recording, host: str) -> None:
        super().__init__(recording)
        self.host = host
        self.RequestHandlerClass = CookielessHandler


class CookielessHandler(ProxyHandler):
    """Passes requests on one by one, and answers without what the browser is not to keep."""

    server: CookielessProxy

    def send_header(self, keyword: str, value: str) -> None:
        in_window = self.headers.get("Sec-Fetch-Dest") == "document"
        if keyword.lower() == "set-cookie" and not in_window and urlsplit(self.path).netloc == self.server.host:
            return
        super().send_header(keyword, value)


@contextmanager
def cookieless_proxy(host: str) -> Iterator[Recording]:
    """Run a proxy on a free port of the loopback address."""
    recording = Recording()
    with CookielessProxy(recording, host) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recording
        finally:
            server.shutdown()
            thread.join()
