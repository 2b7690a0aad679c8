"""Working with the keyboard alone: Tab to a thing, and press what a person would press."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

MOST_TABS = 80


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is on ``target``; raise AssertionError where it never gets there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate_all("elements => elements.some(element => element === document.activeElement)"):
            return
    raise AssertionError(f"Tab never reaches {target}")
