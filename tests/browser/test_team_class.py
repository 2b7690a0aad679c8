"""Teams in real browsers: a teacher, a projector, three learners of two teams, from the test alone to the rated mates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import open_classroom
from tests.factories.team_classes import TeamClass, team_class

COURSES = count(1)
SHOTS = Path("/nowhere")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("teams") / "tool.db")


def press(page: Page, value: str) -> None:
    page.locator(f"button[value='{value}']").first.press("Enter")


def answer_alone(page: Page, found: TeamClass, *, right: int) -> None:
    """Answer every question, the first ``right`` ones right; each choice is saved by itself."""
    for number in range(1, 5):
        place = found.right(number) if number <= right else found.wrong(number)
        page.locator(f"#alone-{number}-{place}").check()
        expect(page.locator("[data-q-saved]")).to_contain_text(str(number))


def scratch(page: Page, number: int, place: int) -> None:
    page.locator(f"#scratch-{number}-{place}").check()
    page.locator(f"form[aria-labelledby='scratch-title-{number}'] button").click()


def held_back(page: Page) -> list[Route]:
    """Hold back what a phone sends first of a team, until somebody lets it go on."""
    waiting: list[Route] = []

    def keep(route: Route) -> None:
        if waiting:
            route.continue_()
        else:
            waiting.append(route)

    page.route("**/team", keep)
    return waiting


@dataclass
class Hall:
    """A class with teams of two and one, a projector, and a phone for each learner."""

    site: Site
    found: TeamClass
    teacher: Page
    big: Page
    phones: list[Page]
    aside: Page
    language: str

    def path(self, what: str = "") -> str:
        return f"{self.found.room.teacher.page}class/sessions/{self.found.room.row().uuid}/{what}"

    def look(self, step: str, *more: str) -> list[Page]:
        """Return all pages, the one aside at an address if one is named; they are kept where somebody looks."""
        for what in more:
            self.aside.goto(self.site.origin + self.path(what))
        pages = {"teacher": self.teacher, "screen": self.big, "first": self.phones[0], "other": self.phones[2]}
        if SHOTS.is_dir():
            for name, page in {**pages, "aside": self.aside}.items():
                page.screenshot(path=SHOTS / f"{step}-{self.language}-{name}.png", full_page=True)
        return [*pages.values(), self.phones[1], self.aside]


def hall_of(site: Site, new_context: NewContext, language: str, viewport: ViewportSize) -> Hall:
    room = open_classroom(site.tool, f"team-{next(COURSES)}")
    found = team_class(room, 3, pairs=False)
    found.pair(*found.learners[:2])
    found.pair(found.learners[2])
    uuid = room.row().uuid
    aside = site.visit(new_context, room.teacher, f"class/sessions/{uuid}/team-check/new", language, viewport=viewport)
    big = new_context(viewport={"width": 1280, "height": 720}).new_page()
    big.goto(f"{site.origin}/class/screen/{room.row().screen_key}/?language={language}")
    return Hall(
        site,
        found,
        site.visit(new_context, room.teacher, f"class/sessions/{uuid}/", language, viewport=viewport),
        big,
        [site.visit(new_context, seat, f"in-class/{uuid}/", language, viewport=PHONE) for seat in found.learners],
        aside,
        language,
    )


def plan_and_answer(hall: Hall) -> None:
    for number in range(1, 5):
        hall.aside.locator(f"#item-{number}").check()
    hall.aside.locator("form[action$='plan'] button").last.click()
    press(hall.teacher, "individual")
    for place, page in enumerate(hall.phones):
        answer_alone(page, hall.found, right=4 - place)
    expect(hall.big.locator(".q-class-voted strong")).to_have_text("3")
    assert "Learner 1" not in hall.big.content()
    hall.look("1-alone")
    press(hall.teacher, "individual-closed")


def scratch_as_teams(hall: Hall) -> None:
    found, (first, mate, other) = hall.found, hall.phones
    press(hall.teacher, "team")
    # What one member chooses is not sent, and what another scratches does not disturb it.
    mate.locator(f"#scratch-2-{found.right(2)}").check()
    scratch(first, 1, found.wrong(1))
    expect(mate.locator(".q-team-scratched[data-wrong]")).to_have_count(1)
    expect(mate.locator(f"#scratch-2-{found.right(2)}")).to_be_checked()
    scratch(mate, 1, found.right(1))
    expect(first.locator(".q-team-scratched[data-right]")).to_have_count(1)
    expect(other.locator(".q-team-scratched")).to_have_count(0)
    scratch(other, 3, found.right(3))
    expect(hall.big.locator(".q-class-share").first).to_have_text("1 / 4")
    expect(hall.teacher.locator(".q-team-bars .q-class-share").first).to_have_text("1 / 4")
    hall.look("2-team", "team-check")
    hall.teacher.locator("a[href*='/end?check=']").click()
    expect(hall.teacher.get_by_role("heading", level=1)).to_be_visible()
    press(hall.teacher, "done")


def appeal(hall: Hall) -> None:
    first, mate, _ = hall.phones
    for page in hall.phones:
        expect(page.locator(".q-team-scratched[data-right]")).to_have_count(4)
    first.locator("#appeal-1-1 summary").click()
    first.locator("#words-1-1").fill("Both mean the same.")
    first.locator("#appeal-1-1 button").click()
    expect(mate.get_by_text("Both mean the same.")).to_be_visible()
    hall.aside.goto(hall.site.origin + hall.path("team-check"))
    hall.aside.locator(".q-team-appeal textarea").fill("Yes, they do.")
    press(hall.aside, "accept")
    expect(first.get_by_text("Yes, they do.")).to_be_visible()


def rate(hall: Hall) -> None:
    hall.aside.goto(hall.site.origin + hall.path("group-work"))
    hall.aside.locator("#title").fill("A poster")
    hall.aside.locator("#title").press("Enter")
    # By keyboard alone: points are chosen with the arrow keys.
    first = hall.phones[0].locator(".q-team-rating input").first
    expect(first).to_be_visible()
    first.focus()
    for _ in range(4):
        hall.phones[0].keyboard.press("ArrowRight")
    hall.look("3-rating")
    hall.phones[0].locator("form:has(.q-team-rating) > div:last-child button").click()
    expect(hall.phones[0].get_by_role("status").first).to_be_visible()
    press(hall.aside, "close")
    hall.aside.locator("input[name=product]").first.fill("80")
    press(hall.aside, "product")
    press(hall.aside, "approve")
    expect(hall.phones[0].locator("strong", has_text="80")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "viewport"),
    [("en", ViewportSize(width=1280, height=900)), ("zh-Hans", PHONE)],
    ids=["screen", "phone"],
)
def test_teams_are_checked_and_rate_each_other(
    site: Site, new_context: NewContext, language: str, viewport: ViewportSize
) -> None:
    hall = hall_of(site, new_context, language, viewport)
    plan_and_answer(hall)
    scratch_as_teams(hall)
    appeal(hall)
    rate(hall)
    for number, what in enumerate(("group-work", "team-check", "teams", "report"), 4):
        for page in hall.look(f"{number}-{what}", what):
            assert serious_findings(page) == []
            assert fits(page)


def test_without_scripts_answers_and_scratches_are_forms(site: Site, new_context: NewContext) -> None:
    room = open_classroom(site.tool, f"team-{next(COURSES)}")
    found = team_class(room, 2)
    found.plan_check()
    found.until("individual")
    path = f"in-class/{room.row().uuid}/"
    page = site.visit(new_context, found.learners[0], path, "en", java_script_enabled=False)
    page.locator(f"#alone-1-{found.right(1)}").check()
    page.get_by_role("button", name="Save my answers").click()
    expect(page.locator("[data-q-saved]")).to_have_text("1 of 4 saved")
    found.move("individual-closed")
    found.move("team")
    page.get_by_role("link", name="Refresh").click()
    scratch(page, 1, found.right(1))
    expect(page.get_by_role("status").filter(has_text="Scratched.")).to_be_visible()
    expect(page.locator(".q-team-scratched[data-right]")).to_have_count(1)


def test_a_scratch_that_fails_is_sent_again_and_is_one(site: Site, new_context: NewContext) -> None:
    room = open_classroom(site.tool, f"team-{next(COURSES)}")
    found = team_class(room, 2)
    found.plan_check()
    found.until("team")
    page = site.visit(new_context, found.learners[0], f"in-class/{room.row().uuid}/", "en", viewport=PHONE)
    refused: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        # The server takes it, and the answer gets lost on the way.
        if not refused:
            refused.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/team", lose_the_first_answer)
    scratch(page, 1, found.wrong(1))
    expect(page.locator(".q-team-scratched[data-wrong]")).to_have_count(1)
    expect(page.locator("[data-q-trouble]")).to_be_hidden()
    assert refused == [200]
    assert [each[1:] for each in found.scratches()] == [(1, 1)]


def test_a_phone_follows_when_teams_are_drawn_anew(site: Site, new_context: NewContext) -> None:
    room = open_classroom(site.tool, f"team-{next(COURSES)}")
    found = team_class(room, 4)
    page = site.visit(new_context, found.learners[0], f"in-class/{room.row().uuid}/", "en", viewport=PHONE)
    mates = page.locator("section:has(> #my-team) p")
    expect(mates).to_have_text("With you: Learner 2")
    found.post("teams/make", do="draw", size="4")
    expect(mates).to_contain_text("Learner 4")
    found.post("teams/make", do="clear")
    expect(mates).to_have_count(0)
    expect(page.locator("[data-q-trouble]")).to_be_hidden()


def test_of_two_questions_scratched_at_once_both_come_through(site: Site, new_context: NewContext) -> None:
    room = open_classroom(site.tool, f"team-{next(COURSES)}")
    found = team_class(room, 2)
    found.plan_check()
    found.until("team")
    page = site.visit(new_context, found.learners[0], f"in-class/{room.row().uuid}/", "en", viewport=PHONE)
    waiting = held_back(page)
    buttons = [page.locator(f"form[aria-labelledby='scratch-title-{number}'] button") for number in (1, 2)]
    scratch(page, 1, found.wrong(1))
    expect(buttons[0]).to_have_attribute("aria-busy", "true")
    expect(buttons[1]).not_to_have_attribute("aria-busy", "true")
    scratch(page, 2, found.wrong(2))
    expect(buttons[1]).to_have_attribute("aria-busy", "true")
    # The first one gets no answer while the second one waits.
    waiting[0].abort()
    expect(page.locator(".q-team-scratched[data-wrong]")).to_have_count(2)
    expect(page.locator("[data-q-trouble]")).to_be_hidden()
    assert sorted(each[1:] for each in found.scratches()) == [(1, 1), (2, 1)]


def test_a_scratch_that_came_too_late_is_told_though_another_one_counted(site: Site, new_context: NewContext) -> None:
    room = open_classroom(site.tool, f"team-{next(COURSES)}")
    found = team_class(room, 2)
    found.plan_check()
    found.until("team")
    page = site.visit(new_context, found.learners[0], f"in-class/{room.row().uuid}/", "en", viewport=PHONE)
    waiting = held_back(page)
    page.route("**/class/live/**", lambda route: route.abort())
    scratch(page, 1, found.wrong(1))
    scratch(page, 2, found.wrong(2))
    found.scratch(found.learners[1], 1, found.right(1))
    waiting[0].continue_()
    expect(page.locator(".q-team-scratched[data-wrong]")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was scratched")
    assert sorted(each[1:] for each in found.scratches()) == [(1, 1), (2, 1)]


def test_how_many_are_ticked_is_counted_while_they_are(site: Site, new_context: NewContext) -> None:
    found = team_class(open_classroom(site.tool, f"teams-{next(COURSES)}"), 2)
    path = f"class/sessions/{found.room.row().uuid}/team-check/new"
    page = site.visit(new_context, found.room.teacher, path, "en")
    count, boxes = page.locator("[data-q-chosen]"), page.locator("input[name=item]")
    expect(count).to_have_text("0 chosen, 3 at least")
    for number in range(3):
        boxes.nth(number).press("Space")
    expect(count).to_have_text("3 chosen, 10 at most")
    boxes.first.press("Space")
    expect(count).to_have_text("2 chosen, 3 at least")
    assert serious_findings(page) == []
