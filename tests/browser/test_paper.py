"""Paper in a real browser: sheets are made, scans uploaded, what is unclear decided, recorded; on a phone, in both languages."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from lti_tool.models import SheetSet
from lti_tool.services.sheets.reading import read_waiting
from lti_tool.services.sheets.sheets import pages_of
from qualoop.assessment import reveal
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.factories.classrooms import Seat, enter
from tests.factories.marking import one_lesson
from tests.factories.paper import Pen, fill, pictures, scan
from tests.factories.tool import SECRET, Tool, make_tool

PHONE = ViewportSize(width=360, height=780)
LOCALES = {"en": "en", "zh-Hans": "zh-CN"}
SHEETS_MS = 30_000
"""The worker makes them beside everything else that runs."""


@dataclass
class Desk:
    """A teacher's desk that a browser can reach."""

    tool: Tool
    origin: str
    teacher: Seat

    def visit(self, context: BrowserContext, path: str, seat: Seat | None = None) -> Page:
        """Open a page as somebody whose launch is proven by the cookies of the test's own browser."""
        who = seat or self.teacher
        context.add_cookies(
            [
                {"name": each.key, "value": each.value, "url": self.origin.replace("http:", "https:"), "secure": True}
                for each in who.browser.client._cookies.values()
            ]
        )
        page = context.new_page()
        page.goto(self.origin + who.page + path)
        return page

    def scans(self, folder: Path) -> list[str]:
        """Return files of the newest sheets as they come back: all right, a double mark, a blank sheet of nobody."""
        with self.tool.runtime.database.reading() as reading:
            row = reading.scalars(select(SheetSet).order_by(SheetSet.id.desc()).limit(1)).one()
            pages = {version: pages_of(row, version)[0] for version in "AB"}
            printed = self.teacher.get(f"class/paper/{row.uuid}/sheets.pdf").data
        lesson = self.teacher._lesson()
        right = {each["part"]: list(reveal(lesson.items[each["item"]]).response) for each in row.items}
        single = next(each["part"] for each in row.items if each["kind"] == "one")
        both = [each.option for line in pages["B"].rows if line.part == single for each in line.bubbles][:2]
        pens = (Pen(right), Pen({**right, single: both}), Pen(right))
        files = []
        for number, (seen, version, pen) in enumerate(zip(pictures(printed), "ABA", pens, strict=False)):
            file = folder / f"scan-{number}.jpg"
            file.write_bytes(scan(fill(seen, pages[version], pen), number, upside_down=number == 1))
            files.append(str(file))
        return files


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    tool = make_tool(f"sqlite:///{tmp_path_factory.mktemp('paper') / 'tool.db'}", content=one_lesson())
    for number, name in enumerate(("Ada Lovelace", "王小明")):
        enter(tool, f"s-{number}", name=name)
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Desk(tool, f"http://127.0.0.1:{server.port}", enter(tool, "t-1", name="Tina", role="teacher"))
    server.shutdown()
    thread.join()
    server.server_close()
    tool.runtime.database.close()
    tool.runtime.http.close()


def make_sheets(page: Page) -> None:
    page.get_by_role("link", name="New sheets").click()
    page.locator("label.q-sheet-item").first.wait_for()
    for kind, most in (("One choice", 2), ("Several choices", 1)):
        for label in page.locator("label.q-sheet-item", has_text=kind).all()[:most]:
            label.locator("input").check()
    page.get_by_label("Blank sheets besides").fill("1")
    page.get_by_role("button", name="Make the sheets").click()
    page.get_by_text("The sheets are made.").wait_for(timeout=SHEETS_MS)


def upload(desk: Desk, page: Page, folder: Path) -> None:
    """Upload the scans, and have them read as the worker does."""
    page.goto(desk.origin + desk.teacher.page + "class/paper/")
    page.locator("#files").set_input_files(desk.scans(folder))
    page.get_by_role("button", name="Upload and read").click()
    page.get_by_text("0 of 3 pages are read.").wait_for()
    read_waiting(desk.tool.runtime.database, secret=SECRET, clock=desk.tool.clock)
    page.get_by_role("link", name="Look again").click()


def test_a_class_is_printed_scanned_and_recorded(desk: Desk, new_context: NewContext, tmp_path: Path) -> None:
    page = desk.visit(new_context(), "class/paper/")
    make_sheets(page)
    upload(desk, page, tmp_path)
    page.get_by_text("More than one circle is filled.").wait_for()
    crop = page.locator("img.q-sheet-crop")
    crop.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('img.q-sheet-crop').naturalWidth > 200")
    page.locator(".q-sheet-options input").first.check()
    page.get_by_role("button", name="It says this").click()
    page.get_by_text("Decided.").wait_for()
    page.get_by_role("button", name="Put aside").click()
    page.get_by_role("button", name="Record it").click()
    page.get_by_text("Nothing waits.").wait_for()
    page.goto(desk.origin + desk.teacher.page + "class/paper/")
    page.locator(".q-sheet-line a").first.click()
    expect(page.get_by_role("row", name=re.compile("Ada Lovelace"))).to_have_count(2)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    desk: Desk, new_context: NewContext, tmp_path: Path, language: str
) -> None:
    first = desk.visit(new_context(), "class/paper/")
    make_sheets(first)
    upload(desk, first, tmp_path)
    waiting = first.url.partition("?")[0].removeprefix(desk.origin + desk.teacher.page)
    seat = enter(desk.tool, "t-1", name="Tina", role="teacher", locale=LOCALES[language])
    context = new_context(bypass_csp=True)
    for path in ("class/paper/", "class/paper/new", waiting, "class/paper/tables/"):
        page = desk.visit(context, path, seat)
        assert serious_findings(page) == [], path
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.close()
