"""The roll call's page while a room checks in: whoever comes appears, what the teacher is about to do stays, clocks are local."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from time import monotonic

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import Response as Answer

from lti_tool.services.classes.roll_call import RollLine, read_roll
from tests.browser.accessibility import serious_findings
from tests.browser.class_site import PHONE, Site, fits, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import Classroom, open_classroom

COURSES = count(1)
SHANGHAI = "Asia/Shanghai"
MARKS = ("present", "came late", "absent", "excused")


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


def test_whoever_comes_appears_and_what_is_focused_stays(site: Site, room: Classroom, new_context: NewContext) -> None:
    come(room)
    page = roll(site, room, new_context)
    devices = page.locator("li[id^=device-]")
    expect(devices).to_have_count(1)
    choose = page.get_by_role("link", name="Say whose it is …")
    choose.focus()
    come(room, "Dora Weiss")
    expect(devices).to_have_count(2)
    # Whoever says a name and has checked in comes first.
    expect(devices.nth(0)).to_contain_text("says to be Dora Weiss · 20:00")
    expect(choose).to_be_focused()
    # A button that is focused is of the same learner after others have come before it, and new rows are whole.
    page.get_by_role("button", name="excused Dora Weiss").focus()
    room.learner(5, "Bo <b> $& Adler").post(f"in-class/{room.row().uuid}/here", number=room.number())
    line = page.locator("tr", has_text="Bo <b> $& Adler")
    expect(line).to_contain_text("number typed 20:00")
    expect(line.get_by_role("button")).to_have_text([f"{mark} Bo <b> $& Adler" for mark in MARKS])
    expect(page.get_by_role("button", name="excused Dora Weiss")).to_be_focused()
    room.teacher.post(f"class/sessions/{room.row().uuid}/mark", mark=f"{person(room, 'Dora Weiss')}:excused")
    expect(page.get_by_role("button", name="excused Dora Weiss")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="Take back Dora Weiss")).to_have_count(1)
    expect(page.get_by_role("button", name="Take back")).to_have_count(1)
    assert serious_findings(page) == []


@pytest.mark.parametrize("place", ["roll", "console"])
def test_a_press_means_whom_it_began_on(site: Site, room: Classroom, new_context: NewContext, place: str) -> None:
    seats = [room.learner(number, name) for number, name in enumerate(("Ben Okri", "Carla Nowak", "Dora Weiss"), 1)]
    for seat in seats:
        seat.get(f"in-class/{room.row().uuid}/")
    path = f"class/sessions/{room.row().uuid}/" + ("roll" if place == "roll" else "")
    page = site.visit(new_context, room.teacher, path, "en")
    page.locator("#unchecked-roll summary" if place == "roll" else "details#not-checked > summary").click()
    wait_for_rest(page)
    page.get_by_role("button", name="Mark present Ben Okri").hover()
    page.mouse.down()
    seats[0].post(f"in-class/{room.row().uuid}/here", number=room.number())
    seats[1].post(f"in-class/{room.row().uuid}/here", number=room.number())
    page.wait_for_timeout(3_000)
    # Nothing has moved under the finger.
    expect(page.get_by_role("button", name="Mark present Ben Okri")).to_be_visible()
    with page.expect_navigation():
        page.mouse.up()
    assert marks(room) == {"Ben Okri": "hand", "Carla Nowak": "code", "Dora Weiss": ""}


def test_a_press_means_nobody_else_even_where_the_page_does_not_wait(
    site: Site, room: Classroom, new_context: NewContext
) -> None:
    seats = [room.learner(number, name) for number, name in enumerate(("Ben Okri", "Carla Nowak", "Dora Weiss"), 1)]
    for seat in seats:
        seat.get(f"in-class/{room.row().uuid}/")
    page = roll(site, room, new_context)
    page.locator("#unchecked-roll summary").click()
    # As where a browser tells of no pointer.
    page.add_init_script(
        "for (const name of ['pointerdown', 'pointermove'])"
        " addEventListener(name, (event) => event.stopImmediatePropagation(), true);"
    )
    page.reload()
    page.locator("#unchecked-roll summary").click()
    page.get_by_role("button", name="Mark present Ben Okri").hover()
    page.mouse.down()
    seats[0].post(f"in-class/{room.row().uuid}/here", number=room.number())
    expect(page.get_by_role("button", name="Mark present Ben Okri")).to_have_count(0)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert marks(room) == {"Ben Okri": "code", "Carla Nowak": "", "Dora Weiss": ""}


def test_rows_wait_while_a_pointer_moves_over_them(site: Site, room: Classroom, new_context: NewContext) -> None:
    page = roll(site, room, new_context)
    wait_for_rest(page)
    button = page.get_by_role("button", name="excused Dora Weiss")
    button.hover()
    box = button.bounding_box()
    assert box
    come(room, "Ben Okri")
    for step in range(12):
        page.mouse.move(box["x"] + 5 + step % 2, box["y"] + 5)
        page.wait_for_timeout(250)
    assert button.bounding_box() == box
    expect(page.locator("li[id^=device-]")).to_have_count(0)
    # It comes as soon as the pointer rests.
    expect(page.locator("li[id^=device-]")).to_have_count(1)


def test_the_roll_changes_every_two_seconds_at_most(site: Site, room: Classroom, new_context: NewContext) -> None:
    page = roll(site, room, new_context)
    sent: list[float] = []
    page.on("response", lambda answer: sent.append(monotonic()) if is_change(answer) else None)
    for _ in range(6):
        come(room, "Ben Okri")
        page.wait_for_timeout(600)
    expect(page.locator("li[id^=device-]")).to_have_count(6)
    assert len(sent) >= 2
    assert all(later - earlier > 1.9 for earlier, later in pairwise(sent))


def is_change(answer: Answer) -> bool:
    return answer.status == 200 and "x-qualoop-fragment" in answer.request.headers


def wait_for_rest(page: Page) -> None:
    """Wait until the page follows again what happens: it does not while it is new or a pointer moves over it."""
    page.wait_for_timeout(2_500)


def person(room: Classroom, name: str) -> str:
    return next(line.member.subject.uuid for line in lines(room) if line.member.name == name)


def marks(room: Classroom) -> dict[str | None, str]:
    return {line.member.name: line.way for line in lines(room)}


def lines(room: Classroom) -> Sequence[RollLine]:
    with room.tool.runtime.database.reading() as reading:
        return read_roll(reading, room.row()).lines


@pytest.mark.parametrize("java_script", [True, False])
def test_whose_a_device_is_is_chosen_on_a_page_of_its_own(
    site: Site, room: Classroom, new_context: NewContext, *, java_script: bool
) -> None:
    come(room, "Ben Okri")
    page = roll(site, room, new_context, java_script_enabled=java_script)
    page.get_by_role("link", name="Somebody else …").click()
    expect(page.locator("main" if page.locator("main").count() else "body")).to_contain_text("says to be Ben Okri")
    if java_script:
        assert serious_findings(page) == []
    page.get_by_label("Learner").select_option(label="Carla Nowak")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#devices")).to_have_count(0)
    assert marks(room) == {"Ben Okri": "", "Carla Nowak": "code", "Dora Weiss": ""}


def test_a_name_that_is_said_later_can_be_confirmed(site: Site, room: Classroom, new_context: NewContext) -> None:
    phone = room.phone()
    phone.enter(room.row().code or "")
    page = roll(site, room, new_context)
    expect(page.locator("#devices")).to_contain_text("without a name")
    phone.post("name", name="Ben Okri")
    page.get_by_role("button", name="Confirm Ben Okri").click()
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
