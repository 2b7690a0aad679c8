"""A projector shows everything that is asked: nothing cut, nothing to scroll, no text too small for the last row."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.class_site import Site, serve
from tests.browser.conftest import NewContext
from tests.factories.class_sessions import Classroom, open_classroom, starts
from tests.factories.team_classes import team_class

COURSES = count(1)
SIZES = ((1280, 720), (1024, 768), (1920, 1080))
SHOTS = os.environ.get("SHOTS", "")
SMALLEST = 0.022
"""The height of the smallest text, as a share of the screen's; of what is asked and answered that of ``ASKED``."""
ASKED = 0.026
WORDS = "A shop with few products that serves people who compare carefully before they buy anything at all"
LONG = "\n".join(f"{'* ' * (number == 2)}{number} {WORDS * 2}"[:200] for number in range(6))
SHORT = "\n".join(
    f"{'* ' * (number == 2)}{word}" for number, word in enumerate(["bid", "click", "cost", "page", "rank", "sale"])
)
PROMPT = "Which of these shops should pay for the search “best travel tea set” when its budget is small and fixed? "

# Gives what is wrong with what is shown: what stands outside of the window or of what clips it, text too small, a scroll
# bar. Of what comes in pages it keeps in `seen` what has been shown whole, and `unseen` gives the rest.
LOOK = """([smallest, asked]) => {
  const seen = window.seen, wrong = [];
  const screen = document.querySelector(".q-class-screen"), flow = screen.querySelector("[data-q-fit=stage]");
  const within = (box, frame) => box.left >= frame.left - 2 && box.right <= frame.right + 2
    && box.top >= frame.top - 2 && box.bottom <= frame.bottom + 2;
  const view = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  const words = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.textContent.trim() && node.parentElement.checkVisibility()
      && !node.parentElement.closest(".q-visually-hidden")) words.push(node);
  }
  const pieces = [...words, ...screen.querySelectorAll("svg, img, li, tr")];
  pieces.forEach((piece) => {
    const range = document.createRange();
    range.selectNode(piece);
    const boxes = [...(piece.getClientRects ? piece : range).getClientRects()].filter((box) => box.width && box.height);
    const element = piece.nodeType === 3 ? piece.parentElement : piece;
    const inFlow = flow?.contains(element);
    let frame = view;
    for (let up = element; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.overflowX !== "visible" || style.overflowY !== "visible") {
        if (["auto", "scroll"].includes(style.overflowY) && up.scrollHeight > up.clientHeight + 1) wrong.push(`scrolls: ${up.className}`);
        if (up === document.body || up === document.documentElement) continue;
        const box = up.getBoundingClientRect();
        frame = { left: Math.max(frame.left, box.left), right: Math.min(frame.right, box.right),
          top: Math.max(frame.top, box.top), bottom: Math.min(frame.bottom, box.bottom) };
      }
    }
    const name = (piece.textContent.trim() || piece.tagName).slice(0, 40);
    boxes.forEach((box, at) => {
      if (within(box, frame)) seen.add(`${pieces.indexOf(piece)} ${at}`);
      else if (!inFlow) wrong.push(`cut: ${name}`);
    });
    if (piece.nodeType === 3 && boxes.length) {
      const size = parseFloat(getComputedStyle(element).fontSize) / innerHeight;
      if (size < (inFlow && !element.closest("svg, .q-badge") ? asked : smallest)) wrong.push(`small: ${name} ${size}`);
    }
  });
  window.unseen = () => pieces.flatMap((piece) => {
    const range = document.createRange();
    range.selectNode(piece);
    const boxes = [...(piece.getClientRects ? piece : range).getClientRects()].filter((box) => box.width && box.height);
    return boxes.map((_, at) => `${pieces.indexOf(piece)} ${at}`).filter((key) => !seen.has(key))
      .map(() => `never whole: ${(piece.textContent.trim() || piece.tagName).slice(0, 40)}`);
  });
  const root = document.documentElement;
  if (root.scrollHeight > root.clientHeight || root.scrollWidth > root.clientWidth) wrong.push("the window scrolls");
  return wrong;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("projector") / "tool.db")


@pytest.fixture
def room(site: Site) -> Classroom:
    return open_classroom(site.tool, f"screen-{next(COURSES)}")


def began(room: Classroom, title: str = "Hour one") -> list[Any]:
    """Open a class with two learners in it."""
    seats = [room.learner(number) for number in (1, 2)]
    room.plan(title=title)
    room.do("open")
    room.do("roll")
    for seat in seats:
        seat.get(f"in-class/{room.row().uuid}/")
    return seats


def ask_first(room: Classroom, **question: str) -> str:
    poll = room.ask(**question)
    room.move(poll, "first")
    return poll


def six_long(room: Classroom) -> None:
    began(room, "Search marketing for shops with few products, the hour on what to pay for and what to leave to others")
    ask_first(room, prompt=PROMPT * 2, lines=LONG)


def six_short(room: Classroom) -> None:
    began(room)
    ask_first(room, prompt=PROMPT, lines=SHORT)


def several(room: Classroom) -> None:
    began(room)
    room.move(
        ask_first(room, kind="multiple-choice", prompt=PROMPT, lines=LONG.replace("1 A", "* 1 A")), "first-closed"
    )


def ranking(room: Classroom) -> None:
    began(room)
    ask_first(room, kind="ordering", prompt=PROMPT, lines=LONG.replace("* ", ""))


def with_a_figure(room: Classroom) -> None:
    began(room)
    page = room.teacher.get(f"class/sessions/{room.row().uuid}/ask?lesson=sem-1-3-paid-search").text
    content = re.search(r'name="content" value="([^"]+)"', page)
    assert content
    path = f"class/sessions/{room.row().uuid}/add"
    room.teacher.post(path, activity="sem-1-3-paid-search", content=content[1], item="why-first")
    room.move(room.polls()[-1].uuid, "first")


def shown_twice_voted(room: Classroom) -> None:
    seats = began(room)
    poll = ask_first(room, prompt=PROMPT, lines=LONG, explanation=WORDS * 4)
    for number, wanted in enumerate(("first-closed", "discussion", "second", "second-closed", "shown")):
        for place, seat in enumerate(seats):
            if wanted.endswith("-closed"):
                room.vote(seat, poll, number // 2 + 1, choice=str((place + number) % 6))
        room.move(poll, wanted)


def joining(room: Classroom) -> None:
    began(room)


def planned(room: Classroom) -> None:
    room.plan(
        title="Search marketing for shops with few products, the hour on what to pay for and what to leave to others"
    )


def planned_for_a_day(room: Classroom) -> None:
    planned(room)
    starts(room, room.tool.clock.now + timedelta(days=3))


def teams(room: Classroom, until: str) -> None:
    found = team_class(room, 24)
    for team in range(1, 13):
        found.post("teams/name", name=f"The shop of many things, number {team}")
    found.plan_check()
    found.until(until)


KINDS: dict[str, Callable[[Classroom], None]] = {
    "long": six_long,
    "short": six_short,
    "several": several,
    "ranking": ranking,
    "figure": with_a_figure,
    "shown": shown_twice_voted,
    "joining": joining,
    "planned": planned,
    "planned-for": planned_for_a_day,
    "alone": lambda room: teams(room, "individual"),
    "scratching": lambda room: teams(room, "team"),
    "ended": lambda room: teams(room, "done"),
}


def look(page: Page, name: str) -> list[str]:
    """Return what is wrong with the screen; turns all its pages."""
    page.evaluate(
        "window.seen = new Set(), new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    wrong = list(page.evaluate(LOOK, [SMALLEST, ASKED]))
    pages = 1
    if page.locator("[data-q-pages]").is_visible():
        pages = int(page.locator("[data-q-page]").inner_text().split("/")[1])
    for number in range(pages):
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{number + 1}.png")
        if pages > 1:
            page.locator("[data-q-turn='1']").click()
            wrong += page.evaluate(LOOK, [SMALLEST, ASKED])
    return [*wrong, *page.evaluate("window.unseen()")]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_on_the_screen(site: Site, room: Classroom, new_context: NewContext, kind: str) -> None:
    KINDS[kind](room)
    page = new_context().new_page()
    found = {}
    for language in ("en", "zh-Hans"):
        page.goto(f"{site.origin}/class/screen/{room.row().screen_key}/?language={language}")
        expect(page.locator(".q-class-screen")).to_be_visible()
        page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth)")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            found[f"{kind}-{language}-{width}"] = look(page, f"{kind}-{language}-{width}")
        assert serious_findings(page) == []
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
