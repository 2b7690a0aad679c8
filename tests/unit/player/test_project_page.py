"""The pages of a practice project: whole, usable without a script, and with nothing on them that must be found out."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from gettext import NullTranslations
from itertools import pairwise
from typing import Any

import pytest

from qualoop.assessment import LinkSettings
from qualoop.player import Action, Refused, StaleActionError
from qualoop.player.errors import DecisionRefusedError
from qualoop.player.project_state import ProjectState
from qualoop.player.project_view import Page as PageOf
from qualoop.player.project_view import project_view
from qualoop.player.project_worlds import Worlds
from qualoop.player.translation import translations
from qualoop.simulators import WorldKey
from qualoop.simulators.entering import refusal
from qualoop.simulators.verifying import read_record
from tests.fakes.engines import GOODS
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import KIND, PROJECT, SEED, Attempt, cells, finished, graded_world
from tests.unit.player.test_rendering import Page


def _nothing(attempt: Attempt) -> None:
    return None


def _open_practice(attempt: Attempt) -> None:
    attempt.open("practice")


def _second_round(attempt: Attempt) -> None:
    attempt.open("practice")
    attempt.play(60)


def _what_if(attempt: Attempt) -> None:
    _second_round(attempt)
    attempt.send("what-if", {**cells(30), "instead": "1"})


def _practised(attempt: Attempt) -> None:
    attempt.play_all("practice")


def _graded_round(attempt: Attempt) -> None:
    attempt.open("graded")
    attempt.play(60)


def _all_played(attempt: Attempt) -> None:
    attempt.play_all("graded")


def _handed_in(attempt: Attempt) -> None:
    finished(attempt)
    attempt.send("what-if", {**cells(30), "instead": "1"})


STAGES: dict[str, Callable[[Attempt], None]] = {
    "start": _nothing,
    "practice": _open_practice,
    "second-round": _second_round,
    "what-if": _what_if,
    "practised": _practised,
    "graded-round": _graded_round,
    "all-played": _all_played,
    "handed-in": _handed_in,
}


def at(stage: str, language: str = "en") -> Attempt:
    catalogue = translations(language) if language != "en" else NullTranslations()
    attempt = Attempt(host=FixedHost(language=language, catalogue=catalogue))
    STAGES[stage](attempt)
    return attempt


def refused_page(attempt: Attempt, name: str, fields: dict[str, str]) -> str:
    return attempt.html(attempt.refused(name, fields))


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_html_is_whole_with_ids_of_its_own(stage: str, language: str) -> None:
    page = Page(at(stage, language).html().replace("<br>", ""))
    assert page.open == []
    assert page.elements[0][0] == "qualoop-activity"
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert all(name.startswith("q-") for name in ids)
    named = {
        name
        for _, attrs in page.elements
        for attribute in ("for", "aria-labelledby", "aria-describedby", "data-q-then", "form")
        for name in (attrs.get(attribute) or "").split()
    }
    # A form may lead to a part that only the next page has.
    assert named - set(ids) <= {"q-result", "q-what-if", "q-decision", "q-title"}


def test_nothing_needs_inline_styles_or_scripts_and_every_form_is_posted(stage: str) -> None:
    for tag, attrs in Page(at(stage).html()).elements:
        assert tag not in {"style", "script"}
        assert not [name for name in attrs if name == "style" or name.startswith("on")]
        if tag == "form":
            assert attrs["method"] == "post"
            assert (attrs["action"] or "").startswith("/do/")


def test_headings_go_down_one_by_one(stage: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(at(stage).html()).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_chinese_pages_say_nothing_in_english(stage: str) -> None:
    html = at(stage, "zh-Hans").html()
    text = re.sub(r"<[^>]*>", " ", re.sub(r"<(?:title|code|option)[^>]*>.*?</(?:title|code|option)>", "", html))
    words = set(re.findall(r"[A-Za-z]{3,}", text))
    # What the fake engine says of its parts, and names that are no words.
    assert words <= {
        "CSV",
        "SHA",
        "SCM",
        "orders",
        "prices",
        "signs",
        "goods",
        "order",
        "price",
        "sign",
        "zqdebrief",
        "Author",
        "source",
    }


def test_every_cell_is_labelled_by_row_and_column() -> None:
    elements = Page(at("practice").html()).elements
    labels = {attrs["name"]: attrs.get("aria-label") for _, attrs in elements if "data-q-cell" in attrs}
    assert len(labels) == 3 * len(GOODS)
    assert labels["order.tea"] == "Order: Tea"
    assert labels["sign.tin"] == "Sign: =Tin"


def test_a_decision_can_be_sent_without_a_script() -> None:
    """The form's own button is the one that Enter presses: it keeps, and never plays."""
    elements = Page(at("practice").html()).elements
    start = next(place for place, (_, attrs) in enumerate(elements) if attrs.get("id") == "q-form")
    assert elements[start][1]["action"] == "/do/save"
    submits = [attrs for tag, attrs in elements[start:] if tag == "button" and attrs.get("type") != "button"]
    assert "formaction" not in submits[0]
    assert [attrs.get("formaction") for attrs in submits[1:3]] == ["/do/run", "/do/import"]


