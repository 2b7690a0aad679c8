"""The one place where it is decided what of a lesson may reach a browser.

Templates get what `lesson_view` returns, what the host says after the attempt, and nothing else. What is not in the view cannot be
shown by mistake: right answers and solutions before the settings allow them, hints not asked for, feedback of options
not chosen, authors' keys of options. The view is plain JSON, so golden files can hold it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeAlias

from jinja2.filters import do_striptags

from qualoop.assessment import Item, LinkSettings
from qualoop.content_packages import Lesson, MediaStep, QuestionStep, ReadingStep, block_html
from qualoop.content_packages.lesson import Step
from qualoop.player.host import Refused
from qualoop.player.item_view import item_view, percent, tenths
from qualoop.player.state import SUMMARY, ItemState, LessonState
from qualoop.player.stepping import lesson_score, unanswered
from qualoop.values import ONE

View: TypeAlias = dict[str, Any]

_EXCERPT: Final = 90


def lesson_view(
    lesson: Lesson,
    state: LessonState,
    *,
    settings: LinkSettings,
    language: str,
    refused: Refused | None = None,
) -> View:
    """Return everything that a page may show of an attempt at the step at which it stands."""
    shown = lesson.shown_language(language)
    outline = _outline(lesson, state, settings, shown)
    place = next(index for index, entry in enumerate(outline) if entry["current"])
    return {
        "content_language": shown,
        "title": lesson.title[shown],
        "summary": lesson.summary[shown],
        "minutes": lesson.minutes,
        "knowledge_points": list(lesson.knowledge_points),
        "finished": state.finished is not None,
        "outline": outline,
        "place": place + 1,
        "previous": outline[place - 1]["key"] if place else None,
        "next": outline[place + 1]["key"] if place + 1 < len(outline) else None,
        "step": _step_view(lesson, state, settings, shown, refused=refused),
    }


def _outline(lesson: Lesson, state: LessonState, settings: LinkSettings, language: str) -> list[View]:
    rows = []
    questions = 0
    for step in lesson.steps:
        is_question = isinstance(step, QuestionStep)
        questions += is_question
        rows.append(
            {
                "key": step.key,
                "type": _type(step),
                "title": _title(lesson, step, language),
                "question": questions if is_question else None,
                "mark": _mark(step, state, settings),
                "current": step.key == state.at,
            }
        )
    mark = "seen" if state.finished else "new"
    summary = {"key": SUMMARY, "type": "summary", "title": None, "question": None, "mark": mark}
    return [*rows, {**summary, "current": state.at == SUMMARY}]


def _type(step: Step) -> str:
    if isinstance(step, MediaStep):
        return step.type
    return "question" if isinstance(step, QuestionStep) else "reading"


def _title(lesson: Lesson, step: Step, language: str) -> str | None:
    """Return what a step is called; questions are numbered and have no title."""
    if isinstance(step, ReadingStep):
        return lesson.get_section(step.section, language).title
    return step.title[language] if isinstance(step, MediaStep) else None


def _mark(step: Step, state: LessonState, settings: LinkSettings) -> str:
    """Return how far a step is: new, seen; of a question also open, right, partly, wrong, shown."""
    if isinstance(step, QuestionStep):
        own, takes_answers = state.item(step.item), state.takes_answers(step.item, settings)
        if own.tries and not own.revealed and not state.shows(settings.show_feedback):
            return "open" if takes_answers else "seen"
        return _item_mark(own, takes_answers=takes_answers)
    return "seen" if step.key in state.seen else "new"


def _item_mark(item: ItemState, *, takes_answers: bool) -> str:
    if item.revealed:
        return "shown"
    if not item.tries:
        return "new"
    best = max(one.score for one in item.tries)
    if best == ONE:
        return "right"
    if takes_answers:
        return "open"
    return "partly" if best else "wrong"


def _step_view(
    lesson: Lesson, state: LessonState, settings: LinkSettings, language: str, *, refused: Refused | None
) -> View:
    step = next((step for step in lesson.steps if step.key == state.at), None)
    if isinstance(step, ReadingStep):
        return {"type": "reading", "html": lesson.get_section(step.section, language).html}
    if isinstance(step, MediaStep):
        return _media_view(step, language)
    if isinstance(step, QuestionStep):
        item = lesson.items[step.item]
        error = refused if _is_of(refused, item, state, settings) else None
        return {"type": "question", "item": item_view(item, state, settings=settings, language=language, refused=error)}
    return _summary_view(lesson, state, settings, language)


def _is_of(refused: Refused | None, item: Item, state: LessonState, settings: LinkSettings) -> bool:
    """Return whether what was refused is an answer to this item, which still takes one."""
    return (
        refused is not None
        and item.key in refused.action.form.get("item", ())
        and state.takes_answers(item.key, settings)
    )


def _media_view(step: MediaStep, language: str) -> View:
    return {
        "type": step.type,
        "source": step.source,
        "media_type": step.media_type,
        "captions": [
            {"language": tag, "source": source, "default": tag == language} for tag, source in step.captions.items()
        ],
        "transcript": step.transcript.get(language) or next(iter(step.transcript.values())),
    }


def _summary_view(lesson: Lesson, state: LessonState, settings: LinkSettings, language: str) -> View:
    still_open = unanswered(lesson, state)
    scored = state.shows(settings.show_score)
    # What each answer earned says which were right.
    by_item = scored and state.shows(settings.show_feedback)
    results = [
        {
            "key": step.key,
            "question": number,
            "excerpt": _excerpt(block_html(lesson.items[step.item].prompt[language])),
            "mark": _mark(step, state, settings),
            "answered": step.item not in still_open,
            "credit": percent(state.item(step.item).credit(settings)) if by_item else None,
        }
        for number, step in enumerate((step for step in lesson.steps if isinstance(step, QuestionStep)), start=1)
    ]
    points = lesson_score(lesson, state, settings) * settings.score_maximum
    return {
        "type": "summary",
        "points": tenths(points) if scored else None,
        "maximum": settings.score_maximum,
        "results": results,
        "unanswered": [{"key": row["key"], "question": row["question"]} for row in results if not row["answered"]],
        "sources": [{"title": source.title, "url": source.url} for source in lesson.sources],
        "authors": list(lesson.authors),
        "licence": lesson.licence,
    }


@lru_cache(maxsize=1024)
def _excerpt(html: str) -> str:
    """Return the beginning of a text, without marks."""
    text = do_striptags(html)
    if len(text) <= _EXCERPT:
        return text
    start = text[:_EXCERPT].rstrip()
    # Between words where there are any near the end: Chinese has none.
    return f"{start[: max(start.rfind(' '), _EXCERPT - 20)]}…"
