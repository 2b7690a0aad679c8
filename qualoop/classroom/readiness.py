"""Readiness of a class the evening before: by knowledge point, by learner, and which questions to ask in the room.

Who did nothing stands apart from who worked and did not understand: the first needs a reminder, the second a class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import sqrt
from typing import Final

from qualoop.values import LANGUAGES, Score, Text

READY_FROM: Final = Decimal("0.6")
"""The mean score of somebody's answers on a knowledge point from which on it counts as understood."""
GREEN_FROM: Final = 0.7
RED_BELOW: Final = 0.4
FEW: Final = 5
"""Below so many answers a light says little, and the page says so."""
SUGGESTED: Final = 3
_Z: Final = 1.6448536269514722
"""The quantile of the standard normal distribution for a band of 90 %."""


class Light(StrEnum):
    """How a class stands at a knowledge point."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    DARK = "dark"


class Preparation(StrEnum):
    """How a learner comes to class."""

    NOTHING = "nothing"
    BEGUN = "begun"
    NOT_UNDERSTOOD = "not-understood"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What one learner did: scores of the readiness check by every knowledge point that it asks, and how far it went.

    A knowledge point on which nothing was answered has an empty list, and is not ready.
    """

    scores: Mapping[str, Sequence[Score]]
    has_begun: bool
    has_handed_in: bool

    @property
    def preparation(self) -> Preparation:
        """Return how the learner comes to class: ready is who understood every knowledge point that was asked."""
        if self.has_handed_in:
            ready = all(is_ready(scores) for scores in self.scores.values())
            return Preparation.READY if ready and self.scores else Preparation.NOT_UNDERSTOOD
        return Preparation.BEGUN if self.has_begun or any(self.scores.values()) else Preparation.NOTHING


def is_ready(scores: Sequence[Score]) -> bool:
    """Say whether answers on a knowledge point show that it was understood: their mean is 0.6 or more."""
    return bool(scores) and sum(scores, Decimal(0)) >= READY_FROM * len(scores)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReadiness:
    """How many of those who answered are ready at a knowledge point; ``low`` to ``high`` is the 90 % band of the share."""

    code: str
    ready: int
    answered: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """Return the share that is ready in [0, 1], None where nobody answered."""
        return self.ready / self.answered if self.answered else None

    @property
    def light(self) -> Light:
        """Return the light of the share; dark where nobody answered."""
        if self.share is None:
            return Light.DARK
        if self.share >= GREEN_FROM:
            return Light.GREEN
        return Light.RED if self.share < RED_BELOW else Light.AMBER

    @property
    def is_sure(self) -> bool:
        """Say whether the whole band has the light of the share, and enough people answered."""
        low, high = (_light(edge) for edge in (self.low, self.high))
        return self.answered >= FEW and low is high is self.light


def point_readiness(points: Iterable[str], class_: Sequence[Prepared]) -> list[PointReadiness]:
    """Return the readiness of a class for each knowledge point, in the order given."""
    found = []
    for code in points:
        answers = [learner.scores[code] for learner in class_ if learner.scores.get(code)]
        ready = sum(is_ready(scores) for scores in answers)
        low, high = share_band(ready, len(answers))
        found.append(PointReadiness(code=code, ready=ready, answered=len(answers), low=low, high=high))
    return found


def share_band(part: int, whole: int) -> tuple[float, float]:
    """Return the 90 % band of a share (Wilson, Journal of the American Statistical Association 22, 209, 1927)."""
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, _Z * _Z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z * sqrt(share * (1 - share) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return max(0.0, middle - half), min(1.0, middle + half)


def preparations(class_: Iterable[Prepared]) -> dict[Preparation, int]:
    """Return how many come to class in which way."""
    found = dict.fromkeys(Preparation, 0)
    for learner in class_:
        found[learner.preparation] += 1
    return found


def _light(share: float) -> Light:
    return Light.GREEN if share >= GREEN_FROM else Light.RED if share < RED_BELOW else Light.AMBER


# -- Questions to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question that could be asked in class. ``seen`` is the share of the class that has answered it, in [0, 1]."""

    activity: str
    content: str
    item: str
    point: str
    seen: float = 0.0
    is_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A question to ask, and why."""

    candidate: Candidate
    reason: Text


_REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "weak": "{ready} of {answered} who answered are ready for this knowledge point.",
        "dark": "Nobody has answered on this knowledge point yet.",
        "new": "Nobody in the class has seen the question.",
        "few": "{share} % of the class have seen the question.",
        "asked": "The readiness check asked it, too: a second look at the same question.",
        "space": " ",
    },
    "zh-Hans": {
        "weak": "这个知识点有 {answered} 人作答，其中 {ready} 人已准备好。",
        "dark": "这个知识点还没有人作答。",
        "new": "全班还没有人见过这道题。",
        "few": "全班 {share}% 的人见过这道题。",
        "asked": "准备检查里也问过：再看一次同一道题。",
        "space": "",
    },
}


def suggest(points: Sequence[PointReadiness], candidates: Sequence[Candidate]) -> list[Suggestion]:
    """Return up to three questions: of the weakest knowledge points first, and of each the one that fewest have seen.

    Where there are fewer knowledge points than questions, the weakest is asked again with another question.
    """
    order = sorted(points, key=lambda point: (point.share is None, point.share or 0.0))
    left = sorted(candidates, key=lambda each: (each.is_asked, each.seen, each.activity, each.item))
    found: list[Suggestion] = []
    while len(found) < SUGGESTED:
        before = len(found)
        for point in order:
            chosen = next((each for each in left if each.point == point.code), None)
            if chosen is not None and len(found) < SUGGESTED:
                left.remove(chosen)
                found.append(Suggestion(candidate=chosen, reason=_reason(point, chosen)))
        if len(found) == before:
            break
    return found


def _reason(point: PointReadiness, chosen: Candidate) -> Text:
    first = "weak" if point.answered else "dark"
    second = "asked" if chosen.is_asked else "few" if chosen.seen else "new"
    values = {"ready": point.ready, "answered": point.answered, "share": max(1, round(chosen.seen * 100))}
    return Text(
        {
            language: _REASONS[language]["space"]
            .join(_REASONS[language][key] for key in (first, second))
            .format(**values)
            for language in LANGUAGES
        }
    )
