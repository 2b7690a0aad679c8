"""A table of marks in a real browser: columns are told, rows of nobody are named, on a phone and in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import open_classroom

ROWS = "Name,Mark (out of 10),Section\n{who},8,A\nA. Lovelase,6,A\nGhost,7,B\nElse,much,B\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("tables") / "tool.db")


def is_sound(page: Page) -> bool:
    return fits(page) and serious_findings(page) == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_table_is_told_recorded_and_its_rows_named(
    site: Site, new_context: NewContext, tmp_path: Path, language: str
) -> None:
    room = open_classroom(site.tool, f"m-{language}")
    for number, name in enumerate(("Ada Lovelace", "王小明"), 1):
        room.learner(number, name)
    file = tmp_path / "marks.csv"
    file.write_text(ROWS.format(who="王小明"), encoding="utf-8")
    page = site.visit(new_context, room.teacher, "class/paper/tables/", language, bypass_csp=True, viewport=PHONE)
    assert is_sound(page)
    page.locator("#full").fill("10")
    page.locator("#file").set_input_files(str(file))
    page.locator("form[enctype] button").click()
    assert is_sound(page)
    page.locator("#column-1").select_option(index=8)
    page.locator("#map button").click()
    page.locator("#column-2").wait_for(state="attached")
    page.locator("form[action$='/apply'] button").click()
    assert is_sound(page)
    assert page.locator("#row-3 optgroup").first.locator("option").count() == 1
    page.locator("#row-3").select_option(index=1)
    page.locator("form[action$='/rows'] > div > button.q-button-primary").click()
    # A cell that cannot be read is shown, and its row can only be left out.
    assert page.locator("#row-5").count() == 0
    for number in (5, 4):
        page.locator(f"#leave-{number} summary").click()
        page.locator(f"#leave-{number} button").click()
        page.locator(f"#leave-{number}").wait_for(state="detached")
    page.locator("#left").wait_for(state="detached")
    assert is_sound(page)
