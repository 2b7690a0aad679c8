"""Says why mastery moved: the numbers of an update as plain data, and plain words for the learner.

The words name what was known, what was expected, what counted, what changed and why (docs/mastery.md, "The explanation
record"). Nothing is computed here: everything follows from the numbers of the update.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qualoop.mastery.engine import Change, Update

MODEL: Final = "mastery-1"
DIGITS: Final = 3
NOTABLE: Final = 0.15
"""From this many logits on an item is called hard or easy, a rater strict or mild."""
VERY: Final = 0.6
LEAST_SHOWN: Final = 0.05
"""Half of the last digit that is shown, points."""
LEAST_FORGOTTEN: Final = 1.0
LEAST_PRACTICE: Final = 0.5
"""A smaller effect, points, is in the numbers and not worth a sentence."""

_ITEM_WORDS: Final = ("very-easy", "easy", "", "hard", "very-hard")
_RATER_WORDS: Final = ("very-mild", "mild", "", "strict", "very-strict")

_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "expected": "On this {item} a result of {predicted} was expected; it was {score}.",
        "rated": "On this {item}, judged by {rater}, a result of {predicted} was expected; it was {score}.",
        "up": "{kp} rose by {points} to {level}{origin}{doubt}.",
        "down": "{kp} fell by {points} to {level}{origin}{doubt}.",
        "same": "{kp} stays at {level}.",
        "sum-up": "With {n} results of this attempt, {kp} rose by {points} to {level}{origin}.",
        "sum-down": "With {n} results of this attempt, {kp} fell by {points} to {level}{origin}.",
        "sum-same": "After {n} results of this attempt, {kp} stays at {level}.",
        "most": "The largest step came from one {item}: a result of {predicted} was expected, and it was {score}.",
        "origin": ", from {before}",
        "doubt": " (most doubt there)",
        "practice": "Doing the work added {points} by itself.",
        "forgetting": "Before that, {points} had faded in {days}.",
        "recovering": "Before that, it had come {points} closer to the learner's general level in {days}.",
        "points": "{size} points",
        "days": "{days} days",
        "day": "1 day",
        "today": "less than a day",
    },
    "zh-Hans": {
        "expected": "这道{item}预期得分{predicted}，实际得分{score}。",
        "rated": "这个{item}由{rater}评定，预期得分{predicted}，实际得分{score}。",
        "up": "{kp}{origin}上升{points}，现为{level}{doubt}。",
        "down": "{kp}{origin}下降{points}，现为{level}{doubt}。",
        "same": "{kp}保持在{level}。",
        "sum-up": "本次共有{n}个结果，{kp}{origin}上升{points}，现为{level}。",
        "sum-down": "本次共有{n}个结果，{kp}{origin}下降{points}，现为{level}。",
        "sum-same": "本次共有{n}个结果，{kp}保持在{level}。",
        "most": "变化最大的一次：{item}，预期得分{predicted}，实际得分{score}。",
        "origin": "从{before}",
        "doubt": "（此处最不确定）",
        "practice": "完成练习本身增加了{points}。",
        "forgetting": "此前{days}里已遗忘{points}。",
        "recovering": "此前{days}里向学习者的总体水平靠近了{points}。",
        "points": "{size}个百分点",
        "days": "{days}天",
        "day": "1天",
        "today": "不到一天",
    },
}
_NOUNS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "question:very-easy": "very easy question",
        "question:easy": "easy question",
        "question:": "question",
        "question:hard": "hard question",
        "question:very-hard": "very hard question",
        "criterion:very-easy": "very easy criterion",
        "criterion:easy": "easy criterion",
        "criterion:": "criterion",
        "criterion:hard": "hard criterion",
        "criterion:very-hard": "very hard criterion",
        "rater:very-mild": "a very mild rater",
        "rater:mild": "a mild rater",
        "rater:": "a rater",
        "rater:strict": "a strict rater",
        "rater:very-strict": "a very strict rater",
    },
    "zh-Hans": {
        "question:very-easy": "非常容易的题",
        "question:easy": "较容易的题",
        "question:": "题",
        "question:hard": "较难的题",
        "question:very-hard": "非常难的题",
        "criterion:very-easy": "非常容易的评分项",
        "criterion:easy": "较容易的评分项",
        "criterion:": "评分项",
        "criterion:hard": "较难的评分项",
        "criterion:very-hard": "非常难的评分项",
        "rater:very-mild": "非常宽松的评分者",
        "rater:mild": "偏宽的评分者",
        "rater:": "评分者",
        "rater:strict": "偏严的评分者",
        "rater:very-strict": "非常严格的评分者",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an update belongs to: the event, the versions that it was computed with, the time (RFC 3339), item, rater."""

    event: str
    constants: str
    tags: str
    weights: str
    at: str
    item: str
    rater: str | None = None


