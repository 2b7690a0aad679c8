"""An administrator checks a platform that has been used: the page in every size and language, and the command."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from demo.tool_setup import ORGANISATION, qualoop_command
from tests.browser.accessibility import serious_findings
from tests.browser.demo_parts import DemoParts
from tests.browser.lessons import PAID
from tests.browser.lms_pages import SOFIA, LmsPages
from tests.browser.test_admin import NARROW, WIDE, platform_path, sign_in

BUTTON = {"en": "Check now", "zh-Hans": "开始测试"}


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_check_is_good_in_every_size(page: Page, parts: DemoParts, language: str, viewport: ViewportSize) -> None:
    sign_in(page, parts, "--operator", "--organisation", ORGANISATION, language=language)
    page.goto(f"{parts.demo.tool}{platform_path(page, parts)}/check")
    page.get_by_role("button", name=BUTTON[language]).or_(page.locator("form .q-button-primary")).first.click()
    expect(page.locator(".q-admin-item").first).to_be_visible()
    # What the demo's platform offers and nobody has used yet is no fault.
    expect(page.locator('.q-badge[data-tone="bad"]')).to_have_count(0)
    assert page.locator('.q-badge[data-tone="good"]').count() >= 4
    assert serious_findings(page) == []
    assert page.locator("html").evaluate("page => page.scrollWidth - page.clientWidth") == 0
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{language}-{viewport['width']}.png", full_page=True)


def test_what_a_launch_offers_works_from_end_to_end(page: Page, parts: DemoParts) -> None:
    lms = LmsPages(page=page, demo=parts.demo, language="en")
    lms.log_in(SOFIA)
    lms.open_lesson(PAID)
    # Other tests register the tool with this LMS again, under other clients: a lesson is launched by the first one.
    opened = ["--issuer", parts.demo.lms, "--client-id", parts.lms.client_id]
    # What other tests broke here on purpose may show, and then the command ends with 1.
    check = ["platform", "check", *opened, "--json"]
    told = subprocess.run(
        [*qualoop_command(), *check], env=parts.environment, capture_output=True, text=True, check=False
    )
    states = {each["check"]: each["state"] for each in json.loads(told.stdout)}
    working = {"platform_keys", "launch", "deployments", "token", "line_items", "roster", "clock"}
    assert {check for check in working if states[check] != "works"} == set()
