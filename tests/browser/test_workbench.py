"""The blocks in the XBlock SDK's workbench, in a browser: what learners and authors do, by mouse, by keyboard, in Chinese."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response, ViewportSize, expect

from qualoop.framework import shipped_content
from tests.browser.accessibility import serious_findings
from tests.factories.canary import MARKER, markers_in
from tests.factories.packages import PACKAGES, VALID
from tests.factories.workbench import Workbench, running_workbench

LESSON = "qualoop-activity"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Run the workbench with the shipped lessons and those of the tests."""
    lessons = tmp_path_factory.mktemp("lessons")
    shutil.copytree(shipped_content() / "ecommerce" / "lessons", lessons, dirs_exist_ok=True)
    for key in VALID:
        shutil.copytree(PACKAGES / key, lessons / key)
    with running_workbench(tmp_path_factory.mktemp("workbench"), lessons) as running:
        yield running


def opened(page: Page, workbench: Workbench, title: str, student: str) -> None:
    page.goto(workbench.url(title, student=student))
    page.locator(f"{LESSON} h2").first.wait_for()


def to_step(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("navigation", name="Steps of the lesson").get_by_role("button", name=name).click()


def test_a_learner_answers_wrong_then_right_and_the_score_is_published(page: Page, workbench: Workbench) -> None:
    opened(page, workbench, "minimal", "mouse")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Question 1")).to_be_focused()

    page.get_by_role("radio", name="What an advertiser books").check()
    page.get_by_role("button", name="Check answer").click()
    expect(page.get_by_text("That is a keyword.")).to_be_visible()
    assert workbench.published("grade")[-1] == {"value": 0.0, "max_value": 1.0, "only_if_higher": None}

    page.get_by_role("radio", name="What a person types").check()
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("Credit: 70%")).to_be_visible()
    assert workbench.published("grade")[-1] == {"value": 0.7, "max_value": 1.0, "only_if_higher": None}
    assert workbench.published("completion")[-1] == {"completion": 1.0}

    page.reload()
    expect(page.get_by_text("Credit: 70%")).to_be_visible()
    page.get_by_role("button", name="To the summary").click()
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.get_by_role("heading", name="Your result")).to_be_focused()
    page.get_by_role("button", name="Try the lesson again").click()
    expect(page.get_by_role("heading", name="A minimal lesson")).to_be_visible()
    expect(page.get_by_text("Step 1 of 2")).to_be_visible()


def test_the_keyboard_alone_leads_from_the_first_step_to_the_result(page: Page, workbench: Workbench) -> None:
    opened(page, workbench, "minimal", "keys")
    press_on(page, "Next")
    tab_to(page, page_role="radio")
    page.keyboard.press("Space")
    press_on(page, "Check answer")
    feedback = page.locator(".q-feedback .q-notice")
    expect(feedback).to_be_focused()
    press_on(page, re.compile(r"To the summary"))
    press_on(page, "Finish")
    expect(page.get_by_role("heading", name="Your result")).to_be_focused()


def press_on(page: Page, name: str | re.Pattern[str]) -> None:
    """Go to a button by Tab, press Enter, and wait for the page that follows."""
    button = page.get_by_role("button", name=name, exact=isinstance(name, str)).last
    tab_to(page, page_role="button", name=name)
    expect(button).to_be_focused()
    with page.expect_response(lambda response: "/handler/" in response.url):
        page.keyboard.press("Enter")
    expect(page.locator(LESSON)).not_to_have_attribute("data-sending", "")


def tab_to(page: Page, *, page_role: str, name: str | re.Pattern[str] | None = None) -> None:
    """Press Tab until the focus is on an element of this role and name."""
    target = page.locator(":focus").and_(
        page.get_by_role(page_role, name=name, exact=isinstance(name, str))  # type: ignore[arg-type]
    )
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.count():
            return
    pytest.fail(f"Tab never reaches the {page_role} {name or ''}")


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 900}, {"width": 360, "height": 740}], ids=["wide", "narrow"]
)
def test_no_step_has_serious_findings_or_scrolls_sideways(
    page: Page, workbench: Workbench, viewport: ViewportSize
) -> None:
    opened(page, workbench, "full", f"axe-{viewport['width']}")
    steps = page.locator(f"{LESSON} .q-progress-line").inner_text()
    total = int(steps.rsplit(" ", 1)[1])
    for number in range(1, total + 1):
        assert serious_findings(page, LESSON) == [], f"step {number}"
        assert is_wider_than_its_place(page) == 0, f"step {number}"
        page.locator(".q-nav-end").click()
        if number < total:
            expect(page.get_by_text(f"Step {number + 1} of {total}")).to_be_visible()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    assert serious_findings(page, LESSON) == []


