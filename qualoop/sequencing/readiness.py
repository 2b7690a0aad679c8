"""Readiness: whether what a knowledge point builds on is known well enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from qualoop.framework import Framework
from qualoop.mastery.readings import Reading
from qualoop.records import COVERED_FROM, is_remedial
from qualoop.values import LANGUAGES, Text

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "free": "It builds on nothing else.",
        "ready": "What it builds on is known: {points}.",
        "not-ready": "First make this secure: {points}.",
        "quoted": "“{title}”",
        "comma": ", ",
    },
    "zh-Hans": {
        "free": "它没有前置知识点。",
        "ready": "它的前置知识点已经具备：{points}。",
        "not-ready": "请先巩固：{points}。",
        "quoted": "“{title}”",
        "comma": "、",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What a knowledge point builds on, directly or not, in an order in which it can be learnt: met and missing."""

    code: str
    met: tuple[str, ...]
    missing: tuple[str, ...]
    sentence: Text

    @property
    def is_ready(self) -> bool:
        """Say whether nothing is missing."""
        return not self.missing


def readiness(framework: Framework, code: str, readings: Mapping[str, Reading]) -> Readiness:
    """Return how ready a learner with these ``readings`` is for a knowledge point. Raises UnknownCodeError."""
    needed = framework.prerequisites_of(code)
    met = tuple(point.code for point in needed if is_met(readings.get(point.code)))
    missing = tuple(point.code for point in needed if point.code not in met)
    titles = [framework.get_knowledge_point(each).title for each in missing or met]
    kind = "not-ready" if missing else "ready" if met else "free"
    return Readiness(code=code, met=met, missing=missing, sentence=_sentence(kind, titles))


def is_met(reading: Reading | None) -> bool:
    """Say whether a prerequisite is known well enough to build on: some answers, and they do not call for help."""
    return reading is not None and reading.n >= COVERED_FROM and not is_remedial(reading, reading.n)


def _sentence(kind: str, titles: list[Text]) -> Text:
    return Text(
        {
            language: phrases[kind].format(
                points=phrases["comma"].join(phrases["quoted"].format(title=title[language]) for title in titles)
            )
            for language, phrases in ((language, _PHRASES[language]) for language in LANGUAGES)
        }
    )
