"""The chat desk: what customers remember, what the clock does, what the best way is, and what is never shown."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from qualoop.authored_files import Problems, read_yaml
from qualoop.framework import shipped_content
from qualoop.simulators import BaselineKind, Prose, Talk, WorldKey
from qualoop.simulators.conformance import fingerprint, play
from qualoop.simulators.service.desk import ChatDeskEngine, DeskSpec
from qualoop.simulators.service.desk_pages import DeskWorld
from qualoop.simulators.service.dialogue import Conversation, Standing, worth
from qualoop.simulators.service.script import Script, read_scripts
from qualoop.simulators.texts import texts_in

FOLDER = shipped_content() / "ecommerce/projects/sales-chat-desk/packs"
ENGINE = ChatDeskEngine()
KEY = WorldKey.of_seed(5)


@pytest.fixture(scope="module")
def scripts() -> dict[str, Script]:
    file = read_yaml(FOLDER, "scripts.yaml", Problems())
    assert file is not None
    return read_scripts(file.data)


@pytest.fixture(scope="module")
def spec(scripts: dict[str, Script]) -> DeskSpec:
    return DeskSpec.model_validate({"packs": {"scripts": scripts}})


@pytest.fixture(scope="module")
def world(spec: DeskSpec) -> DeskWorld:
    return ENGINE.world(spec, KEY)


def most_points(conversation: Conversation, standing: Standing, depth: int) -> float:
    """Return the most points by trying every way, without any memory."""
    if depth == 0 or conversation.is_over(standing):
        return 0.0
    replies = conversation.node(standing).replies
    return max(
        worth(replies[place]) + most_points(conversation, conversation.answered(standing, replies[place]), depth - 1)
        for place in conversation.offered(standing)
    )


def test_the_best_way_is_the_best_of_all_ways(scripts: dict[str, Script]) -> None:
    for script in scripts.values():
        for variant in script.variants:
            conversation = Conversation(script=script, variant=variant)
            assert conversation.best(conversation.begin(), 7)[0] == most_points(conversation, conversation.begin(), 7)


def test_every_reply_of_every_script_can_come_up(scripts: dict[str, Script]) -> None:
    for name, script in scripts.items():
        met: set[tuple[str, int]] = set()
        for variant in script.variants:
            conversation = Conversation(script=script, variant=variant)
            seen, waiting = set(), [conversation.begin()]
            while waiting:
                standing = waiting.pop()
                if standing in seen or conversation.is_over(standing):
                    continue
                seen.add(standing)
                for place in conversation.offered(standing):
                    met.add((standing.node, place))
                    waiting.append(conversation.answered(standing, conversation.node(standing).replies[place]))
        missing = {(node, place) for node, each in script.nodes.items() for place in range(len(each.replies))} - met
        assert missing == set(), name


def test_every_word_in_braces_is_known(world: DeskWorld) -> None:
    for chat in world.shift.chats:
        for text in texts_in(chat.conversation.script.nodes):
            assert not any(
                mark in words for words in chat.conversation.words(text).by_language.values() for mark in "{}"
            )


def test_who_waits_too_long_leaves(world: DeskWorld) -> None:
    plan = ENGINE.baseline(world, BaselineKind.NOTHING)
    assert plan is not None
    assert ENGINE.value(world, plan) == 0
    history = world.shift.history([["wait"] * 3] * world.shift.turns)
    assert any(each.after.mood == 0 for each in history)


def test_the_clock_leaves_no_time_for_everybody(world: DeskWorld) -> None:
    shift = world.shift
    desk = shift.begin()
    for picks in product(*(shift.offered(desk, window) for window in range(3))):
        needed = sum(
            shift.chats[window].reply(shift.chats[window].offers[pick]).seconds for window, pick in enumerate(picks)
        )
        refused = ENGINE.check(world, ENGINE.initial(world), {f"window{n + 1}": [pick] for n, pick in enumerate(picks)})
        assert [problem.code for problem in refused] == (["too-long"] if needed > shift.seconds else [])


def test_a_reply_of_another_moment_is_refused(world: DeskWorld) -> None:
    decision = ENGINE.reference(world)[0]
    state, _ = ENGINE.step(world, ENGINE.initial(world), decision, KEY)
    codes = {problem.code for problem in ENGINE.check(world, state, decision)}
    assert codes <= {"reply-gone"}


def test_full_marks_and_none(world: DeskWorld) -> None:
    assert {score.score for score in ENGINE.scores(world, ENGINE.reference(world))} == {1.0}
    poor = ENGINE.baseline(world, BaselineKind.POOR)
    assert poor is not None
    by_part = {score.part: score for score in ENGINE.scores(world, poor)}
    assert by_part["policy"].score == 0
    assert by_part["policy"].critical is not None


def test_the_bound_holds(world: DeskWorld) -> None:
    bound = ENGINE.oracle(world).value
    assert ENGINE.value(world, ENGINE.reference(world)) <= bound


def test_nothing_that_tells_is_shown(world: DeskWorld) -> None:
    state, _ = play(ENGINE, world, ENGINE.reference(world)[:3], KEY)
    view = ENGINE.view(world, state, KEY)
    assert {type(panel) for panel in view.panels} == {Prose, Talk}
    shown = repr(view)
    for chat in world.shift.chats:
        for name, node in chat.conversation.script.nodes.items():
            assert f"'{name}'" not in shown
            for reply in node.replies:
                assert reply.why["en"] not in shown
    assert "points" not in shown
    assert "breach" not in shown


def test_the_same_everywhere(spec: DeskSpec) -> None:
    assert fingerprint(ENGINE, spec, KEY) == fingerprint(ENGINE, spec, KEY)


def test_a_script_that_could_be_stuck_is_refused() -> None:
    reply: dict[str, Any] = {
        "text": {"en": "a"},
        "seconds": 10,
        "goto": [{"to": "a", "when": [{"variable": "x", "least": 1}]}],
        "why": {"en": "a"},
    }
    script = {
        "title": {"en": "a"},
        "customer": {"en": "a"},
        "start": "a",
        "variants": [{}],
        "nodes": {"a": {"says": {"en": "a"}, "replies": [reply]}},
    }
    with pytest.raises(ValueError, match="stuck"):
        Script.model_validate(script)
