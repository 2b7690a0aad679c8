"""Lessons of the test packages as blocks, and a learner who works at one, request by request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from webob import Request, Response

from qualoop.assessment import Hotspot, Item, Matching, MultipleChoice, Ordering, SingleChoice, reveal
from qualoop.content_packages import Lesson, QuestionStep
from qualoop.framework import shipped_content
from qualoop.player.form_view import form_of
from tests.factories.packages import PACKAGES
from tests.fakes.block_runtime import BlockRuntime, Place, Published, Store
from xblocks.common.contents import Contents
from xblocks.kp_lesson import KpLessonBlock

TEST_LESSONS = Contents(folder=PACKAGES, framework=shipped_content() / "ecommerce")


class TestLessonBlock(KpLessonBlock):
    """The block, with the lessons of tests/content/packages."""

    __test__ = False
    contents = TEST_LESSONS


def placed(key: str, **changes: Any) -> Place:
    return replace(Place(block_class=TestLessonBlock, fields={"activity_key": key}), **changes)


@dataclass(kw_only=True)
class Learner:
    """Somebody who works at a placed lesson; every request makes the block anew from what is stored."""

    place: Place
    store: Store = field(default_factory=Store)
    language: str = "en"
    user_id: str | None = "learner"
    published: list[Published] = field(default_factory=list)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)

    def block(self) -> Any:
        runtime = BlockRuntime(self.store, language=self.language, attributes=self.attributes, services=self.services)
        runtime.published = self.published
        return self.place.block(runtime, self.user_id)

    def view(self, name: str = "student_view") -> str:
        html: str = self.block().render(name).content
        return html

    def send(self, action: str, form: Mapping[str, Sequence[str]]) -> Response:
        """Send a form as it is."""
        pairs = [(name, value) for name, values in form.items() for value in values]
        return self.block().handle("act", Request.blank("/", method="POST", POST=pairs), action)

    def act(self, action: str, **fields: str | Sequence[str]) -> Response:
        """Send the form of an action of the attempt that was shown last."""
        form = {name: [value] if isinstance(value, str) else list(value) for name, value in fields.items()}
        return self.send(action, {"attempt": [self.attempt["id"]], **form})

    def answer(self, item: str, form: Mapping[str, Sequence[str]], number: int = 1) -> Response:
        return self.act("answer", item=item, **{"try": str(number)}, **form)

    @property
    def attempt(self) -> dict[str, Any]:
        """Return the stored attempt, begun by a view where there is none."""
        if not self.block().state:
            self.view()
        state: dict[str, Any] = self.block().state
        return state

    @property
    def lesson(self) -> Lesson:
        return TEST_LESSONS.get(self.place.fields["activity_key"]).content

    @property
    def seed(self) -> int:
        seed: int = self.attempt["player"]["seed"]
        return seed

    def grades(self) -> list[tuple[float, float]]:
        return [(one.data["value"], one.data["max_value"]) for one in self.published if one.kind == "grade"]

    def completions(self) -> list[float]:
        return [one.data["completion"] for one in self.published if one.kind == "completion"]


def questions(lesson: Lesson) -> list[tuple[str, Item]]:
    """Return the lesson's question steps and their items, in order."""
    return [(step.key, lesson.items[step.item]) for step in lesson.steps if isinstance(step, QuestionStep)]


def right_form(item: Item, seed: int) -> Mapping[str, Sequence[str]]:
    """Return the fields of a right answer."""
    return _listed(form_of(item, reveal(item).response, seed))


def wrong_form(item: Item, seed: int) -> Mapping[str, Sequence[str]]:
    """Return the fields of an answer that is not right."""
    right = reveal(item).response
    if isinstance(item, SingleChoice | MultipleChoice):
        wrong = [option.key for option in item.options if option.key not in right][:1]
    elif isinstance(item, Hotspot):
        wrong = [region.key for region in item.regions if region.key not in right][:1]
    elif isinstance(item, Ordering | Matching):
        wrong = [*right[1:], right[0]]
    else:
        wrong = ["987654"]
    return _listed(form_of(item, wrong, seed))


def _listed(form: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in form.items()}
