"""The questions of a lesson as its author wrote them: what is right is read from the package, never from a page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from qualoop.assessment import Hotspot, Item, Matching, NumberItem, Ordering, ShortText
from qualoop.content_packages import Lesson, QuestionStep, load_package, open_lesson
from qualoop.framework import shipped_content
from tests.factories.packages import ecommerce

LESSONS = shipped_content() / "ecommerce" / "lessons"

INTENT = "sem-1-1-keywords-and-intent"
ORGANIC = "sem-1-2-organic-search"
PAID = "sem-1-3-paid-search"
MEASURING = "sem-1-4-measuring-results"

Answer = str | Sequence[str]
"""What is typed; or the author's keys of what is picked, put in order, or chosen for each left side."""


@cache
def read_lesson(folder: Path) -> Lesson:
    """Return the lesson of a package folder."""
    return open_lesson(load_package(folder, ecommerce()).document)


def shipped_lesson(key: str) -> Lesson:
    """Return a lesson that comes with Qualoop."""
    return read_lesson(LESSONS / key)


def questions(lesson: Lesson) -> list[Item]:
    """Return the items in the order in which the lesson asks them."""
    return [lesson.items[step.item] for step in lesson.steps if isinstance(step, QuestionStep)]


def right_answer(item: Item) -> Answer:
    """Return an answer that is all right."""
    match item:
        case NumberItem():
            return str(item.answer)
        case ShortText():
            return next(iter(item.accepted.values()))[0]
        case Ordering():
            return [entry.key for entry in item.entries]
        case Matching():
            return [pair.key for pair in item.pairs]
        case Hotspot():
            return [region.key for region in item.regions if region.correct]
        case _:
            return [option.key for option in item.options if option.correct]


def wrong_answer(item: Item) -> Answer:
    """Return an answer that earns nothing."""
    match item:
        case NumberItem():
            return str(item.answer + 1000 * (item.tolerance + 1))
        case ShortText():
            return "nothing of the kind"
        case Ordering():
            return [entry.key for entry in reversed(item.entries)]
        case Matching():
            keys = [pair.key for pair in item.pairs]
            return [*keys[1:], keys[0]]
        case Hotspot():
            return [next(region.key for region in item.regions if not region.correct)]
        case _:
            return [next(option.key for option in item.options if not option.correct)]
