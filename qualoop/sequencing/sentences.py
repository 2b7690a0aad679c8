"""The sentence that says why a lesson is next, in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from qualoop.mastery.readings import Reading
from qualoop.records import whole_percent
from qualoop.values import LANGUAGES, Score, Text

_ENGLISH: Final = {
    "begun": "You have begun it, and it is not finished yet.",
    "new": "It teaches “{target}”, of which nothing is known yet.",
    "weak": "It practises “{target}”: {stands}.",
    "again": "You finished it with {score}%, and “{target}” can still grow: {stands}.",
    "review": "Its review is due: “{target}” was competent before, and now: {stands}.",
    "again-new": "You finished it with {score}%, and there is no evidence on “{target}” yet.",
    "stands": "{level}%, between {low} and {high}%, from {n} {answers}",
    "met": "You know what it builds on: {points}.",
    "missing": "It builds on what is not secure yet: {points}.",
    "quoted": "“{title}”",
    "comma": ", ",
    "join": " ",
}
_CHINESE: Final = {
    "begun": "你已经开始，还没有完成。",
    "new": "它讲“{target}”，这方面还没有任何学习证据。",
    "weak": "它练习“{target}”：{stands}。",
    "again": "你上次完成时的得分是 {score}%，“{target}”还有提升空间：{stands}。",
    "review": "该复习了：“{target}”曾经达标，{stands}。",
    "again-new": "你上次完成时的得分是 {score}%，“{target}”还没有学习证据。",
    "stands": "目前为 {level}%，区间 {low}%～{high}%，依据 {n} 次作答",
    "met": "它所需的基础你已具备：{points}。",
    "missing": "它的前置知识还不够牢固：{points}。",
    "quoted": "“{title}”",
    "comma": "、",
    "join": "",
}
_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh-Hans": _CHINESE}


def reason_sentence(
    motive: str,
    target: Text,
    *,
    reading: Reading | None,
    score: Score | None,
    met: Sequence[Text],
    missing: Sequence[Text],
) -> Text:
    """Return the sentence for a reason: the motive (begun, new, weak, again, review), then what the lesson builds on."""
    return Text(
        {
            language: _PHRASES[language]["join"].join(
                [
                    _motive(language, motive, target[language], reading=reading, score=score),
                    *_foundation(language, met, missing),
                ]
            )
            for language in LANGUAGES
        }
    )


def _motive(language: str, motive: str, target: str, *, reading: Reading | None, score: Score | None) -> str:
    phrases = _PHRASES[language]
    stands = ""
    if reading:
        stands = phrases["stands"].format(
            level=whole_percent(reading.level),
            low=whole_percent(reading.low),
            high=whole_percent(reading.high),
            n=reading.n,
            answers="answer" if reading.n == 1 else "answers",
        )
    key = "again-new" if motive == "again" and not reading else motive
    return phrases[key].format(target=target, stands=stands, score=round(100 * score) if score is not None else "")


def _foundation(language: str, met: Sequence[Text], missing: Sequence[Text]) -> list[str]:
    """Return what is said of the prerequisites: what is missing where anything is, else what is there."""
    phrases = _PHRASES[language]
    points = missing or met
    if not points:
        return []
    titles = phrases["comma"].join(phrases["quoted"].format(title=point[language]) for point in points)
    return [phrases["missing" if missing else "met"].format(points=titles)]
