"""A class in real browsers: a teacher at the console, a projector, two learners by launch, a phone without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect
from sqlalchemy import select

from lti_tool.models import ClassVote
from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import Classroom, open_classroom

COURSES = count(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("class") / "tool.db")


@pytest.fixture
def room(site: Site) -> Classroom:
    return open_classroom(site.tool, f"b-{next(COURSES)}")


def press(page: Page, value: str) -> None:
    """Press a button of the console from the keyboard."""
    page.locator(f"button[value='{value}']").first.press("Enter")


def vote(page: Page, option: int) -> None:
    page.locator("input[name=choice]").nth(option).check()
    page.locator("form[data-q-vote] button").click()
    expect(page.locator("form[data-q-vote] .q-badge")).to_be_visible()


def by_name(phone: Page, site: Site, room: Classroom) -> Page:
    """Come in by the code of the room and the own name."""
    phone.goto(f"{site.origin}/class")
    phone.locator("#code").fill(room.row().code or "")
    phone.locator("#code").press("Enter")
    phone.locator("#name").fill("daniel weber")
    phone.locator("#name").press("Enter")
    expect(phone.locator("#name")).to_have_count(0)
    return phone


def discuss(teacher: Page, others: list[Page]) -> None:
    """Unfold who was right and could explain, which only the teacher sees; it stays so while the page changes."""
    teacher.locator("#explainers summary").press("Enter")
    expect(teacher.locator("#explainers")).to_contain_text("Amara Diallo")
    press(teacher, "discussion")
    expect(teacher.locator("#explainers")).to_contain_text("Amara Diallo")
    assert [page for page in others if "Amara" in page.content() or "王思源" in page.content()] == []


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", ViewportSize(width=1280, height=900)), ("zh-Hans", PHONE)],
    ids=["screen", "phone"],
)
def test_a_class_votes_twice(site: Site, room: Classroom, new_context: NewContext, language: str) -> None:
    seats = [room.learner(1, "Amara Diallo"), room.learner(2, "王思源"), room.learner(3, "Daniel Weber")]
    room.plan()
    room.ask(explanation="Because it fits.")
    uuid = room.row().uuid
    teacher = site.visit(new_context, room.teacher, f"class/sessions/{uuid}/", language)
    press(teacher, "open")
    press(teacher, "roll")
    big = new_context(viewport={"width": 1280, "height": 720}).new_page()
    big.goto(f"{site.origin}/class/screen/{room.row().screen_key}/?language={language}")
    # Two learners by launch; they are told in the lesson that the class is on.
    learners = [site.visit(new_context, seat, "", language, viewport=PHONE) for seat in seats[:2]]
    for page in learners:
        page.locator("a[href$='in-class/']").click()
    everybody = [*learners, by_name(new_context(viewport=PHONE).new_page(), site, room)]
    press(teacher, "first")
    for number, page in enumerate(everybody):
        vote(page, min(number, 1))
    expect(big.locator(".q-class-voted strong")).to_have_text("3")
    expect(big.locator(".q-class-bar")).to_have_count(0)
    assert "Amara" not in big.content()
    teacher.locator("#unconfirmed summary").click()
    teacher.locator("#unconfirmed button").press("Enter")
    expect(teacher.locator("#unconfirmed")).to_have_count(0)
    press(teacher, "first-closed")
    for page in everybody:
        expect(page.locator("form[data-q-vote]")).to_have_count(0)
    discuss(teacher, [big, *everybody])
    press(teacher, "second")
    for page in everybody:
        vote(page, 0)
    press(teacher, "second-closed")
    press(teacher, "shown")
    for page in (*everybody, big):
        expect(page.get_by_text("Because it fits.")).to_be_visible()
    for page in (teacher, *everybody, big):
        assert serious_findings(page) == []
        assert fits(page)


@dataclass
class Door:
    """Lets votes through: but for the first ones, which get the ``answers`` and never reach the server."""

    answers: list[int] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def __call__(self, route: Route) -> None:
        self.sent.append(route.request.post_data or "")
        if self.answers:
            route.fulfill(status=self.answers.pop(0), body="<p>Elsewhere</p>", content_type="text/html")
        else:
            route.continue_()


def voting(site: Site, room: Classroom, new_context: NewContext, **question: str) -> tuple[Page, Door, str]:
    """Return the page of a learner who is asked a question, what its votes go through, and the poll's uuid."""
    seat = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask(**question)
    room.move(poll, "first")
    page = site.visit(new_context, seat, f"in-class/{room.row().uuid}/", "en", viewport=PHONE)
    door = Door()
    page.route("**/vote", door)
    return page, door, poll


def saved_votes(site: Site, room: Classroom) -> list[list[str]]:
    with site.tool.runtime.database.reading() as session:
        query = select(ClassVote.response).where(ClassVote.class_poll_id == room.polls()[-1].id)
        return [list(each) for each in session.scalars(query.order_by(ClassVote.id))]


