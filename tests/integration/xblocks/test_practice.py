"""A practice project as a block: played and scored on the server, graded when handed in, and said where it is the tool's."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from xblock.scorable import Score

from qualoop.player import PartScored, RunScored
from qualoop.simulators.verifying import read_record, verify
from qualoop.values import Score as Share
from tests.fakes.block_runtime import Place
from tests.integration.xblocks import test_evidence
from tests.integration.xblocks.learners import Learner
from xblocks.common import evidence
from xblocks.common.contents import SHIPPED_PROJECTS
from xblocks.kp_practice import KpPracticeBlock

outbox = test_evidence.outbox


class FormFields(HTMLParser):
    """The fields of the form that sends an action, as a browser would send them."""

    def __init__(self, html: str, action: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._action = action
        self._inside = False
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            # The button of a round has an address of its own, in the form that saves.
            form = {"run": "save"}.get(self._action, self._action)
            self._inside = f"/act/{form}?" in given.get("action", "")
        elif self._inside and tag == "select":
            self._select = given["name"]
        elif self._inside and tag == "option" and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = [given["value"]]
        elif self._inside and tag == "input" and ("checked" in given or given.get("type") not in {"radio", "checkbox"}):
            self.fields.setdefault(given.get("name", ""), []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


def working(key: str = "sem-search-terms", **fields: Any) -> Learner:
    place = Place(block_class=KpPracticeBlock, fields={"activity_key": key, **fields}, name="practice-1")
    return Learner(place=place, attributes=test_evidence.WHO)


def play(learner: Learner, mode: str) -> str:
    """Play every round of a run with what its page suggests, and hand it in where it is graded."""
    html = learner.act("open", to=mode).text
    for _ in range(30):
        action = next((name for name in ("run", "hand-in") if f"/act/{name}?" in html), None)
        if action is None or (mode == "practice" and action == "hand-in"):
            return html
        html = learner.send(action, FormFields(html, action).fields).text
    pytest.fail("the run never ends")


@pytest.fixture(scope="module")
def played() -> Learner:
    learner = working()
    play(learner, "practice")
    return learner


def test_practice_is_no_grade_and_the_graded_run_is_one_when_it_is_handed_in(played: Learner) -> None:
    assert played.grades() == []
    assert not played.block().has_submitted_answer()
    play(played, "graded")

    assert played.attempt["status"] == "evaluated"
    (grade,) = played.grades()
    assert grade == (float(played.block().score), 1.0)
    assert played.completions()[-1] == 1.0
    assert played.block().calculate_score() == Score(*grade)
    record = played.act("verification")
    assert record.headers["Content-Disposition"] == 'attachment; filename="sem-search-terms-run-1.json"'
    assert played.attempt["hash"] in record.text
    assert working().act("verification").json == {"error": "content-missing"}


def test_the_state_is_decisions_and_a_long_seed_and_stays_small(played: Learner) -> None:
    state = played.attempt

    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert len(json.dumps(state)) < 65_536
    assert played.seed.bit_length() > 64


def test_attempts_and_which_counts_are_as_the_project_says(played: Learner) -> None:
    block = played.block()
    rules = block.rules(block.find_content())

    assert (rules.max_attempts, rules.counts) == (4, "mean")
    assert "Attempt 1 of 4." in played.view()
    assert rules == Learner(place=working(max_attempts=None).place).block().rules(block.find_content())
    assert working(max_attempts=1).block().rules(block.find_content()).max_attempts == 1


def test_the_mean_counts_only_what_was_handed_in(played: Learner) -> None:
    first = played.block().score or str(played.grades()[-1][0])
    played.act("restart")
    before = len(played.grades())
    played.act("open", to="graded")

    assert played.attempt["number"] == 2
    assert played.attempt["earlier"] == [first]
    assert len(played.grades()) == before


def test_an_older_page_is_told_what_was_not_taken_and_keeps_it() -> None:
    learner = working()
    fields = FormFields(learner.act("open", to="practice").text, "run").fields
    assert learner.send("run", fields).status_code == 200
    assert learner.send("run", fields).status_code == 200, "a double click is no news"
    late = learner.send("run", {**fields, "band.t01": ["zq-typed"]})
    assert late.status_code == 409
    assert 'value="zq-typed"' in late.text or "t01,phrase,zq-typed" in late.text
    assert "Another page had moved on: this was not taken" in late.text


def test_forged_scores_and_decisions_change_nothing() -> None:
    learner = working()
    html = learner.act("open", to="graded").text
    fields = FormFields(html, "run").fields
    response = learner.send("run", {**fields, "score": ["1"], "parts": ["{}"], "round": ["99"]})

    assert response.status_code == 409
    assert learner.attempt["player"]["graded"]["played"] == 0
    wrong = {
        name: values if name in {"attempt", "mode", "world", "round"} else ["<b>"] for name, values in fields.items()
    }
    assert learner.send("run", wrong).status_code == 422
    assert learner.grades() == []


def test_a_run_is_evidence_of_each_component(outbox: Any) -> None:
    learner = working()
    play(learner, "practice")
    (batch,) = outbox.batches

    assert {part.part for part in batch.parts} == {"match", "bids", "negatives"}
    assert {(part.form, part.mode, part.components) for part in batch.parts} == {("project", "practice", 3)}
    assert len({part.event_id for part in batch.parts}) == 3


def test_evidence_of_a_graded_run_names_its_file(outbox: Any) -> None:
    learner = working()
    play(learner, "graded")
    record = read_record(learner.act("verification").body)
    names = {part.run for batch in outbox.batches for part in batch.parts}

    assert len(names) == 1
    assert verify(record, ledger_run=names.pop()).faults == ()


@pytest.mark.parametrize(("mode", "is_held"), [("practice", False), ("graded", True)])
def test_only_a_graded_run_is_held_to_a_breach(mode: str, *, is_held: bool) -> None:
    scored = PartScored(part="policy", score=Share("0"), components=4, reliability=None, critical=True)
    run = RunScored(mode=mode, number=1, parts=(scored,), digest="ab" * 32)
    (part,) = evidence._run_parts("attempt-1", run, "5f" * 32)
    assert (part.mode, part.critical) == (mode, is_held)


@pytest.mark.parametrize(
    ("key", "author"),
    [("da-sql-ladder", "It runs what learners write"), ("sem-partner-shop", "It is worked at with an enterprise")],
)
def test_what_is_the_tools_is_said_to_be_so(key: str, author: str) -> None:
    learner = working(key)

    assert "Open the Qualoop activity of this name in your course." in learner.view()
    assert f'<h2 class="q-head-title">{SHIPPED_PROJECTS.offer(key).title["en"]}</h2>' in learner.view()
    assert author in learner.view("author_view")
    assert f'value="{key}" data-q-activity checked' in learner.view("studio_view")
    assert author in learner.block().validate().messages[0].text
    assert learner.send("open", {}).json == {"error": "content-missing"}


def test_guests_and_search_get_the_brief_and_nothing_of_a_world() -> None:
    learner = working()

    assert "The brief" in learner.view("public_view")
    assert "<form" not in learner.view("public_view")
    assert learner.block().index_dictionary()["content_type"] == "Practice project"
    assert learner.block().student_view_data()["kind"] == "practice-project"
    assert learner.block().state == {}
