"""Observing on a phone where something goes wrong: two taps, a page in between, a store that fails, a bad address."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Request, Response

from lti_tool.views import phone_shell
from tests.browser.conftest import NewContext
from tests.browser.phone_app import (
    PHONE,
    PhoneSite,
    expect_sent,
    finish,
    forget,
    join,
    kept_rows,
    observe,
    send,
    standing,
)
from tests.factories.tool import Tool, make_tool
from tests.fakes.phone_api import TOKEN, learner, payload_of, problem

ALL = (1, 1, 1, 1)
STATUS = ".q-phone-status"
FULL = """() => { window.put0 = IDBObjectStore.prototype.put; IDBObjectStore.prototype.put = function () {
  this.transaction.abort();
  throw new DOMException("full", "QuotaExceededError");
}; }"""
#: The browser closes every connection that the page has, as it does to one that was put away for long.
LOSE = """() => { const real = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...given) {
    if (!window.isOnce) { window.isOnce = true; this.close(); }
    return real.apply(this, given);
  }; }"""
#: It takes a while until a picture is drawn.
SLOW = """() => { const real = window.createImageBitmap; window.createImageBitmap = async (...given) => {
  await new Promise((resolve) => setTimeout(resolve, 700));
  return real(...given);
}; }"""


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('phone') / 'tool.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def site(tool: Tool) -> Iterator[PhoneSite]:
    with standing(PhoneSite(tool.app)) as found:
        yield found


@pytest.fixture
def page(site: PhoneSite, new_context: NewContext) -> Page:
    return join(new_context(viewport=PHONE).new_page(), site)


def photo(shade: int = 120) -> Any:
    """Return a large photo as a file that is chosen."""
    Image.new("RGB", (3000, 2200), (shade, 160, 90)).save(written := io.BytesIO(), "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def observed(page: Page, who: int, pictures: int = 0) -> None:
    """Observe a learner with photos, and press "Done"."""
    observe(page, who, ALL)
    for number in range(pictures):
        page.set_input_files("#photo", photo(number * 60))
        expect(page.locator(".q-phone-photo")).to_have_count(number + 1)
    finish(page)


def instead(method: str, path: str, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Return what answers requests of a method whose path has something in it."""
    return lambda request: answer(request) if request.method == method and path in request.path else None


def a_page_in_between(_request: Request) -> Response:
    """Answer as a network that wants one to log in."""
    return Response("<!doctype html><h1>Log in</h1>", mimetype="text/html")


def test_done_pressed_twice_is_one_observation(site: PhoneSite, page: Page) -> None:
    observe(page, 0, ALL)
    page.evaluate("() => { const done = document.getElementById('phone-done'); done.click(); done.click(); }")
    page.locator("#phone-people").wait_for()
    # The second tap of a double tap comes to where "Undo" has come meanwhile.
    page.evaluate("() => document.querySelector('[data-undo]').click()")
    send(page)
    expect_sent(page)
    assert kept_rows(page)["captures"] == len(site.api.captures) == 1
    assert kept_rows(page)["drafts"] == 0


def test_done_waits_for_a_photo_that_is_being_drawn(site: PhoneSite, page: Page) -> None:
    observe(page, 0, ALL)
    page.evaluate(SLOW)
    page.set_input_files("#photo", photo())
    page.evaluate("() => document.getElementById('phone-done').click()")
    page.locator("#phone-people").wait_for()
    assert kept_rows(page)["drafts"] == 0
    send(page)
    expect_sent(page)
    (capture,) = site.api.captures.values()
    assert len(capture["photos"]) == len(site.api.photos) == 1


def test_a_file_that_is_no_photo_keeps_done_from_dropping_it_unseen(page: Page) -> None:
    observe(page, 0, ALL)
    page.evaluate(SLOW)
    page.set_input_files("#photo", photo() | {"buffer": b"no picture"})
    page.evaluate("() => document.getElementById('phone-done').click()")
    expect(page.get_by_role("alert").filter(has_text="cannot read that file")).to_be_visible()
    assert kept_rows(page)["captures"] == 0
    finish(page)
    assert kept_rows(page)["captures"] == 1