def test_a_refusal_stands_at_its_cell_and_what_was_typed_stays() -> None:
    html = refused_page(at("practice"), "run", cells(60, order_cup="-5", price_pot="<b>free", order_tin="1,234"))
    elements = Page(html).elements
    invalid = {attrs["name"]: attrs for _, attrs in elements if "aria-invalid" in attrs}
    assert set(invalid) == {"order.cup", "price.pot", "order.tin"}
    assert invalid["order.cup"]["value"] == "-5"
    assert ("option", {"value": "<b>free", "selected": None}) in elements
    described = {attrs["aria-describedby"] for attrs in invalid.values()}
    assert described <= {attrs.get("id") for _, attrs in elements}
    assert [attrs["role"] for _, attrs in elements if "data-q-refused" in attrs] == ["alert"]
    assert "This cannot be negative: enter a number from 0 to 200." in html


def test_a_refusal_of_another_run_does_not_fill_this_one() -> None:
    attempt = at("practice")
    refused = attempt.refused("run", cells(60, order_cup="-5"))
    attempt.open("graded")
    assert 'value="-5"' not in attempt.html(refused)


@pytest.mark.parametrize("typed", ['"><script>x</script>', "\0fields\0", "\0action run\0", "{{ page }}", "=1+1"])
def test_what_a_learner_types_stays_text(typed: str) -> None:
    attempt = at("practice")
    html = refused_page(attempt, "run", cells(60, order_cup=typed))
    values = [attrs["value"] for _, attrs in Page(html).elements if attrs.get("name") == "order.cup"]
    assert values == [typed.replace("\0", "")]
    assert html.count('name="csrf"') == attempt.html().count('name="csrf"')
    pasted = refused_page(attempt, "import", {**cells(), "csv": f"goods,order\n{typed},5\n"})
    assert "<script>" not in pasted
    assert pasted.count('name="csrf"') == attempt.html().count('name="csrf"')


def test_a_refused_table_stays_in_its_field() -> None:
    html = refused_page(at("practice"), "import", {**cells(), "csv": "goods,order\nfoo,5"})
    assert "goods,order\nfoo,5</textarea>" in html
    assert "there is no row “foo”" in html


@pytest.mark.parametrize("stage", ["start", "practice", "second-round", "what-if", "graded-round", "all-played"])
def test_no_page_before_the_end_tells_key_debrief_or_what_was_hidden(stage: str) -> None:
    attempt = at(stage)
    html = attempt.html()
    assert "zqdebrief" not in html
    assert "clairvoyant" not in html
    for mode in ("practice", "graded"):
        run = attempt.state[mode]
        if run is None:
            continue
        key = (
            WorldKey.of_seed(SEED, PROJECT.key, mode, run["number"]) if mode == "practice" else graded_world(attempt)[1]
        )
        world = PROJECT.engine.world(PROJECT.spec, key)
        assert key.as_text() not in html
        assert key.derive("run").as_text() not in html
        for hidden in [*world.spread, *world.sign]:
            assert f"{hidden:.2f}" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL) or hidden in {0.2, -0.02}
    assert str(SEED) not in html


def test_the_commitment_comes_first_and_the_key_that_fits_it_after_the_end() -> None:
    attempt = at("graded-round")
    _, key = graded_world(attempt)
    assert key.commitment in attempt.html()
    assert key.as_text() not in attempt.html()
    attempt.play(90)
    attempt.send("hand-in", {})
    assert key.commitment in attempt.html()
    assert key.as_text() in attempt.html()


@pytest.mark.parametrize(
    ("score", "feedback", "points", "debrief"),
    [
        ("after_item", "after_item", True, True),
        ("after_submit", "after_submit", True, True),
        ("never", "after_submit", False, True),
        ("after_submit", "never", True, False),
        ("after_due", "after_due", False, False),
        ("never", "never", False, False),
    ],
)
def test_after_handing_in_the_page_shows_what_the_settings_allow(
    score: Any, feedback: Any, *, points: bool, debrief: bool
) -> None:
    settings = LinkSettings(show_score=score, show_feedback=feedback, show_solution="never")
    attempt = finished(Attempt(settings=settings))
    _, key = graded_world(attempt)
    html = attempt.html()
    assert ("of 100 points" in html) is points
    assert ("zqdebrief" in html) is debrief
    assert (key.as_text() in html) is debrief
    # What each part earned is a score; where the most was lost is feedback.
    assert ("Part by part" in html) is (points and debrief)
    assert ("Where the most was lost" in html) is debrief
    world, _ = graded_world(attempt)
    if not points:
        assert f"{float(KIND.score(PROJECT, attempt.state, settings)) * 100:.1f}%" not in html
    if not debrief:
        assert f"{PROJECT.engine.oracle(world).value:,.0f}" not in html