def is_wider_than_its_place(page: Page) -> int:
    """Return how many blocks of a page hold something that reaches beyond them."""
    wide: int = page.eval_on_selector_all(
        ".qualoop", "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    )
    return wide


def test_a_round_is_played_and_the_run_handed_in(page: Page, workbench: Workbench) -> None:
    page.goto(workbench.url("Qualoop practice", student="player"))
    assert serious_findings(page, LESSON) == []
    sent_by_key(page, re.compile("graded"), "open")
    before = len(workbench.published("grade"))
    sent_by_key(page, re.compile("^Play round"), "run")
    sent_by_key(page, re.compile("^Hand in"), "hand-in")
    expect(page.get_by_role("button", name="Download the verification file")).to_be_visible()

    grade = workbench.published("grade")[before]
    assert (0 <= grade["value"] <= 1, grade["max_value"]) == (True, 1.0)
    # The browser sends this form by itself, so it must carry the platform's token.
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the verification file").click()
    assert download.value.suggested_filename == "sem-search-terms-run-1.json"


def sent_by_key(page: Page, name: re.Pattern[str], action: str) -> None:
    """Press Enter on a button, and wait for the page that follows."""
    with page.expect_response(lambda response: f"/act/{action}" in response.url):
        page.get_by_role("button", name=name).first.press("Enter")
    expect(page.locator(LESSON)).not_to_have_attribute("data-sending", "")


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, {"width": 360, "height": 740}])
def test_all_blocks_on_a_page_read_from_right_to_left_zoomed_and_without_motion(
    page: Page, workbench: Workbench, viewport: ViewportSize
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(workbench.url("All Qualoop blocks", student=f"rtl-{viewport['width']}"))
    page.evaluate("document.documentElement.dir = 'rtl'")
    ids = page.eval_on_selector_all("[id]", "elements => elements.map(element => element.id)")
    assert len(ids) == len(set(ids))
    assert serious_findings(page, ".qualoop") == []
    for zoom in ("100%", "200%") if viewport["width"] > 1000 else ("100%",):
        page.evaluate("zoom => document.documentElement.style.fontSize = zoom", zoom)
        assert is_wider_than_its_place(page) == 0, zoom
    moving = page.eval_on_selector_all(
        ".qualoop *", "all => all.filter(one => parseFloat(getComputedStyle(one).transitionDuration) > 0.01).length"
    )
    assert moving == 0


def test_an_author_narrows_previews_copies_mends_and_saves(page: Page, workbench: Workbench) -> None:
    page.goto(workbench.url("Qualoop lesson", student="author", view="studio_view"))
    assert serious_findings(page, ".q-studio") == []
    expect(page.locator("[data-q-preview]")).to_contain_text("Keywords and search intent")
    page.get_by_label("Knowledge point", exact=True).select_option("SEM-1.4")
    expect(page.get_by_role("radio", name="Keywords and search intent")).to_be_hidden()
    page.get_by_role("radio", name=re.compile("^Measuring results")).check()
    expect(page.locator("[data-q-preview]")).to_contain_text("Measuring results")

    page.get_by_role("button", name=re.compile("^Copy the chosen")).click()
    head = page.get_by_label("lesson.yaml")
    text = head.input_value()
    head.fill(text.replace("minutes: ", "minutes: many "))
    page.get_by_role("link", name="Save").click()
    faults = page.get_by_role("alert")
    expect(faults).to_contain_text("lesson.yaml:")
    expect(faults).to_be_focused()
    assert serious_findings(page, ".q-studio") == []
    head.fill(text.replace("title:\n  en: ", "title:\n  en: Our own: ", 1))
    with page.expect_response(re.compile("submit_studio_edits")) as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.status == 400
    head.fill(text)
    with page.expect_response(re.compile("submit_studio_edits")) as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.status == 200
    expect(faults).to_be_hidden()
    page.goto(workbench.url("Qualoop lesson", student="author", view="author_view"))
    expect(page.get_by_text("Content of this block's own: sem-1-4")).to_be_visible()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, {"width": 360, "height": 740}])
