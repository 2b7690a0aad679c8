"""A newcomer who administers: the link, an invitation, the approval, the deliveries; then every page in every size."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from demo.tool_setup import ORGANISATION
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_parts import DemoParts
from tests.browser.lms_pages import HELEN, LmsPages
from tests.browser.test_registering import qualoop

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}
SIGN_IN = {"en": "Sign in", "zh-Hans": "登录"}


def sign_in(page: Page, parts: DemoParts, *words: str, language: str = "en") -> None:
    """Open a fresh link and press its button."""
    page.goto(qualoop(parts, "admin", "link", "--name", "Helen", *words).splitlines()[0])
    page.get_by_role("button", name=SIGN_IN[language]).click()
    page.locator(".q-admin-nav").wait_for()


def platform_path(page: Page, parts: DemoParts) -> str:
    """Return the path of the page about the LMS of the demo, as it launches lessons by itself."""
    page.goto(f"{parts.demo.tool}/admin/platforms/")
    path = page.locator("tbody tr", has_text=parts.lms.client_id).get_by_role("link").get_attribute("href")
    assert path is not None
    return path


def test_from_the_link_to_the_deliveries(page: Page, new_context: NewContext, parts: DemoParts) -> None:
    sign_in(page, parts, "--organisation", ORGANISATION)
    page.get_by_role("link", name="Platforms").first.click()
    page.get_by_role("link", name="Invite links").click()
    page.get_by_role("button", name="Make the link").click()
    link = page.locator("[data-q-copy-text]").inner_text()
    assert re.search(r"/lti/register/[\w-]{32}$", link)

    lms = new_context().new_page()
    LmsPages(page=lms, demo=parts.demo, language="en").log_in(HELEN)
    lms.goto(f"{parts.demo.lms}/tools/")
    lms.locator("#link").fill(link)
    lms.locator(".tool-link button").click()
    lms.frame_locator("#registration").get_by_role("button", name="Register").click()
    expect(lms.frame_locator("#registration").get_by_role("heading", name="The tool is registered")).to_be_visible()

    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Look at it").first.click()
    expect(page.get_by_role("heading", name="This platform waits for you")).to_be_visible()
    page.get_by_role("button", name="Approve this platform").click()
    expect(page.get_by_role("status")).to_contain_text("Approved.")
    page.get_by_role("link", name="Deliveries to this platform").click()
    expect(page.get_by_role("heading", name="Deliveries", exact=True)).to_be_visible()
    expect(page.locator(".q-empty")).to_be_visible()
    page.get_by_role("link", name="Sign-ins and changes").click()
    expect(page.locator(".q-admin-changes li").first).to_contain_text("Approved a platform")
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.locator(".q-reference")).to_contain_text("admin-session-gone")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_is_good_in_every_size(page: Page, parts: DemoParts, language: str) -> None:
    sign_in(page, parts, "--operator", "--organisation", ORGANISATION, language=language)
    addresses = [link.get_attribute("href") or "" for link in page.locator(".q-admin-nav a, .q-admin-link").all()]
    addresses += [f"/admin/platforms/{each}" for each in ("invites", "steps", "99999")]
    for address in [*addresses, platform_path(page, parts), "/admin/deliveries/?state=all"]:
        page.goto(f"{parts.demo.tool}{address}")
        assert serious_findings(page) == [], address
        assert page.locator("html").evaluate("page => page.scrollWidth - page.clientWidth") == 0, address


def test_it_works_without_script_and_by_keyboard(new_context: NewContext, parts: DemoParts) -> None:
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, parts, "--organisation", ORGANISATION)
    page.goto(f"{parts.demo.tool}/admin/platforms/invites")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#days").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your invite link")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the link")).to_have_count(0)
