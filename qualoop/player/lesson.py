"""The activity kind `micro-lesson`: text, recordings and questions, one step at a time, and a summary at the end.

Actions and the fields of their forms:

    go       step: the key of a step, or `_summary`
    answer   item, try (the number of this try), and the fields of the item (`qualoop.assessment.responses`)
    hint     item, hint (the number of the hint asked for)
    reveal   item, try: shows the solution and gives the item up
    finish   unanswered: how many questions the confirmation named
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from qualoop.assessment import LinkSettings
from qualoop.content_packages import Lesson, QuestionStep, open_lesson
from qualoop.player.actions import Action, State, Step
from qualoop.player.errors import StaleActionError
from qualoop.player.host import Host, Refused, Remark
from qualoop.player.kinds import Description
from qualoop.player.rendering import page_text, render_fragment, render_text
from qualoop.player.review import review_view
from qualoop.player.state import LessonState
from qualoop.player.stepping import Moment, begun, handed_in, lesson_score, standing_at, stepped
from qualoop.player.view import View, lesson_view
from qualoop.values import Score, Text

OF_ANOTHER: Final = "attempt"
_KEPT_FIRST_PAGES: Final = 512


class MicroLessonKind:
    """How a micro-lesson is opened, stepped, shown and scored; see `qualoop.player.kinds.ActivityKind`."""

    kind: str = "micro-lesson"
    label: Text = Text({"en": "Micro-lesson", "zh-Hans": "微课"})

    def open(self, document: Mapping[str, Any], /) -> Lesson:
        """Return the lesson of a package's document; keep it by content hash."""
        return open_lesson(document)

    def describe(self, content: Lesson, /) -> Description:
        """Return how the lesson is offered."""
        return Description(title=content.title, summary=content.summary, minutes=content.minutes)

    def initial_state(self, content: Lesson, /, seed: int) -> State:
        """Return the state of a new attempt; the seed decides in which order things are shown."""
        return begun(content, seed).as_json()

    def step(self, content: Lesson, state: State, action: Action, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt after an action and what happened.

        Raises StaleActionError (show the attempt again), UnknownActionError and ResponseRefusedError (422, with the
        page that `render` makes of it). Then nothing happened.
        """
        moment = Moment(lesson=content, state=LessonState.from_json(state), action=action, settings=settings, now=now)
        after, events = stepped(moment)
        return Step(state=after.as_json(), events=events)

    def render(
        self, content: Lesson, state: State, host: Host, /, *, settings: LinkSettings, refused: Refused | None = None
    ) -> str:
        """Return the step at which the attempt stands, as HTML that works without JavaScript.

        After a refusal it is the step of the item that was answered: another tab may have gone elsewhere.
        """
        attempt = LessonState.from_json(state)
        stale = _stale(content, attempt, refused, settings)
        if refused is not None:
            refused = refused if stale != OF_ANOTHER else None
            attempt = standing_at(content, attempt, refused.action) if refused is not None else attempt
        elif _is_first_look(content, attempt):
            titles = tuple((code, host.knowledge_point_title(code)) for code in content.knowledge_points)
            first = _first_text(_Kept(content), settings, host.language, titles=titles, remarks=tuple(host.remarks))
            return render_text("lesson.html", first, host)
        view = lesson_view(content, attempt, settings=settings, language=host.language, refused=refused)
        return render_fragment("lesson.html", _page(view, host) | {"stale": stale}, host)

    def review(self, content: Lesson, state: State, host: Host, /, *, settings: LinkSettings, by_other: bool) -> str:
        """Return every question with what was answered, the feedback and the solution, as far as the settings show it."""
        view = review_view(content, LessonState.from_json(state), settings=settings, language=host.language)
        return render_fragment("review.html", view | {"language": host.language, "by_other": by_other}, host)

    def score(self, content: Lesson, state: State, settings: LinkSettings, /) -> Score:
        """Return the mean credit of all items, those not answered counting as 0."""
        return lesson_score(content, LessonState.from_json(state), settings)

    def hand_in(self, content: Lesson, state: State, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt handed in as it stands, at a moment that nobody chose: the clock did."""
        after, events = handed_in(content, LessonState.from_json(state), settings, now)
        return Step(state=after.as_json(), events=events)

    def progress(self, content: Lesson, state: State, /) -> tuple[int, int]:
        """Return how many steps are done, of how many: what is to be read was seen, what is asked was answered."""
        attempt = LessonState.from_json(state)
        done = [
            attempt.item(step.item).touched if isinstance(step, QuestionStep) else step.key in attempt.seen
            for step in content.steps
        ]
        return sum(done), len(done)


class _Kept:
    """A lesson by which object it is: to compare two by what stands in them would cost more than a page."""

    __slots__ = ("lesson",)

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson

    def __hash__(self) -> int:
        return id(self.lesson)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.lesson is self.lesson


def _stale(lesson: Lesson, attempt: LessonState, refused: Refused | None, settings: LinkSettings) -> str | None:
    """Return what a page tells of an action that came too late; None where there was none."""
    if refused is None or not isinstance(refused.error, StaleActionError):
        return None
    if refused.error.of_another:
        return OF_ANOTHER
    action = refused.action
    if action.name != "answer":
        return "finish" if action.name == "finish" else "else"
    takes_answers = any(
        attempt.takes_answers(key, settings) for key in action.form.get("item", ()) if key in lesson.items
    )
    return "again" if takes_answers else "closed"


def _is_first_look(lesson: Lesson, attempt: LessonState) -> bool:
    """Return whether an attempt has just begun with something to read: then its seed has decided nothing yet."""
    first = lesson.steps[0]
    is_untouched = not attempt.items and attempt.finished is None and attempt.seen == (first.key,)
    return is_untouched and attempt.at == first.key and not isinstance(first, QuestionStep)


@lru_cache(maxsize=_KEPT_FIRST_PAGES)
def _first_text(
    kept: _Kept,
    settings: LinkSettings,
    language: str,
    *,
    titles: tuple[tuple[str, str], ...],
    remarks: tuple[Remark, ...],
) -> str:
    """Return the first page of a lesson, which every launch shows, as text."""
    attempt = begun(kept.lesson, 0)
    view = lesson_view(kept.lesson, attempt, settings=settings, language=language)
    return page_text(_told(view, language, titles, remarks))


def _page(view: View, host: Host) -> View:
    """Return a view with what only the host knows."""
    outcome = {
        "outlook": None if host.outlook is None else [asdict(point) for point in host.outlook],
        "next": asdict(host.next_activity) if host.next_activity else None,
        "can_restart": host.can_restart,
    }
    titles = [(code, host.knowledge_point_title(code)) for code in view["knowledge_points"]]
    return _told(view, host.language, titles, host.remarks) | {"outcome": outcome if view["finished"] else None}


def _told(view: View, language: str, titles: Sequence[tuple[str, str]], remarks: Sequence[Remark]) -> View:
    """Return a view with the host's words; an attempt that is under way has no outcome yet."""
    return view | {
        "language": language,
        "knowledge_points": [{"code": code, "title": title} for code, title in titles],
        "outcome": None,
        "stale": None,
        "remarks": [asdict(remark) for remark in remarks],
    }