def test_a_practice_run_is_told_whatever_the_settings_are() -> None:
    attempt = Attempt(settings=LinkSettings(show_score="never", show_feedback="never", show_solution="never"))
    attempt.play_all("practice")
    assert "zqdebrief" in attempt.html()
    assert "in practice: it does not count" in attempt.html()


def test_the_debrief_has_the_largest_losses_with_what_would_have_been() -> None:
    attempt = finished(Attempt())
    world, _ = graded_world(attempt)
    plan = PROJECT.engine.plan(world, attempt.state["graded"]["state"])
    page = PageOf(
        project=PROJECT,
        worlds=Worlds(),
        state=ProjectState.from_json(attempt.state),
        host=attempt.host,
        settings=LinkSettings(),
    )
    told = project_view(page)["run"]["debrief"]
    assert 1 <= len(told["losses"]) <= 3
    lost = [float(loss["lost"].replace(",", "")) for loss in told["losses"]]
    assert lost == sorted(lost, reverse=True)
    reference = PROJECT.engine.reference(world)
    instead = [{**mine, "order": best["order"]} for mine, best in zip(plan, reference, strict=True)]
    orders = next(loss for loss in told["losses"] if loss["title"] == "Orders")
    assert orders["instead"] == f"{PROJECT.engine.value(world, instead):,.0f}"
    assert [row["key"] for row in told["values"]] == ["naive", "yours", "reference", "oracle"]


def test_luck_is_what_came_out_less_what_was_to_be_expected() -> None:
    attempt = finished(Attempt())
    world, key = graded_world(attempt)
    plan = PROJECT.engine.plan(world, attempt.state["graded"]["state"])
    state: Any = PROJECT.engine.initial(world)
    realised = 0.0
    for decision in plan:
        state, happened = PROJECT.engine.step(world, state, decision, key.derive("run"))
        realised += happened.realised
    luck = realised - PROJECT.engine.value(world, plan)
    sign = "+" if luck > 0 else "−"
    assert f"lucky: {sign}{abs(luck):,.0f}." in attempt.html()


def test_the_same_decision_tried_again_differs_in_nothing() -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.play(60)
    attempt.send("what-if", {**cells(60), "instead": "1"})
    rows = re.findall(r"<td class=\"q-number\">(?:<strong>)?([^<]*)", attempt.html().split('q-what-if"', 1)[1])[:12]
    assert [row for place, row in enumerate(rows) if place % 3 == 2] == ["0", "¥0", "0", "0.0%"]


def test_a_decision_can_be_taken_away_as_csv_that_excel_reads() -> None:
    attempt = at("practice", "zh-Hans")
    attempt.send("save", cells(70))
    links = [attrs["href"] or "" for tag, attrs in Page(attempt.html()).elements if tag == "a" and "download" in attrs]
    text = b64decode(links[0].removeprefix("data:text/csv;charset=utf-8;base64,")).decode()
    assert text.startswith("\ufeffgoods,")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][0] == "tea"
    assert rows[1][-3:] == ["70", "usual", "no"]
    assert rows[5][1] == "'=茶罐"


def test_a_review_shows_every_round_and_sends_nothing() -> None:
    attempt = at("handed-in")
    html = attempt.review()
    page = Page(html)
    assert page.open == []
    assert not [tag for tag, _ in page.elements if tag in {"form", "input", "textarea", "select"}]
    assert "Round 1" in html
    assert "Round 2" in html
    assert "zqdebrief" in html


@pytest.mark.parametrize("stage", ["start", "practice", "graded-round"])
def test_a_review_of_an_unfinished_run_tells_what_was_played(stage: str) -> None:
    html = at(stage).review()
    assert "zqdebrief" not in html
    assert ("What was decided".lower() in html.lower()) is (stage == "graded-round")


def test_a_record_of_a_run_is_given_after_the_end_and_only_then() -> None:
    attempt = at("all-played")
    with pytest.raises(StaleActionError):
        KIND.record(PROJECT, attempt.state, settings=LinkSettings(), content_hash="c" * 64)
    attempt.send("hand-in", {})
    settings = LinkSettings(show_feedback="never", show_solution="never", show_score="never")
    with pytest.raises(StaleActionError):
        KIND.record(PROJECT, attempt.state, settings=settings, content_hash="c" * 64)
    record = KIND.record(PROJECT, attempt.state, settings=LinkSettings(), content_hash="c" * 64)
    assert record.score == KIND.score(PROJECT, attempt.state, LinkSettings()).as_text()
    assert record.scores == attempt.state["graded"]["parts"]
    assert read_record(record.model_dump_json().encode()) == record


def test_two_projects_on_one_page_share_no_id() -> None:
    attempt = at("handed-in")
    other = replace(attempt, host=FixedHost(id_prefix="second"))
    assert not set(Page(attempt.html()).ids()) & set(Page(other.html()).ids())


def test_a_refusal_without_a_sheet_stands_above() -> None:
    attempt = at("start")
    error = DecisionRefusedError([refusal("nothing")])
    html = attempt.html(Refused(action=Action(name="open", form={"to": ["graded"]}), error=error))
    assert "This could not be done" in html
    assert "There is nothing to import." in html
