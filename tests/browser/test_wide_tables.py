"""Tables of decisions that have many columns: they fit a desk's screen, or say on which side they go on."""

from __future__ import annotations

from functools import cache

import pytest
from playwright.sync_api import Browser, Page, expect

from qualoop.assessment import LinkSettings
from qualoop.content_packages import load_package
from qualoop.content_packages.project import Project, open_project
from qualoop.framework import load_framework, shipped_content
from qualoop.player import Action
from qualoop.player.translation import translations
from tests.browser.accessibility import serious_findings
from tests.browser.test_project_sheet import document
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import KIND, NOW, SEED

WORDS = {"en": "There are more columns: scroll the table sideways", "zh-Hans": "表格还有更多列"}
OVERFLOWING = """() => [...document.querySelectorAll(".q-sheet-box, .q-table-scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1 && !("qMore" in box.dataset)).length"""


@cache
def shipped_project(key: str) -> Project:
    root = shipped_content() / "ecommerce"
    return open_project(load_package(root / "projects" / key, load_framework(root)).document)


def show(page: Page, key: str, language: str = "en") -> None:
    content, settings = shipped_project(key), LinkSettings()
    opened = Action(name="open", form={"to": ["practice"]})
    state = KIND.step(content, KIND.initial_state(content, SEED), opened, settings=settings, now=NOW).state
    host = FixedHost(language=language, catalogue=translations(language))
    page.set_content(document(KIND.render(content, state, host, settings=settings), language))


@pytest.fixture
def page(chromium: Browser, width: int) -> Page:
    return chromium.new_context(viewport={"width": width, "height": 900}).new_page()


@pytest.mark.parametrize("width", [1280])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_tables_of_the_campaign_fit_a_desk(page: Page, language: str) -> None:
    show(page, "sem-campaign", language)
    boxes = page.locator(".q-sheet-box").all()
    assert len(boxes) == 3
    for box in boxes:
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 1
    expect(page.get_by_text(WORDS[language]).first).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("key", ["sem-campaign", "da-ab-referee", "scm-landed-cost", "scm-stock-policy"])
def test_no_table_goes_on_without_a_word(page: Page, key: str) -> None:
    show(page, key)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait_for_function(f"({OVERFLOWING})() === 0")
    for box in page.locator("[data-q-more]").all():
        expect(box.locator("xpath=following-sibling::*[1]")).to_contain_text(WORDS["en"])
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


@pytest.mark.parametrize("width", [360])
def test_the_side_is_that_on_which_the_table_goes_on(page: Page) -> None:
    show(page, "da-ab-referee")
    box = page.locator(".q-sheet-box")
    expect(box).to_have_attribute("data-q-more", "start end")
    box.evaluate("box => { box.scrollLeft = 0; }")
    expect(box).to_have_attribute("data-q-more", "end")
    box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    expect(box).to_have_attribute("data-q-more", "start")
    assert serious_findings(page) == []


@pytest.mark.parametrize("width", [360])
def test_a_table_is_scrolled_from_the_keyboard(page: Page) -> None:
    show(page, "da-ab-referee")
    box = page.locator(".q-sheet-box")
    before = box.evaluate("box => box.scrollLeft")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('.q-sheet-box').scrollLeft > {before}")
