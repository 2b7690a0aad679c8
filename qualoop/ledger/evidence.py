"""The body of `evidence.recorded`: which part of which content was answered, how well, seen by whom.

Evidence names parts and never knowledge points. Which knowledge points a part serves is a tag set that can be corrected
later, and joined with the evidence at replay: an error in tagging never costs anybody their evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from qualoop.ledger.errors import EvidenceRefusedError
from qualoop.values import Score, ValueRefusedError, checked_key

SCORED_BY_MACHINE = "auto"
GRADED_RUN = "graded-run:"
"""How the occasion of a component of a graded run begins (`qualoop.policies.occasions`)."""
MAX_ENTERPRISE = 200

_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
_OCCASION = re.compile(r"[a-z-]{1,20}(:[a-z0-9.]{1,20}){1,2}")
_OPTIONAL = ("enterprise", "occasion", "run")
_MARK = "critical"
_FIELDS = ("activity", "attempt", "content", "form", "hints", "part", "rater", "score", "try")


class EvidenceForm(StrEnum):
    """How evidence came about. It counts by what it shows, never by the route: online and in the room are one."""

    QUIZ = "quiz"
    PROJECT = "project"
    EXAM = "exam"
    DEFENCE = "defence"
    PORTFOLIO = "portfolio"
    LIVE = "live"
    OBSERVATION = "observation"
    PAPER = "paper"
    POLL = "poll"
    ATTENDANCE = "attendance"
    PROCESS = "process"
    PRIOR_LEARNING = "prior_learning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One scored part of one attempt.

    ``activity`` and ``part`` are keys; ``content`` is the hash of the immutable content version that was answered (64
    hexadecimal digits). ``score`` is the raw score of the part, before any credit rule. ``rater`` is the pseudonym of who
    scored it, or `auto`. ``attempt`` names the attempt; ``tries`` counts from 1: which try at the part in this attempt;
    ``hints`` is how many had been shown. ``occasion`` is empty for what was answered item by item; else how it came about,
    a rubric sheet or a run of a simulation (`qualoop.policies.occasions`), by which it weighs. ``run`` is the digest of a simulation's run, 64 hexadecimal digits, or empty: whoever holds
    the run's file can tell that it is this one. ``enterprise`` names for whom a judgement was given, at most 200 printable
    characters, or is empty. ``critical`` says that a breach capped the part, which only a graded run is held to: practice
    is for making mistakes. Raises EvidenceRefusedError.
    """

    activity: str
    content: str
    part: str
    score: Score
    form: EvidenceForm
    rater: str
    attempt: str
    tries: int
    hints: int
    occasion: str = ""
    run: str = ""
    enterprise: str = ""
    critical: bool = False

    def __post_init__(self) -> None:
        _refuse_unless_key("activity", self.activity)
        _refuse_unless_key("part", self.part)
        if not _CONTENT_HASH.fullmatch(self.content):
            raise EvidenceRefusedError("content", "is the hash of a content version: 64 hexadecimal digits")
        if not (self.rater and self.attempt):
            raise EvidenceRefusedError("attempt" if self.rater else "rater", "is never empty")
        if self.tries < 1 or self.hints < 0:
            raise EvidenceRefusedError("hints" if self.hints < 0 else "try", "is less than can be")
        if self.occasion and not _OCCASION.fullmatch(self.occasion):
            raise EvidenceRefusedError("occasion", "is none, such as sheet:6:assessor or practice-run:4")
        if self.run and not _CONTENT_HASH.fullmatch(self.run):
            raise EvidenceRefusedError("run", "is the digest of a run: 64 hexadecimal digits")
        if len(self.enterprise) > MAX_ENTERPRISE or not self.enterprise.isprintable():
            raise EvidenceRefusedError("enterprise", "is the name of an enterprise: at most 200 printable characters")
        if self.critical and not self.is_graded_run:
            raise EvidenceRefusedError("critical", "is for what a graded run is held to")

    @property
    def is_graded_run(self) -> bool:
        """Say whether this is a component of a graded run of a simulation."""
        return self.occasion.startswith(GRADED_RUN)

    def to_body(self) -> dict[str, Any]:
        """Return the event's body: plain JSON, the score as a decimal string."""
        return {
            "activity": self.activity,
            "attempt": self.attempt,
            "content": self.content,
            "form": self.form.value,
            "hints": self.hints,
            "part": self.part,
            "rater": self.rater,
            "score": self.score.as_text(),
            "try": self.tries,
            **{name: value for name in (*_OPTIONAL, _MARK) if (value := getattr(self, name))},
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """Return the evidence in a body from anywhere; raise EvidenceRefusedError, with the field, where it is none.

        A body with any other key is refused: a knowledge point, a unit or a weight has no place in evidence.
        """
        _refuse_unless_these_fields(body)
        return cls(
            activity=body["activity"],
            attempt=body["attempt"],
            content=body["content"],
            form=_read_form(body["form"]),
            hints=body["hints"],
            part=body["part"],
            rater=body["rater"],
            score=_read_score(body["score"]),
            tries=body["try"],
            occasion=body.get("occasion", ""),
            run=body.get("run", ""),
            enterprise=body.get("enterprise", ""),
            critical=_read_mark(body),
        )


def _refuse_unless_these_fields(body: Mapping[str, Any]) -> None:
    for field in _FIELDS:
        if field not in body:
            raise EvidenceRefusedError(field, "is missing")
        kind = int if field in {"hints", "try"} else str
        if type(body[field]) is not kind:
            raise EvidenceRefusedError(field, f"is {'a whole number' if kind is int else 'text'}")
    for field in _OPTIONAL:
        if not isinstance(body.get(field, ""), str):
            raise EvidenceRefusedError(field, "is text")
    for field in body:
        if field not in {*_FIELDS, *_OPTIONAL, _MARK}:
            raise EvidenceRefusedError(
                str(field), "has no place in evidence, which names parts and never what they serve"
            )


def _read_mark(body: Mapping[str, Any]) -> bool:
    """Return whether the mark stands there; it is never written as false."""
    if body.get(_MARK, True) is not True:
        raise EvidenceRefusedError(_MARK, "is true or absent")
    return _MARK in body


def _refuse_unless_key(field: str, text: str) -> None:
    try:
        checked_key(text)
    except ValueRefusedError as error:
        raise EvidenceRefusedError(field, str(error)) from error


def _read_form(text: str) -> EvidenceForm:
    try:
        return EvidenceForm(text)
    except ValueError as error:
        raise EvidenceRefusedError("form", f"is one of {', '.join(EvidenceForm)}") from error


def _read_score(text: str) -> Score:
    try:
        score = Score(text)
    except ValueRefusedError as error:
        raise EvidenceRefusedError("score", str(error)) from error
    if score.as_text() != text:
        raise EvidenceRefusedError("score", f"is written {score.as_text()}, not {text}")
    return score
