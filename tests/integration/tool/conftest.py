"""A whole tool on each kind of database, and a learner who knows the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from qualoop.assessment import Item, reveal
from qualoop.content_packages import Lesson, open_lesson
from tests.factories.tool import Browser, Tool, make_tool
from tests.unit.assessment.examples import form_of


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@dataclass
class Learner:
    """A learner in front of a lesson, who can answer rightly on purpose."""

    browser: Browser
    page: str
    lesson: Lesson

    @property
    def items(self) -> list[Item]:
        return list(self.lesson.items.values())

    def seed(self) -> int:
        with self.browser.tool.runtime.database.snapshot() as connection:
            state = connection.execute(text("SELECT state FROM attempt ORDER BY id DESC LIMIT 1")).scalar_one()
        return int((json.loads(state) if isinstance(state, str) else state)["seed"])

    def form(self, item: Item, number: int = 1) -> dict[str, str]:
        fields = form_of(item, reveal(item).response, self.seed())
        return {"item": item.key, "try": str(number), **fields}

    def answer(self, item: Item, number: int = 1) -> TestResponse:
        return self.browser.act(self.page, "answer", **self.form(item, number))


def sit_down(tool: Tool) -> Learner:
    browser = tool.browser()
    page = browser.open_lesson()
    with tool.runtime.database.snapshot() as connection:
        document = connection.execute(
            text(
                "SELECT v.document FROM content_version v JOIN activity a ON a.version_id = v.id "
                "WHERE a.key = 'sem-1-1-keywords-and-intent'"
            )
        ).scalar_one()
    return Learner(browser, page, open_lesson(json.loads(document)))


@pytest.fixture
def learner(tool: Tool) -> Learner:
    return sit_down(tool)
