"""A browser that keeps no cookie of the tool in the LMS's frame: the LMS keeps the login's secret, the page the bearer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, Request, Response, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.cookieless_proxy import cookieless_proxy
from tests.browser.demo_process import Demo
from tests.browser.lesson_page import LessonPage
from tests.browser.lessons import INTENT, MEASURING, ORGANIC, questions, right_answer, shipped_lesson
from tests.browser.lms_pages import AMARA, ARRIVAL_MS, HELEN, SIYUAN, SOFIA, WENBO, YUTONG, LmsPages
from tests.browser.record_page import RecordPage
from tests.browser.recording_proxy import Recording

FRAME = "#launch"
FALLBACK = "Your browser does not let this activity work inside the course page"
NO_COOKIES = "Your browser keeps no cookies here"
STORAGE_SCRIPT = "**/platform_storage.js"

# The page around the frame tells a frame of another origin each message, and that one answers as if it were the LMS.
RELAY = """addEventListener("message", ({ data }) => frames["intruder"]?.postMessage(data, "*"));
addEventListener("DOMContentLoaded", () => {
  if (window.top !== window || !document.getElementById("launch")) return;
  const intruder = document.createElement("iframe");
  intruder.name = "intruder";
  intruder.src = "http://intruder.example.test/";
  document.body.append(intruder);
});"""
INTRUDER = """<!doctype html><script>
addEventListener("message", ({ data }) => {
  const supported_messages = ["lti.capabilities", "lti.put_data", "lti.get_data"].map((subject) => ({ subject }));
  const answer = { ...data, subject: `${data.subject}.response`, supported_messages };
  parent.frames[0].postMessage(answer, "*");
});
</script>"""

# What any script of the page could find; in a foreign frame the browser may deny the two stores altogether.
LEFT_LYING = """() => {
  const read = (name) => { try { return JSON.stringify({ ...window[name] }) } catch { return "" } };
  return [read("sessionStorage"), read("localStorage"), document.cookie, document.documentElement.outerHTML].join(" ");
}"""


class Watched:
    """A browser without the tool's cookies in frames, and what it asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.addresses: list[str] = []
        self.secrets: set[str] = set()
        self.refused: list[str] = []
        context.on("request", self._note)
        context.on("response", self._look)

    def _note(self, request: Request) -> None:
        self.addresses.append(request.url)
        bearer = (request.headers.get("authorization") or "").partition(" ")[2]
        body = parse_qs(request.post_data or "") if request.method == "POST" else {}
        self.secrets.update(filter(None, (bearer, *_all(body, "secret", "csrf", "id_token", "bearer"))))

    def _look(self, response: Response) -> None:
        if response.status >= 400:
            self.refused.append(f"{response.status} {response.url}")


def _all(body: dict[str, list[str]], *names: str) -> list[str]:
    return [value for name in names for value in body.get(name, [])]


@pytest.fixture
def recording(demo: Demo) -> Iterator[Recording]:
    with cookieless_proxy(urlsplit(demo.tool).netloc) as made:
        yield made


@pytest.fixture
def watched(new_context: NewContext, recording: Recording) -> Watched:
    proxy: Any = {"server": f"http://127.0.0.1:{recording.port}", "bypass": "<-loopback>"}
    return Watched(new_context(proxy=proxy, bypass_csp=False, accept_downloads=True))


@pytest.fixture
def lms(watched: Watched, demo: Demo) -> LmsPages:
    return LmsPages(page=watched.context.new_page(), demo=demo)


def _expect_no_secret_left(lms: LmsPages, watched: Watched, demo: Demo) -> None:
    """Expect one launch by storage, and its secrets in no address and nowhere in the frame but in its forms."""
    assert len([address for address in watched.addresses if address.endswith("/lti/launch/stored")]) == 1
    assert len(watched.secrets) >= 4
    assert not any(secret in address for secret in watched.secrets for address in watched.addresses)
    assert watched.refused == []
    frame = lms.page.frame(url=f"{demo.tool}/a/**")
    assert frame
    left = frame.evaluate(LEFT_LYING)
    assert "qualoop" in left
    assert not any(secret in left for secret in watched.secrets if secret not in tokens_of_forms(frame))


def test_a_student_learns_without_cookies(lms: LmsPages, watched: Watched, demo: Demo, tmp_path: Path) -> None:
    asked = questions(shipped_lesson(MEASURING))
    lms.log_in(AMARA)
    lesson = lms.open_lesson(MEASURING)
    expect(lesson.shown.locator("form[data-q-window]")).to_contain_text(NO_COOKIES)
    lesson.go_to_question(1)
    lesson.answer(asked[0], right_answer(asked[0]))
    expect(lesson.feedback).to_contain_text("Credit: 100%")
    pictures = lesson.shown.locator(".q-step img")
    for _ in range(len(asked)):
        if pictures.count():
            break
        lesson.go_on()
    expect(pictures.first).to_have_attribute("src", re.compile(f"^blob:{demo.tool}/"))
    assert pictures.first.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0

    lesson.go_to_summary()
    lesson.press("Finish all the same")
    expect(lesson.step).to_have_text("Your result")
    record = RecordPage.opened_from(lesson)
    with lms.page.expect_download() as download:
        record.shown.get_by_role("link", name="Download my record").click()
    assert "<html" in Path(download.value.path()).read_text(encoding="utf-8")
    assert [entry.score for entry in record.evidence("SEM-1.4")] == ["100%"]
    record.shown.locator(".q-languages button").click()
    expect(record.shown.locator("html")).to_have_attribute("lang", "zh-Hans")
    record.shown.locator(".q-languages button").click()
    expect(record.shown.locator("html")).to_have_attribute("lang", "en")
    lms.page.evaluate("history.back()")
    expect(record.shown.locator(".q-entry").first).to_be_visible()
    lms.page.evaluate("history.back()")
    expect(record.point("SEM-1.4")).to_be_visible()

    _expect_no_secret_left(lms, watched, demo)
    expect(lms.own_grade(MEASURING)).not_to_be_empty(timeout=ARRIVAL_MS)


