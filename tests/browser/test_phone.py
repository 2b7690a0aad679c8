"""Observing on a phone, in a real browser: with no network, with a bad one, with a clock that is wrong, in two tabs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect

from lti_tool.views import phone_shell
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.keyboard import tab_to
from tests.browser.phone_app import (
    PHONE,
    PhoneSite,
    a_phone,
    expect_sent,
    finish,
    fits,
    forget,
    join,
    kept_rows,
    observe,
    send,
    standing,
)
from tests.factories.tool import Tool, make_tool
from tests.fakes.phone_api import TOKEN, learner

SCREEN = ViewportSize(width=1280, height=900)
TWO_HOURS = 2 * 60 * 60 * 1000
SHIFTED_CLOCK = """(() => {
  const Real = Date, by = %d;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + by); }
    static now() { return Real.now() + by; }
  };
})()"""

#: Signs what was observed once as often again, with the key of the phone.
COPIES = """async (count) => {
  const settled = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const database = await settled(indexedDB.open("qualoop-phone"));
  const store = (name, how) => database.transaction(name, how).objectStore(name);
  const device = await settled(store("kept").get("device"));
  const [one] = await settled(store("captures").getAll());
  const text = (part) => new TextDecoder().decode(Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)));
  const coded = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=+$/, "");
  const [head, body] = one.jws.split(".");
  for (let seq = one.seq + 1; seq <= one.seq + count; seq += 1) {
    const id = crypto.randomUUID();
    const payload = new TextEncoder().encode(JSON.stringify({ ...JSON.parse(text(body)), id, seq }));
    const signed = `${head}.${coded(payload)}`;
    const how = { name: "ECDSA", hash: "SHA-256" };
    const signature = await crypto.subtle.sign(how, device.keys.privateKey, new TextEncoder().encode(signed));
    await settled(store("captures", "readwrite").put({ ...one, id, seq, jws: `${signed}.${coded(new Uint8Array(signature))}` }, id));
  }
}"""


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


def photo_with_place(folder: Path) -> Path:
    """Return a large photo that says where and with what it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "Canary camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 16.0, 0.0), 3: "E", 4: (120.0, 9.0, 0.0)})
    path = folder / "photo.jpg"
    Image.new("RGB", (4000, 3000), (120, 160, 90)).save(path, exif=exif, quality=95)
    return path


@pytest.mark.parametrize(("language", "viewport"), [("en", SCREEN), ("zh-Hans", PHONE)], ids=["screen", "phone"])
def test_observing_in_airplane_mode_from_a_cold_start(
    site: PhoneSite, chromium: Browser, tmp_path: Path, language: str, viewport: ViewportSize
) -> None:
    phone: dict[str, Any] = {"viewport": viewport, "locale": {"en": "en-GB", "zh-Hans": "zh-CN"}[language]}
    with a_phone(chromium, tmp_path / "profile", **phone) as context:
        page = join(context.new_page(), site)
        assert serious_findings(page) == []
    site.stop()
    with a_phone(chromium, tmp_path / "profile", **phone) as context:
        page = context.new_page()
        page.goto(f"{site.origin}/phone/")
        observe(page, 0, [2, 1, 3, 3])
        page.locator("fieldset summary").first.click()
        page.locator("#comment-0").fill("Before the second message came. 很快。")
        page.locator("#overall").fill("A good talk.")
        page.set_input_files("#photo", photo_with_place(tmp_path))
        page.locator(".q-phone-photo").wait_for()
        assert serious_findings(page) == []
        assert fits(page)
        finish(page)
        observe(page, 1, [0, 0, 1, 1])
        finish(page)
        observe(page, 2, [1])
        # Killed in the midst of the third.
        page.goto("about:blank")
    with a_phone(chromium, tmp_path / "profile", **phone) as context:
        page = context.new_page()
        page.goto(f"{site.origin}/phone/")
        page.locator("section[aria-labelledby=phone-drafts] a").click()
        expect(page.locator("fieldset").first.locator("input").nth(1)).to_be_checked()
        finish(page)
        expect(page.locator(".q-phone-status")).to_contain_text("3")
        assert site.api.captures == {}
        site.start()
        send(page)
        expect_sent(page)
        assert serious_findings(page) == []
        assert fits(page)
        assert kept_rows(page)["photos"] == 0
    assert_all_came(site)


