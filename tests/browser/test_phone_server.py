"""The phone app with the tool behind it: from the link that a teacher makes to the ledger, and what staff then see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.phone_app import (
    PHONE,
    PhoneSite,
    a_phone,
    expect_sent,
    finish,
    fits,
    forget,
    join,
    observe,
    send,
    standing,
)
from tests.factories.class_sessions import open_classroom
from tests.factories.phones import TASK, PracticeCourse, install, link_in, photo
from tests.factories.rubrics import the_rubric
from tests.factories.tool import Tool, make_tool

COURSES = count(1)
NAMES = ("Amara Diallo", "王思源", "Daniel Weber")
SCREEN = ViewportSize(width=1280, height=900)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('phone') / 'tool.db'}")
    install(made)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def site(tool: Tool) -> Iterator[PhoneSite]:
    with standing(PhoneSite(tool.app, is_real=True)) as found:
        yield found


@pytest.fixture
def course(tool: Tool) -> PracticeCourse:
    room = open_classroom(tool, f"p-{next(COURSES)}")
    learners = [room.learner(number, name) for number, name in enumerate(NAMES, start=1)]
    return PracticeCourse(tool, room.teacher, learners)


def own_link(course: PracticeCourse) -> str:
    """Return the link that a teacher opens some minutes later: the clock of the tool stands still, that of a phone runs."""
    link = course.own_link()
    course.tool.clock.advance(minutes=5)
    return link


def uuid_of(course: PracticeCourse, number: int) -> str:
    return course.learners[number].who.person_uuid


def test_three_learners_without_a_network_stand_in_the_ledger(
    site: PhoneSite, course: PracticeCourse, chromium: Browser, tmp_path: Path
) -> None:
    link = link_in(course.invite().text)
    (picture := tmp_path / "work.jpg").write_bytes(photo(2400, 1800))
    with a_phone(chromium, tmp_path / "profile") as context:
        page = context.new_page()
        page.goto(site.origin + link)
        assert serious_findings(page) == []
        join(page, site, link)
    site.stop()
    with a_phone(chromium, tmp_path / "profile") as context:
        page = context.new_page()
        page.goto(f"{site.origin}/phone/")
        for number in range(len(NAMES)):
            observe(page, uuid_of(course, number), [number, 1], task=TASK)
            if number == 0:
                page.locator("#overall").fill("Asked twice, then closed the sale.")
                page.set_input_files("#photo", picture)
                page.locator(".q-phone-photo").wait_for()
            finish(page)
        page.reload()
        expect(page.locator(".q-phone-status")).to_contain_text("3")
        assert course.evidence() == []
        site.start()
        send(page)
        expect_sent(page)
        expect(page.locator("[data-state=recorded]")).to_have_count(3)
        assert fits(page)
    scores = {learner: score for learner, part, score, _ in course.evidence() if part == the_rubric().rows[0].key}
    assert len(scores) == 3
    assert len(set(scores.values())) == 3
    staff = course.page()
    assert all(name in staff for name in NAMES)
    assert "Asked twice" in staff
    assert "/observe/photos/" in staff


def test_a_conflict_is_shown_on_the_phone_and_nothing_is_written_over(
    site: PhoneSite, course: PracticeCourse, new_context: NewContext
) -> None:
    mentor = join(new_context(viewport=PHONE).new_page(), site, link_in(course.invite().text))
    teacher = join(new_context(viewport=SCREEN).new_page(), site, own_link(course))
    for page, level in ((mentor, 0), (teacher, 2)):
        observe(page, uuid_of(course, 0), [level, 1], task=TASK)
        finish(page)
        send(page)
        expect_sent(page)
    expect(teacher.locator("[data-state=recorded]")).to_contain_text("differ")
    assert len(course.evidence()) == 4
    # The same assessor once more: the phone says so before, and afterwards both are kept.
    teacher.locator("#phone-back").click()
    observe(teacher, uuid_of(course, 0), [1, 1], task=TASK)
    expect(teacher.locator("#phone-correct")).to_be_visible()
    finish(teacher)
    send(teacher)
    expect(teacher.locator("[data-state=recorded]")).to_have_count(2)
    assert len(course.evidence()) == 6
    assert serious_findings(teacher) == []


def test_what_is_corrected_on_the_phone_corrects_the_ledger(
    site: PhoneSite, course: PracticeCourse, new_context: NewContext
) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site, own_link(course))
    observe(page, uuid_of(course, 1), [0, 1], task=TASK)
    finish(page)
    for level in (1, 2):
        send(page)
        expect_sent(page)
        page.get_by_role("link", name="Correct", exact=True).click()
        page.locator("fieldset").first.locator("label.q-mark-level").nth(level).click()
        finish(page)
    send(page)
    expect_sent(page)
    expect(page.locator("[data-state=recorded]")).to_have_count(3)
    assert len(course.evidence()) == 2
    assert len(course.corrections()) == 2


def test_a_phone_that_staff_took_off_says_so(site: PhoneSite, course: PracticeCourse, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    page = join(context.new_page(), site, link_in(course.invite().text))
    context.set_offline(True)
    observe(page, uuid_of(course, 2), [1, 1], task=TASK)
    finish(page)
    phones = re.findall(r"/observe/(phones/[0-9a-f-]{36}/remove)", course.page())
    assert course.post(phones[0]).status_code == 303
    context.set_offline(False)
    # Nobody takes what waits, so it is offered as a file before it is forgotten.
    expect(page.locator("#phone-forget")).to_be_disabled()
    with page.expect_download():
        page.locator("#phone-export").click()
    forget(page)
    expect(page.locator("#phone-link")).to_be_visible()
    assert course.evidence() == []
