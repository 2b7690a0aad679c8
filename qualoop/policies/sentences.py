"""The sentence that says why evidence weighs what it weighs, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

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
}
_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh-Hans": _CHINESE}


def weight_sentence(reasons: Reasons) -> Text:
    """Return the sentence for a weight; a form with a note of its own is not told by tries."""
    return Text({language: _sentence(language, reasons) for language in LANGUAGES})


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
    """Return ``number`` without trailing zeros and without an exponent."""
    return format(number.normalize(), "f")
