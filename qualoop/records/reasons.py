"""The sentence behind a status, in each language: what holds it, or what is missing for the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import floor
from typing import Final

from qualoop.records.facts import SECONDS_PER_MONTH, PointFacts, StatusRules, status_rules
from qualoop.records.status import (
    Lack,
    Missing,
    Status,
    chance_above,
    is_too_old,
    missing_for,
    status_of,
    whole_percent,
)
from qualoop.values import LANGUAGES, Text

_EDGE: Final = 1e-9

_ENGLISH: Final = {
    "no-evidence": "There is no evidence yet: the first scored answer begins it.",
    "developing": "Missing for “provisionally secure”: {missing}.",
    "provisional": "Practice may stop for now. Missing for “competent”: {missing}.",
    "nothing-missing": "Nothing is missing for the next status.",
    "competent": "The level lies above {level}% with a probability of {chance}%, from {items} different questions and "
    "{forms} kinds of evidence.",
    "review-by": " Review is due by {date}.",
    "review-due-old": "It was competent, and its newest evidence is older than {months} months: new evidence renews it.",
    "review-due-faded": "It was competent. The probability that the level still lies above {level}% has fallen to "
    "{chance}%, and {review}% are needed: practise it again.",
    "under-appeal": "A result is under appeal. It stays visible until a person has decided.",
    "withdrawn": "It was withdrawn by a person's decision. The evidence behind it stays in the ledger.",
    "items-1": "one more different question",
    "items": "{lacking} more different questions",
    "forms-1": "evidence of one more kind",
    "forms": "evidence of {lacking} more kinds",
    "chance": "a probability of {need}% that the level lies above {level}% (now {have}%)",
    "critical-error": "an open critical error settled by a later graded run without one",
    "comma": "; ",
}
_CHINESE: Final = {
    "no-evidence": "还没有学习证据：从第一次计分作答开始评估。",
    "developing": "要“暂达标”还需：{missing}。",
    "provisional": "目前可以停止练习。要“达标”还需：{missing}。",
    "nothing-missing": "下一状态的条件均已满足。",
    "competent": "水平高于 {level}% 的概率为 {chance}%，依据 {items} 道不同题目和 {forms} 种证据形式。",
    "review-by": "请在 {date} 前复核。",
    "review-due-old": "曾经达标，但最新的学习证据已超过 {months} 个月：有新的证据即可恢复。",
    "review-due-faded": "曾经达标。水平仍高于 {level}% 的概率已降至 {chance}%，需要 {review}%：请再次练习。",
    "under-appeal": "有一项结果正在申诉中；在有人作出决定之前保持可见。",
    "withdrawn": "已由人工决定撤回。相关学习证据仍保留在账本中。",
    "items-1": "再答 1 道不同的题目",
    "items": "再答 {lacking} 道不同的题目",
    "forms-1": "再有 1 种形式的证据",
    "forms": "再有 {lacking} 种形式的证据",
    "chance": "水平高于 {level}% 的概率达到 {need}%（目前 {have}%）",
    "critical-error": "通过之后一次没有严重错误的计分作答，消除尚未解决的严重错误",
    "comma": "；",
}
_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh-Hans": _CHINESE}
_NEXT: Final = {Status.DEVELOPING: Status.PROVISIONAL, Status.PROVISIONAL: Status.COMPETENT}


def status_reason(facts: PointFacts, *, now: float, rules: StatusRules | None = None) -> Text:
    """Return why a knowledge point has its status at ``now``, and what it takes to get to the next one."""
    rules = rules or status_rules()
    status = status_of(facts, now=now, rules=rules)
    missing = missing_for(_NEXT[status], facts, rules) if status in _NEXT else ()
    return Text(
        {language: _sentence(language, status, facts, now=now, rules=rules, missing=missing) for language in LANGUAGES}
    )


def missing_phrases(language: str, missing: Sequence[Missing], rules: StatusRules) -> str:
    """Return what is missing as a list in words."""
    phrases = _PHRASES[language]
    return phrases["comma"].join(_missing(phrases, one, rules) for one in missing)


def percent_below(share: float) -> int:
    """Return a share in whole per cent, rounded down: what is short of a bound is never shown as having met it."""
    return floor(100 * share + _EDGE)


def _sentence(
    language: str,
    status: Status,
    facts: PointFacts,
    *,
    now: float,
    rules: StatusRules,
    missing: Sequence[Missing],
) -> str:
    phrases, months = _PHRASES[language], rules.months(facts)
    values = {
        "missing": missing_phrases(language, missing, rules),
        "level": whole_percent(float(rules.policy.level)),
        "chance": percent_below(chance_above(facts.known, rules)) if facts.known else 0,
        "review": whole_percent(rules.review),
        "items": facts.items,
        "forms": len(rules.counted_forms(facts)),
        "months": months,
        "date": _review_date(facts, months),
    }
    keys = {
        Status.REVIEW_DUE: ["review-due-old" if is_too_old(facts, now, rules) else "review-due-faded"],
        Status.COMPETENT: ["competent", *(["review-by"] if values["date"] else [])],
    }.get(status, [status.value])
    if status in _NEXT and not missing:
        keys = ["nothing-missing"]
    return "".join(phrases[key] for key in keys).format(**values)


def _missing(phrases: Mapping[str, str], one: Missing, rules: StatusRules) -> str:
    lacking = round(one.need - one.have)
    single = one.lack in {Lack.ITEMS, Lack.FORMS} and lacking == 1
    return phrases[f"{one.lack}-1" if single else one.lack].format(
        lacking=lacking,
        need=whole_percent(one.need),
        have=percent_below(one.have),
        level=whole_percent(float(rules.policy.level)),
    )


def _review_date(facts: PointFacts, months: int | None) -> str:
    if facts.last is None or months is None:
        return ""
    return datetime.fromtimestamp(facts.last + months * SECONDS_PER_MONTH, UTC).date().isoformat()
