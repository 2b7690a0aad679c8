"""The chat desk: three customers beside each other on a desk's screen, in turn on a phone, and who waits how long."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from qualoop.assessment import LinkSettings
from qualoop.player import Action
from qualoop.player.translation import translations
from qualoop.simulators.service.shift import WAIT
from tests.browser.accessibility import serious_findings
from tests.browser.test_project_sheet import document
from tests.browser.test_wide_tables import shipped_project
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import KIND, NOW, SEED

WINDOWS = 3


def at_second_turn(language: str) -> str:
    """Return the page after a turn in which nobody was answered."""
    content, settings = shipped_project("sales-chat-desk"), LinkSettings()
    step = partial(KIND.step, content, settings=settings, now=NOW)
    state = step(KIND.initial_state(content, SEED), Action(name="open", form={"to": ["practice"]})).state
    silent = {f"window{number}.reply": [WAIT] for number in range(1, WINDOWS + 1)}
    form = {"mode": ["practice"], "world": ["1"], "round": ["0"], **silent}
    state = step(state, Action(name="run", form=form)).state
    host = FixedHost(language=language, catalogue=translations(language))
    return document(KIND.render(content, state, host, settings=settings), language)


@pytest.fixture
def page(chromium: Browser, width: int, language: str) -> Page:
    page = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_content(at_second_turn(language))
    return page


def tops(page: Page) -> list[float]:
    boxes = [chat.bounding_box() for chat in page.locator(".q-chat").all()]
    assert len(boxes) == WINDOWS
    return [box["y"] for box in boxes if box]


@pytest.mark.parametrize("width", [1280])
def test_three_chats_stand_side_by_side_with_the_rules_in_sight(page: Page) -> None:
    assert len(set(tops(page))) == 1
    page.locator(".q-chat").nth(2).locator("input").last.scroll_into_view_if_needed()
    rules = page.locator(".q-chat-head details")
    expect(rules).to_be_in_viewport()
    expect(rules.get_by_role("listitem").first).to_be_in_viewport()


@pytest.mark.parametrize("width", [360])
def test_on_a_phone_they_stack_and_who_waits_stays_in_sight(page: Page) -> None:
    assert tops(page) == sorted(set(tops(page)))
    tabs = page.get_by_role("navigation", name="Who is here")
    tabs.get_by_role("link").nth(2).click()
    expect(page.locator(".q-chat").nth(2).get_by_role("heading").first).to_be_in_viewport()
    expect(tabs).to_be_in_viewport()
    expect(tabs.get_by_role("link").nth(0)).to_contain_text("waits: 90 s")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [1280])
def test_the_clock_runs_with_what_is_picked_from_the_keyboard(page: Page) -> None:
    waits = page.locator("[data-q-waits]")
    assert waits.all_inner_texts() == ["waits: 90 s, then 180 s"] * WINDOWS
    seconds = []
    for number in range(WINDOWS):
        page.locator(".q-chat").nth(number).locator("input:checked").focus()
        page.keyboard.press("ArrowDown")
        picked = page.locator(".q-chat").nth(number).locator("input:checked")
        seconds.append(int(picked.get_attribute("data-q-seconds") or 0))
        expect(waits.nth(number)).to_have_text("waits: 90 s, then 0 s")
    clock, used = page.locator("[data-q-clock]"), sum(seconds)
    expect(clock).to_contain_text(
        f"{used - 90} s too many" if used > 90 else f"{used} of 90 s used, {90 - used} s left"
    )
    for said in [clock, *waits.all()]:
        expect(said).to_have_attribute("aria-live", "off")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_axe_finds_nothing_serious(page: Page) -> None:
    assert serious_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def test_without_a_script_the_seconds_stand_there_too(chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(at_second_turn("en"))
    expect(page.get_by_text("What you say to all of them may take 90 s in this turn.")).to_be_visible()
    expect(page.locator("[data-q-waits]").first).to_have_text("waits: 90 s")
    context.close()