@pytest.mark.parametrize("code", ["", "something-else"])
def test_a_401_that_is_not_the_servers_own_deletes_nothing(site: PhoneSite, page: Page, code: str) -> None:
    answer = problem(401, code) if code else Response("<h1>Proxy</h1>", status=401)
    site.api.between = instead("GET", "/phone/api/", lambda _request: answer)
    page.reload()
    with page.expect_response("**/phone/api/pack"):
        send(page)
    expect(page.locator("#phone-send")).to_have_text("Send now")
    assert kept_rows(page)["kept"] > 1
    site.api.between = None
    page.locator("#phone-back").click()
    expect(page.locator("#task-chat")).to_be_visible()


def test_what_only_looks_like_a_yes_takes_no_photo_and_no_key(site: PhoneSite, new_context: NewContext) -> None:
    site.api.between = instead("POST", "/key", a_page_in_between)
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{site.origin}/observe/{TOKEN}")
    with page.expect_response("**/phone/api/key"):
        page.locator("form button").first.click()
    assert set(site.api.keys.values()) == {None}
    site.api.between = instead("PUT", "/photo/", a_page_in_between)
    page.reload()
    page.locator("#phone-got-it").click()
    observed(page, 0, 1)
    send(page)
    expect(page.locator(STATUS)).to_have_text("The server does not answer · waiting: 1")
    assert kept_rows(page)["photos"] == 1
    site.api.between = None
    page.locator("#phone-send").click()
    expect_sent(page)
    assert len(site.api.photos) == 1


def test_forgetting_takes_a_file_of_everything_that_is_left(site: PhoneSite, page: Page) -> None:
    site.api.verdicts["chat"] = ("refused", "observation-unfit", "Not in the rubric.")
    observed(page, 0)
    send(page)
    with page.expect_download():
        page.locator("#phone-export").click()
    page.locator("#phone-back").click()
    observed(page, 1)
    site.api.between = instead("POST", "/captures", lambda _request: problem(401, "observation-device"))
    send(page)
    # The file is of the first one alone.
    expect(page.locator("#phone-forget")).to_be_disabled()
    with page.expect_download():
        page.locator("#phone-export").click()
    page.locator("#phone-forget").click()
    page.locator("dialog .q-button").first.click()
    assert kept_rows(page)["captures"] == 2
    forget(page)
    expect(page.locator("#phone-link")).to_be_visible()
    assert kept_rows(page)["captures"] == 0


def test_what_is_taken_back_while_sending_begins_is_not_sent(site: PhoneSite, page: Page) -> None:
    observed(page, 0)
    page.locator(STATUS).click()
    page.evaluate(
        "() => { document.querySelector('[id^=take-back]').click(); document.getElementById('phone-send').click(); }"
    )
    expect(page.locator("fieldset[data-given]")).to_have_count(4)
    with page.expect_response("**/phone/api/captures"):
        send(page)
    assert site.api.captures == {}
    assert kept_rows(page) | {"kept": 0, "photos": 0} == {"kept": 0, "drafts": 1, "captures": 0, "photos": 0}


def test_one_observation_that_the_server_stumbles_over_keeps_nothing_else(site: PhoneSite, page: Page) -> None:
    def stumbling(request: Request) -> Response | None:
        sent = [payload_of(each)["learner"] for each in request.get_json()["captures"]]
        return problem(500, "fault") if learner(1) in sent else None

    for number in range(4):
        observed(page, number)
    site.api.between = instead("POST", "/captures", stumbling)
    send(page)
    expect(page.locator("[data-state=waiting]")).to_have_count(1, timeout=20_000)
    assert {each["learner"] for each in site.api.captures.values()} == {learner(number) for number in (0, 2, 3)}
    site.api.between = None
    page.locator("#phone-send").click()
    expect_sent(page)
    assert len(site.api.captures) == 4