@pytest.mark.parametrize("student", ["map-reader", "staff-map", "new-map"])
def test_a_newcomer_to_the_workbench_sees_a_map_that_is_filled(
    page: Page, workbench: Workbench, student: str, viewport: ViewportSize
) -> None:
    page.goto(workbench.url("Qualoop map", student=student))
    expect(page.get_by_role("heading", name="Mastery map")).to_be_visible()
    assert serious_findings(page, ".qualoop") == []
    assert is_wider_than_its_place(page) == 0
    is_new, is_staff = student == "new-map", student == "staff-map"
    expect(page.get_by_role("heading", name="What to do next")).to_have_count(0 if is_new else 1)
    expect(page.get_by_text("Nothing is known yet.")).to_have_count(1 if is_new else 0)
    expect(page.get_by_role("table")).to_have_count(1 if is_staff else 0)
    if is_staff:
        expect(page.get_by_role("row")).to_have_count(10)
        tab_to(page, page_role="region", name="The class, for staff")
        page.keyboard.press("ArrowRight")


def test_an_author_chooses_a_unit_for_the_map(page: Page, workbench: Workbench) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(workbench.url("Qualoop map", student="author", view="studio_view"))
    assert serious_findings(page, ".q-studio") == []
    assert is_wider_than_its_place(page) == 0
    expect(page.get_by_text("Keywords and search intent")).to_be_visible()
    page.get_by_label("Unit", exact=True).select_option("SA-1")
    expect(page.get_by_text("Keywords and search intent")).to_be_hidden()
    name = page.get_by_label("Display name")
    name.fill("x" * 201)
    page.get_by_role("link", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("at most 200 characters")
    name.fill("Where you stand")
    with page.expect_response(re.compile("submit_studio_edits")) as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.status == 200
    expect(page.get_by_role("alert")).to_be_hidden()
    page.goto(workbench.url("Qualoop map", student="author", view="author_view"))
    expect(page.get_by_role("heading", name="Where you stand")).to_be_visible()
    expect(page.get_by_text("SA-1", exact=True)).to_be_visible()


@pytest.mark.parametrize("view", ["author_view", "public_view"])
def test_the_lesson_to_read_has_no_serious_findings(page: Page, workbench: Workbench, view: str) -> None:
    page.goto(workbench.url("full", student="reader", view=view))
    expect(page.get_by_role("heading", name="Everything a lesson may hold")).to_be_visible()

    assert serious_findings(page, ".qualoop") == []


@pytest.mark.parametrize("language", ["zh-Hans"])
def test_a_chinese_browser_gets_chinese(page: Page, workbench: Workbench) -> None:
    opened(page, workbench, "minimal", "chinese")
    expect(page.get_by_role("heading", name="最小的微课")).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("radio", name="用户输入的内容").check()
    page.get_by_role("button", name="检查答案").click()
    expect(page.get_by_text("对。", exact=True)).to_be_visible()


def test_two_lessons_on_a_page_do_not_disturb_each_other(page: Page, workbench: Workbench) -> None:
    opened(page, workbench, "Two Qualoop lessons", "two")
    first, second = page.locator(LESSON).all()
    before = second.inner_text()
    first.locator(".q-nav-end").click()
    expect(first.get_by_text(re.compile(r"^Step 2 of"))).to_be_visible()

    assert second.inner_text() == before
    ids = page.eval_on_selector_all("[id]", "elements => elements.map(element => element.id)")
    assert len(ids) == len(set(ids))


def test_a_figure_is_shown(page: Page, workbench: Workbench) -> None:
    opened(page, workbench, "full", "figures")
    to_step(page, re.compile(r"figure", re.IGNORECASE))
    figure = page.locator(f"{LESSON} figure img")
    expect(figure).to_be_visible()

    # `decode` waits for the file and fails where it is no picture.
    assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_no_marker_is_in_any_response_before_it_may(page: Page, workbench: Workbench) -> None:
    bodies: list[str] = []

    def keep(response: Response) -> None:
        if response.status < 300:
            bodies.append(response.text())

    page.on("response", keep)
    opened(page, workbench, "canary", "canary")
    for _ in range(8):
        with page.expect_response(lambda response: "/act/go" in response.url):
            page.locator(".q-nav-end").click()
        expect(page.locator(LESSON)).not_to_have_attribute("data-sending", "")
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    assert len(bodies) > 10
    assert [marker.text for body in bodies for marker in markers_in(body)] == []

    to_step(page, re.compile(r"Question 1\b"))
    page.get_by_role("radio", name="Apple B").check()
    with page.expect_response(lambda response: "/act/" in response.url) as answered:
        page.get_by_role("button", name="Check answer").click()
    expect(page.get_by_text(MARKER)).to_be_visible()
    assert {marker.text for marker in markers_in(answered.value.text())} == {"CANARY-7f3a-single-b-feedback-en"}
