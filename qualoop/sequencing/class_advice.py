"""What a class does about a knowledge point that many are weak on: the rules for one learner, counted over those concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.framework import Framework
from qualoop.records import COVERED_FROM
from qualoop.values import LANGUAGES, Text

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "base-first": "Take up “{title}” first: this builds on it, and {who} not know it well enough yet.",
        "teach": "Explain it again in class, with new examples: {who} not get further with more of the same questions.",
        "ask-more": "Ask more before you judge: {who} not answered {least} times yet.",
        "practise": "Let those concerned go on practising: nothing suggests yet that they need more than that.",
    },
    "zh-Hans": {
        "base-first": "先讲“{title}”：本知识点以它为基础，而{who}还没有掌握好它。",
        "teach": "请换新的例子在课堂上重讲：{who}继续做同类题帮助不大。",
        "ask-more": "先多问几题再下结论：{who}作答还不到 {least} 次。",
        "practise": "让相关学员继续练习即可：目前没有迹象表明他们还需要更多帮助。",
    },
}
_SOME: Final = {
    "en": {
        "base-first": "{count} of the {all} concerned do",
        "teach": "{count} of the {all} concerned will",
        "ask-more": "{count} of the {all} concerned have",
    },
    "zh-Hans": dict.fromkeys(("base-first", "teach", "ask-more"), "相关的 {all} 名学员中有 {count} 名"),
}
_ALL: Final = {
    "en": {
        "base-first": "those concerned do",
        "teach": "those concerned will",
        "ask-more": "those concerned have",
    },
    "zh-Hans": dict.fromkeys(("base-first", "teach", "ask-more"), "相关学员都"),
}


class ClassMove(StrEnum):
    """What a class does about a knowledge point."""

    BASE_FIRST = "base-first"
    """What it builds on comes first."""
    TEACH = "teach"
    """More of the same will not help."""
    ASK_MORE = "ask-more"
    """There are too few answers to tell."""
    PRACTISE = "practise"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    """How a class stands on a knowledge point.

    ``concerned`` learners have answered and are not secure. Of these, ``remedial`` need help (`is_remedial`), ``thin``
    have answered fewer than COVERED_FROM times, and ``unmet`` says for what the knowledge point builds on, directly or
    not, how many do not meet it (`is_met`); what the class cannot take up is left out.
    """

    code: str
    concerned: int
    remedial: int
    thin: int
    unmet: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAdvice:
    """What to do, why, and which knowledge point to take up: ``target`` is the weak one, or what comes before it."""

    move: ClassMove
    target: str
    sentence: Text


def advise_class(framework: Framework, facts: ClassFacts) -> ClassAdvice:
    """Return what a class does about a knowledge point: what holds for more than half of those concerned.

    Of several knowledge points that most of them lack, the one that can be learnt first is the one to take up.
    """
    lacking = [code for code, count in facts.unmet.items() if _is_most(count, facts)]
    if lacking:
        base = min(lacking, key=framework.learning_order.__getitem__)
        return _advice(framework, facts, ClassMove.BASE_FIRST, target=base, count=facts.unmet[base])
    for move, count in ((ClassMove.TEACH, facts.remedial), (ClassMove.ASK_MORE, facts.thin)):
        if _is_most(count, facts):
            return _advice(framework, facts, move, target=facts.code, count=count)
    return _advice(framework, facts, ClassMove.PRACTISE, target=facts.code, count=facts.concerned)


def _is_most(count: int, facts: ClassFacts) -> bool:
    return 2 * count > facts.concerned


def _advice(framework: Framework, facts: ClassFacts, move: ClassMove, *, target: str, count: int) -> ClassAdvice:
    title = framework.get_knowledge_point(target).title
    words = _ALL if count == facts.concerned else _SOME
    sentence = {
        language: _PHRASES[language][move].format(
            title=title[language],
            least=COVERED_FROM,
            who=words[language].get(move, "").format(count=count, all=facts.concerned),
        )
        for language in LANGUAGES
    }
    return ClassAdvice(move=move, target=target, sentence=Text(sentence))
