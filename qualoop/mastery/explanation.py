"""Says why mastery moved: the numbers of an update as plain data, and one sentence for the learner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qualoop.mastery.engine import Update

MODEL: Final = "mastery-1"
DIGITS: Final = 3
HARD: Final = 0.15
VERY_HARD: Final = 0.6
LEAST_SHOWN: Final = 0.05
"""Half of the last digit that is shown."""

_ITEM_WORDS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "en": ("very easy question", "easy question", "question", "hard question", "very hard question"),
    "zh-Hans": ("非常容易的题", "较容易的题", "题", "较难的题", "非常难的题"),
}
_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "expected": "On this {item} a result of {predicted} was expected; it was {score}.",
        "up": "{kp} rose by {points} to {level}.",
        "down": "{kp} fell by {points} to {level}.",
        "same": "{kp} stays at {level}.",
        "forgetting": "Before that, {points} had faded in {days} days.",
    },
    "zh-Hans": {
        "expected": "这道{item}预期得分{predicted}，实际得分{score}。",
        "up": "{kp}上升{points}，现为{level}。",
        "down": "{kp}下降{points}，现为{level}。",
        "same": "{kp}保持在{level}。",
        "forgetting": "此前{days}天里已遗忘{points}。",
    },
}


def numbers(update: Update) -> dict[str, Any]:
    """Return an update as plain JSON: what was expected, what counted, what changed.

    Levels are percent with one decimal as strings, states are decimal strings in logits: no floats leave.
    """
    return {
        "model": MODEL,
        "predicted": _share(update.predicted),
        "score": _share(update.score),
        "z": _logit(update.z),
        "V": _logit(update.variance),
        "p": _share(update.p),
        "W": _logit(update.weight),
        "r": _logit(update.residual),
        "D": _logit(update.damping),
        "item": {"b": _logit(update.item_before)},
        "learner": {"g": [_logit(update.learner_before), _logit(update.learner_after)]},
        "kps": [
            {
                "kp": code,
                "stored": _percent(change.stored),
                "before": _percent(change.before),
                "after": _percent(change.after),
                "band": [_percent(change.low), _percent(change.high)],
                "days": round(change.days),
                "n": change.n,
                "d_m": _logit(change.d_m),
                "d_c": _logit(change.d_c),
            }
            for code, change in update.changes.items()
        ],
    }


def sentence(explanation: Mapping[str, Any], language: str, titles: Mapping[str, str]) -> str:
    """Return the explanation (as `numbers` made it) in plain words; ``titles`` names knowledge points."""
    words = _SENTENCES[language]
    parts = [
        words["expected"].format(
            item=_item_word(float(explanation["item"]["b"]), language),
            predicted=_as_percent(explanation["predicted"]),
            score=_as_percent(explanation["score"]),
        )
    ]
    for row in explanation["kps"]:
        moved = float(row["after"]) - float(row["before"])
        way = "same" if abs(moved) < LEAST_SHOWN else ("up" if moved > 0 else "down")
        name = titles.get(row["kp"], row["kp"])
        parts.append(words[way].format(kp=name, points=_points(moved, language), level=f"{float(row['after']):.0f}%"))
        faded = float(row["stored"]) - float(row["before"])
        if faded >= 1:
            parts.append(words["forgetting"].format(points=_points(faded, language), days=row["days"]))
    if weight := explanation.get("weight"):
        parts.append(weight["why"][language])
    return ("" if language == "zh-Hans" else " ").join(parts)


def _item_word(difficulty: float, language: str) -> str:
    """Return the word for a difficulty in logits."""
    words = _ITEM_WORDS[language]
    if abs(difficulty) < HARD:
        return words[2]
    place = (1 if abs(difficulty) < VERY_HARD else 2) * (1 if difficulty > 0 else -1)
    return words[2 + place]


def _points(value: float, language: str) -> str:
    """Return a difference of levels in words."""
    size = f"{abs(value):.1f}"
    return f"{size}个百分点" if language == "zh-Hans" else f"{size} points"


def _as_percent(share: str) -> str:
    """Return a share as whole percent."""
    return f"{100 * float(share):.0f}%"


def _share(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _logit(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