def tokens_of_forms(frame: Frame) -> set[str]:
    """Return the tokens against forgery that stand in the forms of a page, as they must."""
    return set(frame.locator("input[name=csrf]").evaluate_all("fields => fields.map((field) => field.value)"))


def test_a_reload_says_that_the_page_is_lost(lms: LmsPages, demo: Demo) -> None:
    lms.log_in(YUTONG)
    lesson = lms.open_lesson(INTENT)
    frame = lms.page.frame(url=f"{demo.tool}/a/**")
    assert frame
    frame.evaluate("location.reload()")
    expect(lesson.shown.locator(".q-reference")).to_contain_text("session-lost")
    expect(lesson.shown.get_by_role("alert")).to_contain_text("open the activity again")


def test_a_window_of_its_own_goes_on_with_a_cookie(lms: LmsPages, watched: Watched) -> None:
    lms.log_in(SIYUAN)
    lesson = lms.open_lesson(MEASURING)
    lesson.go_to_question(2)
    with lms.page.expect_popup() as opened:
        lesson.shown.get_by_role("button", name="Open in a new window").click()
    window = LessonPage.opened(opened.value)
    expect(window.step).to_have_text("Question 2")
    expect(window.shown.locator("form[data-q-window]")).to_have_count(0)
    opened.value.reload()
    expect(window.step).to_have_text("Question 2")
    with lms.page.expect_popup() as by_link:
        lesson.shown.locator(".q-tab[href$='record/']").click(modifiers=["ControlOrMeta"])
    expect(by_link.value.locator(".q-page-head")).to_be_visible()
    assert by_link.value.url.endswith("/record/")
    assert not any(secret in address for secret in watched.secrets for address in watched.addresses)


def test_a_teacher_works_on_the_class_page_without_cookies(lms: LmsPages) -> None:
    lms.log_in(HELEN)
    lms.open_activity(ORGANIC)
    shown = lms.page.frame_locator(FRAME)
    expect(shown.locator(".q-tab[aria-current=page]")).to_have_text("Class")
    shown.get_by_role("button", name="Update class list").click()
    expect(shown.locator("#class-list")).not_to_contain_text("has not been read")
    shown.locator(".q-tab", has_text="Activity").click()
    LessonPage.opened(shown)


def test_a_teacher_chooses_activities_without_cookies(lms: LmsPages, demo: Demo) -> None:
    lms.log_in(WENBO)
    lms.page.goto(f"{demo.lms}/course/add/")
    shown = lms.page.frame_locator(FRAME)
    shown.locator("input[name=pick]").first.check()
    shown.get_by_role("button", name="Go on").click()
    shown.get_by_role("button", name="Add 1 activity").click()
    lms.page.wait_for_url("**/course/**added=1")


def test_a_platform_that_never_answers_leads_to_a_window(lms: LmsPages, watched: Watched) -> None:
    watched.context.route(STORAGE_SCRIPT, lambda route: route.abort())
    lms.log_in(SOFIA)
    lms.open_activity(INTENT)
    shown = lms.page.frame_locator(FRAME)
    expect(shown.get_by_role("heading", name=FALLBACK)).to_be_visible()
    expect(shown.locator("[data-q-reason=silent]")).to_be_visible()
    assert serious_findings(lms.page) == []
    with lms.page.expect_popup() as opened:
        shown.get_by_role("link", name="Open in a new window").click()
    window = LessonPage.opened(opened.value)
    window.go_to_question(1)
    expect(window.step).to_have_text("Question 1")
    assert not any(secret in address for secret in watched.secrets for address in watched.addresses)


def test_an_answer_of_another_origin_is_no_answer(new_context: NewContext, recording: Recording, demo: Demo) -> None:
    proxy: Any = {"server": f"http://127.0.0.1:{recording.port}", "bypass": "<-loopback>"}
    context = new_context(proxy=proxy, bypass_csp=True)
    context.route(STORAGE_SCRIPT, lambda route: route.abort())
    context.route("http://intruder.example.test/", lambda route: route.fulfill(body=INTRUDER, content_type="text/html"))
    context.add_init_script(RELAY)
    lms = LmsPages(page=context.new_page(), demo=demo)
    lms.log_in(SOFIA)
    heard = _hear(lms.page)
    lms.open_activity(INTENT)
    shown = lms.page.frame_locator(FRAME)
    expect(shown.get_by_role("heading", name=FALLBACK)).to_be_visible()
    assert "lti.put_data.response" in heard


def _hear(page: Page) -> list[str]:
    """Return what answers arrive in the frame of the page, as they come."""
    heard: list[str] = []

    def hear(subject: str) -> None:
        heard.append(subject)

    page.expose_function("heard", hear)
    page.add_init_script("addEventListener('message', ({ data }) => { if (data?.subject) window.heard(data.subject) })")
    return heard
