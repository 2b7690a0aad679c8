"""The chat desk: what customers remember, what the clock does, what the best way is, and what is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise, product
from statistics import fmean, median
from typing import Any

import pytest

from qualoop.authored_files import Problems, read_yaml
from qualoop.framework import shipped_content
from qualoop.simulators import BaselineKind, Grid, Prose, Talk, WorldKey
from qualoop.simulators.conformance import fingerprint, play
from qualoop.simulators.scoring import gap_score, standard_of
from qualoop.simulators.service import policies
from qualoop.simulators.service.desk import ChatDeskEngine, DeskSpec
from qualoop.simulators.service.desk_pages import DeskWorld, field_key
from qualoop.simulators.service.dialogue import Conversation, Standing, worth
from qualoop.simulators.service.script import Script
from qualoop.simulators.service.shift import Desk, Shift
from qualoop.values import LANGUAGES, Text

FOLDER = shipped_content() / "ecommerce/projects/sales-chat-desk/packs"
ENGINE = ChatDeskEngine()
KEY = WorldKey.of_seed(5)


@pytest.fixture(scope="module")
def spec() -> DeskSpec:
    file = read_yaml(FOLDER, "scripts.yaml", Problems())
    assert file is not None
    return DeskSpec.model_validate({"packs": {"scripts": file.data}})


@pytest.fixture(scope="module")
def scripts(spec: DeskSpec) -> dict[str, Script]:
    return spec.packs.scripts


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
    for conversation in conversations(scripts):
        assert conversation.best(conversation.begin(), 6)[0] == most_points(conversation, conversation.begin(), 6)


def conversations(scripts: dict[str, Script]) -> Iterator[Conversation]:
    for script in scripts.values():
        for variant in script.variants:
            yield Conversation(script=script, variant=variant)


def met(conversation: Conversation) -> set[Standing]:
    """Return every standing, short of an end, that some way through a conversation leads to."""
    seen: set[Standing] = set()
    waiting = [conversation.begin()]
    while waiting:
        standing = waiting.pop()
        if standing in seen or conversation.is_over(standing):
            continue
        seen.add(standing)
        replies = conversation.node(standing).replies
        waiting += [conversation.answered(standing, replies[place]) for place in conversation.offered(standing)]
    return seen


def test_every_reply_of_every_script_can_come_up(scripts: dict[str, Script]) -> None:
    for name, script in scripts.items():
        reached = {
            (standing.node, place)
            for conversation in conversations({name: script})
            for standing in met(conversation)
            for place in conversation.offered(standing)
        }
        assert reached == {(node, place) for node, each in script.nodes.items() for place in range(len(each.replies))}


def test_every_word_in_braces_is_known(scripts: dict[str, Script]) -> None:
    for conversation in conversations(scripts):
        texts = [conversation.words(text) for text in conversation.script.texts()]
        assert len(texts) > 20
        assert not any(mark in words for text in texts for words in text.by_language.values() for mark in "{}")


def test_every_text_is_there_in_both_languages(scripts: dict[str, Script]) -> None:
    for script in scripts.values():
        words = [word for variant in script.variants for word in variant.words.values()]
        assert all(set(text.by_language) == set(LANGUAGES) for text in (*script.texts(), *words))


def test_nobody_is_offered_the_same_words_twice(scripts: dict[str, Script]) -> None:
    for conversation in conversations(scripts):
        for standing in met(conversation):
            replies = conversation.node(standing).replies
            offered = [conversation.words(replies[place].text)["en"] for place in conversation.offered(standing)]
            assert len(set(offered)) == len(offered) >= 2


def test_what_is_forbidden_is_one_of_the_eight_rules(scripts: dict[str, Script]) -> None:
    replies = [reply for script in scripts.values() for node in script.nodes.values() for reply in node.replies]
    assert {reply.breach for reply in replies if reply.breach} == {
        "beyond_policy",
        "guess_on_label",
        "off_platform",
        "promise_of_date",
        "refund_without_check",
        "review_bought",
        "right_denied",
        "unlisted_discount",
    }


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


def test_a_customer_who_gets_lost_breaks_a_law(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ENGINE.reference(world)
    assert ENGINE.laws(world, plan, KEY) == {"customers": 0.0, "talks go on": 0.0}
    assert ENGINE.laws(world, plan[:3], KEY) == {"customers": 0.0, "talks go on": 0.0}
    after = Shift.after

    def without_the_last(shift: Shift, turns: Any) -> Desk:
        desk = after(shift, turns)
        return replace(desk, queues=tuple(queue[:-1] for queue in desk.queues))

    monkeypatch.setattr(Shift, "after", without_the_last)
    assert ENGINE.laws(world, plan[:1], KEY)["customers"] == 3.0


def test_the_same_everywhere(spec: DeskSpec) -> None:
    assert fingerprint(ENGINE, spec, KEY) == fingerprint(ENGINE, spec, KEY)


def worked(world: DeskWorld, pick: policies.Pick) -> list[dict[str, list[str]]]:
    """Return the plan of an adviser who picks so."""
    turns = policies.worked(world.shift, pick)
    return [{field_key(window): [key] for window, key in enumerate(picks)} for picks in turns]


def half_good(shift: Shift, desk: Desk, window: int) -> str:
    """Pick well for every other customer, and whatever is quickest for the rest."""
    pick = policies.best if desk.queues[window][0] % 2 == 0 else policies.quickest
    return pick(shift, desk, window)


def slipping(chance: float, key: WorldKey) -> policies.Pick:
    """Return an adviser who knows the best reply, and gives another one with this chance."""

    def pick(shift: Shift, desk: Desk, window: int) -> str:
        standing = desk.standings[window]
        best = policies.best(shift, desk, window)
        others = [other for other in shift.offered(desk, window) if other != best]
        draws = key.uniforms("slip", desk.queues[window][0], standing.node if standing else "", shape=2)
        return others[int(draws[1] * len(others))] if others and draws[0] < chance else best

    return pick


@pytest.fixture(scope="module")
def worlds(spec: DeskSpec) -> dict[WorldKey, DeskWorld]:
    return {key: ENGINE.world(spec, key) for key in (WorldKey.of_seed(seed) for seed in range(20))}


def part_means(worlds: Mapping[WorldKey, DeskWorld], pick: policies.Pick) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for world in worlds.values():
        for score in ENGINE.scores(world, worked(world, pick)):
            found.setdefault(score.part, []).append(score.score)
    return {part: fmean(scores) for part, scores in found.items()}


def test_planted_advisers_are_told_apart_in_every_world(worlds: dict[WorldKey, DeskWorld]) -> None:
    for world in worlds.values():
        planted = (policies.best, half_good, policies.quickest, policies.worst)
        values = [ENGINE.value(world, worked(world, pick)) for pick in planted]
        assert all(better > worse for better, worse in pairwise(values))


def test_every_part_tells_a_strong_adviser_from_weak_ones(worlds: dict[WorldKey, DeskWorld]) -> None:
    strong, half, weak = (part_means(worlds, pick) for pick in (policies.best, half_good, policies.quickest))
    for part in ("need", "fit", "complaint"):
        assert strong[part] == 1.0
        assert 0.2 < half[part] < 0.8
        assert weak[part] < 0.2
    # Whoever answers half the customers without looking breaks a rule in nearly every shift.
    assert strong["policy"] == 1.0
    assert max(half["policy"], weak["policy"]) < 0.2


def test_the_more_slips_the_lower_the_score(worlds: dict[WorldKey, DeskWorld]) -> None:
    means = []
    for chance in (0.0, 0.15, 0.4, 0.8):
        values = [
            ENGINE.value(world, worked(world, slipping(chance, key))) / ENGINE.oracle(world).value
            for key, world in worlds.items()
        ]
        means.append(fmean(values))
    assert all(better - worse > 0.15 for better, worse in pairwise(means))


def test_neither_length_nor_speed_nor_silence_earns_anything(worlds: dict[WorldKey, DeskWorld]) -> None:
    for kind in (BaselineKind.SPEND_ALL, BaselineKind.RATIO_TRICK, BaselineKind.NOTHING):
        scores = []
        for world in worlds.values():
            plan = ENGINE.baseline(world, kind)
            assert plan is not None
            scores.append(float(gap_score(ENGINE.value(world, plan), standard_of(ENGINE, world))))
        assert median(scores) <= 0.1
        assert max(scores) <= 0.2


def test_after_the_shift_every_reply_is_gone_through(world: DeskWorld) -> None:
    state, _ = play(ENGINE, world, worked(world, policies.longest), KEY)
    view = ENGINE.view(world, state, KEY)
    assert view.form is None
    (review,) = [panel for panel in view.panels if isinstance(panel, Grid)]
    history = world.shift.history(policies.worked(world.shift, policies.longest))
    assert len(review.rows) == sum(each.offer is not None for each in history) > 10
    shown = [
        words for row in review.rows for cell in row if isinstance(cell, Text) for words in cell.by_language.values()
    ]
    assert not any(mark in words for words in shown for mark in "{}")


def test_silence_is_said_to_be_what_cost(world: DeskWorld) -> None:
    silent = ENGINE.baseline(world, BaselineKind.NOTHING)
    assert silent is not None
    assert all("left" in score.why["en"] for score in ENGINE.scores(world, silent))
    assert all("Nothing was lost" in score.why["en"] for score in ENGINE.scores(world, ENGINE.reference(world)))


def small_script(**changes: Any) -> dict[str, Any]:
    reply = {"text": {"en": "a"}, "seconds": 10, "goto": [{"to": "end"}], "why": {"en": "a"}} | changes
    return {
        "title": {"en": "a"},
        "customer": {"en": "a"},
        "start": "a",
        "variants": [{"words": {"goods": {"en": "lamp"}}}],
        "nodes": {"a": {"says": {"en": "a"}, "replies": [reply]}, "end": {"says": {"en": "a"}}},
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"goto": [{"to": "end", "when": [{"variable": "x", "least": 1}]}]}, "stuck"),
        ({"goto": [{"to": "nowhere"}]}, "not there"),
        ({"when": [{"variable": "x", "least": 1}]}, "nothing to say"),
        ({"why": {"en": "the {colour} one"}}, "no word for `{colour}`"),
    ],
)
def test_a_script_that_could_fail_a_customer_is_refused(changes: dict[str, Any], message: str) -> None:
    Script.model_validate(small_script())
    with pytest.raises(ValueError, match=re.escape(message)):
        Script.model_validate(small_script(**changes))


def test_the_reason_of_a_breach_names_the_goods() -> None:
    text = {"en": "Never give the {goods} away.", "zh-Hans": "{goods}不能送人。"}
    both = {"en": "a", "zh-Hans": "b"}
    script = small_script(text=both, why=text, breach="gift")
    script["variants"] = [{"words": {"goods": {"en": "lamp", "zh-Hans": "台灯"}}}]
    script["nodes"]["a"]["says"] = script["nodes"]["end"]["says"] = script["customer"] = both
    world = ENGINE.world(DeskSpec.model_validate({"packs": {"scripts": {"small": script}}}), KEY)
    by_part = {score.part: score for score in ENGINE.scores(world, worked(world, policies.quickest))}
    assert by_part["policy"].why["en"] == "You broke a rule of the shop: Never give the lamp away."
