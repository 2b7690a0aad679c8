"""A new instructor builds a flipped unit in the platform's dialog, and a learner goes through it in one frame."""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.lesson_page import LessonPage
from tests.browser.lms_pages import HELEN, SIYUAN, LmsPages

TITLE = "Search in a fortnight"


def steps_of(frame: FrameLocator) -> list[str]:
    return frame.locator("[data-q-step] h3").all_inner_texts()


def saved(frame: FrameLocator, before: list[str]) -> list[str]:
    """Return the steps once the page shows others than before."""
    expect(frame.locator("[data-q-step] h3")).not_to_have_text(before)
    expect(frame.locator("[data-q-step] h3")).not_to_have_count(0)
    return steps_of(frame)


@pytest.fixture
def builder(page: Page, demo: Demo) -> FrameLocator:
    """Log in as a teacher and open the proposal for a unit of competency."""
    LmsPages(page=page, demo=demo).log_in(HELEN)
    page.get_by_role("link", name="Add activities").click()
    frame = page.frame_locator("#launch")
    frame.get_by_role("link", name="Build a flipped unit").click()
    frame.locator(".q-flip-choice", has_text="SEM-1").get_by_role("button", name="Propose a unit").click()
    frame.locator("[data-q-step]").first.wait_for()
    return frame


def test_a_new_instructor_builds_and_places_a_unit(
    page: Page, builder: FrameLocator, new_context: NewContext, demo: Demo
) -> None:
    first = steps_of(builder)
    assert first[4:6] == ["Readiness check", "Class session"]
    assert serious_findings(page) == []
    change_steps(builder, first)
    set_dates_and_title(builder)
    builder.get_by_role("link", name="Preview as a learner").click()
    expect(builder.locator(".q-live-task")).to_have_count(len(first))
    builder.get_by_role("link", name="Back to the plan").click()
    builder.get_by_role("button", name="Put it into the course").click()
    page.wait_for_url("**/course/?added=1")
    student = LmsPages(page=new_context().new_page(), demo=demo)
    student.log_in(SIYUAN)
    begin_the_unit(student.page, first)
    ask_in_class(page)


def change_steps(frame: FrameLocator, first: list[str]) -> None:
    """Drag, move by keys, remove and take back; in the end all stands as it stood."""
    lessons = frame.locator("[data-q-step][data-kind=lesson]")
    lessons.nth(0).drag_to(lessons.nth(1), target_position={"x": 40, "y": 110})
    dragged = saved(frame, first)
    assert dragged[:2] == [first[1], first[0]]
    lessons.nth(0).press("Alt+ArrowDown")
    assert saved(frame, dragged) == first
    frame.get_by_role("button", name=f"Remove: {first[3]}").click()
    removed = saved(frame, first)
    assert first[3] not in removed
    expect(frame.locator("[data-served=no]")).to_have_count(1)
    frame.get_by_role("button", name="Undo").click()
    assert saved(frame, removed) == first
    expect(frame.locator("[data-served=no]")).to_have_count(0)


def set_dates_and_title(frame: FrameLocator) -> None:
    """Date the class, after which the other dates follow, and call the unit something."""
    frame.get_by_label("Class begins").fill("2027-03-10T09:00")
    frame.get_by_role("button", name="Save the dates").click()
    expect(frame.get_by_label("Prepare until")).to_have_value("2027-03-09T21:00")
    frame.get_by_label("Title").fill(TITLE)
    frame.get_by_role("button", name="Save the title").click()
    expect(frame.locator("h1")).to_have_text(TITLE)


def begin_the_unit(page: Page, steps: list[str]) -> None:
    """Open the unit as a learner: the first lesson, then the check, all in one frame."""
    page.get_by_role("link", name=TITLE).last.click()
    frame = page.frame_locator("#launch")
    expect(frame.locator(".q-live-task")).to_have_count(len(steps))
    assert serious_findings(page) == []
    frame.get_by_role("link", name=f"Begin {steps[0]}").click()
    expect(LessonPage.opened(frame).title).to_have_text(steps[0])
    frame.get_by_role("link", name="Flipped unit").click()
    expect(frame.locator(".q-live-task").first).to_contain_text("begun")
    frame.get_by_role("link", name="Begin Readiness check").click()
    LessonPage.opened(frame)


def ask_in_class(page: Page) -> None:
    """Look at the readiness as the teacher, and add the questions to the class session."""
    page.get_by_role("link", name=TITLE).last.click()
    frame = page.frame_locator("#launch")
    expect(frame.locator("h1")).to_have_text(f"Readiness: {TITLE}")
    expect(frame.locator(".q-flip-ask > li")).to_have_count(3)
    assert serious_findings(page) == []
    frame.get_by_role("button", name="Add them all to the class session").click()
    expect(frame.get_by_role("status")).to_contain_text("Added to the class session.")
    frame.get_by_role("link", name="Open its console").click()
    expect(frame.locator("h1")).to_contain_text(TITLE)


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 780}], ids=["phone"])
def test_what_is_typed_stays_when_a_step_is_moved(page: Page, builder: FrameLocator) -> None:
    first = steps_of(builder)
    builder.locator("[name=title]").fill("Typed and not saved")
    plan = builder.locator("[name=class_plan]")
    plan.fill("10 Vote\n999 Sleep")
    builder.locator("[name=class_at]").fill("2027-03-10T09:00")
    builder.locator("[data-q-step]").nth(0).press("Alt+ArrowDown")
    assert saved(builder, first)[:2] == [first[1], first[0]]
    expect(builder.locator("[name=title]")).to_have_value("Typed and not saved")
    expect(plan).to_have_value("10 Vote\n999 Sleep")
    expect(builder.locator("[name=class_at]")).to_have_value("2027-03-10T09:00")
    # The step that was moved has the focus still, so that it can be moved on.
    expect(builder.locator("[data-q-step]").nth(1)).to_be_focused()
    builder.locator("button[value=plan]").click()
    expect(plan).to_have_attribute("aria-invalid", "true")
    expect(builder.locator("#fault-of")).to_be_in_viewport()
    assert serious_findings(page) == []
    plan.fill("10 Vote")
    builder.locator("[name=title]").press("Enter")
    expect(builder.locator("h1")).to_have_text("Typed and not saved")
    expect(builder.locator("#fault-of")).to_have_count(0)
    expect(plan).to_have_value("10 Vote")