def numbers(update: Update, about: About | None = None) -> dict[str, Any]:
    """Return an update as plain JSON: what was expected, what counted, what changed; with ``about`` the whole record.

    Levels are percent and their changes points, with one decimal, as strings; states are decimal strings in logits: no
    floats leave. Of each knowledge point forgetting + evidence + practice = after - stored, rounding apart.
    """
    item = {"b": _logit(update.item_before), "word": _word(update.item_before, _ITEM_WORDS)}
    record: dict[str, Any] = {
        "model": MODEL,
        "predicted": _logit(update.predicted),
        "score": _logit(update.score),
        "omega": _logit(update.omega),
        "z": _logit(update.z),
        "V": _logit(update.variance),
        "p": _logit(update.p),
        "W": _logit(update.weight),
        "r": _logit(update.residual),
        "D": _logit(update.damping),
        "item": item,
        "learner": {"g": [_logit(update.learner_before), _logit(update.learner_after)]},
        "kps": [_row(code, change) for code, change in update.changes.items()],
    }
    if update.form is not None:
        record["learner"]["d_h"] = _logit(update.form)
    if update.rater:
        severity = [_logit(value) for value in update.rater]
        record["rater"] = {"s": severity, "word": _word(update.rater[0], _RATER_WORDS)}
    if about:
        versions = ("event", "constants", "tags", "weights", "at")
        record = {**{name: getattr(about, name) for name in versions}, **record, "item": {"id": about.item, **item}}
        if about.rater and update.rater:
            record["rater"] = {"id": about.rater, **record["rater"]}
    return record


def sentence(explanation: Mapping[str, Any], language: str, titles: Mapping[str, str]) -> str:
    """Return the explanation (as `numbers` made it) in plain words; ``titles`` names knowledge points."""
    rows = explanation["kps"]
    parts = [_expectation(explanation, language)]
    for row in rows:
        parts += _movement(row, language, titles.get(row["kp"], row["kp"]), is_doubtful=row is _most_moved(rows))
    if weight := explanation.get("weight"):
        parts.append(weight["why"][language])
    return ("" if language == "zh-Hans" else " ").join(parts)


def summary(
    explanations: Sequence[Mapping[str, Any]], code: str, language: str, titles: Mapping[str, str], *, before: float
) -> str:
    """Return in plain words what several updates, oldest first, did to one knowledge point that all of them moved.

    ``before`` is what its level, in [0, 1], would be at the last one without them (`moves.without`). One alone is explained
    as `sentence` does, without what it weighed.
    """
    if len(explanations) == 1:
        return sentence({**explanations[0], "weight": None}, language, titles)
    rows = [next(row for row in each["kps"] if row["kp"] == code) for each in explanations]
    largest, _ = max(zip(explanations, rows, strict=True), key=lambda pair: abs(_moved(pair[1])))
    moved, words = float(rows[-1]["after"]) - 100 * before, _SENTENCES[language]
    origin, level = f"{100 * before:.0f}%", f"{float(rows[-1]['after']):.0f}%"
    told = words[f"sum-{_way(moved)}"].format(
        n=len(rows),
        kp=titles.get(code, code),
        points=_points(moved, language),
        level=level,
        origin=words["origin"].format(before=origin) if origin != level else "",
    )
    most = words["most"].format(
        item=_noun(largest, language),
        predicted=_whole_percent(largest["predicted"]),
        score=_whole_percent(largest["score"]),
    )
    return ("" if language == "zh-Hans" else " ").join([told, most] if abs(moved) >= LEAST_SHOWN else [told])


