"""Chooses the next lesson: whose prerequisites are met best; what was begun; whose knowledge points need it most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.framework import Framework, Unit
from qualoop.mastery.readings import Reading
from qualoop.records import Status
from qualoop.sequencing.readiness import is_met
from qualoop.sequencing.sentences import reason_sentence
from qualoop.values import Score, Text

DONE_WELL: Final = Score("0.8")
"""From which score on a finished lesson is not suggested again."""


class Motive(StrEnum):
    """Why a lesson is suggested."""

    BEGUN = "begun"
    """It was begun and not finished."""
    NEW = "new"
    """Nothing is known yet of what it teaches."""
    WEAK = "weak"
    """What it teaches is low or uncertain."""
    AGAIN = "again"
    """It was finished before, not well enough."""
    REVIEW = "review"
    """It was finished well, and what it teaches is due for review."""


_URGENCY: Final = {Motive.BEGUN: 0, Motive.REVIEW: 1}
"""What was begun is finished first; what was known and is being lost is saved before anything new."""
RESTING: Final = (Status.PROVISIONAL, Status.COMPETENT)
"""Statuses with which a knowledge point needs no practice for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A lesson that could be next.

    ``best`` is the best score of a finished attempt, None where there is none; ``begun`` says whether there is an
    attempt at all.
    """

    key: str
    knowledge_points: tuple[str, ...]
    best: Score | None = None
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a lesson is next.

    ``target`` is the knowledge point that needs it most, with its ``reading`` (None: no evidence). ``met`` and
    ``missing`` are the knowledge points that the lesson builds on, by whether they are known well enough.
    """

    motive: Motive
    target: str
    reading: Reading | None
    score: Score | None
    met: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The next lesson by its key, the reason as data and in a sentence."""

    key: str
    reason: Reason
    sentence: Text


def choose_next(
    framework: Framework,
    readings: Mapping[str, Reading],
    candidates: Iterable[Candidate],
    statuses: Mapping[str, Status] | None = None,
) -> Suggestion | None:
    """Return the lesson to do next, or None where all are done well or none teaches what the framework holds.

    ``readings`` are by knowledge point; one without any answer counts as no evidence. With ``statuses`` by knowledge
    point, a lesson done well is open again where a review is due, and lessons on which practice may stop come last.
    Who has begun a unit goes on in it before another one is opened. Equal cases fall to the order in which knowledge points can be learnt, so the choice never flickers.
    """
    found = (_find_reason(framework, readings, each, statuses or {}) for each in candidates)
    reasons = [each for each in found if each]
    if not reasons:
        return None
    begun = frozenset(unit.code for code, known in readings.items() if known.n for unit in _units(framework, code))
    key, reason = min(reasons, key=lambda pair: (*_rank(framework, pair[1], statuses or {}, begun), pair[0]))
    return Suggestion(key=key, reason=reason, sentence=_sentence(framework, reason))


def _rank(
    framework: Framework, reason: Reason, statuses: Mapping[str, Status], begun: frozenset[str]
) -> tuple[int, int, bool, bool, float, int]:
    """Return what is compared: missing prerequisites, motive, rest, whether its unit is new, how low it is, the order."""
    return (
        len(reason.missing),
        _URGENCY.get(reason.motive, len(_URGENCY)),
        statuses.get(reason.target) in RESTING,
        begun.isdisjoint(unit.code for unit in _units(framework, reason.target)),
        _lower_end(reason.reading),
        framework.learning_order[reason.target],
    )


def _units(framework: Framework, code: str) -> tuple[Unit, ...]:
    """Return the units of a knowledge point; none where the framework does not hold it."""
    return framework.units_of_knowledge_point(code) if framework.find_knowledge_point(code) else ()


def _find_reason(
    framework: Framework, readings: Mapping[str, Reading], candidate: Candidate, statuses: Mapping[str, Status]
) -> tuple[str, Reason] | None:
    """Return a candidate's key with the reason to do it next; None where there is none."""
    codes = tuple(code for code in candidate.knowledge_points if framework.find_knowledge_point(code))
    if candidate.best is not None and candidate.best >= DONE_WELL:
        codes = tuple(code for code in codes if statuses.get(code) is Status.REVIEW_DUE)
    return (candidate.key, _reason(framework, readings, candidate, _Aim(codes, statuses))) if codes else None


@dataclass(frozen=True, slots=True)
class _Aim:
    """The knowledge points that a lesson is for now, and the statuses of all that is known."""

    codes: tuple[str, ...]
    statuses: Mapping[str, Status]


def _reason(framework: Framework, readings: Mapping[str, Reading], candidate: Candidate, aim: _Aim) -> Reason:
    known = {code: reading for code, reading in readings.items() if reading.n}
    codes = aim.codes
    target = min(
        codes,
        key=lambda code: (
            aim.statuses.get(code) in RESTING,
            _lower_end(known.get(code)),
            framework.learning_order[code],
        ),
    )
    taught = set(candidate.knowledge_points)
    needed = {point.code for code in codes for point in framework.prerequisites_of(code)} - taught
    ordered = sorted(needed, key=framework.learning_order.__getitem__)
    return Reason(
        motive=_motive(candidate, known.get(target)),
        target=target,
        reading=known.get(target),
        score=candidate.best,
        met=tuple(code for code in ordered if is_met(known.get(code))),
        missing=tuple(code for code in ordered if not is_met(known.get(code))),
    )


def _motive(candidate: Candidate, reading: Reading | None) -> Motive:
    if candidate.best is not None:
        return Motive.AGAIN if candidate.best < DONE_WELL else Motive.REVIEW
    if candidate.begun:
        return Motive.BEGUN
    return Motive.WEAK if reading else Motive.NEW


def _lower_end(reading: Reading | None) -> float:
    """Return how good a knowledge point is at the least: low where it is weak, and where little is known."""
    return reading.low if reading else 0.0


def _sentence(framework: Framework, reason: Reason) -> Text:
    titles = {code: framework.get_knowledge_point(code).title for code in (reason.target, *reason.met, *reason.missing)}
    return reason_sentence(
        reason.motive,
        titles[reason.target],
        reading=reason.reading,
        score=reason.score,
        met=[titles[code] for code in reason.met],
        missing=[titles[code] for code in reason.missing],
    )
