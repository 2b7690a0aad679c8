"""What came from a page that another one had overtaken: said and kept where it is lost, and no word where it was taken."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from qualoop.player import Action, Refused, StaleActionError
from tests.unit.player import lessons
from tests.unit.player.projects import Attempt, cells, finished
from tests.unit.player.test_rendering import Page

OVERTAKEN = "Another page had moved on: this was not taken"


def late(attempt: Attempt, name: str, fields: Mapping[str, str], **at: str) -> StaleActionError:
    with pytest.raises(StaleActionError) as raised:
        attempt.send(name, fields, at=at)
    return raised.value


def page(attempt: Attempt, name: str, fields: Mapping[str, str], **at: str) -> str:
    """Return the page that answers a form that came too late."""
    error = late(attempt, name, fields, **at)
    form = {key: [value] for key, value in {**at, **fields}.items()}
    return attempt.html(Refused(action=Action(name=name, form=form), error=error))


def one_round_on(mode: str = "graded") -> Attempt:
    attempt = Attempt()
    attempt.open(mode)
    attempt.play(60)
    return attempt


def moment(attempt: Attempt, played: int) -> dict[str, str]:
    return {**attempt.moment(), "round": str(played)}


def test_the_reply_is_a_conflict() -> None:
    attempt = one_round_on()
    error = late(attempt, "run", cells(75), **moment(attempt, 0))
    assert Refused(action=Action(name="run", form={}), error=error).status == 409


@pytest.mark.parametrize("name", ["run", "save"])
def test_a_decision_for_a_round_that_was_played_stays_in_the_fields(name: str) -> None:
    attempt = one_round_on()
    html = page(attempt, name, cells(75, order_tea="x5"), **moment(attempt, 0))
    assert OVERTAKEN in html
    assert "Round 1 had been played already on another page." in html
    assert 'value="75"' in html
    assert 'value="x5"' in html
    assert 'name="round" value="1"' in html, "it can be sent for the round that is open"
    assert "data-q-refused" in html


def test_a_table_to_import_stays_where_it_was_pasted() -> None:
    attempt = one_round_on()
    html = page(attempt, "import", {**cells(), "csv": "goods,order\ntea,5\n"}, **moment(attempt, 0))
    assert OVERTAKEN in html
    assert "goods,order\ntea,5\n</textarea>" in html


@pytest.mark.parametrize("name", ["run", "save", "open"])
def test_what_was_played_already_is_not_lost(name: str) -> None:
    attempt = one_round_on()
    assert late(attempt, name, {**cells(60), "to": "practice"}, **moment(attempt, 0)).taken
    assert not late(attempt, name, {**cells(61), "to": "practice"}, **moment(attempt, 0)).taken


def test_handing_in_twice_and_going_on_twice_lose_nothing() -> None:
    attempt = finished(Attempt())
    assert late(attempt, "hand-in", {}, **attempt.moment()).taken
    attempt.open("practice")
    attempt.send("again", {})
    assert late(attempt, "again", {}, world="1").taken


def test_what_was_typed_for_another_world_can_be_copied() -> None:
    attempt = Attempt()
    attempt.open("practice")
    before = attempt.moment()
    attempt.send("again", {})
    html = page(attempt, "save", cells(75, price_cup="low"), **before)
    assert "Another page has gone on to another world." in html
    assert "goods,order,price\ntea,75,usual\ncup,75,low\n" in html
    assert 'value="75"' not in html, "the fields are those of another world"


def test_what_was_typed_for_another_attempt_can_be_copied() -> None:
    attempt = Attempt()
    form = {"mode": ["graded"], "world": ["1"], "round": ["0"], "order.tea": ["75"], "text.a": ["<b>\0"]}
    refused = Refused(action=Action(name="run", form=form), error=StaleActionError(of_another=True))
    html = attempt.html(refused)
    assert "A new attempt was begun on another page." in html
    assert "row,order,text\ntea,75,\na,,&lt;b&gt;\n" in html


def test_a_late_page_that_goes_elsewhere_keeps_what_was_typed() -> None:
    attempt = one_round_on()
    html = page(attempt, "open", {**cells(75), "to": "practice"}, **moment(attempt, 0))
    assert OVERTAKEN in html
    assert "tea,75,usual" in html


def test_a_page_without_typing_may_always_go_elsewhere() -> None:
    attempt = one_round_on()
    attempt.send("open", {"to": "practice"}, at={})
    assert attempt.state["at"] == "practice"


def test_the_page_is_well_formed_and_chinese_too() -> None:
    attempt = one_round_on()
    html = page(attempt, "run", cells(75), **moment(attempt, 0))
    assert len(set(Page(html).ids())) == len(Page(html).ids())


def lesson_page(attempt: lessons.Attempt, name: str, **fields: str) -> str | None:
    """Return the page after a late form of a lesson, None where what it asks for was taken."""
    form = {key: [value] for key, value in fields.items()}
    with pytest.raises(StaleActionError) as raised:
        attempt.do(name, **fields)
    if raised.value.taken:
        return None
    return attempt.html(Refused(action=Action(name=name, form=form), error=raised.value))


def test_an_answer_of_an_older_page_is_kept_in_its_question() -> None:
    attempt = lessons.Attempt()
    attempt.answer("text", 1, **lessons.WRONG["text"])
    attempt.go("watch")
    html = lesson_page(attempt, "answer", item="text", **{"try": "1"}, text="zqtyped")
    assert html is not None
    assert OVERTAKEN in html
    assert 'value="zqtyped"' in html
    assert "has not been checked" in html


def test_an_answer_that_was_taken_is_no_news() -> None:
    attempt = lessons.Attempt()
    attempt.answer("text", 1, **lessons.WRONG["text"])
    assert lesson_page(attempt, "answer", item="text", **{"try": "1"}, **lessons.WRONG["text"]) is None


def test_an_answer_to_a_closed_question_is_said_to_be_too_late() -> None:
    attempt = lessons.Attempt()
    attempt.answer("text", 1, **lessons.RIGHT["text"])
    html = lesson_page(attempt, "answer", item="text", **{"try": "1"}, text="else")
    assert html is not None
    assert "takes no more answers." in html


def test_handing_in_on_an_older_page_says_that_nothing_was_handed_in() -> None:
    attempt = lessons.Attempt()
    attempt.answer("single", 1, **lessons.RIGHT["single"])
    html = lesson_page(attempt, "finish", unanswered="7")
    assert html is not None
    assert "nothing was handed in" in html
    attempt.do("finish", unanswered="6")
    assert lesson_page(attempt, "finish", unanswered="6") is None


def test_what_was_shown_already_is_no_news() -> None:
    attempt = lessons.Attempt()
    attempt.do("hint", item="single", hint="1")
    assert lesson_page(attempt, "hint", item="single", hint="1") is None
    attempt.do("reveal", item="single", **{"try": "1"})
    assert lesson_page(attempt, "reveal", item="single", **{"try": "1"}) is None


@pytest.mark.parametrize("item", lessons.RIGHT)
@pytest.mark.parametrize("answers", [lessons.RIGHT, lessons.WRONG], ids=["right", "wrong"])
def test_an_answer_that_is_sent_again_is_known_whatever_it_is(item: str, answers: Mapping[str, lessons.Fields]) -> None:
    attempt = lessons.Attempt()
    attempt.answer(item, 1, **answers[item])
    # As the state comes back from where it is kept.
    attempt.state = json.loads(json.dumps(attempt.state))
    with pytest.raises(StaleActionError) as raised:
        attempt.answer(item, 1, **answers[item])
    assert raised.value.taken
