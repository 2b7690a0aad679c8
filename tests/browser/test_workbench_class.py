"""The class block in the workbench, in a browser: staff call the roll and mark, learners check in, nobody needs a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qualoop.framework import shipped_content
from tests.browser.accessibility import serious_findings
from tests.browser.keyboard import tab_to
from tests.factories.workbench import Workbench, running_workbench

CLASS = "Qualoop class"
BLOCK = "qualoop-activity"
WIDTHS = (1280, 360)


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    """Run the workbench, empty, with three learners who have opened the class."""
    with running_workbench(tmp_path / "workbench", shipped_content() / "ecommerce" / "lessons") as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "workbench").mkdir()


def meet(page: Page, workbench: Workbench, *learners: str, title: str = CLASS) -> None:
    """Let learners open the class, then show it to staff."""
    for learner in learners:
        page.goto(workbench.url(title, student=learner))
    page.goto(workbench.url(title, student="staff"))


def sent(page: Page, action: str, button: str) -> None:
    """Press a button, and wait for the page that follows."""
    with page.expect_response(lambda response: f"/act/{action}" in response.url):
        page.get_by_role("button", name=button, exact=True).first.click()
    expect(page.locator(BLOCK).first).not_to_have_attribute("data-sending", "")


def is_wider_than_its_place(page: Page) -> int:
    wide: int = page.eval_on_selector_all(
        ".qualoop", "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    )
    return wide


def test_a_class_from_the_code_to_the_grade(page: Page, chromium: Browser, workbench: Workbench) -> None:
    meet(page, workbench, "ann-lee", "ben-oduya", "chen-wei")
    sent(page, "open", "Open the class")
    code = page.locator("[data-q-code]").inner_text()
    assert re.fullmatch(r"\d{3} \d{3}", code)

    with chromium.new_context() as context:
        learner = context.new_page()
        learner.goto(workbench.url(CLASS, student="ann-lee"))
        learner.get_by_label("Type the six digits").fill("000000" if code[:3] != "000" else "111111")
        sent(learner, "check-in", "I am here")
        expect(learner.get_by_text("This is not the code")).to_be_visible()
        learner.get_by_label("Type the six digits").fill(page.locator("[data-q-code]").inner_text())
        sent(learner, "check-in", "I am here")
        expect(learner.get_by_text("You are checked in.")).to_be_visible()
        # Who came is counted without anybody loading the page again.
        expect(page.locator("[data-q-count=present]")).to_have_text("1", timeout=8000)

        sent(page, "mark", "Ann Lee")
        page.get_by_role("radio", name="listens and sums up").check()
        page.get_by_role("radio", name="with help").check()
        page.get_by_label("From 0 to 10").fill("7,5")
        sent(page, "save", "Release to the learner")
        expect(page.get_by_text("Released: 1.")).to_be_visible()
        assert workbench.published("grade")[-1]["value"] == 0.75
        assert workbench.published("completion")[-1] == {"completion": 1.0, "learner": "ann-lee"}
        learner.reload()
        expect(learner.get_by_text("7.5 of 10 points")).to_be_visible()
        assert serious_findings(learner, BLOCK) == []


def test_the_code_alone_is_shown_without_a_name_and_changes(page: Page, workbench: Workbench) -> None:
    meet(page, workbench, "ann-lee")
    sent(page, "open", "Open the class")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Show the code alone").click()
    screen = opened.value
    digits = screen.locator(".q-class-digits")
    first = digits.inner_text()
    assert serious_findings(screen) == []
    assert "Ann" not in screen.content()
    for width in WIDTHS:
        screen.set_viewport_size({"width": width, "height": 720})
        assert screen.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(screen.locator("[data-q-count=waiting]")).to_have_text("1")
    expect(digits).not_to_have_text(first, timeout=15_000)


def test_the_roll_is_called_with_the_keyboard_alone_and_taken_back(page: Page, workbench: Workbench) -> None:
    meet(page, workbench, "ann-lee", "ben-oduya")
    late = page.get_by_role("group", name="Ben Oduya").get_by_role("button", name="Late")
    tab_to(page, late)
    with page.expect_response(re.compile("/act/mark")):
        page.keyboard.press("Enter")
    expect(late).to_have_attribute("aria-pressed", "true")
    # The focus stays where the work is: the next learner is a few keys away.
    expect(late).to_be_focused()
    back = page.get_by_role("button", name="Take back: attendance (Ben Oduya)")
    expect(back).to_be_visible()
    page.locator("h2").first.focus()
    tab_to(page, back)
    with page.expect_response(re.compile("/act/undo")):
        page.keyboard.press("Enter")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(late).to_have_attribute("aria-pressed", "false")
    sent(page, "all-present", "Mark everybody else present")
    expect(page.locator("[data-q-count=present]")).to_have_text("2")


def test_a_file_is_looked_at_before_it_is_written_and_can_be_taken_back(
    page: Page, workbench: Workbench, tmp_path: Path
) -> None:
    table = tmp_path / "marks.csv"
    table.write_bytes("姓名;出勤;分数;Shoe size\r\nAnn Lee;迟到;55 %;38\r\nNobody;到;1;39\r\n".encode("gb18030"))
    meet(page, workbench, "ann-lee")
    page.get_by_text("Tables: take out, fill in, bring back").click()
    page.get_by_label("A CSV file").set_input_files(table)
    expect(page.locator("input[name=data]")).not_to_have_value("")
    sent(page, "table", "See what would change")
    expect(page.get_by_role("row", name="Ann Lee Points – 5.5")).to_be_visible()
    expect(page.get_by_text("“Shoe size”: This column is not known here")).to_be_visible()
    expect(page.get_by_text("Row 3: Nobody in this class is called so. (Nobody)")).to_be_visible()
    assert serious_findings(page, BLOCK) == []
    sent(page, "apply", "Write this down")
    expect(page.get_by_text("Taken over, of so many learners: 1.")).to_be_visible()
    expect(page.locator("[data-q-count=late]")).to_have_text("1")
    sent(page, "undo", "Take back: table (Ann Lee)")
    expect(page.locator("[data-q-count=late]")).to_have_text("0")
    with page.expect_download() as download:
        page.get_by_text("Tables: take out, fill in, bring back").click()
        page.get_by_role("link", name="Template (CSV)").click()
    assert download.value.suggested_filename == "template.csv"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_a_class_has_serious_findings_or_scrolls_sideways(
    page: Page, workbench: Workbench, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    meet(page, workbench, "ann-lee", "ben-oduya-with-a-name-that-does-not-end-" + "x" * 40)

    def looks_right() -> None:
        assert serious_findings(page, ".qualoop") == []
        for zoom in ("100%", "200%") if width > 1000 else ("100%",):
            page.evaluate("zoom => document.documentElement.style.fontSize = zoom", zoom)
            assert is_wider_than_its_place(page) == 0, zoom
        page.evaluate("document.documentElement.style.fontSize = ''")

    looks_right()
    sent(page, "open", "Open the class")
    for mark in ("Present", "Late"):
        sent(page, "mark", mark)
    looks_right()
    sent(page, "mark", "Ann Lee")
    looks_right()
    for view in ("author_view", "studio_view", "public_view"):
        page.goto(workbench.url(CLASS, student="staff", view=view))
        looks_right()


def test_two_classes_on_a_page_from_right_to_left_do_not_disturb_each_other(page: Page, workbench: Workbench) -> None:
    meet(page, workbench, "ann-lee", title="Two Qualoop classes")
    page.evaluate("document.documentElement.dir = 'rtl'")
    first, second = page.locator(BLOCK).all()
    before = second.inner_text()
    first.get_by_role("button", name="Late").click()
    expect(first.locator("[data-q-count=late]")).to_have_text("1")
    assert second.inner_text() == before
    ids = page.eval_on_selector_all("[id]", "elements => elements.map(element => element.id)")
    assert len(ids) == len(set(ids))
    assert serious_findings(page, ".qualoop") == []
    assert is_wider_than_its_place(page) == 0


@pytest.mark.parametrize("language", ["zh-Hans"])
def test_a_chinese_browser_gets_chinese(page: Page, workbench: Workbench, language: str) -> None:
    meet(page, workbench, "ann-lee")
    sent(page, "open", "开始上课")
    expect(page.get_by_text("到课情况")).to_be_visible()
    page.goto(workbench.url(CLASS, student="ann-lee"))
    expect(page.get_by_role("button", name="我到了")).to_be_visible()
    page.goto(workbench.url(CLASS, student="staff", view="studio_view"))
    expect(page.get_by_label("课堂安排")).to_be_visible()


def test_an_author_is_told_what_a_rubric_lacks_and_saves(page: Page, workbench: Workbench) -> None:
    page.goto(workbench.url("Qualoop attendance", student="author", view="studio_view"))
    page.get_by_label("What is observed").fill("Greets the customer")
    page.get_by_role("link", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("This line of the rubric is none")
    page.get_by_label("What is observed").fill("Greets the customer: not yet / by habit")
    page.get_by_label("Before class", exact=True).fill("sem-1-1-keywords-and-intent")
    with page.expect_response(re.compile("submit_studio_edits")) as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.status == 200
    page.goto(workbench.url("Qualoop attendance", student="author", view="author_view"))
    expect(page.get_by_text("Greets the customer", exact=True)).to_be_visible()
    expect(page.get_by_text("This site does not tell what learners have done elsewhere")).to_be_visible()
