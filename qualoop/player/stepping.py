"""What a learner's actions make of an attempt at a micro-lesson.

Every form names the moment that it is for (the number of the try or of the hint, how many questions were still open),
so the second of two tabs, two clicks or two submits finds that its moment has passed and raises StaleActionError.
The same holds for a form that no page of the attempt ever offered: nothing happens, and the page is shown again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from qualoop.assessment import (
    Item,
    LinkSettings,
    ResponseRefusedError,
    attempt_score,
    guess_floor,
    read_response,
    score_response,
)
from qualoop.content_packages import Lesson, QuestionStep
from qualoop.player.actions import Action, Answered, Event, Finished, HintShown, Revealed
from qualoop.player.errors import StaleActionError, UnknownActionError
from qualoop.player.state import SUMMARY, ItemState, LessonState
from qualoop.values import Score

Outcome: TypeAlias = tuple[LessonState, tuple[Event, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An attempt at the moment at which an action meets it."""

    lesson: Lesson
    state: LessonState
    action: Action
    settings: LinkSettings
    now: datetime

    def find_field(self, name: str) -> str:
        """Return a field of the form; nothing where it holds no single text."""
        try:
            return self.action.field(name)
        except StaleActionError:
            return ""

    def require(self, name: str, number: int) -> None:
        """Refuse a form that was made for another moment."""
        if self.action.field(name) != str(number):
            raise StaleActionError

    def open_item(self) -> tuple[Item, ItemState]:
        """Return the item that the form is of, where it still takes answers, and its state."""
        item = self.lesson.items.get(self.action.field("item"))
        if item is None or not self.state.takes_answers(item.key, self.settings):
            raise StaleActionError
        return item, self.state.item(item.key)

    def changed(self, item: Item, after: ItemState) -> LessonState:
        """Return the attempt with an item changed, at its step: another tab may have gone elsewhere."""
        steps = (step.key for step in self.lesson.steps if isinstance(step, QuestionStep) and step.item == item.key)
        return self.state.with_item(item.key, after).standing_at(next(steps))


def begun(lesson: Lesson, seed: int) -> LessonState:
    """Return a new attempt at the lesson's first step."""
    first = lesson.steps[0].key
    return LessonState(seed=seed, at=first, seen=(first,), items={})


def stepped(moment: Moment) -> Outcome:
    """Return the attempt after the moment's action and what happened."""
    handler = _HANDLERS.get(moment.action.name)
    if handler is None:
        raise UnknownActionError(f"a micro-lesson has no action {moment.action.name!r}")
    try:
        return handler(moment)
    except StaleActionError as error:
        raise StaleActionError(taken=_was_taken(moment)) from error


def _was_taken(moment: Moment) -> bool:
    """Return whether what a stale form asks for is how things stand already: then nothing of it is lost."""
    action, state = moment.action.name, moment.state
    if action == "go":
        return True
    if action == "finish":
        return state.finished is not None
    item = moment.lesson.items.get(moment.find_field("item"))
    if item is None:
        return False
    own = state.item(item.key)
    if action == "hint":
        return moment.find_field("hint") in {str(number) for number in range(1, own.hints + 1)}
    return own.revealed if action == "reveal" else _was_answered(moment, item, own)


def _was_answered(moment: Moment, item: Item, own: ItemState) -> bool:
    """Return whether a try was made with this response; only the last one's is kept."""
    if own.response is None or moment.find_field("try") != str(len(own.tries)):
        return False
    try:
        return read_response(item, moment.action.form, moment.state.seed) == own.response
    except ResponseRefusedError:
        return False


def standing_at(lesson: Lesson, state: LessonState, action: Action) -> LessonState:
    """Return the attempt at the step of the item that an action is about; as it is where it is about none."""
    keys = action.form.get("item", ())
    steps = (step.key for step in lesson.steps if isinstance(step, QuestionStep) and step.item in keys)
    return replace(state, at=next(steps, state.at))


def lesson_score(lesson: Lesson, state: LessonState, settings: LinkSettings) -> Score:
    """Return the mean credit of all items of the lesson, those not answered counting as 0."""
    return attempt_score([state.item(key).credit(settings) for key in lesson.items])


def unanswered(lesson: Lesson, state: LessonState) -> tuple[str, ...]:
    """Return the items that were neither answered nor given up, in the order of the lesson."""
    asked = (step.item for step in lesson.steps if isinstance(step, QuestionStep))
    return tuple(key for key in asked if not state.item(key).touched)


def _go(moment: Moment) -> Outcome:
    key = moment.action.field("step")
    if key != SUMMARY and key not in {step.key for step in moment.lesson.steps}:
        raise StaleActionError
    return moment.state.standing_at(key), ()


def _answer(moment: Moment) -> Outcome:
    item, before = moment.open_item()
    number = len(before.tries) + 1
    moment.require("try", number)
    response = read_response(item, moment.action.form, moment.state.seed)
    outcome = score_response(item, response)
    event = Answered(
        part=item.key,
        try_number=number,
        response=response,
        score=outcome.score,
        correct=outcome.correct,
        hints=before.hints,
        options=guess_floor(item),
    )
    return moment.changed(item, before.after_try(response, outcome.score)), (event,)


def _hint(moment: Moment) -> Outcome:
    item, before = moment.open_item()
    number = before.hints + 1
    moment.require("hint", number)
    if number > len(item.hints):
        raise StaleActionError
    return moment.changed(item, replace(before, hints=number)), (HintShown(part=item.key, hint=number),)


def _reveal(moment: Moment) -> Outcome:
    item, before = moment.open_item()
    if moment.settings.show_solution != "after_item":
        raise StaleActionError
    moment.require("try", len(before.tries) + 1)
    event = Revealed(part=item.key, tries=len(before.tries))
    return moment.changed(item, replace(before, revealed=True)), (event,)


def _finish(moment: Moment) -> Outcome:
    """Hand the attempt in. The form says how many open questions its page named: nobody confirms what was not shown."""
    lesson, state = moment.lesson, moment.state
    if state.finished is not None:
        raise StaleActionError
    moment.require("unanswered", len(unanswered(lesson, state)))
    return handed_in(lesson, state, moment.settings, moment.now)


def handed_in(lesson: Lesson, state: LessonState, settings: LinkSettings, now: datetime) -> Outcome:
    """Return the attempt as it stands, finished; raises StaleActionError where it was finished before."""
    if state.finished is not None:
        raise StaleActionError
    after = replace(state.standing_at(SUMMARY), finished=now.isoformat())
    return after, (Finished(score=lesson_score(lesson, state, settings)),)


_HANDLERS: Final[Mapping[str, Callable[[Moment], Outcome]]] = {
    "go": _go,
    "answer": _answer,
    "hint": _hint,
    "reveal": _reveal,
    "finish": _finish,
}
