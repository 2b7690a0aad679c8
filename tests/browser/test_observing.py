"""The pages of observed practice in a real browser: what axe finds, what fits, and deciding with the mouse."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.phone_app import PhoneSite, standing
from tests.factories.class_sessions import cookies_of, open_classroom
from tests.factories.classrooms import Seat
from tests.factories.phones import PracticeCourse, digest, install, join, link_in, photo
from tests.factories.tool import Tool, make_tool

SIZES = (ViewportSize(width=1280, height=900), ViewportSize(width=640, height=450), ViewportSize(width=360, height=740))


@pytest.fixture
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('observing') / 'tool.db'}")
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
    """A course with something of everything: recorded, different, twice, of a stranger, left out."""
    room = open_classroom(tool, "shop")
    made = PracticeCourse(tool, room.teacher, [room.learner(1, "Ana Lopez"), room.learner(2, "Bo Chen")])
    teacher, mentor = join(tool, made.own_link()), join(tool, link_in(made.invite().text))
    data = photo(800, 600)
    told = {"sha256": digest(data), "type": "image/jpeg"}
    first = teacher.capture("Ana Lopez", 2, 1, overall="Closed the sale without the script.", photos=[told])
    teacher.send(first)
    teacher.put_photo(first, data)
    mentor.send(mentor.capture("Ana Lopez", 0, 1), mentor.capture(str(uuid.uuid4()), 1))
    twice = [teacher.capture("Bo Chen", 1), teacher.capture("Bo Chen", 1, 2)]
    teacher.send(*twice)
    out = mentor.capture("Bo Chen", 0)
    mentor.send(out)
    made.decide(out, "leave-out", reason="error")
    return made


def opened(new_context: NewContext, site: PhoneSite, seat: Seat, path: str) -> Page:
    """Return a page of somebody's launch, whose cookies the site sees as if this browser had made it."""
    app = seat.tool.app

    def asked(environ: dict[str, Any], start_response: Any) -> Any:
        return app({**environ, "HTTP_COOKIE": cookies_of(seat)}, start_response)

    site.tool = asked
    page = new_context().new_page()
    page.goto(site.origin + seat.page + path)
    return page


def assert_good(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach(details => details.open = true)")
    for size in SIZES:
        page.set_viewport_size(size)
        needed, there = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert needed <= there, f"scrolls sideways, {size['width']} wide"
        assert serious_findings(page) == [], f"{size['width']} wide"


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_pages_fit_and_axe_finds_nothing(
    site: PhoneSite, course: PracticeCourse, new_context: NewContext, language: str
) -> None:
    for seat in (course.teacher, course.learners[0]):
        seat.post("language", language=language, back="record")
    assert_good(opened(new_context, site, course.teacher, "observe/"))
    assert_good(opened(new_context, site, course.learners[0], "record/observations/"))
    page = new_context().new_page()
    for address in (link_in(course.invite(title="A week in the shop").text), "/observe/nothing"):
        page.goto(site.origin + address)
        assert_good(page)


def test_a_teacher_invites_and_decides(site: PhoneSite, course: PracticeCourse, new_context: NewContext) -> None:
    page = opened(new_context, site, course.teacher, "observe/")
    waiting = page.locator("section[aria-labelledby=waiting] li.q-observe-item")
    expect(waiting).to_have_count(3)
    waiting.filter(has_text="Somebody who is not in this course").get_by_label("Whose is it?").select_option(
        "Ana Lopez"
    )
    page.get_by_role("button", name="Name this learner").click()
    expect(page.get_by_role("status")).to_have_text("The learner was named.")
    waiting.first.get_by_role("button", name="Both are right").click()
    expect(page.locator("section[aria-labelledby=waiting]")).to_contain_text("Twice by the same assessor")
    waiting.first.get_by_text("Leave out").click()
    waiting.first.get_by_role("button", name="Leave it out").click()
    expect(page.get_by_role("status")).to_have_text("It is left out, and does not count any more.")
    page.locator("summary", has_text="Invite a mentor").click()
    page.get_by_label("Name", exact=True).fill("Zhao Wei")
    page.get_by_label("Only these:").check()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("alert").first).to_have_text("Choose at least one task, or everything.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Zhao Wei")
    page.get_by_label("Product copy").check()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    assert "/observe/" in page.locator(".q-observe-address").inner_text()
