"""The sentence for each reason of an early warning, in each language, with its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.records.early_warning import Reason, Rule
from qualoop.values import LANGUAGES, Text

_DAYS: Final[Mapping[str, tuple[str, str]]] = {"en": ("1 day", "{days} days"), "zh-Hans": ("1 天", "{days} 天")}
_POINTS: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("1 knowledge point", "{points} knowledge points"),
    "zh-Hans": ("1 个知识点", "{points} 个知识点"),
}
_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        Rule.NOT_STARTED: "Has begun nothing of “{title}”; its class is in {in_days} or less.",
        Rule.ABSENT: "Was absent from {missed} of the last {of} class sessions whose roll was called.",
        Rule.NOT_READY: "Below {below}% in the readiness check of “{title}” on {of_points}, of {asked} asked.",
        Rule.FALLING: "The last {answers} answers lowered the level of {about} {title} from {before}% to {after}%.",
        Rule.IDLE: "Has done nothing in this course for {in_days}.",
        f"{Rule.IDLE}:never": "Has not done anything in this course yet; that was possible for {in_days}.",
        Rule.UNIT_DUE: "“{title}” is due in {in_days} or less, and there is no evidence yet on {of_points}.",
        Rule.NO_GAIN: "After {answers} answers the level of {about} {title} is {latest}%; with the first alone it would be {first}%.",
    },
    "zh-Hans": {
        Rule.NOT_STARTED: "尚未开始“{title}”的任何内容；距上课不到 {in_days}。",
        Rule.ABSENT: "最近 {of} 次点名的课堂中缺席 {missed} 次。",
        Rule.NOT_READY: "在“{title}”的准备检查中，{asked} 个知识点里有 {of_points}低于 {below}%。",
        Rule.FALLING: "最近 {answers} 次作答使 {about} {title} 的水平从 {before}% 降至 {after}%。",
        Rule.IDLE: "已有 {in_days}未在本课程中进行任何学习。",
        f"{Rule.IDLE}:never": "至今未在本课程中进行任何学习；可学习的时间已有 {in_days}。",
        Rule.UNIT_DUE: "“{title}”不到 {in_days}就要截止，仍有 {of_points}没有任何证据。",
        Rule.NO_GAIN: "{about} {title} 作答 {answers} 次后水平为 {latest}%；若只有第一次作答，则为 {first}%。",
    },
}


def reason_sentence(reason: Reason) -> Text:
    """Return the reason in words, with its figures. Names nobody."""
    return Text({language: _sentence(reason, language) for language in LANGUAGES})


def _sentence(reason: Reason, language: str) -> str:
    figures = reason.figures
    is_never = reason.rule is Rule.IDLE and not figures.get("ever", 1)
    phrase = _SENTENCES[language][f"{Rule.IDLE}:never" if is_never else reason.rule]
    return phrase.format(
        about=reason.about,
        title=reason.title[language],
        in_days=_counted(_DAYS[language], "days", figures),
        of_points=_counted(_POINTS[language], "points", figures),
        **figures,
    )


def _counted(forms: tuple[str, str], name: str, figures: Mapping[str, int]) -> str:
    number = figures.get(name, 0)
    return forms[number != 1].format(**{name: number})
