"""Whether to go on practising a knowledge point: go on, stop for now, or get help first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.records import (
    PointFacts,
    Status,
    StatusRules,
    chance_above,
    is_remedial,
    may_stop,
    missing_for,
    missing_phrases,
    status_rules,
    whole_percent,
)
from qualoop.values import LANGUAGES, Text

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "begin": "Begin: there is no evidence yet.",
        "continue": "Go on practising. Missing to stop: {missing}.",
        "stop": "Practice may stop for now: from {items} different questions, the level lies above {level}% with a "
        "probability of {chance}%.",
        "remediate": "More of the same will not help: the level lies above {level}% with a probability of {chance}% "
        "only. Go back to the lesson, or ask for help.",
    },
    "zh-Hans": {
        "begin": "可以开始了：还没有学习证据。",
        "continue": "请继续练习。要停止练习还需：{missing}。",
        "stop": "目前可以停止练习：依据 {items} 道不同题目，水平高于 {level}% 的概率为 {chance}%。",
        "remediate": "继续做同类题帮助不大：水平高于 {level}% 的概率只有 {chance}%。请回到课程内容，或寻求帮助。",
    },
}


class Move(StrEnum):
    """What to do about a knowledge point."""

    CONTINUE = "continue"
    STOP = "stop"
    REMEDIATE = "remediate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do about a knowledge point, and why. Low stakes: it decides nothing but what is offered next."""

    move: Move
    sentence: Text


def advise(facts: PointFacts, rules: StatusRules | None = None) -> Advice:
    """Return what to do about a knowledge point."""
    rules = rules or status_rules()
    if facts.known is None:
        return Advice(move=Move.CONTINUE, sentence=_sentence("begin", facts, rules))
    move = Move.CONTINUE
    if may_stop(facts, rules):
        move = Move.STOP
    elif is_remedial(facts.known, facts.items, rules):
        move = Move.REMEDIATE
    return Advice(move=move, sentence=_sentence(move, facts, rules))


def _sentence(key: str, facts: PointFacts, rules: StatusRules) -> Text:
    missing = missing_for(Status.PROVISIONAL, facts, rules)
    return Text(
        {
            language: _PHRASES[language][key].format(
                missing=missing_phrases(language, missing, rules),
                items=facts.items,
                level=whole_percent(float(rules.policy.level)),
                chance=whole_percent(chance_above(facts.known, rules)) if facts.known else 0,
            )
            for language in LANGUAGES
        }
    )
