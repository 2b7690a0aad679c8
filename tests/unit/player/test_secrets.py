"""Nothing reaches a page before it may: every secret of the canary lesson is a word that starts with `zq`."""

from __future__ import annotations

import re
from typing import Literal

import pytest

from qualoop.assessment import LinkSettings, ResponseRefusedError
from qualoop.player import Action, Refused
from tests.unit.player.lessons import KIND, NOW, PARTLY, RIGHT, WRONG, Attempt, canary

STEPS = [step.key for step in canary().steps] + ["_summary"]
SECRETS = re.compile(r"zq[a-z0-9-]+")


def shown(attempt: Attempt) -> set[str]:
    """Return the secrets that any page of the attempt holds as it stands now."""
    found: set[str] = set()
    at = attempt.state["at"]
    for step in STEPS:
        attempt.go(step)
        found |= set(SECRETS.findall(attempt.html().lower()))
    attempt.go(at)
    return found


@pytest.mark.parametrize("show_solution", ["after_item", "after_submit", "never"])
def test_a_new_attempt_shows_no_secret(show_solution: Literal["after_item", "after_submit", "never"]) -> None:
    assert shown(Attempt(settings=LinkSettings(show_solution=show_solution))) == set()


WRONG_FEEDBACK = {
    "single": {"zqfeedback-single-c"},
    "multiple": {"zqfeedback-multiple-b"},
    "number": {"zqfeedback-number-near"},
    "text": {"zqfeedback-text-incorrect"},
    "order": {"zqfeedback-order-incorrect"},
    "match": {"zqfeedback-match-incorrect", "zqfeedback-match-a", "zqfeedback-match-b", "zqfeedback-match-c"},
    "spot": {"zqfeedback-spot-a"},
}


@pytest.mark.parametrize("item", WRONG)
def test_a_wrong_answer_shows_the_feedback_on_it_and_nothing_else(item: str) -> None:
    attempt = Attempt()
    attempt.answer(item, 1, **WRONG[item])
    assert shown(attempt) == WRONG_FEEDBACK[item]


def test_a_partly_right_answer_shows_the_feedback_on_it_and_nothing_else() -> None:
    attempt = Attempt()
    for item, fields in PARTLY.items():
        attempt.answer(item, 1, **fields)
    # `zqform` is what the learner typed.
    assert shown(attempt) == {
        "zqfeedback-multiple-a",
        "zqfeedback-text-near",
        "zqform",
        "zqfeedback-order-incorrect",
        "zqfeedback-match-incorrect",
        "zqfeedback-match-b",
        "zqfeedback-match-c",
    }


@pytest.mark.parametrize("item", [item for item in WRONG if canary().items[item].hints])
def test_a_hint_is_shown_when_it_was_asked_for(item: str) -> None:
    attempt = Attempt()
    attempt.do("hint", item=item, hint=1)
    assert shown(attempt) == {f"zqhint-{item}-1"}


@pytest.mark.parametrize("item", RIGHT)
@pytest.mark.parametrize(
    ("show_solution", "before", "after"),
    [("after_item", True, True), ("after_submit", False, True), ("never", False, False)],
)
def test_a_solution_is_shown_when_the_settings_allow_it(
    item: str, show_solution: Literal["after_item", "after_submit", "never"], *, before: bool, after: bool
) -> None:
    attempt = Attempt(settings=LinkSettings(show_solution=show_solution))
    attempt.answer(item, 1, **RIGHT[item])
    solution = f"zqsolution-{item}"
    assert (solution in shown(attempt)) is before
    attempt.do("finish", unanswered=6)
    assert (solution in shown(attempt)) is after
    assert {name for name in shown(attempt) if name.startswith("zqsolution")} == (
        {f"zqsolution-{other}" for other in RIGHT} if after else set()
    )


@pytest.mark.parametrize("item", RIGHT)
def test_giving_up_shows_the_solution_and_no_feedback(item: str) -> None:
    attempt = Attempt()
    attempt.do("reveal", item=item, **{"try": 1})
    # The solution of the short text names its right form.
    assert shown(attempt) == {f"zqsolution-{item}"} | ({"zqform"} if item == "text" else set())


def test_no_authors_key_is_ever_shown() -> None:
    attempt = Attempt()
    for item, fields in RIGHT.items():
        attempt.answer(item, 1, **fields)
    attempt.do("finish", unanswered=0)
    assert not {name for name in shown(attempt) if name.startswith("zqkey")}


def test_a_refused_response_shows_no_secret() -> None:
    attempt = Attempt()
    attempt.go("ask-number")
    action = Action(name="answer", form={"item": ["number"], "try": ["1"], "value": ["four"]})
    with pytest.raises(ResponseRefusedError) as refused:
        KIND.step(canary(), attempt.state, action, settings=attempt.settings, now=NOW)
    html = attempt.html(Refused(action=action, error=refused.value))
    assert 'value="four"' in html
    assert not SECRETS.findall(html)


def test_a_number_is_not_on_a_page_before_it_was_given() -> None:
    attempt = Attempt()
    attempt.go("ask-number")
    assert "417" not in attempt.html()