def test_one_photo_that_fails_keeps_no_other_one(site: PhoneSite, page: Page) -> None:
    failed: list[str] = []

    def failing(request: Request) -> Response | None:
        failed.extend([request.path] if not failed else [])
        return Response(status=502) if request.path in failed else None

    site.api.between = instead("PUT", "/photo/", failing)
    observed(page, 0, 3)
    send(page)
    expect(page.locator(STATUS)).to_have_text("The server does not answer · waiting: 1")
    assert len(site.api.photos) == 2
    # A server without the library for photos takes everything else, and says why.
    site.api.between = instead("PUT", "/photo/", lambda _request: problem(503, "observation-photo-unavailable"))
    page.locator("#phone-send").click()
    expect(page.locator("[data-state=recorded]")).to_contain_text("observation-photo-unavailable")
    expect(page.locator(STATUS)).to_have_text("Waiting to be sent: 1")


def test_only_the_servers_own_no_is_for_good_and_can_be_tried_again(site: PhoneSite, page: Page) -> None:
    site.api.between = instead("POST", "/captures", lambda _request: Response("<h1>No</h1>", status=400))
    observed(page, 0)
    send(page)
    expect(page.locator(STATUS)).to_have_text("The server does not answer · waiting: 1")
    site.api.between = instead("POST", "/captures", lambda _request: problem(413, "body-too-large"))
    page.locator("#phone-send").click()
    expect(page.locator("[data-state=refused]")).to_have_count(1)
    site.api.between = None
    page.get_by_role("button", name="Try again").click()
    expect_sent(page)
    assert len(site.api.captures) == 1


def test_a_full_phone_still_sends_and_says_that_it_is_full(site: PhoneSite, page: Page) -> None:
    observed(page, 0, 1)
    page.evaluate(FULL)
    send(page)
    expect(page.locator(STATUS)).to_contain_text("No room left on this phone · waiting: 0")
    assert len(site.api.captures) == len(site.api.photos) == 1
    page.evaluate("() => { IDBObjectStore.prototype.put = window.put0; }")
    page.locator("#phone-send").click()
    expect_sent(page)
    # What could not be noted is sent once more after the app was closed, and is one at the server.
    page.reload()
    send(page)
    expect_sent(page)
    assert len(site.api.captures) == 1


def test_a_store_that_the_browser_closed_is_opened_again(page: Page) -> None:
    observe(page, 0, [1])
    page.evaluate(LOSE)
    page.locator("fieldset").nth(1).locator("label.q-mark-level").nth(1).click()
    finish(page)
    assert kept_rows(page)["captures"] == 1


def test_what_the_first_phone_did_has_its_name_on_the_second(
    site: PhoneSite, page: Page, new_context: NewContext
) -> None:
    observed(page, 4)
    send(page)
    expect_sent(page)
    second = join(new_context(viewport=PHONE).new_page(), site)
    second.locator(STATUS).click()
    second.locator("#phone-elsewhere summary").click()
    expect(second.locator("#phone-elsewhere li")).to_contain_text("Sofía Hernández")
    # It stays open when something is drawn anew.
    with second.expect_response("**/phone/api/captures"):
        second.locator("#phone-send").click()
    expect(second.locator("#phone-send")).to_have_text("Send now")
    expect(second.locator("#phone-elsewhere li")).to_be_visible()


