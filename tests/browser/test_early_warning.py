"""A teacher looks who may need somebody and decides; the learner reads what was written; a record of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import FilePayload, Page, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.classrooms import Seat

COURSES = count(1)
WORDS = "Please come on Monday at ten."
EACH = pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", ViewportSize(width=1280, height=900)), ("zh-Hans", PHONE)],
    ids=["screen", "phone"],
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("warnings") / "tool.db")


@pytest.fixture
def room(site: Site) -> Classroom:
    return open_classroom(site.tool, f"w-{next(COURSES)}")


def missed_classes(room: Classroom) -> Seat:
    """Hold two classes from which Daniel Weber stays away, and return his seat."""
    seat = room.learner(1, "Daniel Weber")
    seat.answer(right=[True, False, True])
    for number in (1, 2):
        room.plan(title=f"Hour {number}")
        for step in ("open", "roll", "close"):
            room.do(step)
    return seat


def whole(page: Page) -> bool:
    return serious_findings(page) == [] and fits(page)


@EACH
def test_a_teacher_decides_and_the_learner_reads_the_words(
    site: Site, room: Classroom, new_context: NewContext, language: str
) -> None:
    seat = missed_classes(room)
    teacher = site.visit(new_context, room.teacher, "class/warnings/", language)
    assert whole(teacher)
    teacher.locator("form[action$='look'] button").press("Enter")
    card = teacher.locator(".q-warning", has_text="Daniel Weber")
    expect(card.locator(".q-reasons li")).to_have_count(1)
    assert whole(teacher)
    card.locator(".q-warning-act a").click()
    teacher.locator("input[name=decision][value=plan]").check()
    teacher.locator("#note").fill("He was ill.")
    teacher.locator("#words").fill(WORDS)
    teacher.locator("form[action$='decide'] button").press("Enter")
    expect(teacher.get_by_role("status")).to_be_visible()
    expect(teacher.locator(".q-happened li").first).to_contain_text("He was ill.")
    assert whole(teacher)
    own = site.visit(new_context, seat, "record/evidence/", language)
    expect(own.locator(".q-notice")).to_contain_text(WORDS)
    assert "He was ill." not in own.content()
    assert whole(own)
    teacher.locator("form[action$='take-back'] button").press("Enter")
    expect(teacher.locator("form[action$='decide']")).to_be_visible()
    own.reload()
    expect(own.locator(".q-notice")).to_have_count(0)


@EACH
def test_a_figure_opens_to_what_it_counts(site: Site, room: Classroom, new_context: NewContext, language: str) -> None:
    missed_classes(room)
    teacher = site.visit(new_context, room.teacher, "class/evidence/", language)
    assert whole(teacher)
    teacher.get_by_role("link", name="Daniel Weber").click()
    expect(teacher.locator("#presence li")).to_have_count(2)
    expect(teacher.locator("#presence li").first).to_be_hidden()
    teacher.locator(".q-process-part", has=teacher.locator("#presence")).locator("summary").press("Enter")
    expect(teacher.locator("#presence li").first).to_be_visible()
    teacher.locator("a[href='#form-quiz']").first.click()
    expect(teacher.locator("#form-quiz li").first).to_be_visible()
    assert whole(teacher)
    teacher.locator("#presence a").first.click()
    expect(teacher).to_have_url(re.compile("/roll$"))


@EACH
def test_a_teacher_keeps_a_record(site: Site, room: Classroom, new_context: NewContext, language: str) -> None:
    teacher = site.visit(new_context, room.teacher, "teacher/", language)
    assert whole(teacher)
    entry = {
        "title": "Ran the campaign",
        "place": "Umbrella Works",
        "starts": "2026-01-05",
        "ends": "2026-01-16",
        "days": "20",
    }
    for name, text in entry.items():
        teacher.locator(f"#{name}").fill(text)
    teacher.locator("form[action$='add'] button").press("Enter")
    expect(teacher.locator(".q-field-error")).to_have_count(1)
    expect(teacher.locator("#title")).to_have_value("Ran the campaign")
    assert whole(teacher)
    teacher.locator("#days").fill("10")
    proof = FilePayload(name="proof.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 proof")
    teacher.locator("#file").set_input_files(proof)
    teacher.locator("form[action$='add'] button").press("Enter")
    expect(teacher.get_by_role("link", name="proof.pdf")).to_be_visible()
    assert whole(teacher)
    teacher.emulate_media(media="print")
    expect(teacher.locator("form[action$='add']")).to_be_hidden()
    expect(teacher.locator(".q-teacher-entry").first).to_be_visible()


def test_what_is_looked_for_is_set_from_the_keyboard(site: Site, room: Classroom, new_context: NewContext) -> None:
    teacher = site.visit(new_context, room.teacher, "class/warnings/rules/", "en")
    field = teacher.get_by_label("For days, at least")
    field.fill("0")
    field.press("Enter")
    expect(teacher.locator("[aria-invalid=true]")).to_have_count(1)
    assert whole(teacher)
    teacher.get_by_label("For days, at least").fill("30")
    teacher.get_by_label("For days, at least").press("Enter")
    expect(teacher.get_by_role("status")).to_contain_text("Saved.")
    expect(teacher.get_by_text("usually 14", exact=True)).to_be_visible()
