"""The lessons that blocks find."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from qualoop.framework import shipped_content
from tests.factories.packages import VALID, broken_copy, copied
from tests.integration.xblocks.learners import TEST_LESSONS
from xblocks.common.contents import SHIPPED, ContentMissingError, Contents


def test_every_shipped_lesson_opens_and_has_its_title() -> None:
    assert list(SHIPPED)
    for key in SHIPPED:
        assert SHIPPED.offer(key).title.by_language == SHIPPED.get(key).content.title.by_language


def test_a_lesson_is_built_once() -> None:
    assert list(TEST_LESSONS) == VALID
    assert TEST_LESSONS.get("minimal") is TEST_LESSONS.get("minimal")


def test_a_broken_lesson_is_not_shown_and_its_problems_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = broken_copy("everything-at-once", tmp_path)
    copied("canary", tmp_path)
    contents = Contents(folder=tmp_path, framework=shipped_content() / "ecommerce")
    with caplog.at_level(logging.WARNING, logger="xblocks"):
        assert contents.find(broken.name) is None

    assert f"the activity {broken.name} is broken" in caplog.text
    assert contents.find("canary") is not None


def test_a_lesson_that_is_not_there_is_missing() -> None:
    assert SHIPPED.find("gone") is None
    with pytest.raises(ContentMissingError):
        SHIPPED.get("gone")
