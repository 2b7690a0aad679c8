"""A project that people judge, in the workbench: a learner hands in, staff mark from the block, the learner sees the marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from qualoop.framework import shipped_content
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.factories.workbench import Workbench, running_workbench

SCENARIO = "Qualoop practice that people judge"
ROWS = ("Accuracy", "Benefit for this customer", "Title and structure", "Tone and language")
NARROW = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with running_workbench(
        tmp_path_factory.mktemp("workbench"), shipped_content() / "ecommerce" / "lessons"
    ) as running:
        yield running


def pressed(page: Page, name: re.Pattern[str], action: str) -> None:
    """Press Enter on a button, and wait for the page that follows."""
    with page.expect_response(lambda response: f"/act/{action}" in response.url):
        page.get_by_role("button", name=name).first.press("Enter")
    expect(page.locator("qualoop-activity").first).not_to_have_attribute("data-sending", "")


def handed_in(page: Page, workbench: Workbench, student: str) -> None:
    page.goto(workbench.url(SCENARIO, student=student))
    pressed(page, re.compile("graded attempt"), "open")
    for _ in range(2):
        for cell in page.locator("textarea[data-q-cell]").all():
            cell.fill("A thought for your walk to work.")
        pressed(page, re.compile("^Play round"), "run")
    pressed(page, re.compile("^Hand in"), "hand-in")


def fits(page: Page) -> bool:
    """Return whether nothing in a block reaches beyond it."""
    wide: int = page.eval_on_selector_all(
        ".qualoop", "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    )
    return not wide


def test_work_goes_from_a_learner_to_staff_and_its_marks_come_back(
    new_context: NewContext, workbench: Workbench
) -> None:
    learner, staff = new_context().new_page(), new_context().new_page()
    learner.goto(workbench.url(SCENARIO, student="wei"))
    assert serious_findings(learner, ".qualoop") == []
    handed_in(learner, workbench, "wei")
    expect(learner.get_by_text("Waits to be marked")).to_be_visible()
    assert serious_findings(learner, ".qualoop") == []
    assert workbench.published("grade") == []

    staff.goto(workbench.url(SCENARIO, student="staff"))
    assert serious_findings(staff, ".qualoop") == []
    pressed(staff, re.compile("^Wei$"), "mark-show")
    expect(staff.get_by_role("heading", name="Wei")).to_be_focused()
    expect(staff.get_by_role("group", name="What was handed in")).to_contain_text("A thought for your walk to work.")
    assert serious_findings(staff, ".qualoop") == []
    # By the keyboard alone: arrows choose within a row, Tab goes on.
    for row in ROWS:
        staff.get_by_role("group", name=row, exact=True).get_by_role("radio").first.focus()
        for _ in range(3):
            staff.keyboard.press("ArrowDown")
    pressed(staff, re.compile("^Release to the learner"), "mark-save")
    expect(staff.get_by_text("Released. It is in the grade book")).to_be_visible()
    assert workbench.published("grade")[-1]["value"] == 1.0

    learner.reload()
    expect(learner.get_by_role("heading", name="Your marks")).to_be_visible()
    expect(learner.get_by_text("20 of 20 points")).to_be_visible()
    assert serious_findings(learner, ".qualoop") == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_both_sides_fit_a_phone_and_twice_the_size(
    new_context: NewContext, workbench: Workbench, language: str
) -> None:
    learner = new_context(viewport=NARROW).new_page()
    if language == "en":
        handed_in(learner, workbench, f"phone-{language}")
    else:
        learner.goto(workbench.url(SCENARIO, student=f"phone-{language}"))
    assert fits(learner)
    staff = new_context(viewport=NARROW).new_page()
    staff.goto(workbench.url(SCENARIO, student="staff-phone"))
    staff.emulate_media(reduced_motion="reduce")
    assert fits(staff)
    assert serious_findings(staff, ".qualoop") == []
    with staff.expect_response(lambda response: "/act/mark-show" in response.url):
        staff.locator(".q-class-open").first.press("Enter")
    expect(staff.locator(".q-work-text").first).to_be_visible()
    staff.evaluate("document.documentElement.dir = 'rtl'")
    assert fits(staff)
    staff.set_viewport_size({"width": 1280, "height": 900})
    staff.evaluate("document.documentElement.style.fontSize = '200%'")
    assert fits(staff)
    assert serious_findings(staff, ".qualoop") == []
