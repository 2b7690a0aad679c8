"""An administrator registers the tool with the platform in its frame; an operator approves; a lesson opens."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import FrameLocator, Page, ViewportSize, expect

from demo.tool_setup import ORGANISATION, qualoop_command
from lti_tool.services.platforms.registrations import KEPT_S
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_parts import DemoParts
from tests.browser.lms_pages import HELEN, WENBO, LmsPages

FRAME: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}
WORDS = {"en": ("Register", "The tool is registered"), "zh-Hans": ("注册", "工具已注册")}


def qualoop(parts: DemoParts, *words: str) -> str:
    """Run a command as the operator of the demo's tool does; return what it prints."""
    command = [*qualoop_command(), *words]
    return subprocess.run(command, env=parts.environment, capture_output=True, text=True, check=True).stdout


def open_link(page: Page, parts: DemoParts, user: str = HELEN, language: str = "en") -> FrameLocator:
    """Give a fresh link to the LMS, which opens it in its frame."""
    link = qualoop(parts, "platform", "invite", "--organisation", ORGANISATION).splitlines()[0]
    LmsPages(page=page, demo=parts.demo, language=language).log_in(user)
    page.goto(f"{parts.demo.lms}/tools/")
    page.locator("#link").fill(link)
    page.locator(".tool-link button").click()
    frame = page.frame_locator("#registration")
    frame.locator(".q-registration h1").wait_for()
    return frame


def test_from_the_link_to_the_first_lesson(page: Page, parts: DemoParts) -> None:
    frame = open_link(page, parts)
    expect(frame.locator("dd").first).to_have_text(parts.demo.lms)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", name="The tool is registered")).to_be_visible()
    command = frame.locator(".q-command").inner_text().split()
    frame.get_by_role("button", name="Close").click()
    page.wait_for_url("**/tools/")
    newest = page.locator(".tool").first
    expect(newest).to_contain_text("Pending")
    newest.get_by_role("button", name="Activate").click()
    opening = page.locator(".tool").first.get_by_role("link", name="Open a lesson with it")
    address = f"{parts.demo.lms}{opening.get_attribute('href')}"
    opening.click()
    expect(page.locator(".q-reference")).to_contain_text("lti-registration-pending")
    qualoop(parts, *command[1:])

    page.wait_for_timeout(KEPT_S * 1000 + 500)
    page.goto(address)
    expect(page.get_by_role("heading", name="Nobody has opened it yet")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("viewport", [FRAME, NARROW], ids=["wide", "narrow"])
def test_both_pages_are_good_in_every_size(page: Page, parts: DemoParts, language: str) -> None:
    register, registered = WORDS[language]
    frame = open_link(page, parts, WENBO, language)
    for _ in range(2):
        assert serious_findings(page) == []
        assert frame.locator("html").evaluate("page => page.scrollWidth - page.clientWidth") == 0
        if frame.get_by_role("button", name=register).count():
            frame.get_by_role("button", name=register).click()
            expect(frame.get_by_role("heading", name=registered)).to_be_visible()


def test_it_works_without_script(new_context: NewContext, parts: DemoParts) -> None:
    page = new_context(java_script_enabled=False).new_page()
    frame = open_link(page, parts)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", name="The tool is registered")).to_be_visible()
    expect(frame.get_by_role("button", name="Close")).to_have_count(0)


def test_a_used_link_is_told_so_inside_the_frame(page: Page, parts: DemoParts) -> None:
    frame = open_link(page, parts)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", name="The tool is registered")).to_be_visible()
    page.reload()
    expect(frame.locator(".q-reference")).to_contain_text("lti-invite-used")
