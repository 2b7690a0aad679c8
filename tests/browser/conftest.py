"""A real Chromium for the browser tests: one for the run, and for every test contexts of its own.

A test asks for `page`, or for `new_context` where it needs several people. `language` and `viewport` are fixtures too, so
`@pytest.mark.parametrize("language", ["en", "zh-Hans"])` overrides them. Of a test that fails, a picture of every page
is kept in build/screenshots; with QUALOOP_TEST_TRACE=1, which takes a fifth longer, a trace too (`playwright show-trace
FILE`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.browser.demo_parts import DemoParts, running_parts
from tests.browser.demo_process import Demo, running_demo

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "build" / "screenshots"

CHROMIUM_NAMES = ("chromium", "google-chrome", "chromium-browser")
# The last one draws a foreign frame in the process of its page: in one of its own, Chromium loses clicks that come
# before it has found out where the frame lies. What a site may see and store stays apart all the same.
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    "--disable-site-isolation-trials",
)
LOCALES = {"en": "en-GB", "zh-Hans": "zh-CN"}
PATIENCE_MS = 10_000
TRACES = os.environ.get("QUALOOP_TEST_TRACE") == "1"

NewContext = Callable[..., BrowserContext]

_FAILED = pytest.StashKey[bool]()


def missing(what: str, repair: str) -> NoReturn:
    """Skip a test for want of something on this machine, or fail it where everything is required."""
    reason = f"{what} is not here: {repair}"
    if os.environ.get("QUALOOP_TEST_REQUIRE") == "all":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the browser of this run, headless."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        missing("Chromium", "install it (Debian, Ubuntu: apt install chromium), or put it on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run the demo for all tests of the run; each works with people and activities that no other one uses."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demo for one module, whose tests change what others build on."""
    with running_demo(tmp_path_factory.mktemp("own")) as running:
        yield running


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoParts]:
    """Run another demo, the parts of which a test may stop; it leaves all of them running."""
    with running_parts(tmp_path_factory.mktemp("parts")) as running:
        yield running


@pytest.fixture
def language() -> str:
    return "en"


@pytest.fixture
def viewport() -> ViewportSize:
    return {"width": 1280, "height": 900}


@pytest.fixture
def new_context(
    chromium: Browser, language: str, viewport: ViewportSize, request: pytest.FixtureRequest
) -> Iterator[NewContext]:
    """Return what opens a context: another person, with cookies of their own. Takes Playwright's context options."""
    contexts = []

    def opened(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"locale": LOCALES[language], "viewport": viewport} | options)
        context.set_default_timeout(PATIENCE_MS)
        if TRACES:
            context.tracing.start(screenshots=True, snapshots=True)
        contexts.append(context)
        return context

    yield opened
    failed = request.node.stash.get(_FAILED, False)
    for number, context in enumerate(contexts, start=1):
        if failed:
            _keep(context, re.sub(r"[^\w.-]+", "-", f"{request.node.name}-{number}"))
        context.close()


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()


def _keep(context: BrowserContext, name: str) -> None:
    """Keep what a failed test saw."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(context.pages, start=1):
        page.screenshot(path=SCREENSHOTS / f"{name}-page-{number}.png", full_page=True)
    if TRACES:
        context.tracing.stop(path=SCREENSHOTS / f"{name}-trace.zip")
