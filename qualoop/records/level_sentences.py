"""What stands beside a level in a grade book: what it rests on, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.records.status import whole_percent
from qualoop.values import DEFAULT_LANGUAGE

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "en": (
        "From 1 answer; likely between {low}% and {high}%; newest answer {newest}.",
        "From {n} answers; likely between {low}% and {high}%; newest answer {newest}.",
    ),
    "zh-Hans": (
        "依据 1 次作答；很可能在 {low}% 至 {high}% 之间；最近一次作答：{newest}。",
        "依据 {n} 次作答；很可能在 {low}% 至 {high}% 之间；最近一次作答：{newest}。",
    ),
}


def level_sentence(language: str, *, n: int, band: tuple[float, float], newest: str) -> str:
    """Return number of answers, band and date of the newest answer in words of a language that we have, else in English.

    ``band`` is in [0, 1]; ``newest`` is the date as that language writes it.
    """
    forms = _SENTENCES.get(language, _SENTENCES[DEFAULT_LANGUAGE])
    low, high = map(whole_percent, band)
    return forms[n != 1].format(n=n, low=low, high=high, newest=newest)
