"""The roll call's page while a room checks in: whoever comes appears, what the teacher is about to do stays, clocks are local."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import Classroom, open_classroom

COURSES = count(1)
SHANGHAI = "Asia/Shanghai"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("roll") / "tool.db")


@pytest.fixture
def room(site: Site) -> Classroom:
    """A class of three whose roll is called."""
    room = open_classroom(site.tool, f"l-{next(COURSES)}")
    for number, name in enumerate(("Ben Okri", "Carla Nowak", "Dora Weiss"), start=1):
        room.learner(number, name)
    room.plan()
    room.do("open")
    room.do("roll")
    return room


def roll(site: Site, room: Classroom, new_context: NewContext, language: str = "en", **options: object) -> Page:
    path = f"class/sessions/{room.row().uuid}/roll"
    return site.visit(new_context, room.teacher, path, language, timezone_id=SHANGHAI, **options)


def come(room: Classroom, name: str = "") -> None:
    """Let a device come, which says a name, if any, and checks in."""
    phone = room.phone()
    phone.enter(room.row().code or "")
    if name:
        phone.post("name", name=name)
        phone.post("here", number=room.number())


def test_whoever_comes_appears_and_what_is_chosen_stays(site: Site, room: Classroom, new_context: NewContext) -> None:
    carla = room.learner(2, "Carla Nowak")
    come(room)
    page = roll(site, room, new_context)
    devices, lists = page.locator("li[id^=device-]"), page.locator("#devices select")
    expect(devices).to_have_count(1)
    lists.nth(0).select_option(carla.who.person_uuid)
    lists.nth(0).focus()
    # Somebody is new in the course, too, and stands before all others in every list.
    abel = room.learner(4, "Abel Abara")
    come(room, "Dora Weiss")
    expect(devices).to_have_count(2)
    expect(devices.nth(1)).to_contain_text("says to be Dora Weiss · 20:00")
    expect(lists.nth(1).locator("option:checked")).to_have_text("Dora Weiss")
    expect(lists.nth(0).locator(f"option[value='{abel.who.person_uuid}']")).to_have_count(1)
    expect(lists.nth(0)).to_have_value(carla.who.person_uuid)
    expect(lists.nth(0).locator("option:checked")).to_have_text("Carla Nowak")
    expect(lists.nth(0)).to_be_focused()
    # A button that is focused is of the same learner after others have come before it.
    page.get_by_role("button", name="excused Dora Weiss").focus()
    room.learner(5, "Bo Adler").post(f"in-class/{room.row().uuid}/here", number=room.number())
    expect(page.locator("tr", has_text="Bo Adler")).to_contain_text("number typed 20:00")
    expect(page.get_by_role("button", name="excused Dora Weiss")).to_be_focused()
    assert serious_findings(page) == []


def test_a_name_that_is_said_later_is_chosen_where_the_teacher_has_chosen_nothing(
    site: Site, room: Classroom, new_context: NewContext
) -> None:
    phone = room.phone()
    phone.enter(room.row().code or "")
    page = roll(site, room, new_context)
    chosen = page.locator("#devices select option:checked")
    expect(chosen).to_have_text("–")
    phone.post("name", name="Ben Okri")
    expect(chosen).to_have_text("Ben Okri")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.locator("#devices")).to_have_count(0)
    expect(page.locator("tr", has_text="Ben Okri")).to_contain_text("joined, not checked in")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_roll_fits_a_phone(site: Site, room: Classroom, new_context: NewContext, language: str) -> None:
    come(room)
    come(room, "Dora Weiss")
    page = roll(site, room, new_context, language, viewport=PHONE)
    expect(page.locator("#devices time")).to_have_text("20:00")
    assert fits(page)
    assert serious_findings(page) == []


def test_without_scripts_the_roll_names_the_zone_and_is_refreshed(
    site: Site, room: Classroom, new_context: NewContext
) -> None:
    page = roll(site, room, new_context, java_script_enabled=False)
    come(room, "Dora Weiss")
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#devices")).to_contain_text("says to be Dora Weiss · 12:00 UTC")
    page.goto(f"{site.origin}{room.teacher.page}class/sessions/")
    expect(page.locator("td time")).to_have_text("2 Mar 2026 12:00 UTC")