def expect_shown(page: Page, room: Classroom) -> None:
    """Wait until a page shows the session as it stands."""
    expect(page.locator("[data-version]")).to_have_attribute("data-version", str(room.row().version))


def test_what_is_chosen_and_not_sent_stays(site: Site, room: Classroom, new_context: NewContext) -> None:
    lines = "* a\n* b\nc\n* d"
    page, door, poll = voting(site, room, new_context, kind="multiple-choice", lines=lines)
    boxes = page.locator("input[name=choice]")
    for number in (0, 1, 3):
        boxes.nth(number).check()
    page.locator("#number").fill("12")
    boxes.nth(2).focus()
    room.do("timer:1")
    expect_shown(page, room)
    expect(page.locator("[data-q-timer]")).to_be_visible()
    assert [boxes.nth(number).is_checked() for number in range(4)] == [True, True, False, True]
    assert page.locator("#number").input_value() == "12"
    page.locator("form[data-q-vote] button").click()
    expect(page.locator("[data-q-saved]")).to_be_visible()
    assert [len(each) for each in saved_votes(site, room)] == [3]
    # What was chosen for one round is not chosen for the next, even on a page that has not seen the one close.
    boxes.nth(2).check()
    page.route("**/class/live/*", lambda route: route.abort())
    for wanted in ("first-closed", "shown"):
        room.move(poll, wanted)
    room.move(room.ask(kind="multiple-choice", lines=lines), "first")
    page.unroute("**/class/live/*")
    expect(page.get_by_text("Question 2")).to_be_visible()
    assert [boxes.nth(number).is_checked() for number in range(4)] == [False] * 4
    assert len(door.sent) == 1


def test_a_ranking_that_is_chosen_and_not_sent_stays(site: Site, room: Classroom, new_context: NewContext) -> None:
    page, _, poll = voting(site, room, new_context, kind="ordering", lines="a\nb\nc")
    places = page.locator("form[data-q-vote] select")
    for number, place in enumerate(("2", "3", "1")):
        places.nth(number).select_option(place)
    room.do("timer:1")
    expect_shown(page, room)
    assert [places.nth(number).input_value() for number in range(3)] == ["2", "3", "1"]
    page.locator("form[data-q-vote] button").click()
    expect(page.locator("[data-q-saved]")).to_be_visible()
    # What was sent is what the next round begins without.
    for wanted in ("first-closed", "discussion", "second"):
        room.move(poll, wanted)
    expect_shown(page, room)
    assert [places.nth(number).input_value() for number in range(3)] == ["", "", ""]


def test_a_vote_that_fails_is_sent_again(site: Site, room: Classroom, new_context: NewContext) -> None:
    page, door, _ = voting(site, room, new_context)
    vote(page, 0)
    expect(page.locator("form[data-q-vote] button")).to_have_text("Change my vote")
    known = saved_votes(site, room)
    trouble, saved = page.locator("[data-q-trouble]"), page.locator("[data-q-saved]")
    # The server is down, or does not know the page's token any more.
    for option, status in enumerate((503, 403), start=1):
        door.answers, door.sent = [status], []
        page.locator("input[name=choice]").nth(option).check()
        page.locator("form[data-q-vote] button").click()
        expect(trouble).to_have_text(re.compile(r"No connection since \d\d:\d\d. Trying again …"))
        expect(saved).to_be_hidden()
        expect(page.locator("[data-q-done]")).to_be_hidden()
        expect(page.get_by_text("Elsewhere")).to_have_count(0)
        expect(saved).to_be_visible()
        expect(trouble).to_be_hidden()
        assert page.locator("input[name=choice]").nth(option).is_checked()
        assert len(door.sent) == 2
        assert door.sent[0] == door.sent[1]
        known += saved_votes(site, room)
    assert len({*map(tuple, known)}) == 3


def test_a_vote_that_came_through_too_late_is_told(site: Site, room: Classroom, new_context: NewContext) -> None:
    page, door, poll = voting(site, room, new_context)
    door.answers = [503] * 9
    page.locator("input[name=choice]").first.check()
    page.locator("form[data-q-vote] button").click()
    expect(page.locator("[data-q-trouble]")).to_be_visible()
    room.move(poll, "first-closed")
    door.answers.clear()
    expect(page.get_by_role("alert")).to_have_text("This round takes no votes just now, so nothing was changed.")
    expect(page.locator("form[data-q-vote]")).to_have_count(0)
    expect(page.locator("[data-q-trouble]")).to_be_hidden()
    assert saved_votes(site, room) == []


def test_without_scripts_a_vote_is_a_form(site: Site, room: Classroom, new_context: NewContext) -> None:
    seat = room.learner(1)
    room.plan()
    room.do("open")
    room.move(room.ask(), "first")
    page = site.visit(new_context, seat, f"in-class/{room.row().uuid}/", "en", java_script_enabled=False)
    page.locator("input[name=choice]").first.check()
    page.locator("form[data-q-vote] button").click()
    expect(page.get_by_role("status").filter(has_text="Your vote is saved")).to_be_visible()
