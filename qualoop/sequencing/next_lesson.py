"""Chooses the next lesson: whose prerequisites are met best; what was begun; whose knowledge points need it most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.framework import Framework
from qualoop.mastery.engine import Reading
from qualoop.records import COVERED_FROM, is_remedial
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
    framework: Framework, readings: Mapping[str, Reading], candidates: Iterable[Candidate]
) -> Suggestion | None:
    """Return the lesson to do next, or None where all are done well or none teaches what the framework holds.

    ``readings`` are by knowledge point; one without any answer counts as no evidence. Equal cases fall to the order in
    which knowledge points can be learnt, so the choice never flickers.
    """
    open_ones = (each for each in candidates if each.best is None or each.best < DONE_WELL)
    reasons = [
        (_reason(framework, readings, each, codes), each)
        for each in open_ones
        if (codes := tuple(code for code in each.knowledge_points if framework.find_knowledge_point(code)))
    ]
    if not reasons:
        return None
    reason, chosen = min(reasons, key=lambda pair: (*_rank(framework, pair[0]), pair[1].key))
    return Suggestion(key=chosen.key, reason=reason, sentence=_sentence(framework, reason))


def _rank(framework: Framework, reason: Reason) -> tuple[int, bool, float, int]:
    """Return what is compared: missing prerequisites, begun or not, the lower end of the target's band, the order."""
    begun = reason.motive is Motive.BEGUN
    return (len(reason.missing), not begun, _lower_end(reason.reading), framework.learning_order[reason.target])


def _reason(
    framework: Framework, readings: Mapping[str, Reading], candidate: Candidate, codes: tuple[str, ...]
) -> Reason:
    known = {code: reading for code, reading in readings.items() if reading.n}
    target = min(codes, key=lambda code: (_lower_end(known.get(code)), framework.learning_order[code]))
    needed = {point.code for code in codes for point in framework.prerequisites_of(code)} - set(codes)
    ordered = sorted(needed, key=framework.learning_order.__getitem__)
    return Reason(
        motive=_motive(candidate, known.get(target)),
        target=target,
        reading=known.get(target),
        score=candidate.best,
        met=tuple(code for code in ordered if _is_met(known.get(code))),
        missing=tuple(code for code in ordered if not _is_met(known.get(code))),
    )


def _motive(candidate: Candidate, reading: Reading | None) -> Motive:
    if candidate.best is not None:
        return Motive.AGAIN
    if candidate.begun:
        return Motive.BEGUN
    return Motive.WEAK if reading else Motive.NEW


def _is_met(reading: Reading | None) -> bool:
    """Say whether a prerequisite is known well enough to build on: some answers, and they do not call for help."""
    return reading is not None and reading.n >= COVERED_FROM and not is_remedial(reading, reading.n)


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
