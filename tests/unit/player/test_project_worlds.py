"""States that are kept and read back, worlds that are made anew, and what of them is kept for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from qualoop.assessment import LinkSettings
from qualoop.player import Action, Finished, RunScored, StaleActionError
from qualoop.player.errors import DecisionRefusedError
from qualoop.player.project import PracticeProjectKind
from qualoop.player.project_state import ProjectState
from qualoop.player.project_worlds import Recent, Worlds
from qualoop.simulators import ChoiceField, DecisionForm, PartScore, Plan, Standard, View, WorldKey
from tests.fakes.engines import StallEngine
from tests.unit.player.projects import (
    KIND,
    NOW,
    PROJECT,
    SEED,
    Attempt,
    cells,
    finished,
    graded_world,
    hash_of,
    project,
)


def test_the_state_is_plain_json_small_and_read_back_the_same() -> None:
    attempt = finished(Attempt())
    attempt.open("practice")
    attempt.play()
    attempt.send("what-if", {**cells(30), "instead": "1"})
    text = json.dumps(attempt.state)
    assert len(text) < 4096
    assert ProjectState.from_json(json.loads(text)).as_json() == attempt.state


def test_another_process_gets_the_same_from_the_same_actions() -> None:
    one, other = Attempt(), Attempt()
    one.play_all("graded")
    fresh = PracticeProjectKind(hash_of)
    for name, fields in (("open", {"to": "graded"}), ("run", cells(60)), ("run", cells(90))):
        moment = other.moment() if other.state["at"] else {}
        form = {key: [text] for key, text in {**moment, **fields}.items()}
        action = Action(name=name, form=form)
        other.state = fresh.step(PROJECT, other.state, action, settings=LinkSettings(), now=NOW).state
    assert one.state == other.state


def test_other_seeds_have_other_worlds() -> None:
    digests = set()
    for seed in range(3):
        attempt = Attempt(state=KIND.initial_state(PROJECT, seed=seed))
        attempt.play_all("practice")
        scored = attempt.events[-1]
        assert isinstance(scored, RunScored)
        digests.add(scored.digest)
    assert len(digests) == 3


def test_a_graded_world_is_none_of_practice() -> None:
    attempt = finished(Attempt())
    keys = {WorldKey.of_seed(SEED, PROJECT.key, "practice", number) for number in range(50)}
    assert graded_world(attempt)[1] not in keys


def test_what_was_asked_for_last_is_kept() -> None:
    made = []

    def make(name: str) -> str:
        made.append(name)
        return name

    recent: Recent[str] = Recent(2)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert recent.get(name, partial(make, name)) == name
    assert made == ["a", "b", "c", "b"]


def test_worlds_of_projects_that_differ_in_their_spec_differ() -> None:
    worlds = Worlds()
    one = worlds.world(PROJECT, 1, "practice", 1)
    other = worlds.world(replace(PROJECT, spec=project(rounds=3).spec), 1, "practice", 1)
    assert (one.rounds, other.rounds) == (2, 3)
    assert one.key == other.key


class DialogueEngine(StallEngine):
    """Offers other prices in its second round, and is over after that, though its third was announced."""

    name = "dialogue-stall"

    def form(self, world: Any, /) -> DecisionForm:
        return offering(super().form(world), ("low", "usual", "high"))

    def view(self, world: Any, state: Any, run: WorldKey, /, *, role: str = "") -> View:
        view = super().view(world, state, run)
        whole = super().form(world)
        form = [offering(whole, each) for each in (("low", "usual"), ("usual", "high"))]
        return replace(view, form=form[view.round] if view.round < len(form) else None)

    def scores(self, world: Any, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        return super().scores(world, [*plan, *[plan[-1]] * (world.rounds - len(plan))], standard)


def offering(form: DecisionForm, prices: tuple[str, ...]) -> DecisionForm:
    (table,) = form.tables
    fields = tuple(
        replace(field, options=tuple(option for option in field.options if option.key in prices), default=prices[0])
        if isinstance(field, ChoiceField)
        else field
        for field in table.fields
    )
    return DecisionForm(tables=(replace(table, fields=fields),))


def dialogue() -> Attempt:
    attempt = Attempt(content=project(rounds=3, engine=DialogueEngine()))
    attempt.open("graded")
    return attempt


def test_only_what_can_be_decided_now_is_offered_and_taken() -> None:
    attempt = dialogue()
    assert "12 yuan" not in attempt.html()
    refused = attempt.refused("run", cells(60, price="high"))
    assert isinstance(refused.error, DecisionRefusedError)
    assert {each.code for each in refused.error.problems} == {"not-offered"}
    attempt.play(60, price="usual")
    assert "12 yuan" in attempt.html()
    assert '<option value="low"' not in attempt.html()


def test_a_world_that_is_over_early_is_handed_in_then() -> None:
    attempt = dialogue()
    attempt.play(60, price="usual")
    attempt.play(60, price="high")
    assert KIND.progress(attempt.content, attempt.state) == (2, 2)
    attempt.send("hand-in", {})
    assert isinstance(attempt.events[-1], Finished)
    html = attempt.html()
    assert "zqdebrief" in html
    # What was offered in a round that went otherwise is not known.
    assert 'id="q-form"' not in html
    with pytest.raises(StaleActionError):
        attempt.send("what-if", {**cells(30), "instead": "1"})


def test_a_dialogue_whose_time_is_over_ends_where_it_stands() -> None:
    attempt = dialogue()
    attempt.play(60, price="usual")
    step = KIND.hand_in(attempt.content, attempt.state, settings=LinkSettings(), now=NOW)
    assert step.state["graded"]["played"] == 1
    assert step.state["graded"]["score"] == attempt.state["graded"]["score"]