def assert_all_came(site: PhoneSite) -> None:
    """The three observations are at the server as they were made, the photo without its place."""
    sent = sorted(site.api.captures.values(), key=lambda each: each["seq"])
    assert [(each["learner"], each["seq"]) for each in sent] == [(learner(number), number + 1) for number in range(3)]
    assert sent[0]["rows"]["speed"] == {"level": 2, "points": "2", "comment": "Before the second message came. 很快。"}
    assert (sent[0]["overall"], sent[0]["enterprise"]) == ("A good talk.", "Hangzhou Lantern Ltd")
    assert list(sent[2]["rows"]) == ["speed"]
    (photo,) = site.api.photos.values()
    with Image.open(io.BytesIO(photo)) as picture:
        assert picture.size == (1600, 1200)
        assert dict(picture.getexif()) == {}


def test_a_batch_that_was_cut_is_sent_again_and_counts_once(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    for number in range(3):
        observe(page, number, [1, 1, 1, 1])
        finish(page)
    site.api.cut_after = 2
    send(page)
    expect(page.locator(".q-phone-status")).to_contain_text("waiting: 3")
    page.locator("#phone-send").click()
    expect_sent(page)
    assert len(site.api.captures) == 3
    assert site.api.batches == [3, 3]


def test_more_than_a_batch(site: PhoneSite, new_context: NewContext) -> None:
    """A long queue goes in batches; one observation is signed again and again, since only the number is tried here."""
    page = join(new_context(viewport=PHONE).new_page(), site)
    observe(page, 0, [1, 1, 1, 1])
    finish(page)
    page.evaluate(COPIES, 119)
    page.reload()
    send(page)
    expect_sent(page)
    assert site.api.batches == [50, 50, 20]
    assert len(site.api.captures) == 120


def test_what_needs_a_person_is_said_with_its_reason(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    site.api.verdicts["chat"] = ("kept", "observation-level", "Nobody has confirmed that you may judge this level.")
    site.api.verdicts["packing"] = ("refused", "observation-unfit", "A row of it is not in the rubric.")
    observe(page, 0, [1, 1, 1, 1])
    finish(page)
    page.locator("#phone-back").click()
    observe(page, 1, [1, 1, 1, 1], task="packing")
    finish(page)
    send(page)
    expect(page.locator(".q-phone-status")).to_contain_text("Need a person: 2")
    expect(page.locator("[data-state=kept]")).to_contain_text("Nobody has confirmed")
    expect(page.locator("[data-state=refused]")).to_contain_text("not in the rubric")
    assert serious_findings(page) == []
    # What the server has not is kept for a file; staff decide on the other one, and the phone learns of it.
    with page.expect_download() as download:
        page.locator("#phone-export").click()
    assert "qualoop-observations-1" in Path(download.value.path()).read_text(encoding="utf-8")
    for outcome in site.api.outcomes.values():
        outcome.update(state="recorded", code="", message="")
    page.locator("#phone-send").click()
    expect(page.locator("[data-state=recorded]")).to_have_count(1)
    expect(page.locator(".q-phone-status")).to_contain_text("Need a person: 1")


def test_undo_and_correct(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    observe(page, 3, [0, 1, 2, 3])
    finish(page)
    page.locator("[data-undo]").click()
    expect(page.locator("fieldset").nth(1).locator("input").nth(1)).to_be_checked()
    assert kept_rows(page)["captures"] == 0
    finish(page)
    # Whoever comes to the same learner again is told, and what was not sent yet is changed.
    observe(page, 3, [])
    page.locator("#phone-change").click()
    expect(page.locator("fieldset").nth(2).locator("input").nth(2)).to_be_checked()
    expect(page.locator("fieldset[data-given]")).to_have_count(4)
    finish(page)
    send(page)
    expect_sent(page)
    (first,) = site.api.captures
    page.get_by_role("link", name="Correct").click()
    page.locator("fieldset").first.locator("label.q-mark-level").nth(3).click()
    finish(page)
    send(page)
    expect(page.locator("[data-state=recorded]")).to_have_count(2)
    second = next(each for key, each in site.api.captures.items() if key != first)
    assert second["replaces"] == first
    assert second["rows"]["speed"]["level"] == 3
    expect(page.locator("[data-state=recorded]").last).to_contain_text("corrected since")


def test_a_clock_two_hours_off_changes_no_time(site: PhoneSite, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    context.add_init_script(SHIFTED_CLOCK % TWO_HOURS)
    page = join(context.new_page(), site)
    observe(page, 0, [1, 1, 1, 1])
    finish(page)
    send(page)
    expect_sent(page)
    (capture,) = site.api.captures.values()
    made, told = (datetime.fromisoformat(each) for each in (capture["made_at"], site.api.skews[-1]))
    assert timedelta(0) <= told - made < timedelta(minutes=1)
    assert made - datetime.now(made.tzinfo) > timedelta(hours=1, minutes=55)


def test_a_second_phone_shows_what_the_first_did(site: PhoneSite, new_context: NewContext) -> None:
    first = join(new_context(viewport=PHONE).new_page(), site)
    observe(first, 4, [1, 1, 1, 1])
    finish(first)
    send(first)
    expect_sent(first)
    second = join(new_context(viewport=PHONE).new_page(), site)
    second.locator("#task-chat").click()
    expect(second.locator(f"#learner-{learner(4)}")).to_contain_text("done on another phone")
    assert len(site.api.keys) == 2


def test_a_team_is_observed_together(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    page.locator("#task-chat").click()
    page.locator("#phone-several").click()
    page.get_by_role("button", name="Red team").click()
    page.locator(f"#tick-{learner(5)}").check()
    assert serious_findings(page) == []
    page.locator("#phone-together").click()
    for row in range(4):
        page.locator("fieldset").nth(row).locator("label.q-mark-level").nth(1).click()
    finish(page)
    send(page)
    expect_sent(page)
    (capture,) = site.api.captures.values()
    assert capture["learner"] is None
    assert capture["team"] == [learner(number) for number in (0, 1, 5)]


def test_a_keyboard_is_enough(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=SCREEN).new_page(), site)
    for target in ("#task-chat", f"#learner-{learner(1)}"):
        tab_to(page, page.locator(target))
        page.keyboard.press("Enter")
    expect(page.locator("#phone-title")).to_be_focused()
    page.keyboard.press("Tab")
    for digit in "2342":
        page.keyboard.press(digit)
    expect(page.locator("#overall")).to_be_focused()
    page.keyboard.type("By keyboard")
    tab_to(page, page.locator("#phone-done"))
    page.keyboard.press("Enter")
    expect(page.locator(f"#learner-{learner(2)}")).to_be_focused()
    send(page)
    expect_sent(page)
    (capture,) = site.api.captures.values()
    assert [row["level"] for row in capture["rows"].values()] == [1, 2, 3, 1]
    assert capture["overall"] == "By keyboard"


def test_what_was_made_before_the_end_is_still_sent_and_then_all_is_forgotten(
    site: PhoneSite, new_context: NewContext
) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    observe(page, 0, [1, 1, 1, 1])
    finish(page)
    site.api.has_ended = True
    send(page)
    expect(page.get_by_role("heading", name="This invitation has ended")).to_be_visible()
    assert len(site.api.captures) == 1
    expect(page.locator("#phone-link")).to_be_visible()
    assert kept_rows(page) == {"kept": 0, "drafts": 0, "captures": 0, "photos": 0}
    assert "Amara" not in page.content()


def test_what_an_ended_invitation_does_not_take_is_offered_as_a_file(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    site.api.verdicts["chat"] = ("refused", "observation-unfit", "Not in the rubric.")
    observe(page, 0, [1, 1, 1, 1])
    finish(page)
    site.api.has_ended = True
    send(page)
    expect(page.locator("#phone-forget")).to_be_disabled()
    with page.expect_download() as download:
        page.locator("#phone-export").click()
    assert learner(0) not in download.value.suggested_filename
    forget(page)
    expect(page.locator("#phone-link")).to_be_visible()
    assert kept_rows(page)["captures"] == 0


def test_forgetting_this_phone(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    page.locator("#phone-more").click()
    assert serious_findings(page) == []
    forget(page)
    expect(page.locator("#phone-link")).to_be_visible()
    assert site.api.left == 1
    assert kept_rows(page) == {"kept": 0, "drafts": 0, "captures": 0, "photos": 0}
    # The link can be pasted into the app, which on the home screen of an iPhone has cookies of its own.
    page.locator("#phone-link").fill("nothing")
    page.locator("#phone-link").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is no invitation")
    page.locator("#phone-link").fill(f"Lin sent: {site.origin}/observe/{TOKEN}?x=1")
    page.locator("#phone-link").press("Enter")
    expect(page.locator("#task-chat")).to_be_visible()


def test_only_one_tab_works(site: PhoneSite, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    first = join(context.new_page(), site)
    second = context.new_page()
    second.goto(f"{site.origin}/phone/")
    expect(second.locator("#phone-take-over")).to_be_visible()
    second.locator("#phone-take-over").click()
    expect(second.locator("#task-chat")).to_be_visible()
    expect(first.locator("#phone-take-over")).to_be_visible()


def test_a_new_version_waits_for_leave(
    site: PhoneSite, new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    names = "caches.keys().then((names) => names.join())"
    before = page.evaluate(names)
    built = phone_shell._built
    monkeypatch.setattr(phone_shell, "_built", lambda path: built(path) + b"\n// The next one.")
    page.reload()
    expect(page.locator("#phone-update")).to_be_visible()
    assert before in page.evaluate(names)
    with page.expect_navigation():
        page.locator("#phone-update").click()
    expect(page.locator("#task-chat")).to_be_visible()
    page.wait_for_function("(old) => caches.keys().then((names) => names.length === 1 && names[0] !== old)", arg=before)


def test_a_phone_without_room_says_so(site: PhoneSite, new_context: NewContext) -> None:
    page = join(new_context(viewport=PHONE).new_page(), site)
    observe(page, 0, [])
    page.set_input_files("#photo", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.get_by_role("alert").filter(has_text="cannot read that file")).to_be_visible()
    page.evaluate(
        """() => { IDBObjectStore.prototype.put = function () {
          this.transaction.abort();
          throw new DOMException("full", "QuotaExceededError");
        }; }"""
    )
    page.locator("label.q-mark-level").first.click()
    expect(page.locator(".q-phone-toast-card")).to_contain_text("no room left")


def test_the_state_is_always_said(site: PhoneSite, new_context: NewContext) -> None:
    context = new_context(viewport=PHONE)
    page = join(context.new_page(), site)
    expect(page.locator(".q-phone-status")).to_have_text("Nothing finished yet")
    context.set_offline(True)
    expect(page.locator(".q-phone-status")).to_have_text("Offline · nothing waits")
    observe(page, 0, [1, 1, 1, 1])
    finish(page)
    expect(page.locator(".q-phone-status")).to_have_text("Offline · waiting: 1")
    context.set_offline(False)
    expect(page.locator(".q-phone-status")).to_contain_text("All sent at", timeout=20_000)
    site.api.fails = 99
    observe(page, 1, [1, 1, 1, 1])
    finish(page)
    send(page)
    expect(page.locator(".q-phone-status")).to_have_text("The server does not answer · waiting: 1")
