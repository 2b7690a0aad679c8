"""The sentence that says of one gate of a level what is there, against what it takes, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.values import LANGUAGES, Text

_ENGLISH: Final = {
    "bound": "The lower bound of the level is {have}%; more than {need}% is needed.",
    "mastered": "{have} of {need} knowledge points lie above {level}% with a probability of {asked}% or more.",
    "items": "{have} of {need} knowledge points were shown on {asked} different questions or more.",
    "forms": "{have} of {need} knowledge points were shown in {asked} kinds of evidence or more.",
    "age": "{have} of {need} knowledge points have no evidence that is due for review.",
    "observed": "Practice was observed on {have} knowledge points; {need} or more are needed.",
    "raters": "{have} different persons have judged; {need} or more are needed.",
    "agreement": " A measured agreement of {asked}% would do instead.",
    "agreed": " Their measured agreement is high enough.",
}
_CHINESE: Final = {
    "bound": "水平的下限为 {have}%，须高于 {need}%。",
    "mastered": "{need} 个知识点中有 {have} 个高于 {level}% 的概率达到 {asked}%。",
    "items": "{need} 个知识点中有 {have} 个已在至少 {asked} 道不同题目上得到验证。",
    "forms": "{need} 个知识点中有 {have} 个已有至少 {asked} 种形式的证据。",
    "age": "{need} 个知识点中有 {have} 个没有到期需复核的证据。",
    "observed": "已在 {have} 个知识点上观察到实际操作，至少需要 {need} 个。",
    "raters": "已有 {have} 位不同的评定者，至少需要 {need} 位。",
    "agreement": "或者，实测一致性达到 {asked}% 亦可。",
    "agreed": "实测的评定一致性已达到要求。",
}
_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "zh-Hans": _CHINESE}


def gate_sentence(kind: str, *, met: bool, have: float, need: float, asked: float, level: float) -> Text:
    """Return the sentence of a gate: ``have``, ``need`` and ``asked`` are as in `Gate`."""
    is_share = kind == "bound"
    values = {
        # One decimal: a bound that misses its cut by less than a whole per cent must not look like a hit.
        "have": f"{100 * have:.1f}" if is_share else round(have),
        "need": f"{100 * need:.1f}" if is_share else round(need),
        "asked": round(100 * asked) if kind in {"mastered", "raters"} else round(asked),
        "level": round(100 * level),
    }
    keys = [kind]
    if kind == "raters" and have < need and asked:
        keys.append("agreed" if met else "agreement")
    return Text({language: "".join(_PHRASES[language][key] for key in keys).format(**values) for language in LANGUAGES})
