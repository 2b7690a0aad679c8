"""Content of a block's own: it plays as a package does, its faults are named with line and repair, and work is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from qualoop.framework import shipped_content
from tests.factories.packages import PACKAGES
from tests.integration.xblocks.learners import Learner, placed, questions, right_form
from tests.integration.xblocks.saving import saved
from xblocks.common.inline import MAX_BYTES, files_in

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
MINIMAL = files_in(PACKAGES / "minimal")


def own(files: Any = MINIMAL) -> Learner:
    return Learner(place=placed("", fields={"files": files}))


def test_own_content_is_answered_and_graded_like_a_package() -> None:
    learner = own()
    ((_, item),) = questions(learner.block().find_content().content)
    learner.answer(item.key, right_form(item, learner.seed))

    assert learner.grades() == [(1.0, 1.0)]
    assert "Content of this block&#39;s own: minimal, version" in learner.view("author_view")


def test_own_figures_and_recordings_are_served() -> None:
    learner = own(files_in(PACKAGES / "full"))

    recording = PACKAGES / "full" / "media" / "talk.mp3"
    assert learner.block().find_content().get_asset("media/talk.mp3").data == recording.read_bytes()
    assert learner.block().find_content().hash == Learner(place=placed("full")).block().find_content().hash


def test_a_mistake_is_named_with_file_line_and_repair_and_learners_are_told_that_nothing_is_lost() -> None:
    learner = own()
    learner.act("go", step="ask")
    attempt = learner.attempt
    broken = {**MINIMAL, "items.yaml": MINIMAL["items.yaml"].replace("prompt:", "prmpt:")}
    after = replace(learner, place=placed("", fields={"files": broken}))

    assert "What you have done is kept." in after.view()
    assert "items.yaml:5: schema-extra-forbidden" in after.view("author_view")
    assert after.act("go", step="read").json == {"error": "content-missing"}
    assert replace(after, place=learner.place).attempt == attempt


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"../lesson.yaml": "x"}, "file-place"),
        ({"lesson.yaml": 7}, "file-unreadable"),
        ({"figures/a.svg": {"base64": "%"}}, "file-unreadable"),
        ({"lesson.yaml": "\ud800"}, "file-unreadable"),
        ({"lesson.yaml": "a" * MAX_BYTES}, "files-too-large"),
        ({f"figures/{number}.svg": "" for number in range(41)}, "files-too-large"),
        ({"lesson.yaml": "[" * 900}, "yaml-syntax"),
        ({"lesson.yaml": LAUGHS}, "more than"),
        ({"lesson.yaml": "key: ../../etc"}, "schema-"),
        ({"lesson.en.md": "## A {#a}"}, "file-missing"),
    ],
)
def test_bad_files_are_refused_in_studio_with_a_sentence(files: dict[str, Any], code: str) -> None:
    author = Learner(place=placed("full"))
    response, block = saved(author, {"files": files})

    assert response.status_code == 400
    assert response.json["error"] == "settings-refused"
    assert any(code in message for message in response.json["messages"])
    assert block.files == {}


@pytest.mark.parametrize(
    ("project", "words"), [("da-sql-ladder", "LTI activity"), ("sem-partner-shop", "with an enterprise")]
)
def test_a_project_that_is_the_tools_is_told_to_be_so(project: str, words: str) -> None:
    files = files_in(shipped_content() / "ecommerce" / "projects" / project)
    response, _ = saved(Learner(place=placed("full")), {"files": files})

    assert words in json.dumps(response.json)


def test_content_of_another_kind_is_told_to_be_so() -> None:
    files = files_in(shipped_content() / "ecommerce" / "projects" / "sem-search-terms")
    response, _ = saved(Learner(place=placed("full")), {"files": files})

    assert response.json["messages"] == ["This content is of another kind: it needs another block."]
