"""The table of decisions in a real browser: keys, pasted blocks, undo, sorting, and what axe finds on the pages.

The player's page is opened by itself, without a server: what is sent is held by the unit tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import qualoop
from qualoop.player.translation import translations
from tests.browser.accessibility import serious_findings
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import Attempt, cells, finished

STATIC = Path(qualoop.__file__).parent / "player/static"
STAGES = ("start", "practice", "refused", "what-if", "handed-in")

PASTE = """([cell, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  const taken = !cell.dispatchEvent(paste);
  return taken;
}"""


def html_at(stage: str, language: str = "en") -> str:
    attempt = Attempt(host=FixedHost(language=language, catalogue=translations(language)))
    if stage == "start":
        return attempt.html()
    if stage == "handed-in":
        return finished(attempt).html()
    attempt.open("practice")
    if stage == "practice":
        return attempt.html()
    attempt.play(60)
    if stage == "refused":
        return attempt.html(attempt.refused("run", cells(60, order_cup="-5", price_pot="free")))
    attempt.send("what-if", {**cells(30), "instead": "1"})
    return attempt.html()


def document(fragment: str, language: str = "en") -> str:
    style = (STATIC / "qualoop.css").read_text(encoding="utf-8")
    script = (STATIC / "dist/player.js").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Project</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head>'
        f'<body class="qualoop q-page"><main class="q-wrap">{fragment}</main><script>{script}</script></body></html>'
    )


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def sheet(page: Page) -> Page:
    page.set_content(document(html_at("practice")))
    return page


def cell(page: Page, name: str) -> str:
    return str(page.locator(f'[name="{name}"]').input_value())


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name"))


def orders(page: Page) -> list[str]:
    return [str(each.input_value()) for each in page.locator('[name^="order."]').all()]


def paste(page: Page, name: str, text: str) -> bool:
    handle = page.locator(f'[name="{name}"]').element_handle()
    return bool(page.evaluate(PASTE, [handle, text]))


def test_enter_and_arrows_move_between_cells_and_send_nothing(sheet: Page) -> None:
    sent: list[str] = []
    sheet.on("request", lambda request: sent.append(request.url))
    sheet.locator('[name="order.tea"]').focus()
    for key, name in [
        ("Enter", "order.cup"),
        ("ArrowDown", "order.pot"),
        ("Shift+Enter", "order.cup"),
        ("ArrowUp", "order.tea"),
        ("ArrowUp", "order.tea"),
        ("ArrowRight", "price.tea"),
        ("ArrowRight", "sign.tea"),
        ("Enter", "sign.cup"),
        ("ArrowLeft", "price.cup"),
        ("ArrowLeft", "order.cup"),
    ]:
        sheet.keyboard.press(key)
        assert focused(sheet) == name
    assert sent == []


def test_typing_replaces_what_stood_in_a_cell(sheet: Page) -> None:
    sheet.locator('[name="order.tea"]').focus()
    sheet.keyboard.press("Enter")
    sheet.keyboard.type("25")
    sheet.keyboard.press("Enter")
    assert cell(sheet, "order.cup") == "25"


def test_a_block_from_a_spreadsheet_fills_cells_and_tells_what_did_not_fit(sheet: Page) -> None:
    assert paste(
        sheet, "order.cup", "11\t8 yuan\tyes\r\n12\thigh\tno\r\n13\tcheap\tmaybe\r\n14\tlow\tx\r\n15\tlow\t\r\n"
    )
    assert orders(sheet) == ["10", "11", "12", "13", "14"]
    assert cell(sheet, "price.cup") == "low"
    assert cell(sheet, "price.pot") == "high"
    assert cell(sheet, "price.tray") == "high"
    assert sheet.locator('[name="sign.cup"]').is_checked()
    assert not sheet.locator('[name="sign.pot"]').is_checked()
    assert sheet.locator("[data-q-said]").first.inner_text() == (
        "10 cells filled. 3 pasted lines or cells did not fit, and were left out."
    )


def test_one_word_is_pasted_as_everywhere(sheet: Page) -> None:
    assert not paste(sheet, "order.cup", "11")


def test_ten_thousand_rows_fill_the_table_and_no_more(sheet: Page) -> None:
    assert paste(sheet, "order.tea", "7\n" * 10_000)
    assert orders(sheet) == ["7"] * 5
    said = sheet.locator("[data-q-said]").first
    assert said.inner_text() == "5 cells filled. 9,995 pasted lines or cells did not fit, and were left out."
    assert paste(sheet, "order.tin", "8\n9")
    assert said.inner_text() == "One cell filled. One pasted line or cell did not fit, and was left out."


def test_edits_are_undone_across_cells_and_done_again(sheet: Page) -> None:
    sheet.locator('[name="order.tea"]').focus()
    sheet.keyboard.press("ControlOrMeta+a")
    sheet.keyboard.type("33")
    sheet.keyboard.press("ControlOrMeta+d")
    assert orders(sheet) == ["33"] * 5
    paste(sheet, "order.tea", "1\n2\n3")
    sheet.keyboard.press("ControlOrMeta+z")
    assert orders(sheet) == ["33"] * 5
    sheet.keyboard.press("ControlOrMeta+z")
    assert orders(sheet)[1:] == ["10"] * 4
    sheet.keyboard.press("ControlOrMeta+z")
    assert orders(sheet) == ["10"] * 5
    sheet.keyboard.press("ControlOrMeta+z")
    assert orders(sheet) == ["10"] * 5
    sheet.keyboard.press("ControlOrMeta+y")
    sheet.keyboard.press("ControlOrMeta+y")
    assert orders(sheet) == ["33"] * 5


def test_rows_are_sorted_and_filtered_and_fill_down_keeps_to_those_shown(sheet: Page) -> None:
    head = sheet.locator(".q-sheet .q-sort", has_text="Usual demand")
    head.click()
    assert sheet.locator(".q-sheet th[aria-sort=ascending]").count() == 1
    shown = [float(text) for text in sheet.locator(".q-sheet tbody td:nth-child(2)").all_inner_texts()]
    assert shown == sorted(shown)
    head.click()
    assert [float(text) for text in sheet.locator(".q-sheet tbody td:nth-child(2)").all_inner_texts()] == shown[::-1]
    sheet.locator("[data-q-filter]").fill("t")
    names = sheet.locator(".q-sheet tbody tr:not([hidden]) th").all_inner_texts()
    assert set(names) == {"Tea", "Pot", "Tray", "=Tin"}
    sheet.locator(".q-sheet tbody tr:not([hidden]) [name^='order.']").first.fill("44")
    sheet.locator("[data-q-fill]").click()
    assert sorted(orders(sheet)) == ["10", "44", "44", "44", "44"]
    sheet.keyboard.press("Enter")
    assert sheet.locator("[data-q-said]").first.inner_text() == "3 cells filled."


def test_a_chosen_file_is_put_into_the_field(sheet: Page) -> None:
    sheet.locator("summary", has_text="Spreadsheet").click()
    content = "goods,order\ntea,5\n茶,6\n".encode("gb18030")
    sheet.locator("input[type=file]").set_input_files({"name": "d.csv", "mimeType": "text/csv", "buffer": content})
    sheet.wait_for_function("document.querySelector('[name=csv]').value.includes('茶')")


def test_a_table_is_saved_as_csv(page: Page) -> None:
    page.set_content(document(html_at("what-if")))
    with page.expect_download() as download:
        page.locator("[data-q-csv]:visible").first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "Good,Sold"
    assert text.splitlines()[5].startswith("'=Tin,")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("stage", STAGES)
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(page: Page, stage: str, language: str) -> None:
    page.set_content(document(html_at(stage, language), language))
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert serious_findings(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_first_column_stays_in_sight_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.set_content(document(html_at("practice")))
    page.locator('[name="sign.tin"]').focus()
    box = page.locator(".q-sheet-box").bounding_box()
    first = page.locator(".q-sheet tbody tr:last-child th").bounding_box()
    last = page.locator('[name="sign.tin"]').bounding_box()
    assert box is not None
    assert first is not None
    assert last is not None
    assert abs(first["x"] - box["x"]) < 3
    assert first["x"] + first["width"] <= last["x"]


def test_without_a_script_no_tool_is_offered_that_needs_one(chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(document(html_at("practice")))
    for tool in ("[data-q-fill]", "[data-q-undo]", "[data-q-filter]", "[data-q-csv]", ".q-sort", ".q-file"):
        assert not any(each.is_visible() for each in page.locator(tool).all())
    assert page.locator("thead", has_text="Usual demand").first.is_visible()
    context.close()
