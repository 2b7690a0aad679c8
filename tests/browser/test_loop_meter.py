"""The loop meter in a real browser, and a reflection that is written, read, answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import LOCALES, NewContext
from tests.factories.class_sessions import open_classroom
from tests.factories.classrooms import Seat
from tests.factories.flipped import build_unit
from tests.factories.loops import open_loop_course, plant

WORDS = "The highest bid does not always win."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("loop") / "tool.db")


def visit(site: Site, new_context: NewContext, seat: Seat, path: str, *, viewport: ViewportSize) -> Page:
    """Open a page of a launch whose own page leads on to another one, which `Site.visit` cannot."""
    context = new_context(viewport=viewport)
    context.add_cookies(
        [
            {"name": each.key, "value": each.value, "url": site.origin.replace("http:", "https:"), "secure": True}
            for each in (seat.browser.client._cookies or {}).values()
        ]
    )
    page = context.new_page()
    page.goto(site.origin + seat.page + path)
    return page


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", ViewportSize(width=1280, height=900)), ("zh-Hans", PHONE)],
    ids=["screen", "phone"],
)
def test_a_reflection_is_read_and_answered(
    site: Site, new_context: NewContext, language: str, viewport: ViewportSize
) -> None:
    built = build_unit(site.tool)
    locale = LOCALES[language]
    learner = visit(site, new_context, built.enter("s-1", name="Sam", locale=locale), "unit/", viewport=viewport)
    help_text = learner.locator("#help-reflection")
    expect(help_text).to_contain_text("with your name" if language == "en" else "你的姓名")
    learner.locator("#text-reflection").fill(WORDS)
    learner.locator("#text-reflection").press("Tab")
    learner.keyboard.press("Enter")
    expect(learner.locator("#reflection [role=status]")).to_be_visible()
    teacher_seat = built.enter("t-1", name="Tina", role="teacher", locale=locale)
    teacher = visit(site, new_context, teacher_seat, "unit/class/", viewport=viewport)
    teacher.locator("a[href$='unit/reflections/']").click()
    expect(teacher.get_by_text(WORDS)).to_be_visible()
    assert serious_findings(teacher) == []
    assert fits(teacher)
    teacher.locator("textarea").fill("Look at the auction again.")
    teacher.locator("textarea").press("Tab")
    teacher.keyboard.press("Enter")
    expect(teacher.get_by_role("status")).to_be_visible()
    learner.reload()
    expect(learner.locator("#answer")).to_contain_text("Look at the auction again.")
    assert serious_findings(learner) == []
    assert fits(learner)
    # Taken back while the teacher still has the page open.
    learner.locator("form[action$='unit/take-back'] button").press("Enter")
    expect(learner.locator("#taken-back")).to_be_visible()
    expect(learner.locator("#answer")).to_have_count(0)
    assert serious_findings(learner) == []
    assert fits(learner)
    teacher.locator("details summary").first.press("Enter")
    teacher.locator("textarea").fill("Look at it once more.")
    teacher.locator("textarea").press("Tab")
    teacher.keyboard.press("Enter")
    expect(teacher.get_by_role("alert")).to_contain_text("Look at it once more.")
    expect(teacher.get_by_text(WORDS)).to_have_count(0)
    assert serious_findings(teacher) == []
    assert fits(teacher)


OVERLAPPING = """svg => {
  const boxes = [...svg.querySelectorAll("text")].map(each => [each.textContent, each.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right && b.left < a.right && Math.abs(a.top - b.top) < 10;
  return boxes.flatMap(([text, box], at) =>
    boxes.slice(at + 1).filter(([, other]) => meet(box, other)).map(([other]) => [text, other]));
}"""
"""The words of a picture that lie on each other; the boxes of Chinese letters are higher than they are."""


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", ViewportSize(width=1280, height=900)), ("en", PHONE), ("zh-Hans", PHONE)],
    ids=["screen", "english-phone", "phone"],
)
def test_the_loop_of_a_course(site: Site, new_context: NewContext, language: str, viewport: ViewportSize) -> None:
    name = f"loop-{language.lower()}-{viewport['width']}"
    room = open_classroom(site.tool, name)
    page = site.visit(new_context, room.teacher, "class/sessions/", language)
    page.locator("a[href$='class/loop/']").click()
    # Who has no loop yet is told what makes one.
    expect(page.locator(".q-loop-needed > div")).to_have_count(6)
    assert serious_findings(page) == []
    course = open_loop_course(site.tool, name, learners=8)
    planted = plant(course, "SEM-1.1")
    plant(course, "DA-1.1", hour=course.session("Hour two", 200), at=200)
    page.reload()
    expect(page.locator("svg.q-loop")).to_have_count(3)
    picture = page.get_by_role("img").first
    expect(picture.locator(".q-loop-value")).to_have_count(5)
    expect(picture.locator(".q-loop-gain").nth(1)).to_have_text("+20")
    expect(picture.locator("desc")).to_contain_text("+20")
    expect(page.locator("#figures + details tbody tr")).to_have_count(15)
    assert serious_findings(page) == []
    assert fits(page)
    page.locator("#session").select_option(planted.hour)
    page.locator("#session").press("Tab")
    page.locator(".q-filters button").press("Enter")
    expect(page.locator("svg.q-loop")).to_have_count(2)
    assert planted.hour in page.url
    assert page.evaluate(f"[...document.querySelectorAll('svg.q-loop')].flatMap({OVERLAPPING})") == []
    # Lines do not speak by colour alone: what is not clear is dashed.
    assert page.locator("line.q-loop-line[data-tone=up]").count() >= 2
