"""What a response is worth, and what its learner may read about it.

Partial credit: multiple-choice (right picked - wrong picked) / number right, not below 0; ordering the share of
neighbours that stand together as they should (as Moodle's ordering question does, "relative to the next item");
matching the share of right pairs; short-text what the near miss is worth. The other types are right or wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from itertools import pairwise
from typing import Final

from qualoop.assessment.items import (
    Feedback,
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    NumberItem,
    Ordering,
    ShortText,
    SingleChoice,
    TextNearMiss,
)
from qualoop.assessment.responses import Response
from qualoop.assessment.wording import comparable
from qualoop.values import ONE, ZERO, Score, Text

# Holds every sum of two authored numbers without rounding.
_EXACT: Final = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one response is worth.

    ``feedback`` is what to show, in order. ``marks`` says by author's key what is right of the answer given: options
    and regions picked; pairs; in an ordering whether the next entry is the right one to follow (so there is none for
    the last). It tells nothing about what was not answered.
    """

    score: Score
    feedback: tuple[Text, ...]
    marks: Mapping[str, bool] = field(default_factory=dict)

    @property
    def correct(self) -> bool:
        """Return whether all of it is right."""
        return self.score == ONE


def score_response(item: Item, response: Response) -> Outcome:
    """Score a response that `read_response` gave for this very version of ``item``; it is not checked again."""
    if isinstance(item, SingleChoice | MultipleChoice | Hotspot):
        return _score_picks(item, response)
    if isinstance(item, Ordering):
        return _score_order(item, response)
    if isinstance(item, Matching):
        return _score_pairs(item, response)
    return _score_number(item, response) if isinstance(item, NumberItem) else _score_text(item, response)


def _score_picks(item: SingleChoice | MultipleChoice | Hotspot, response: Response) -> Outcome:
    offered = item.regions if isinstance(item, Hotspot) else item.options
    picked = [thing for thing in offered if thing.key in response]
    right = sum(thing.correct for thing in picked)
    wrong = len(picked) - right
    return Outcome(
        score=Score.of(right - wrong, sum(thing.correct for thing in offered)),
        feedback=tuple(thing.feedback for thing in picked),
        marks={thing.key: thing.correct for thing in picked},
    )


def _score_order(item: Ordering, response: Response) -> Outcome:
    right = set(pairwise(entry.key for entry in item.entries))
    marks = {key: (key, following) in right for key, following in pairwise(response)}
    score = Score.of(sum(marks.values()), len(right))
    return Outcome(score=score, feedback=(_general(item.feedback, score),), marks=marks)


def _score_pairs(item: Matching, response: Response) -> Outcome:
    marks = {pair.key: pair.key == key for pair, key in zip(item.pairs, response, strict=True)}
    score = Score.of(sum(marks.values()), len(marks))
    wrong = tuple(pair.feedback for pair in item.pairs if not marks[pair.key])
    return Outcome(score=score, feedback=(_general(item.feedback, score), *wrong), marks=marks)


def _score_number(item: NumberItem, response: Response) -> Outcome:
    number = Decimal(response[0])
    if within(number, item.answer, item.tolerance):
        return Outcome(score=ONE, feedback=(item.feedback.correct,))
    near = (miss.feedback for miss in item.near_misses if within(number, miss.value, miss.tolerance))
    return Outcome(score=ZERO, feedback=(next(near, item.feedback.incorrect),))


def within(number: Decimal, target: Decimal, tolerance: Decimal) -> bool:
    """Return whether ``number`` is at most ``tolerance`` away from ``target``: exactly, the border included."""
    return _EXACT.subtract(target, tolerance) <= number <= _EXACT.add(target, tolerance)


def _score_text(item: ShortText, response: Response) -> Outcome:
    if says(item, response[0], [form for forms in item.accepted.values() for form in forms]):
        return Outcome(score=ONE, feedback=(item.feedback.correct,))
    near: TextNearMiss | None = next((miss for miss in item.near_misses if says(item, response[0], miss.forms)), None)
    if near is None:
        return Outcome(score=ZERO, feedback=(item.feedback.incorrect,))
    return Outcome(score=Score(near.score), feedback=(near.feedback,))


def says(item: ShortText, text: str, forms: tuple[str, ...] | list[str]) -> bool:
    """Return whether ``text`` is one of ``forms`` by the rules of ``item``."""
    said = comparable(text, case_sensitive=item.case_sensitive)
    return any(said == comparable(form, case_sensitive=item.case_sensitive) for form in forms)


def _general(feedback: Feedback, score: Score) -> Text:
    return feedback.correct if score == ONE else feedback.incorrect