def _moved(row: Mapping[str, Any]) -> float:
    """Return by how many points an update moved a knowledge point."""
    return float(row["after"]) - float(row["before"])


def _way(moved: float) -> str:
    return "same" if abs(moved) < LEAST_SHOWN else ("up" if moved > 0 else "down")


def _noun(explanation: Mapping[str, Any], language: str) -> str:
    """Return what was scored, a question or a criterion, with how hard it is."""
    kind = "criterion" if explanation.get("rater") else "question"
    return _NOUNS[language][f"{kind}:{explanation['item']['word']}"]


def _row(code: str, change: Change) -> dict[str, Any]:
    """Return what happened to one knowledge point."""
    return {
        "kp": code,
        "stored": _percent(change.stored),
        "forgetting": _percent(change.before - change.stored),
        "days": round(change.days),
        "before": _percent(change.before),
        "evidence": _percent(change.after - change.practice - change.before),
        "practice": _percent(change.practice),
        "after": _percent(change.after),
        "band": [_percent(change.low), _percent(change.high)],
        "n": change.n,
        "d_m": _logit(change.d_m),
        "d_c": _logit(change.d_c),
    }


def _expectation(explanation: Mapping[str, Any], language: str) -> str:
    """Say what was expected and what it was; by whom it was judged, where somebody did."""
    rater = explanation.get("rater")
    return _SENTENCES[language]["rated" if rater else "expected"].format(
        item=_noun(explanation, language),
        rater=_NOUNS[language][f"rater:{rater['word']}"] if rater else "",
        predicted=_whole_percent(explanation["predicted"]),
        score=_whole_percent(explanation["score"]),
    )


def _movement(row: Mapping[str, Any], language: str, name: str, *, is_doubtful: bool) -> list[str]:
    """Say how far one knowledge point moved, what of it was practice, and what time had done before."""
    words = _SENTENCES[language]
    practice, forgetting = float(row["practice"]), float(row["forgetting"])
    moved = _moved(row)
    before, level = (f"{float(row[name]):.0f}%" for name in ("before", "after"))
    told = [
        words[_way(moved)].format(
            kp=name,
            points=_points(moved, language),
            level=level,
            origin=words["origin"].format(before=before) if before != level else "",
            doubt=words["doubt"] if is_doubtful else "",
        )
    ]
    if practice >= LEAST_PRACTICE:
        told.append(words["practice"].format(points=_points(practice, language)))
    if abs(forgetting) >= LEAST_FORGOTTEN:
        what = words["forgetting" if forgetting < 0 else "recovering"]
        told.append(what.format(points=_points(forgetting, language), days=_days(row["days"], language)))
    return told


def _most_moved(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the knowledge point that was least certain and so moved most; None where it is one among equals."""
    ranked = sorted(rows, key=lambda row: -abs(float(row["d_m"])))
    several = len(ranked) > 1 and abs(float(ranked[0]["d_m"])) > abs(float(ranked[1]["d_m"]))
    return ranked[0] if several else None


def _word(value: float, words: Sequence[str]) -> str:
    """Return the word for a difficulty or severity in logits, empty for an ordinary one."""
    if abs(value) < NOTABLE:
        return words[2]
    return words[2 + (1 if abs(value) < VERY else 2) * (1 if value > 0 else -1)]


def _points(value: float, language: str) -> str:
    """Return a difference of levels in words."""
    return _SENTENCES[language]["points"].format(size=f"{abs(value):.1f}")


def _days(days: int, language: str) -> str:
    """Return a time in whole days in words."""
    words = _SENTENCES[language]
    return words["today" if days == 0 else "day" if days == 1 else "days"].format(days=days)


def _whole_percent(share: str) -> str:
    """Return a share as whole percent."""
    return f"{100 * float(share):.0f}%"


def _logit(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
