"""A lesson as it was answered: every question on one page, each with what was given, and nothing to send.

For those who look at an attempt, not for those who work at it. What may be seen follows the settings like everywhere;
the attempt is shown as closed, so a host shows one that is still worked at only to who may see its solutions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, TypeAlias

from qualoop.assessment import LinkSettings
from qualoop.content_packages import Lesson, QuestionStep
from qualoop.player.item_view import item_view, tenths
from qualoop.player.state import LessonState
from qualoop.player.stepping import lesson_score

View: TypeAlias = dict[str, Any]

_NOW: Final = "closed"
"""Stands for the moment of handing in where there is none yet; no page shows it."""


def review_view(lesson: Lesson, state: LessonState, *, settings: LinkSettings, language: str) -> View:
    """Return everything that a page may show of an attempt that nobody answers any more."""
    shown = lesson.shown_language(language)
    closed = replace(state, finished=state.finished or _NOW)
    scored = closed.shows(settings.show_score)
    points = lesson_score(lesson, closed, settings) * settings.score_maximum
    questions = [step for step in lesson.steps if isinstance(step, QuestionStep)]
    return {
        "content_language": shown,
        "points": tenths(points) if scored else None,
        "maximum": settings.score_maximum,
        "questions": [
            {
                "number": number,
                "tries": len(closed.item(step.item).tries),
                "hints": closed.item(step.item).hints,
                "item": item_view(lesson.items[step.item], closed, settings=settings, language=shown),
            }
            for number, step in enumerate(questions, start=1)
        ],
    }
