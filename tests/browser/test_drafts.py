"""What is typed into a decision and not sent: it outlives another language, a reload, a step back and a page that is too old."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.player_site import ADDRESS, PlayerSite
from tests.unit.player.projects import Attempt

PUT_BACK = {
    "en": "What you had typed here and not saved was put back.",
    "zh-Hans": "已恢复你之前填写但未保存的内容。",
}
#: As long as the page waits before it keeps what was typed, and some.
KEPT_MS = 400


@pytest.fixture
def site() -> PlayerSite:
    attempt = Attempt()
    attempt.open("practice")
    return PlayerSite(attempt=attempt)


@pytest.fixture
def shown(site: PlayerSite, new_context: NewContext) -> Page:
    context = new_context()
    site.serve(context)
    page = context.new_page()
    page.goto(ADDRESS)
    return page


def put_back(page: Page, language: str = "en") -> bool:
    return page.get_by_text(PUT_BACK[language]).is_visible()


def fill(page: Page, name: str, text: str) -> None:
    page.locator(f'[name="{name}"]').fill(text)


def value(page: Page, name: str) -> str:
    return str(page.locator(f'[name="{name}"]').input_value())


def test_it_outlives_a_reload_another_language_and_a_step_back(shown: Page) -> None:
    assert not put_back(shown)
    fill(shown, "order.tea", "x5")
    shown.locator('[name="price.cup"]').select_option("low")
    shown.locator('[name="sign.pot"]').check()
    shown.reload()
    assert put_back(shown)
    shown.goto(f"{ADDRESS}?lang=zh-Hans")
    assert put_back(shown, "zh-Hans")
    shown.goto("about:blank")
    shown.go_back()
    assert (value(shown, "order.tea"), value(shown, "price.cup")) == ("x5", "low")
    assert shown.locator('[name="sign.pot"]').is_checked()
    assert value(shown, "order.cup") == "10"


def test_it_is_discarded_from_the_keyboard(shown: Page) -> None:
    fill(shown, "order.tea", "77")
    shown.reload()
    button = shown.get_by_role("button", name="Discard it")
    button.focus()
    shown.keyboard.press("Enter")
    assert value(shown, "order.tea") == "10"
    assert not put_back(shown)
    expect(shown.get_by_role("heading", name="Your decision for round 1")).to_be_focused()
    shown.reload()
    assert value(shown, "order.tea") == "10"
    assert not put_back(shown)


def test_what_the_server_took_is_not_put_back(shown: Page) -> None:
    fill(shown, "order.tea", "77")
    shown.get_by_role("button", name="Save draft").click()
    expect(shown.get_by_text("draft saved")).to_be_visible()
    shown.wait_for_timeout(KEPT_MS)
    shown.reload()
    assert value(shown, "order.tea") == "77"
    assert not put_back(shown)


def test_what_was_pasted_and_filled_down_is_kept_too(shown: Page) -> None:
    shown.locator('[name="order.tea"]').fill("33")
    shown.keyboard.press("ControlOrMeta+d")
    shown.wait_for_timeout(KEPT_MS)
    shown.reload()
    assert [str(each.input_value()) for each in shown.locator('[name^="order."]').all()] == ["33"] * 5


def test_what_was_refused_is_kept_over_a_reload(shown: Page) -> None:
    fill(shown, "order.tea", "-5")
    fill(shown, "order.cup", "12")
    shown.get_by_role("button", name="Play round 1").click()
    expect(shown.get_by_text("Not taken: what stood before still stands.")).to_be_visible()
    fill(shown, "order.pot", "13")
    shown.wait_for_timeout(KEPT_MS)
    shown.reload()
    assert put_back(shown)
    assert [value(shown, f"order.{key}") for key in ("tea", "cup", "pot")] == ["-5", "12", "13"]


def test_an_older_page_says_what_was_not_taken_and_can_send_it_again(site: PlayerSite, shown: Page) -> None:
    fill(shown, "order.tea", "77")
    site.attempt.play(60)
    shown.get_by_role("button", name="Play round 1").click()
    notice = shown.get_by_role("alert").filter(has_text="Another page had moved on: this was not taken")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text("Round 1 had been played already on another page.")
    assert value(shown, "order.tea") == "77"
    assert site.attempt.state["practice"]["played"] == 1
    assert serious_findings(shown) == []
    shown.get_by_role("button", name="Play round 2").click()
    expect(shown.get_by_role("heading", name="How it went")).to_be_visible()
    assert site.attempt.state["practice"]["state"]["plan"][1]["order"][0] == 77.0


def test_what_was_typed_in_practice_is_there_after_a_look_at_the_graded_attempt(shown: Page) -> None:
    fill(shown, "order.tea", "nonsense")
    shown.get_by_role("button", name="Start the graded attempt").click()
    expect(shown.get_by_text("Graded attempt").first).to_be_visible()
    shown.get_by_role("button", name="Go on practising").click()
    expect(shown.get_by_text(PUT_BACK["en"])).to_be_visible()
    assert value(shown, "order.tea") == "nonsense"


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_world_that_is_not_finished_is_left_only_after_a_question(
    site: PlayerSite, shown: Page, language: str
) -> None:
    shown.goto(f"{ADDRESS}?lang={language}")
    names = {"en": ("New practice world", "Leave this world for a new one")}
    ask, leave = names.get(language, ("换一个练习环境", "离开当前环境，进入新环境"))
    fill(shown, "order.tea", "77")
    shown.locator("summary", has_text=ask).focus()
    assert not shown.get_by_role("button", name=leave).is_visible()
    shown.keyboard.press("Enter")
    shown.keyboard.press("Tab")
    expect(shown.get_by_role("button", name=leave)).to_be_focused()
    assert site.attempt.state["practice"]["number"] == 1
    assert serious_findings(shown) == []
    shown.keyboard.press("Enter")
    shown.wait_for_function("document.querySelector('[name=world]').value === '2'")
    shown.reload()
    assert value(shown, "order.tea") == "10"
    assert not put_back(shown, language)


def test_where_nothing_can_be_kept_the_browser_asks(site: PlayerSite, new_context: NewContext) -> None:
    context = new_context()
    context.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no'); } });")
    site.serve(context)
    page = context.new_page()
    page.goto(ADDRESS)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == []
    page.locator('[name="order.tea"]').click()
    page.keyboard.type("7")
    page.reload()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("viewport", [{"width": 360, "height": 800}])
def test_the_line_fits_a_phone(shown: Page, viewport: ViewportSize) -> None:
    fill(shown, "order.tea", "77")
    shown.reload()
    assert put_back(shown)
    assert shown.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert serious_findings(shown) == []
