"""The phone app in a browser: the shell of a real tool, with its own API or one that a test can make difficult."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from werkzeug.serving import BaseWSGIServer, make_server

from tests.browser.conftest import ARGUMENTS, CHROMIUM_NAMES, PATIENCE_MS
from tests.fakes.phone_api import TOKEN, PhoneApi, learner

PHONE = ViewportSize(width=360, height=780)


@dataclass
class PhoneSite:
    """One origin with shell and API. It can be gone, and come again where it was."""

    tool: Any
    api: PhoneApi = field(default_factory=PhoneApi)
    #: Whether the tool itself answers, and not the API above.
    is_real: bool = False
    #: What stands between browser and shell: changed bytes of a file, by its path.
    files: dict[str, bytes] = field(default_factory=dict)
    _server: BaseWSGIServer | None = None
    _thread: threading.Thread | None = None
    _port: int = 0

    @property
    def origin(self) -> str:
        """Return where the site is, or was."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Let the site be there."""
        self._server = make_server("127.0.0.1", self._port, self._answer, threaded=True)
        self._port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Let nothing answer any more."""
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path in self.files:
            start_response("200 OK", [("Content-Type", "text/javascript"), ("Cache-Control", "no-cache")])
            return [self.files[path]]
        is_api = path.startswith(("/phone/api/", "/observe/")) and not self.is_real
        return (self.api if is_api else self.tool)(environ, start_response)


@contextmanager
def standing(site: PhoneSite) -> Iterator[PhoneSite]:
    """Let a site be there until the block is left."""
    site.start()
    try:
        yield site
    finally:
        site.stop()


@contextmanager
def a_phone(chromium: Browser, folder: Path, **options: Any) -> Iterator[BrowserContext]:
    """Start a browser that keeps what it has on the disk, until the block is left: as a phone that is switched off."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    wanted: dict[str, Any] = {"viewport": PHONE, "locale": "en-GB", "has_touch": True, **options}
    launch = chromium.browser_type.launch_persistent_context
    context = launch(folder, executable_path=path, args=ARGUMENTS, **wanted)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def join(page: Page, site: PhoneSite, link: str = f"/observe/{TOKEN}") -> Page:
    """Open the link of an invitation, and wait until the app works without a network."""
    page.goto(site.origin + link)
    page.locator("form button").first.click()
    page.locator("#phone-ready[data-kept]").wait_for()
    page.locator("#phone-got-it").click()
    return page


def observe(page: Page, who: int | str, levels: Sequence[int], *, task: str = "chat") -> None:
    """Choose a learner of the list, and a level in each row from the first one on."""
    card, person = f'[id="task-{task}"]', f"#learner-{learner(who) if isinstance(who, int) else who}"
    page.locator(f"{card}, {person}").first.wait_for()
    if page.locator(card).count():
        page.locator(card).click()
    page.locator(person).click()
    for row, level in enumerate(levels):
        page.locator("fieldset").nth(row).locator("label.q-mark-level").nth(level).click()


def finish(page: Page) -> None:
    """Press "Done", with rows left open where some are."""
    page.locator("#phone-done").click()
    page.locator("dialog .q-button-primary, #phone-people").first.wait_for()
    if page.locator("dialog").count():
        page.locator("dialog .q-button-primary").click()
    page.locator("#phone-people").wait_for()


def forget(page: Page) -> None:
    """Press "Forget this phone", and mean it."""
    page.locator("#phone-forget").click()
    page.locator("dialog .q-button-primary").click()


def send(page: Page) -> None:
    """Go to the own observations, and have sent what waits."""
    page.locator(".q-phone-status").click()
    page.locator("#phone-send").click()


def expect_sent(page: Page) -> None:
    """Wait until nothing waits on the phone."""
    expect(page.locator(".q-phone-status")).to_have_attribute("data-tone", "good")


def kept_rows(page: Page) -> dict[str, int]:
    """Return how many rows each store on the phone has."""
    counts: dict[str, int] = page.evaluate(
        """() => new Promise((resolve) => {
          const opened = indexedDB.open("qualoop-phone");
          opened.onsuccess = () => {
            const names = [...opened.result.objectStoreNames], rows = {};
            const asking = opened.result.transaction(names);
            for (const name of names) {
              const counted = asking.objectStore(name).count();
              counted.onsuccess = () => { rows[name] = counted.result; };
            }
            asking.oncomplete = () => { opened.result.close(); resolve(rows); };
          };
        })"""
    )
    return counts


def fits(page: Page) -> bool:
    """Say whether nothing of a page stands outside its width."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
