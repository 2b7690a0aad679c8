"""A newcomer who administers makes a further key of a site and ends the former one, on a phone and in Chinese as well."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from demo.tool_setup import ORGANISATION
from tests.browser.accessibility import serious_findings
from tests.browser.demo_parts import DemoParts
from tests.browser.test_admin import NARROW, WIDE, qualoop, sign_in

WORDS = {
    "en": ("Make a further key", "End this key", "The key has ended."),
    "zh-Hans": ("再创建一个密钥", "停用该密钥", "该密钥已停用。"),
}


@pytest.mark.parametrize(("language", "viewport"), [("en", WIDE), ("zh-Hans", NARROW)], ids=["wide", "narrow"])
def test_a_key_is_replaced(page: Page, parts: DemoParts, language: str) -> None:
    further, end, ended = WORDS[language]
    qualoop(parts, "source", "add", f"site-{language.lower()}", "--organisation", ORGANISATION, "--name", "Open edX")
    sign_in(page, parts, "--organisation", ORGANISATION, language=language)
    page.goto(f"{parts.demo.tool}/admin/sources/")
    page.get_by_role("button", name=further).first.click()
    page.get_by_role("status").wait_for()
    shown = page.locator("[data-q-copy-text]").all_inner_texts()
    assert re.fullmatch("[0-9a-f]{16}", shown[0])
    assert shown[1].startswith("qs1.")
    assert serious_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name=end).first.click()
    expect(page.get_by_role("status")).to_contain_text(ended)
    assert shown[1] not in page.content()
