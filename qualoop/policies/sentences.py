"""The sentence that says why evidence weighs what it weighs, in each language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qualoop.policies.occasions import Checkpoints, GradedRun, Judge, Run, Sheet
from qualoop.values import LANGUAGES, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What bore on a weight.

    The form's name and note, the how-manieth meeting with the item, the hints shown, the share of the score that they
    left, and K where a blind guess is right once in K.
    """

    name: Text
    note: Text | None
    omega: Decimal
    try_number: int
    hints: int
    left: Decimal
    guessed_of: int | None


_ENGLISH: Final = {
    "first": "{name}, first time",
    "again": "{name}, same item again (no. {number})",
    "hint": ", with 1 hint",
    "hints": ", with {hints} hints",
    "weight": ": weight {omega}.",
    "left": " {left} % of the score counts.",
    "guess": " A blind guess is right once in {options}; that much is discounted.",
    "join": " ",
    "sheet": "Rubric criterion ({name})",
    "criteria": ", one of {criteria} on the sheet",
    "peer": ", judged by a peer",
    "self": ", judged by the learner",
    "total": " Criteria on one sheet are not independent, so the whole sheet counts {total} at most.",
    "checkpoints": "Simulation with {count} independent {checkpoints}",
    "graded": "Graded run of a simulation, retest reliability {reliability}",
    "unpublished": "Graded run of a simulation without a published reliability",
    "practice": "Practice run of a simulation",
    "components": ", one of {components} components",
    "scenario": ", same scenario again (no. {number})",
}
_CHINESE: Final = {
    "first": "{name}，首次作答",
    "again": "{name}，同一题第 {number} 次作答",
    "hint": "，用了 1 条提示",
    "hints": "，用了 {hints} 条提示",
    "weight": "：权重 {omega}。",
    "left": "得分按 {left}% 计入。",
    "guess": "随机猜对的概率为 1/{options}，计算时已扣除这一因素。",
    "join": "",
    "sheet": "评分标准（{name}）",
    "criteria": "，为评分表 {criteria} 项标准之一",
    "peer": "，由同学评定",
    "self": "，由本人评定",
    "total": "同一张评分表的各项标准并不独立，整张表最多计 {total}。",
    "checkpoints": "模拟实训，共 {count} 个独立检查点",
    "graded": "模拟实训（计分运行），重测信度 {reliability}",
    "unpublished": "模拟实训（计分运行），未公布信度",
    "practice": "模拟实训（练习运行）",
    "components": "，为 {components} 个组成部分之一",
    "scenario": "，同一情景第 {number} 次运行",
}
_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh-Hans": _CHINESE}


def weight_sentence(reasons: Reasons) -> Text:
    """Return the sentence for a weight; a form with a note of its own is not told by tries."""
    return Text({language: _sentence(language, reasons) for language in LANGUAGES})


def sheet_sentence(name: Text, sheet: Sheet, omega: Decimal, *, total: Decimal | None) -> Text:
    """Return the sentence for a criterion on a rubric sheet; ``total`` is the sheet's where that bounds it."""
    keys = [
        "sheet",
        *(["criteria"] if sheet.criteria > 1 else []),
        *([sheet.judge.value] if sheet.judge is not Judge.ASSESSOR else []),
        "weight",
        *(["total"] if total else []),
    ]
    values = {"criteria": sheet.criteria, "omega": _plain(omega), "total": _plain(total or Decimal(0))}
    return Text({language: _filled(language, keys, name=name[language], **values) for language in LANGUAGES})


def run_sentence(run: Run, omega: Decimal, try_number: int) -> Text:
    """Return the sentence for a run of a simulation, the ``try_number``-th of its scenario."""
    reliability = run.reliability if isinstance(run, GradedRun) else None
    components = 1 if isinstance(run, Checkpoints) else run.components
    count = run.count if isinstance(run, Checkpoints) else 0
    values = {
        "count": count,
        "checkpoints": "checkpoint" if count == 1 else "checkpoints",
        "reliability": "" if reliability is None else _plain(reliability),
        "components": components,
        "number": try_number,
        "omega": _plain(omega),
    }
    keys = [
        _kind(run),
        *(["components"] if components > 1 else []),
        *(["scenario"] if try_number > 1 else []),
        "weight",
    ]
    return Text({language: _filled(language, keys, **values) for language in LANGUAGES})


def _kind(run: Run) -> str:
    if isinstance(run, Checkpoints):
        return "checkpoints"
    if isinstance(run, GradedRun):
        return "unpublished" if run.reliability is None else "graded"
    return "practice"


def _filled(language: str, keys: Iterable[str], **values: object) -> str:
    return "".join(_PHRASES[language][key] for key in keys).format(**values)


def _sentence(language: str, reasons: Reasons) -> str:
    phrases = _PHRASES[language]
    values = {
        "name": reasons.name[language],
        "number": reasons.try_number,
        "hints": reasons.hints,
        "omega": _plain(reasons.omega),
        "left": _plain(reasons.left * 100),
        "options": reasons.guessed_of,
    }
    if reasons.note:
        return ("{name}" + phrases["weight"]).format(**values) + phrases["join"] + reasons.note[language]
    parts = [phrases["first" if reasons.try_number <= 1 else "again"]]
    if reasons.hints:
        parts.append(phrases["hint" if reasons.hints == 1 else "hints"])
    parts.append(phrases["weight"])
    parts += [phrases["left"]] if reasons.left != 1 else []
    parts += [phrases["guess"]] if reasons.guessed_of else []
    return "".join(parts).format(**values)


def _plain(number: Decimal) -> str:
    """Return ``number`` to three digits, without trailing zeros and without an exponent."""
    return format(round(number, 3).normalize(), "f")
