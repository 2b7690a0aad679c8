"""Tasks as authors write them, and a world's draw from them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from qualoop.simulators import WorldKey
from qualoop.simulators.sql.ladder import form_of, pose
from qualoop.simulators.sql.tasks import LadderSpec, TopicSpec, Window, filled
from tests.factories.sql_ladder import ladder_spec

BOTH = {"en": "x", "zh-Hans": "x"}


def topic(**changes: Any) -> dict[str, Any]:
    task: dict[str, Any] = {
        "key": "one",
        "level": "L2",
        "title": BOTH,
        "question": {"en": "of {market}", "zh-Hans": "{market}"},
        "solution": "select '{market}' as market",
        "mistakes": [{"find": "select", "put": "select distinct", "why": BOTH}],
    }
    return {"title": BOTH, "parameters": {"market": ["Germany", "France"]}, "tasks": [task | changes]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"solution": "select '{nobody}' as x"}, "unknown parameters: nobody"),
        ({"mistakes": [{"find": "nowhere", "put": "x", "why": BOTH}]}, "has no 'nowhere'"),
        ({"mistakes": [{"find": "select", "put": "select", "why": BOTH}]}, "changes nothing"),
        ({"order": ["first"]}, "pattern"),
        ({"constructs": ["pivot"]}, "cte"),
    ],
)
def test_a_task_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TopicSpec.model_validate(topic(**changes))


def test_a_key_stands_once_in_a_ladder() -> None:
    with pytest.raises(ValidationError, match="stand twice: one"):
        LadderSpec.model_validate({"packs": {"a": topic(), "b": topic()}})


def test_only_parameters_are_filled_in() -> None:
    assert filled("{a} {b} {'c': 1}", {"a": "1"}) == "1 {b} {'c': 1}"


def test_a_window_begins_and_ends() -> None:
    window = Window.model_validate({"days": 28, "first": "2010-12-06", "last": "2010-12-20"})
    assert window.starts == 3
    assert window.drawn("weeks", 2) == {"weeks.from": "2010-12-20", "weeks.to": "2011-01-17"}


def test_the_ladder_has_twenty_four_tasks_in_six_topics_of_rising_level() -> None:
    spec = ladder_spec()
    assert [len(each.tasks) for each in spec.packs.values()] == [4] * 6
    for each in spec.packs.values():
        levels = [task.level for task in each.tasks]
        assert levels == sorted(levels)
        assert set(levels) <= {"L2", "L3", "L4"}
    assert {task.level for each in spec.packs.values() for task in each.tasks} == {"L2", "L3", "L4"}


def test_every_text_is_there_in_both_languages() -> None:
    for each in ladder_spec().packs.values():
        texts = [each.title]
        for task in each.tasks:
            texts += [task.title, task.question, *(mistake.why for mistake in task.mistakes)]
        assert all(set(text.by_language) == {"en", "zh-Hans"} for text in texts)


def test_both_languages_name_the_same_parameters() -> None:
    for each in ladder_spec().packs.values():
        for task in each.tasks:
            named = [set(re.findall(r"{(.+?)}", text)) for text in task.question.by_language.values()]
            assert named[0] == named[1], task.key


def test_a_world_poses_every_task_without_a_gap() -> None:
    world = pose(ladder_spec(), WorldKey.of_seed(3))
    for task in world.tasks:
        texts = (*task.question.by_language.values(), task.solution, task.solution_for("sqlite"), task.mistaken(0.99))
        assert not any("{" in text for text in texts), task.spec.key


def test_a_key_poses_the_same_ladder_and_another_key_another() -> None:
    first, again, other = (pose(ladder_spec(), WorldKey.of_seed(seed)) for seed in (1, 1, 2))
    assert first == again
    solutions = [[task.solution for task in world.tasks] for world in (first, other)]
    assert sum(a == b for a, b in zip(*solutions, strict=True)) <= 6


def test_the_form_names_every_task_and_none_of_the_solutions() -> None:
    world = pose(ladder_spec(), WorldKey.of_seed(1))
    form = form_of(world)
    assert form.components == ("cleaning", "returns", "rfm", "cohort", "basket", "window")
    shown = repr(form)
    for task in world.tasks:
        assert task.spec.title["en"] in shown
        assert "\n".join(task.solution.splitlines()[:2]) not in shown
        assert all(mistake.why["en"] not in shown for mistake in task.spec.mistakes)
