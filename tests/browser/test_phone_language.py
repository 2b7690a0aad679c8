"""The phone app speaks the language of its reader, whatever the invitation is in, and keeps the one that was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.phone_app import PHONE, PhoneSite, a_phone, join, standing
from tests.factories.tool import make_tool


@pytest.fixture
def site(tmp_path: Path) -> Iterator[PhoneSite]:
    tool = make_tool(f"sqlite:///{tmp_path / 'tool.db'}")
    with standing(PhoneSite(tool.app)) as found:
        yield found
    tool.runtime.database.close()
    tool.runtime.http.close()


def test_the_app_speaks_as_its_reader_chose(site: PhoneSite, chromium: Browser, tmp_path: Path) -> None:
    """The invitation is in English; the phone of whom it was sent to is not."""
    phone: dict[str, Any] = {"viewport": PHONE, "locale": "zh-CN"}
    with a_phone(chromium, tmp_path / "profile", **phone) as context:
        page = join(context.new_page(), site)
        page.reload()
        page.locator("#phone-title").wait_for()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        page.goto(f"{site.origin}/phone/#more")
        page.locator("#phone-language-en").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
    with a_phone(chromium, tmp_path / "profile", **phone) as context:
        page = context.new_page()
        page.goto(f"{site.origin}/phone/")
        page.locator("#phone-title").wait_for()
        expect(page.locator("html")).to_have_attribute("lang", "en")