def test_what_was_refused_is_not_said_to_be_sent_or_done(site: PhoneSite, page: Page) -> None:
    site.api.verdicts["chat"] = ("refused", "observation-unfit", "Not in the rubric.")
    observed(page, 0)
    send(page)
    expect(page.locator(STATUS)).to_have_text("Not taken, still on this phone: 1Need a person: 1")
    expect(page.get_by_role("link", name="Not taken, still on this phone: 1 Need a person: 1")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Not taken")).to_be_visible()
    page.goto(f"{site.origin}/phone/#/chat")
    expect(page.locator(f"#learner-{learner(0)}")).not_to_contain_text("done")
    site.api.verdicts.clear()
    site.api.between = instead("PUT", "/photo/", lambda _request: problem(422, "observation-photo"))
    observed(page, 1, 1)
    send(page)
    expect(page.locator(STATUS)).to_contain_text("Not taken, still on this phone: 2")
    expect(page.locator("section[aria-labelledby=phone-waits]")).to_have_count(0)


def test_forgetting_waits_for_what_is_under_way(site: PhoneSite, page: Page) -> None:
    page.locator("#task-chat").click()
    page.locator("#phone-search").fill("Amara")
    page.locator("#phone-back").click()
    page.locator("#phone-more").click()
    site.api.between = instead("GET", "/pack", lambda _request: time.sleep(1))
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    forget(page)
    expect(page.locator("#phone-link")).to_be_visible()
    page.wait_for_timeout(1500)
    assert kept_rows(page) == {"kept": 0, "drafts": 0, "captures": 0, "photos": 0}
    site.api.between = None
    page.locator("#phone-link").fill(f"{site.origin}/observe/{TOKEN}")
    page.locator("#phone-link").press("Enter")
    page.locator("#task-chat").click()
    expect(page.locator("#phone-search")).to_have_value("")


def test_a_worker_keeps_no_page_of_another_version(
    site: PhoneSite, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = "caches.keys().then((names) => names.join())"
    before = page.evaluate(names)
    worker = page.request.get(f"{site.origin}/phone/worker.js").body()
    site.files["/phone/worker.js"] = worker.replace(b'"version": "', b'"version": "next')
    page.evaluate("navigator.serviceWorker.getRegistration('/phone/').then((it) => it.update()).catch(() => null)")
    page.wait_for_timeout(1000)
    assert page.evaluate(names) == before
    expect(page.locator("#phone-update")).to_have_count(0)
    site.files.clear()
    built = phone_shell._built
    monkeypatch.setattr(phone_shell, "_built", lambda path: built(path) + b"\n// The next one.")
    page.reload()
    expect(page.locator("#phone-update")).to_be_visible()


def test_a_bad_address_leads_to_the_tasks(site: PhoneSite, page: Page) -> None:
    page.goto(f"{site.origin}/phone/#/%E0%A4%A")
    page.reload()
    expect(page.locator("#task-chat")).to_be_visible()


def test_where_the_app_goes_wrong_what_it_keeps_can_be_saved(page: Page) -> None:
    observed(page, 0)
    page.evaluate("() => { Intl.ListFormat = class { constructor() { throw new Error('a fault'); } }; }")
    page.locator(STATUS).click()
    expect(page.get_by_role("heading", name="This page went wrong")).to_be_visible()
    with page.expect_download():
        page.locator("#phone-export").click()
    page.locator("#phone-again").click()
    expect(page.locator("#task-chat")).to_be_visible()


def test_a_link_is_taken_while_a_round_is_under_way(site: PhoneSite, page: Page) -> None:
    page.locator("#phone-more").click()
    forget(page)
    page.locator("#phone-link").wait_for()
    site.api.between = instead("GET", "/pack", lambda _request: time.sleep(0.5))
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    page.locator("#phone-link").fill(f"{site.origin}/observe/{TOKEN}")
    page.locator("#phone-link").press("Enter")
    expect(page.locator("#task-chat")).to_be_visible()
    expect(page.locator("#phone-link-wrong")).to_have_count(0)


def test_another_invitation_is_remembered_and_begun_once_the_old_is_forgotten(site: PhoneSite, page: Page) -> None:
    site.api.verdicts["chat"] = ("refused", "observation-unfit", "Not in the rubric.")
    observed(page, 0)
    send(page)
    expect(page.locator("[data-state=refused]")).to_have_count(1)
    page.goto(f"{site.origin}/observe/{TOKEN}")
    page.locator("form button").click()
    heading = page.get_by_role("heading", name="This phone holds observations of another invitation")
    expect(heading).to_be_visible()
    site.stop()
    page.reload()
    expect(heading).to_be_visible()
    site.start()
    with page.expect_download():
        page.locator("#phone-export").click()
    forget(page)
    expect(page.locator("#task-chat")).to_be_visible()
    assert site.api.left == 0


def test_send_now_does_not_ask_the_browser_whether_there_is_a_network(site: PhoneSite, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => false });")
    page.reload()
    observed(page, 0)
    expect(page.locator(STATUS)).to_have_text("Offline · waiting: 1")
    send(page)
    expect_sent(page)
    assert len(site.api.captures) == 1
