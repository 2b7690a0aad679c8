"""What authors set: only lessons that are there, weights above 0, and the version is pinned when they save."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webob import Request, Response

from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed

SAVED = {"display_name": "Queries", "activity_key": "minimal", "weight": 2}


def save(author: Learner, values: dict[str, Any]) -> tuple[Response, Any]:
    block = author.block()
    body = json.dumps({"values": values, "defaults": []}).encode()
    return block.handle("submit_studio_edits", Request.blank("/", method="POST", body=body)), block


def test_saving_pins_the_version() -> None:
    response, block = save(Learner(place=placed("full")), SAVED)

    assert response.json == {"result": "success"}
    assert (block.display_name, block.activity_key, block.weight) == ("Queries", "minimal", 2.0)
    assert block.content_hash == TEST_LESSONS.get("minimal").hash


def test_saving_without_choosing_again_takes_the_version_that_is_there() -> None:
    author = Learner(place=placed("full", fields={"activity_key": "full", "content_hash": "0" * 64}))
    _, block = save(author, {"weight": 3})

    assert block.content_hash == TEST_LESSONS.get("full").hash


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weight": 0}, "The weight must be greater than 0."),
        ({"weight": -1}, "The weight must be greater than 0."),
        ({"weight": ""}, "The weight must be greater than 0."),
        ({"weight": "nan"}, "The weight must be greater than 0."),
        ({"activity_key": "gone"}, "This lesson is not installed here."),
        ({"activity_key": "../packages/full"}, "This lesson is not installed here."),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_kept(wrong: dict[str, Any], message: str) -> None:
    response, block = save(Learner(place=placed("full")), SAVED | wrong)

    assert response.status_code == 400
    assert message in response.text
    assert (block.activity_key, block.weight, block.content_hash) == ("full", 1.0, "")


def test_authors_choose_by_title_in_their_language() -> None:
    choices = Learner(place=placed(""), language="zh-cn").block().lesson_choices()

    assert {"display_name": "最小的微课", "value": "minimal"} in choices
    assert choices[0] == {"display_name": "请选择微课", "value": ""}


def test_the_words_of_the_form_are_translated() -> None:
    block = Learner(place=placed(""), language="zh-cn").block()
    fields = [block.fields[name] for name in block.editable_fields]

    assert [block.ugettext(field.display_name) for field in fields] == ["显示名称", "微课", "权重"]
