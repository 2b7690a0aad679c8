"""What a marker has written and not saved: saved on the way to the next work, and put back after every other way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import test_marking
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.test_marking import Open
from tests.factories.rubrics import sheet

PUT_BACK = "What you had written here and not saved was put back."
opened = test_marking.opened


@pytest.fixture
def page(opened: Open, new_context: NewContext) -> Iterator[Page]:
    page = opened.visit(new_context(bypass_csp=True), opened.room.teacher, f"marking/works/{opened.works[0]}/?show=all")
    yield page
    # Nothing of one test is on the way of the next.
    page.evaluate("sessionStorage.clear()")


def comment(page: Page) -> str:
    return page.locator("#comment").input_value()


def test_the_next_work_saves_first_what_was_written(page: Page) -> None:
    page.locator("#comment").fill("Look at the second line.")
    page.get_by_role("link", name="Next work").click()
    page.wait_for_url("**done=saved**")
    page.get_by_role("link", name="Previous work").click()
    expect(page.locator("#comment")).to_have_value("Look at the second line.")
    expect(page.get_by_text(PUT_BACK)).to_be_hidden()


def test_every_other_way_out_leads_back_to_it(page: Page) -> None:
    before = comment(page)
    page.locator("#comment").fill("Not saved yet.")
    page.locator("[data-q-level]").first.check()
    page.get_by_role("link", name="All work").click()
    page.wait_for_url("**/marking/?**")
    page.go_back()
    expect(page.get_by_text(PUT_BACK)).to_be_visible()
    assert comment(page) == "Not saved yet."
    expect(page.locator("[data-q-level]").first).to_be_checked()
    assert serious_findings(page) == []
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Discard it").press("Enter")
    expect(page.locator("#comment")).to_have_value(before)
    page.reload()
    expect(page.get_by_text(PUT_BACK)).to_be_hidden()


def test_what_was_refused_is_there_after_a_reload_too(opened: Open, page: Page) -> None:
    page.locator("#comment").fill("Written while somebody else saved.")
    room, work = opened.room, opened.works[0]
    room.save(room.teacher, work, sheet(0, 1))
    page.locator("[data-q-key=s]").click()
    expect(page.get_by_text("This mark was changed meanwhile")).to_be_visible()
    assert comment(page) == "Written while somebody else saved."
    page.get_by_role("link", name="All work").click()
    page.goto(page.url.split("/marking/")[0] + f"/marking/works/{work}/?show=all")
    expect(page.locator("#comment")).to_have_value("Written while somebody else saved.")
