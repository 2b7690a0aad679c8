"""What authors set: only lessons that are there, weights above 0, and the version is pinned when they save."""

from __future__ import annotations

from typing import Any

import pytest
from webob import Request

from tests.factories.packages import PACKAGES
from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed
from tests.integration.xblocks.saving import posted, saved
from xblocks.common import studio_saving
from xblocks.common.inline import files_in

SAVED = {"display_name": "Queries", "activity_key": "minimal", "weight": 2}


def test_saving_pins_the_version() -> None:
    response, block = saved(Learner(place=placed("full")), SAVED)

    assert response.json == {"result": "success"}
    assert (block.display_name, block.activity_key, block.weight) == ("Queries", "minimal", 2.0)
    assert block.content_hash == TEST_LESSONS.get("minimal").hash


def test_saving_without_choosing_again_takes_the_version_that_is_there() -> None:
    author = Learner(place=placed("full", fields={"activity_key": "full", "content_hash": "0" * 64}))
    _, block = saved(author, {"weight": 3})

    assert block.content_hash == TEST_LESSONS.get("full").hash


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weight": 0}, "The weight must be greater than 0."),
        ({"weight": -1}, "The weight must be greater than 0."),
        ({"weight": ""}, "The weight must be greater than 0."),
        ({"weight": "nan"}, "The weight must be greater than 0."),
        ({"weight": "1e400"}, "The weight must be greater than 0."),
        ({"weight": "heavy"}, "Weight cannot be read"),
        ({"weight": [1]}, "Weight cannot be read"),
        ({"max_attempts": -1}, "Attempts are a whole number"),
        ({"tries": 11}, "Tries per question are"),
        ({"counts": "worst"}, "Choose one of the values"),
        ({"show_feedback": "after_submit"}, "Answers cannot be shown before results"),
        ({"knowledge_points": ["SEM-1.1", "XX-9"]}, "There is no knowledge point XX-9."),
        ({"knowledge_points": "SEM-1.1"}, "Knowledge points cannot be read"),
        ({"display_name": "x" * 201}, "at most 200 characters"),
        ({"activity_key": "gone"}, "is not installed here"),
        ({"activity_key": "../packages/full"}, "is not installed here"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_kept(wrong: dict[str, Any], message: str) -> None:
    response, block = saved(Learner(place=placed("full")), SAVED | wrong)

    assert response.status_code == 400
    assert message in response.text
    assert (block.activity_key, block.weight, block.content_hash) == ("full", 1.0, "")


def test_authors_choose_by_title_in_their_language() -> None:
    form = Learner(place=placed(""), language="zh-cn").view("studio_view")

    assert "最小的微课" in form
    assert 'data-unit="SEM-1"' in form
    assert 'data-post="SEM' in form
    assert all(word in form for word in ("显示名称", "权重", "每题可答次数", "在课程中计多少分。"))


def test_every_setting_is_kept() -> None:
    values = {"max_attempts": 2, "tries": 1, "counts": "mean", "show_feedback": "after_due", "show_answer": "never"}
    _, block = saved(Learner(place=placed("full")), {**values, "knowledge_points": ["SEM-1.3"], "activity_key": "full"})
    rules = block.rules(block.find_content())

    assert (rules.max_attempts, rules.tries_per_item, rules.counts) == (2, 1, "mean")
    assert (rules.show_feedback, rules.show_score, rules.show_solution) == ("after_due", "after_due", "never")
    assert block.student_view_data()["knowledge_points"] == ["SEM-1.3"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "body-refused"),
        (b"[" * 100_000, 400, "body-refused"),
        (b"[]", 400, "body-refused"),
        (b'{"values": 7}', 400, "body-refused"),
        (b'{"values": {}, "defaults": 7}', 400, "body-refused"),
        (b" " * 2_000_001, 413, "body-too-large"),
    ],
    ids=["half", "deep", "list", "number", "defaults", "large"],
)
def test_a_body_that_is_none_is_refused_with_a_code(body: bytes, status: int, code: str) -> None:
    response, block = posted(Learner(place=placed("full")), body)

    assert (response.status_code, response.json) == (status, {"error": code})
    assert block.activity_key == "full"


def test_a_setting_can_be_taken_back() -> None:
    author = Learner(place=placed("full"))
    saved(author, {"tries": 2})
    response, block = posted(author, b'{"values": {}, "defaults": ["tries"]}')

    assert (response.status_code, block.tries) == (200, 3)


def test_the_preview_shows_texts_and_a_copy_gives_the_files() -> None:
    block = Learner(place=placed("")).block()
    preview = block.handle("studio_preview", Request.blank("/"), "minimal")
    copy = block.handle("studio_copy", Request.blank("/"), "full")

    assert "A minimal lesson" in preview.text
    assert "What a person types" not in preview.text
    assert all(f'data-q-file="{name}"' in copy.text for name in files_in(PACKAGES / "full"))
    for handler in ("studio_preview", "studio_copy"):
        assert block.handle(handler, Request.blank("/"), "../full").json == {"error": "content-missing"}


@pytest.mark.parametrize("handler", ["submit_studio_edits", "studio_preview", "studio_copy"])
@pytest.mark.parametrize(("role", "status"), [("student", 403), ("staff", 200)])
def test_where_learners_are_served_only_staff_may_ask_what_authors_ask(
    monkeypatch: pytest.MonkeyPatch, handler: str, role: str, status: int
) -> None:
    monkeypatch.setattr(studio_saving, "serves_learners", lambda: True)
    block = Learner(place=placed("full"), attributes={"user_role": role}).block()
    body = b'{"values": {}}' if handler.startswith("submit") else b""
    response = block.handle(handler, Request.blank("/", method="POST", body=body), "minimal")

    assert response.status_code == status
    assert status == 200 or response.json == {"error": "authors-only"}


def test_what_an_import_or_the_site_made_wrong_is_shown_above_the_block() -> None:
    fields = {"activity_key": "gone", "weight": 0.0, "import_problems": ["<problem>"]}
    validation = Learner(place=placed("gone", fields=fields)).block().validate()

    assert [message.type for message in validation.messages] == ["error", "error", "warning"]
    assert "gone is not installed here." in validation.messages[1].text
